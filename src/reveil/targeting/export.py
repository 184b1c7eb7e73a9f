"""A list as a CSV file that a CRM tool or a spreadsheet opens as it is.

In:  a frame of a ReactivationList, a language.
Out: bytes; writing them is somebody else's work.

French spreadsheets expect `;` between cells, a comma in numbers, VRAI and FAUX. A cell that a spreadsheet
would run as a formula is made harmless (OWASP, "CSV injection"): offer names, groups and ids come
from outside.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import pandas as pd

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(cell: str) -> str:
    """Prefix with an apostrophe what a spreadsheet would take for a formula.

    Examples
    --------
    >>> harmless("=HYPERLINK(1)"), harmless("miss you")
    ("'=HYPERLINK(1)", 'miss you')
    """
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def sentences(reasons: object) -> str:
    """Join the reasons' sentences into one cell.

    Examples
    --------
    >>> sentences([{"sentence": "last order 94 days ago"}, {"sentence": "two orders"}])
    'last order 94 days ago | two orders'
    """
    if not isinstance(reasons, Iterable):
        return ""
    return " | ".join(str(reason["sentence"]) for reason in reasons if isinstance(reason, Mapping))


def to_csv_bytes(frame: pd.DataFrame, language: Literal["en", "fr"]) -> bytes:
    """Write a frame of a list as CSV.

    Parameters
    ----------
    frame
        `selected`, `control` or `excluded`; a column `reasons` becomes its sentences.
    language
        `en`: `,` between cells, `.` in numbers, `True` and `False`; `fr`: `;`, `,`, `VRAI`, `FAUX`.

    Returns
    -------
    bytes
        UTF-8 with a byte-order mark, without which spreadsheets misread accents; four decimals,
        ISO dates, empty cells for nulls.

    Examples
    --------
    >>> frame = pd.DataFrame({"rank": [1], "offer": ["-20 %"], "probability": [0.25]})
    >>> to_csv_bytes(frame, "fr").decode("utf-8-sig").splitlines()
    ['rank;offer;probability', "1;'-20 %;0,2500"]
    """
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";" if language == "fr" else ",", lineterminator="\r\n")
    writer.writerow([harmless(str(column)) for column in frame.columns])
    columns = [_texts(frame[column], language) for column in frame.columns]
    writer.writerows(zip(*columns, strict=True))
    return target.getvalue().encode("utf-8-sig")


def _texts(column: pd.Series, language: Literal["en", "fr"]) -> list[str]:
    """Cells of a column as they are written, by its type."""
    if column.name == "reasons":
        return [harmless(sentences(cell)) for cell in column.tolist()]
    write: Callable[[object], str]
    if pd.api.types.is_float_dtype(column):
        write = "{:.4f}".format if language == "en" else _with_comma
    elif pd.api.types.is_datetime64_any_dtype(column):
        write = "{:%Y-%m-%d}".format
    elif pd.api.types.is_bool_dtype(column) and language == "fr":
        write = _french_flag
    elif pd.api.types.is_numeric_dtype(column):
        write = str
    else:
        write = _harmless_text
    return [
        "" if empty else write(cell)
        for cell, empty in zip(column.tolist(), column.isna().tolist(), strict=True)
    ]


def _with_comma(cell: object) -> str:
    return f"{cell:.4f}".replace(".", ",")


def _french_flag(cell: object) -> str:
    return "VRAI" if cell else "FAUX"


def _harmless_text(cell: object) -> str:
    return harmless(str(cell))
