"""CSV: read back, harmless to open, and as each country's spreadsheets expect it."""

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reveil.targeting.export import FORMULA_STARTS, to_csv_bytes

FRAME = pd.DataFrame(
    {
        "rank": [1, 2],
        "offer": ["-20 %", 'say; "réveil", now'],
        "send_on": pd.to_datetime(["2011-09-08", None]),
        "probability": [-0.125, float("nan")],
        "trigger": pd.Series(["overdue", None], dtype="str"),
        "reasons": [[{"sentence": "=1+1"}, {"sentence": "dernière commande"}], None],
    }
)


@pytest.mark.parametrize(
    ("language", "cell", "number"), [("en", ",", "-0.1250"), ("fr", ";", "-0,1250")]
)
def test_reads_back_as_written(language, cell, number):
    text = to_csv_bytes(FRAME, language).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=cell))
    assert rows[0] == list(FRAME.columns)
    assert rows[1] == ["1", "'-20 %", "2011-09-08", number, "overdue", "'=1+1 | dernière commande"]
    assert rows[2] == ["2", 'say; "réveil", now', "", "", "", ""]


@given(st.text(max_size=20), st.sampled_from(["en", "fr"]))
def test_no_text_cell_starts_a_formula(text, language):
    frame = pd.DataFrame({"offer": pd.Series([text], dtype=object)})
    written = to_csv_bytes(frame, language).decode("utf-8-sig")
    rows = list(
        csv.reader(io.StringIO(written, newline=""), delimiter=";" if language == "fr" else ",")
    )
    cells = rows[1] if len(rows) > 1 else [""]
    assert not (cells and cells[0].startswith(FORMULA_STARTS))


def test_a_byte_order_mark_keeps_the_accents():
    assert to_csv_bytes(FRAME, "fr").startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(("language", "cells"), [("en", "True,False,"), ("fr", "VRAI;FAUX;")])
def test_flags_are_those_of_a_spreadsheet_in_the_language(language, cells):
    """A null is an empty cell."""
    one = pd.DataFrame({name: pd.Series([flag], dtype="boolean")
                        for name, flag in {"a": True, "b": False, "c": None}.items()})  # fmt: skip
    assert to_csv_bytes(one, language).decode("utf-8-sig").splitlines()[1] == cells
