"""Hundreds of small histories in one log, one a customer, full of what is easily got wrong.

Ties, the edges of every window and a second beside them, orders in pieces, order numbers used
twice, rows known late, returns without a purchase, amounts below nothing, channels spelled two
ways, customers the customers table does not know, customers without an event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from oracle_past import Definition, Past, Person, Row

from reveil.engine.duckdb import DuckDB
from reveil.events.contents import Attribute, Contents
from reveil.events.log import EventLog, open_log
from reveil.events.roles import Role, roles_of
from reveil.events.settings import CustomersSettings, SourceSettings
from reveil.features.matrix import FeatureSet, feature_set
from reveil.windows import Coverage

COVERAGE = Coverage(start=date(2017, 1, 1), end=date(2022, 1, 1))
KINDS = (
    "adjustment", "complaint", "email_click", "email_open", "email_sent", "points_earned",
    "points_spent", "purchase", "quote", "return", "sms_sent", "unsubscribe", "visit",
)  # fmt: skip
ROLES = roles_of({"adjustment": Role.PASSIVE})
COLUMNS = (
    "amount", "at", "available_at", "campaign", "category", "channel", "customer", "item", "offer",
    "order", "rating",
)  # fmt: skip
CHANNELS: Mapping[str, tuple[str, ...]] = {
    "in store": ("In store", "in store"),
    "web": ("WEB", "Web", "web"),
    "été": ("Été", "été"),
}
ATTRIBUTES = (Attribute(name="age"), Attribute(name="region", levels=("north", "south")))
FACTS = ("consent_email_for_open_tracking", "contract_end_s", "since_s")
EDGES = (0, 1, 7, 28, 56, 84, 112, 168, 280, 336, 364, 392, 728)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Some histories, and the cutoff and study they are read for."""

    rows: tuple[Row, ...]
    people: tuple[Person, ...]
    told: Definition
    features: FeatureSet
    customers: tuple[str, ...]

    def pasts(self) -> dict[str, Past]:
        """Give each customer what is known of them."""
        rows: dict[str, list[Row]] = {customer: [] for customer in self.customers}
        people: dict[str, list[Person]] = {customer: [] for customer in self.customers}
        for row in self.rows:
            rows[row.customer].append(row)
        for person in self.people:
            people[person.customer].append(person)
        return {one: Past(rows[one], people[one], self.told) for one in self.customers}


def told(cutoff: date, observation: int, roles: Mapping[str, Role] = ROLES) -> Definition:
    """Say what a study of the rich log would."""
    return Definition(
        cutoff=cutoff,
        observation=timedelta(observation),
        roles=roles,
        channels=CHANNELS,
        attributes=ATTRIBUTES,
        facts=FACTS,
        active_by=("email_click", "purchase", "quote", "visit"),
        limit_days=84,
    )


def written(
    told: Definition, kinds: Sequence[str] = KINDS, columns: Sequence[str] = COLUMNS
) -> FeatureSet:
    """Write every feature there is for a log of some kinds and columns."""
    contents = Contents(
        kinds={kind: told.roles[kind] for kind in kinds},
        columns=tuple(columns),
        channels=told.channels,
        attributes=told.attributes,
        facts=told.facts,
    )
    return feature_set(
        contents,
        observation=told.observation,
        active_by=told.active_by,
        limit_days=told.limit_days,
        include=("opens",),
    )


def case(customers: int, seed: int, cutoff: date, observation: int, *, known: bool = True) -> Case:
    """Draw histories, and write every feature for them; `known` by a customers table or not."""
    names = tuple(f"c{number:04d}" for number in range(customers))
    rng = np.random.default_rng(seed)
    rows = [row for name in names for row in history(rng, name, cutoff, observation)]
    people = [row for name in names for row in periods(rng, name, cutoff)] if known else []
    said = told(cutoff, observation)
    said = said if known else replace(said, attributes=(), facts=())
    return Case(
        rows=tuple(rows),
        people=tuple(people),
        told=said,
        features=written(said),
        customers=names,
    )


