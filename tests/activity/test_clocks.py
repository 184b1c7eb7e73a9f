"""Three clocks, and what winds each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from reveil.activity.clocks import CLOCKS, clocks
from reveil.events.log import EventLog
from reveil.events.roles import ROLES

CUTOFF = date(2011, 6, 1)
COMMERCIAL = {"purchase", "return", "quote"}
ENGAGEMENT = {
    "email_click", "login", "visit", "service_use", "training", "form", "survey_answer",
    "referral", "review", "points_spent", "store_visit",
}  # fmt: skip
MEANT = {
    "commercial": COMMERCIAL,
    "contact": COMMERCIAL | ENGAGEMENT | {"complaint", "unsubscribe", "cancel_request"},
    "email": {"email_click", "email_open"},
}


def test_every_kind_winds_the_clocks_it_should(lay: Callable[..., EventLog]) -> None:
    """Each kind there is, alone: no open, send, billing or bounce proves a contact."""
    log = lay(*[(kind, kind, "2011-05-31 12:00") for kind in ROLES])
    rows = clocks(log, CUTOFF).to_pyarrow().to_pylist()
    assert len(rows) == len(ROLES)
    for clock in CLOCKS:
        wound = {row["customer_id"] for row in rows if row[f"{clock}_kind"] is not None}
        assert wound == MEANT[clock]
        for row in rows:
            if row["customer_id"] in wound:
                assert row[f"{clock}_kind"] == row["customer_id"]
                assert row[f"{clock}_at"] == datetime(2011, 5, 31, 12)
                assert row[f"{clock}_days"] == 0.5
            else:
                assert row[f"{clock}_at"] is row[f"{clock}_days"] is None


@pytest.mark.parametrize("turned", [False, True])
def test_of_one_second_the_weightier_event_is_told(
    turned: bool, lay: Callable[..., EventLog]
) -> None:
    """Trade before engagement before incidents, a click before an open; in any order of rows."""
    at = "2011-05-31 12:00"
    kinds = ["email_open", "complaint", "email_click", "purchase", "email_sent"]
    rows = [("a", kind, at) for kind in kinds] + [
        ("b", kind, at) for kind in ("complaint", "visit")
    ]
    log = lay(*(reversed(rows) if turned else rows))
    found = {row["customer_id"]: row for row in clocks(log, CUTOFF).to_pyarrow().to_pylist()}
    assert [found["a"][f"{clock}_kind"] for clock in CLOCKS] == [
        "purchase",
        "purchase",
        "email_click",
    ]
    assert [found["b"][f"{clock}_kind"] for clock in CLOCKS] == [None, "visit", None]


def test_a_later_event_of_less_weight_is_told(lay: Callable[..., EventLog]) -> None:
    """The clock is time before it is weight."""
    log = lay(("a", "purchase", "2011-05-31 12:00:00"), ("a", "complaint", "2011-05-31 12:00:01"))
    (row,) = clocks(log, CUTOFF).to_pyarrow().to_pylist()
    assert (row["commercial_kind"], row["contact_kind"]) == ("purchase", "complaint")
