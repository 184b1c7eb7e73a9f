"""A log laid out event by event, without files: what the tests of this folder ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import ibis
import pyarrow as pa
import pytest

from reveil.events.log import EventLog
from reveil.events.roles import roles_of
from reveil.windows import Coverage

COVERAGE = Coverage(start=date(2010, 1, 1), end=date(2012, 1, 1))
EVENTS = pa.schema(
    [
        ("customer_id", pa.string()), ("kind", pa.string()), ("at_s", pa.int64()),
        ("known_s", pa.int64()), ("amount", pa.int64()), ("order_id", pa.string()),
        ("channel", pa.string()), ("campaign", pa.string()), ("offer", pa.string()),
        ("rating", pa.float64()), ("is_start", pa.bool_()),
    ]
)  # fmt: skip
Lay = Callable[..., EventLog]


def second(at: str) -> int:
    """Seconds from 1970, UTC, of a date or instant."""
    return int((datetime.fromisoformat(at) - datetime(1970, 1, 1)).total_seconds())


def laid(
    *rows: tuple[Any, ...],
    contracts: Mapping[str, str | None] | None = None,
    columns: Sequence[str] = ("amount", "campaign", "channel", "offer"),
) -> EventLog:
    """Lay out events: who, kind, at[, {amount (in units), channel, campaign, offer, known}].

    `contracts` gives the customers table: who, and when the contract ends.
    """
    full = []
    for who, kind, at, *more in rows:
        said: dict[str, Any] = dict(more[0]) if more else {}
        at_s = at if isinstance(at, int) else second(at)
        known = said.pop("known", None)
        if "amount" in said:
            said["amount"] = round(said["amount"] * 10_000)
        full.append(
            {"customer_id": who, "kind": kind, "at_s": at_s, "is_start": True,
             "known_s": at_s if known is None else max(at_s, second(known)), **said}
        )  # fmt: skip
    events = ibis.memtable(pa.Table.from_pylist(full, schema=EVENTS))
    customers = None
    if contracts is not None:
        ends = [None if end is None else second(end) for end in contracts.values()]
        people = {
            "customer_id": list(contracts),
            "since_s": [0] * len(ends),
            "contract_end_s": ends,
        }
        schema = pa.schema(
            [("customer_id", pa.string()), ("since_s", pa.int64()), ("contract_end_s", pa.int64())]
        )
        customers = ibis.memtable(pa.table(people, schema=schema))
    return EventLog(
        events=events,
        lines=events.select("customer_id", "kind", "at_s", "known_s", item="order_id",
                            category="order_id"),
        customers=customers,
        coverage=COVERAGE,
        roles=roles_of({}),
        kinds=tuple(sorted({row["kind"] for row in full})),
        columns=tuple(columns),
        findings=(),
    )  # fmt: skip


@pytest.fixture(scope="session")
def lay() -> Lay:
    """How a log is laid out."""
    return laid
