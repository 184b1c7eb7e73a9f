"""docs/states.md names every column of the table, every group, state and band."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from reveil.activity.engagement import BANDS
from reveil.activity.groups import Buyer, Group, Risk
from reveil.activity.rfm import fit_rfm, rfm_cells
from reveil.activity.settings import ActivitySettings
from reveil.activity.standing import standing_table
from reveil.activity.states import State
from reveil.engine.duckdb import DuckDB
from tests.shared.small import small_log

PAGE = (Path(__file__).parents[2] / "docs" / "states.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (`.+?`) \| (.+) \|$", PAGE.split("## Columns of")[1], re.MULTILINE)


def test_every_column_is_described(db: DuckDB, tmp_path: Path) -> None:
    """In order; scores by role are one row, and scores by channel another."""
    log = small_log(db, tmp_path, [("a", "purchase", "2011-01-05", 10)])
    table = standing_table(log, ActivitySettings(), date(2011, 6, 1))
    table = rfm_cells(table, fit_rfm(table))
    said = [name for names, _ in ROWS for name in re.findall(r"`(.+?)`", names)]
    found = [re.sub("_by_.*", "_by_<role or kind>", name) for name in table.columns]
    found.insert(found.index("commercial_at"), "engagement_on_<channel>")
    assert said == list(dict.fromkeys(found))


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("state", [s.value for s in State]),
        ("group", [g.value for g in Group]),
        ("buyer", [b.value for b in Buyer]),
        ("risk", [r.value for r in Risk]),
        ("engagement", list(BANDS)),
    ],
)
def test_every_word_is_named(column: str, words: list[str]) -> None:
    """What a column can say stands in its row, and nothing else does."""
    (meaning,) = [text for names, text in ROWS if f"`{column}`" in names]
    assert sorted(re.findall(r"`(.+?)`", meaning)) == sorted(words)
