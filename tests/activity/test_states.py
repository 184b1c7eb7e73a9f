"""Who is active, by the study's own definition, at the midnight of a cutoff."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError
from small import Typed, small_log

from reveil.activity.settings import ActivitySettings
from reveil.activity.states import State, activity_kinds, population, states
from reveil.engine.duckdb import DuckDB
from reveil.errors import StudyError
from reveil.events.log import EventLog

CUTOFF = date(2011, 6, 1)
SHOP = ActivitySettings(any_of=("purchase",), within="180 days")
Log = Callable[..., EventLog]


@pytest.fixture
def log(db: DuckDB, tmp_path: Path) -> Log:
    def opened(*rows: Typed, known: dict[str, str] | None = None) -> EventLog:
        return small_log(db, tmp_path, list(rows), known)

    return opened


def state_of(
    log: EventLog, settings: ActivitySettings = SHOP, cutoff: date = CUTOFF
) -> dict[str, str]:
    table = states(log, settings, cutoff).to_pyarrow()
    assert set(table["cutoff"].to_pylist()) <= {cutoff}
    return dict(zip(table["customer_id"].to_pylist(), table["state"].to_pylist(), strict=True))


def test_the_limit_between_active_and_inactive(log: Log) -> None:
    """`[t - within, t)`: the first second of the window is in it, the one before is not."""
    opened = log(
        ("first second", "purchase", "2010-12-03 00:00:00"),
        ("second before", "purchase", "2010-12-02 23:59:59"),
        ("last second", "purchase", "2011-05-31 23:59:59"),
    )
    assert state_of(opened) == {
        "first second": "active", "second before": "inactive", "last second": "active",
    }  # fmt: skip


def test_who_comes_at_the_cutoff_is_not_known_yet(log: Log) -> None:
    """At midnight, later, or earlier but told later: not even in the base."""
    opened = log(
        ("a", "purchase", "2011-05-31"),
        ("midnight", "purchase", "2011-06-01 00:00:00"),
        ("late", "purchase", "2011-05-31", 1, None, "2011-06-01 00:00:00"),
    )
    assert state_of(opened) == {"a": "active"}


def test_prospects_have_never_ordered(log: Log) -> None:
    """Known by the customers table, by a visit, by a return; active ones too."""
    opened = log(
        ("visitor", "visit", "2011-05-31"),
        ("strange", "return", "2011-05-31"),
        ("buyer", "purchase", "2010-02-01"),
        known={"quiet": "2011-05-31", "buyer": "2011-05-31", "tomorrow": "2011-06-01"},
    )
    settings = ActivitySettings(any_of=("purchase", "engagement"), within="180 days")
    assert state_of(opened, settings) == {
        "visitor": "prospect", "strange": "prospect", "buyer": "inactive", "quiet": "prospect",
    }  # fmt: skip


def test_a_reader_is_active(log: Log) -> None:
    """Engagement counts where the study says so; what we did and what happened never does."""
    old = "2010-02-01"
    opened = log(
        *[(who, "purchase", old) for who in ("reader", "mailed", "opener", "billed", "angry")],
        ("reader", "email_click", "2011-05-01"),
        ("mailed", "email_sent", "2011-05-01"),
        ("opener", "email_open", "2011-05-01"),
        ("billed", "billing", "2011-05-01"),
        ("angry", "complaint", "2011-05-01"),
    )
    both = ActivitySettings(any_of=("purchase", "engagement"), within="180 days")
    assert state_of(opened, both) == {
        "reader": "active", "mailed": "inactive", "opener": "inactive", "billed": "inactive",
        "angry": "inactive",
    }  # fmt: skip
    assert state_of(opened)["reader"] == "inactive"


def test_a_closing_event_ends_until_the_customer_is_back(log: Log) -> None:
    """Closed after the last activity, or with it: former. Active since: not."""
    closed = ActivitySettings(
        any_of=("purchase",), within="180 days", closed_by=("cancel_request",)
    )
    opened = log(
        ("gone", "purchase", "2011-05-01"), ("gone", "cancel_request", "2011-05-02"),
        ("same", "purchase", "2011-05-01"), ("same", "cancel_request", "2011-05-01"),
        ("back", "purchase", "2011-05-03"), ("back", "cancel_request", "2011-05-02"),
        ("back", "purchase", "2011-03-03"),
        ("later", "purchase", "2011-05-01"), ("later", "cancel_request", "2011-06-01"),
        ("old", "purchase", "2010-02-01"), ("old", "cancel_request", "2010-01-01"),
        ("never", "cancel_request", "2011-05-01"),
    )  # fmt: skip
    assert state_of(opened, closed) == {
        "gone": "former", "same": "former", "back": "active", "later": "active",
        "old": "inactive", "never": "prospect",
    }  # fmt: skip


def test_a_closing_event_counts_without_any_activity(log: Log) -> None:
    """Bought once, long ago, in a study where only visits count: closed is closed."""
    closed = ActivitySettings(any_of=("visit",), within="180 days", closed_by=("incident",))
    opened = log(
        ("a", "purchase", "2010-02-01"), ("a", "cancel_request", "2010-03-01"),
        ("b", "visit", "2011-05-01"), ("b", "purchase", "2010-02-01"),
    )  # fmt: skip
    assert state_of(opened, closed) == {"a": "former", "b": "active"}


def test_former_after_so_long(log: Log) -> None:
    """To the second: exactly so long is still inactive."""
    settings = ActivitySettings(any_of=("purchase",), within="90 days", former_after="180 days")
    opened = log(
        ("first second", "purchase", "2010-12-03 00:00:00"),
        ("second before", "purchase", "2010-12-02 23:59:59"),
    )
    assert state_of(opened, settings) == {"first second": "inactive", "second before": "former"}


def test_states_change_with_the_cutoff(log: Log) -> None:
    """One history, walked through."""
    opened = log(
        ("a", "visit", "2010-01-10"),
        ("a", "purchase", "2010-03-01"),
        ("a", "purchase", "2011-03-01"),
    )
    settings = ActivitySettings(any_of=("purchase",), within="30 days", former_after="200 days")
    walked = [
        state_of(opened, settings, date.fromisoformat(day)).get("a")
        for day in (
            "2010-01-10",
            "2010-02-01",
            "2010-03-02",
            "2010-04-01",
            "2010-12-01",
            "2011-03-02",
        )
    ]
    assert walked == [None, "prospect", "active", "inactive", "former", "active"]


def test_an_order_of_many_lines_is_one(log: Log) -> None:
    """Counted and dated by its first line."""
    opened = log(
        *[("a", "purchase", f"2011-05-0{day} 12:00", 1, "no 1") for day in (1, 1, 2, 3)],
        ("a", "purchase", "2011-04-01", 1, "no 2"),
    )
    row = states(opened, SHOP, CUTOFF).to_pyarrow().to_pylist()[0]
    assert row["orders"] == 2
    assert row["order_recency_days"] == 30.5
    assert row["within_days"] == 180.0


def test_population_is_those_in_some_states(log: Log) -> None:
    opened = log(
        ("a", "purchase", "2011-05-01"),
        ("b", "purchase", "2010-05-01"),
        ("c", "visit", "2011-05-01"),
    )
    for wanted, who in (((State.ACTIVE,), ["a"]), ((State.ACTIVE, State.INACTIVE), ["a", "b"])):
        table = population(opened, SHOP, CUTOFF, *wanted).order_by("customer_id").to_pyarrow()
        assert table["customer_id"].to_pylist() == who
        assert table.column_names == ["customer_id", "cutoff", "state"]


def test_everybody_known_is_there_once(log: Log) -> None:
    """Events and the customers table together, in no order."""
    opened = log(
        ("a", "purchase", "2011-05-01"), ("a", "visit", "2011-05-01"),
        known={"a": "2011-01-01", "b": "2011-05-31", "c": "2011-06-01"},
    )  # fmt: skip
    found = states(opened, SHOP, CUTOFF).to_pyarrow()["customer_id"].to_pylist()
    assert sorted(found) == ["a", "b"]


@pytest.mark.parametrize(
    ("said", "key", "hint"),
    [
        ({"any_of": ("purchas",)}, "any_of", "did you mean `purchase`?"),
        ({"any_of": ("purchase", "engagment")}, "any_of", "did you mean `engagement`?"),
        ({"closed_by": ("cancel_requests",)}, "closed_by", "did you mean `cancel_request`?"),
    ],
)
def test_unknown_kinds_are_refused(log: Log, said: dict[str, object], key: str, hint: str) -> None:
    opened = log(("a", "purchase", "2011-05-01"))
    with pytest.raises(StudyError, match=f"activity.{key}") as raised:
        states(opened, ActivitySettings(**said), CUTOFF)
    assert raised.value.hint == hint


def test_an_activity_the_log_does_not_hold(log: Log) -> None:
    """A known kind without a single event would make everybody inactive."""
    opened = log(("a", "purchase", "2011-05-01"), ("a", "visit", "2011-05-01"))
    with pytest.raises(StudyError) as raised:
        states(opened, ActivitySettings(any_of=("login",)), CUTOFF)
    assert raised.value.hint == "the log holds: purchase, visit"
    assert activity_kinds(opened, ActivitySettings()) == ("purchase", "visit")


def test_a_log_in_which_nobody_joins(log: Log) -> None:
    """Everybody would be a prospect."""
    opened = log(("a", "purchase", "2011-05-01"), ("a", "visit", "2011-05-01"))
    with pytest.raises(StudyError, match="everybody would be a prospect"):
        states(opened, ActivitySettings(joins_by=("billing",)), CUTOFF)


def test_settings_that_contradict_themselves() -> None:
    with pytest.raises(ValidationError, match="former and active"):
        ActivitySettings(within="90 days", former_after="89 days")