def shop(customers: int, seed: int, cutoff: date) -> Case:
    """Draw the same, of which a plain shop keeps purchases and returns, and no more columns."""
    rich = case(customers, seed, cutoff, 364)
    said = replace(
        rich.told, channels={}, attributes=(), facts=(), active_by=("purchase",), limit_days=30
    )
    kinds = ("purchase", "return")
    kept = [
        replace(row, campaign=None, category=None, channel=None, offer=None, rating=None)
        for row in rich.rows
        if row.kind in kinds
    ]
    columns = ("amount", "at", "available_at", "customer", "item", "order")
    return Case(
        rows=tuple(kept),
        people=(),
        told=said,
        features=written(said, kinds, columns),
        customers=rich.customers,
    )


def in_time(late: Case) -> Case:
    """Give the same histories, every row known when it happened."""
    columns = tuple(name for name in COLUMNS if name != "available_at")
    return replace(
        late,
        rows=tuple(replace(row, available_at=None) for row in late.rows),
        features=written(late.told, columns=columns),
    )


def history(rng: np.random.Generator, name: str, cutoff: date, observation: int) -> list[Row]:
    """Draw the events of a customer: none to forty, often of few kinds."""
    midnight = datetime(cutoff.year, cutoff.month, cutoff.day)
    kinds = list(KINDS) if rng.random() < 0.4 else list(rng.choice(KINDS, int(rng.integers(1, 5))))
    when = moments(rng, midnight, observation)
    rows: list[Row] = []
    for event in range(int(rng.choice([0, 1, 2, 3, 5, 8, 20, 40]))):
        kind = str(rng.choice([*kinds, *kinds, "purchase", "email_sent"]))
        ordered = kind in ("purchase", "return", "quote") and rng.random() < 0.7
        # A number names another order once in a while: what it names is one.
        order = f"no {event if rng.random() < 0.8 else event % 3}" if ordered else None
        first = filled(rng, Row(customer=name, kind=kind, at=when(), order=order), midnight)
        rows.append(first)
        for _ in range(int(rng.integers(0, 3)) if ordered else 0):
            wait = int(rng.choice([0, 0, 60, 30_000, 86_400, 10 * 86_400, -3 * 86_400]))
            at = first.at + timedelta(seconds=wait)
            line = filled(rng, replace(first, at=at), midnight)
            late = first.available_at if rng.random() < 0.7 else line.available_at
            channel = first.channel if rng.random() < 0.7 else line.channel
            rows.append(replace(line, available_at=late, channel=channel))
        if rng.random() < 0.05:
            rows.append(rows[-1])
    return rows


def moments(
    rng: np.random.Generator, midnight: datetime, observation: int
) -> Callable[[], datetime]:
    """Draw moments: at the edge of a window or a second beside it, all at once, or anywhere."""
    tie = midnight - timedelta(seconds=int(rng.integers(1, 200 * 86_400)))
    reach = int(rng.choice([60, 200, observation + 90]))

    def moment() -> datetime:
        drawn = rng.random()
        if drawn < 0.3:
            edge = midnight - timedelta(days=int(rng.choice(EDGES)))
            return edge + timedelta(seconds=int(rng.choice([-1, 0, 0, 1])))
        if drawn < 0.4:
            return tie
        if drawn < 0.5:
            return midnight - timedelta(seconds=int(rng.integers(1, 86_400)))
        at = midnight - timedelta(seconds=int(rng.integers(-20 * 86_400, reach * 86_400)))
        return at + timedelta(milliseconds=700) if drawn < 0.6 else at

    return moment


