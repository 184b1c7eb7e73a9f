"""The lines of one order are one purchase, whole for every cutoff."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd

from reveil.events.log import EventLog

Open = Callable[..., EventLog]
Rows = Callable[[EventLog], pd.DataFrame]
COLUMNS = {
    "customer": "who", "at": "day", "order": "no", "amount": "sum", "item": "item",
    "available_at": "late", "channel": "channel", "rating": "rating",
}  # fmt: skip


def lines(*rows: tuple[object, ...]) -> pd.DataFrame:
    names = ["who", "day", "no", "sum", "item", "late", "channel", "rating"]
    return pd.DataFrame([row + (None,) * (len(names) - len(row)) for row in rows], columns=names)


def opened(open_file: Open, *rows: tuple[object, ...], **said: object) -> EventLog:
    return open_file("lines.parquet", lines(*rows), columns=COLUMNS, **said)


def test_lines_of_a_day_are_one_purchase(open_file: Open, rows_of: Rows) -> None:
    """At the moment of the first, of the amount of all."""
    log = opened(
        open_file,
        ("a", "2011-02-01 10:00", "1", 5.0, "x", None, "web", 3),
        ("a", "2011-02-01 09:00", "1", 2.5, "y", None, "web", 5),
        ("a", "2011-02-01 23:00", "1", -1.0, "x", None, "web", None),
    )
    (row,) = rows_of(log).to_dict("records")
    assert str(row["at"]) == "2011-02-01 09:00:00"
    assert row["amount"] == 65_000
    assert row["is_start"]
    assert (row["channel"], row["rating"]) == ("web", 5.0)
    assert log.lines.count().to_pyarrow().as_py() == 3


def test_an_order_over_two_days_starts_once(open_file: Open, rows_of: Rows) -> None:
    """Each day has its own row and money, so that a cutoff between them sees what was known."""
    log = opened(
        open_file,
        ("a", "2011-02-02 00:00", "1", 2.0),
        ("a", "2011-02-01 23:59", "1", 1.0),
        ("a", "2011-02-05 12:00", "1", 4.0),
    )
    rows = rows_of(log)
    assert rows["is_start"].tolist() == [True, False, False]
    assert rows["amount"].tolist() == [10_000, 20_000, 40_000]


def test_order_numbers_belong_to_a_customer_and_a_kind(open_file: Open, rows_of: Rows) -> None:
    """Two customers may use one number; a return may carry the number of its purchase."""
    log = opened(
        open_file,
        ("a", "2011-02-01", "1", 1.0),
        ("b", "2011-02-01", "1", 2.0),
        ("a", "2011-02-01", "1", -1.0),
        kind={"return": '"sum" < 0', "purchase": "true"},
    )
    rows = rows_of(log)
    assert rows["is_start"].all()
    assert sorted(zip(rows["customer_id"], rows["kind"], rows["amount"], strict=True)) == [
        ("a", "purchase", 10_000), ("a", "return", -10_000), ("b", "purchase", 20_000),
    ]  # fmt: skip


def test_rows_without_an_order_number_stay_apart(open_file: Open, rows_of: Rows) -> None:
    """At the very same moment too."""
    log = opened(open_file, *[("a", "2011-02-01", blank, 1.0) for blank in (None, "", " ")])
    assert rows_of(log)["is_start"].tolist() == [True] * 3


def test_late_lines_are_rows_of_their_own(open_file: Open, rows_of: Rows) -> None:
    """What was known first is the start, so that no later row can take it away."""
    log = opened(
        open_file,
        ("a", "2011-02-01 10:00", "1", 1.0, None, "2011-03-01 10:00"),
        ("a", "2011-02-02 10:00", "1", 2.0, None, "2011-02-02 10:00"),
        ("a", "2011-02-01 11:00", "1", 4.0, None, "2011-03-01 11:00"),
    )
    rows = rows_of(log)
    assert rows["is_start"].tolist() == [False, True]
    assert rows["amount"].tolist() == [50_000, 20_000]
    assert rows["known"].astype(str).tolist() == ["2011-03-01 11:00:00", "2011-02-02 10:00:00"]


def test_a_log_before_a_cutoff_holds_what_was_known(open_file: Open) -> None:
    """`known < t`: the very midnight is after."""
    log = opened(
        open_file,
        ("a", "2011-02-01 00:00:00", None, 1.0, "x"),
        ("b", "2011-01-31 23:59:59", None, 1.0, "x"),
        ("c", "2011-01-05 00:00:00", None, 1.0, "x", "2011-02-01 00:00:00"),
    )
    before = log.before(date(2011, 2, 1))
    assert before.events.customer_id.to_pyarrow().to_pylist() == ["b"]
    assert before.lines.customer_id.to_pyarrow().to_pylist() == ["b"]


def test_only_lines_that_name_something_are_lines(open_file: Open) -> None:
    log = opened(open_file, ("a", "2011-02-01", "1", 1.0, "x"), ("a", "2011-02-01", "1", 1.0, " "))
    assert log.lines.item.to_pyarrow().to_pylist() == ["x"]