def filled(rng: np.random.Generator, row: Row, midnight: datetime) -> Row:
    """Draw what a row says besides."""

    def one_of(*values: str | None) -> str | None:
        return values[int(rng.integers(len(values)))]

    late = None
    if rng.random() < 0.25:
        seconds = [timedelta(seconds=s) for s in (-1, 0, 1)]
        days = [timedelta(days=int(d)) for d in rng.integers(-2, 30, 3)]
        late = [*(row.at + d for d in days), *(midnight + s for s in seconds)][rng.integers(6)]
    amount = round(float(rng.normal(50, 30)), 2) * (-1 if row.kind == "return" else 1)
    return replace(
        row,
        available_at=late,
        amount=[amount, amount, amount, 0.0, -amount, None][rng.integers(6)],
        item=one_of("i1", "i2", "i3", "i4", None),
        category=one_of("a", "b", "c", None),
        channel=one_of("web", "Web", "WEB", "in store", "In store", "Été", "fax", None),
        campaign=one_of("spring", "summer", "autumn", None),
        offer=one_of("ten percent", None, None),
        rating=[None, None, 4.0, 2.0, -3.1416, 4.9996][rng.integers(6)],
    )


def periods(rng: np.random.Generator, name: str, cutoff: date) -> list[Person]:
    """Draw the rows of the customers table: none, one, or one a period, gaps between them."""
    midnight = datetime(cutoff.year, cutoff.month, cutoff.day)

    def day() -> datetime:
        return midnight - timedelta(days=int(rng.choice([-40, -1, 0, 1, 30, 365, 900])))

    since = day()
    begins = sorted({day() for _ in range(int(rng.integers(0, 4)))})
    rows = []
    for place, begin in enumerate(begins):
        later = begins[place + 1] if place + 1 < len(begins) else None
        end = [None, later, begin + timedelta(days=1)][int(rng.integers(3))]
        rows.append(
            Person(
                customer=name,
                since=since,
                valid_from=begin,
                valid_until=end,
                contract_end=None if rng.random() < 0.3 else day() + timedelta(days=100),
                follow_opens=[True, True, False, None][int(rng.integers(4))],
                age=None if rng.random() < 0.3 else float(rng.integers(18, 90)) + 0.5,
                region=[None, "north", "south", "east"][int(rng.integers(4))],
            )
        )
    return rows


def opened(
    db: DuckDB,
    rows: Sequence[Row],
    people: Sequence[Person],
    folder: Path,
    *,
    timezone: str = "UTC",
    written_in: str | None = None,
) -> EventLog:
    """Write the rows as one file, and the customers as another, and read them as a study does.

    Parameters
    ----------
    timezone, written_in
        Whose wall clock the log shows, and the file where its moments do not say.
    """
    folder.mkdir(parents=True, exist_ok=True)
    events = _frame(rows, Row, ("at", "available_at"), ("amount", "rating"))
    events.to_parquet(folder / "rows.parquet", index=False)
    present = [name for name in COLUMNS if events[name].notna().any() or name in REQUIRED]
    source = SourceSettings(
        name="rows",
        path=folder / "rows.parquet",
        columns={name: name for name in present},
        kind={"column": "kind"},
        timezone=written_in,
    )
    customers = None
    if people:
        dates = ("since", "valid_from", "valid_until", "contract_end")
        _frame(people, Person, dates, ("age",)).to_parquet(
            folder / "customers.parquet", index=False
        )
        customers = CustomersSettings(
            path=folder / "customers.parquet",
            customer="customer",
            **{name: name for name in dates},
            consent={"email": {"open_tracking": "follow_opens"}},
            attributes={"age": "age", "region": "region"},
        )
    return open_log(db, [source], customers, COVERAGE, ROLES, timezone=timezone)


REQUIRED = ("at", "customer")


def _frame(
    rows: Sequence[Row | Person],
    of: type[Row] | type[Person],
    dates: Sequence[str],
    numbers: Sequence[str],
) -> pd.DataFrame:
    names = [field.name for field in fields(of)]
    frame = pd.DataFrame([[getattr(row, name) for name in names] for row in rows], columns=names)
    for name in names:
        if name in dates:
            zoned = any(moment.tzinfo is not None for moment in frame[name].dropna())
            frame[name] = frame[name].astype("datetime64[us, UTC]" if zoned else "datetime64[us]")
        elif name in numbers:
            frame[name] = frame[name].astype("float64")
    return frame
