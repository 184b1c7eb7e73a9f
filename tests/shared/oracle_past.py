"""What was known about one customer at a cutoff, read from raw rows as a person would read them.

In:  raw rows of one customer, the rows of the customers table, what the study says.
Out: Past: pieces of events, lines, the customer's own row; nothing of them later than the cutoff.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from reveil.events.contents import Attribute
from reveil.events.roles import Role

UNIT = 10_000
"""Money is counted in ten-thousandths, whole ones."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A raw row as the source holds it."""

    customer: str
    kind: str
    at: datetime
    available_at: datetime | None = None
    order: str | None = None
    amount: float | None = None
    item: str | None = None
    category: str | None = None
    channel: str | None = None
    campaign: str | None = None
    offer: str | None = None
    rating: float | None = None

    @property
    def second(self) -> datetime:
        """When it happened; fractions of a second are dropped."""
        return self.at.replace(microsecond=0)

    @property
    def known(self) -> datetime:
        """When it was known; never before it happened."""
        return max(self.at, self.available_at or self.at).replace(microsecond=0)


@dataclass(frozen=True, kw_only=True)
class Person:
    """A row of the customers table: what it says, and the period it says it for."""

    customer: str
    since: datetime
    valid_from: datetime
    valid_until: datetime | None
    contract_end: datetime | None
    follow_opens: bool | None
    age: float | None
    region: str | None


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What the study says of a log, and the cutoff."""

    cutoff: date
    observation: timedelta
    roles: Mapping[str, Role]
    channels: Mapping[str, tuple[str, ...]]
    attributes: tuple[Attribute, ...]
    facts: tuple[str, ...]
    active_by: tuple[str, ...]
    limit_days: int


@dataclass(frozen=True, kw_only=True)
class Piece:
    """An event; or what one order holds of one day, known on one day."""

    kind: str
    at: datetime
    is_start: bool
    amount: int | None
    channel: str | None
    campaign: str | None
    offer: str | None
    rating: float | None


class Past:
    """What is known about one customer at the cutoff, within the observation."""

    def __init__(self, rows: Iterable[Row], people: Iterable[Person], told: Definition) -> None:
        self.told = told
        self.t = datetime(told.cutoff.year, told.cutoff.month, told.cutoff.day)
        start = self.t - told.observation
        known = [row for row in rows if row.known < self.t]
        self.pieces = [piece for piece in _pieces(known) if piece.at >= start]
        self.lines = [row for row in known if row.second >= start]
        self.person = _held(people, self.t)

    def kinds(self, *signals: str) -> set[str]:
        """Kinds that a kind, a role, or `activity` stands for."""
        wanted = set(signals)
        if "activity" in wanted:
            wanted |= set(self.told.active_by)
        return {kind for kind, role in self.told.roles.items() if {kind, role.value} & wanted}

    def of(
        self, *signals: str, days: float = math.inf, until: int = 0, by: Sequence[str] | None = None
    ) -> list[Piece]:
        """Events of kinds or roles, `until` to `days` days ago; an order is where it started."""
        return [
            piece
            for piece in self.rows(*signals, days=days, until=until)
            if piece.is_start and (by is None or piece.channel in by)
        ]

    def rows(self, *signals: str, days: float = math.inf, until: int = 0) -> list[Piece]:
        """Rows of the log, later pieces of orders included: what money is summed over."""
        kinds = self.kinds(*signals)
        return [p for p in self.pieces if p.kind in kinds and until < self.ago(p.at) <= days]

    def named(self, kind: str, column: str, days: float = math.inf) -> list[str]:
        """Read what the lines of orders name in a column, one by one."""
        within = [r for r in self.lines if r.kind == kind and 0 < self.ago(r.second) <= days]
        return [getattr(r, column) for r in within if getattr(r, column) is not None]

    def ago(self, at: datetime) -> float:
        """Days before the cutoff."""
        return (self.t - at).total_seconds() / 86_400

    def age(self, at: datetime) -> int:
        """Whole calendar days before yesterday; yesterday is 0."""
        return (self.t.date() - at.date()).days - 1


def _pieces(known: Sequence[Row]) -> list[Piece]:
    """Gather the lines of each order by the day they happened and the day they were known."""
    found: list[Piece] = []
    orders: dict[tuple[str, str], dict[tuple[date, date], list[Row]]] = {}
    for row in known:
        if row.order is None:
            found.append(_piece([row], is_start=True))
        else:
            days = orders.setdefault((row.kind, row.order), {})
            days.setdefault((row.known.date(), row.second.date()), []).append(row)
    for days in orders.values():
        first = min(days)
        found += [_piece(lines, is_start=day == first) for day, lines in days.items()]
    return found


def _piece(lines: Sequence[Row], *, is_start: bool) -> Piece:
    def first(column: str) -> str | None:
        return min((v for row in lines if (v := getattr(row, column)) is not None), default=None)

    amounts = [round(row.amount * UNIT) for row in lines if row.amount is not None]
    return Piece(
        kind=lines[0].kind,
        at=min(row.second for row in lines),
        is_start=is_start,
        amount=sum(amounts) if amounts else None,
        channel=first("channel"),
        campaign=first("campaign"),
        offer=first("offer"),
        rating=max((row.rating for row in lines if row.rating is not None), default=None),
    )


def _held(people: Iterable[Person], t: datetime) -> Person | None:
    """Find the row that held just before a moment; else the last that did, consent gone."""
    known = [one for one in people if one.since < t and one.valid_from < t]
    holding = [one for one in known if one.valid_until is None or one.valid_until >= t]
    if holding or not known:
        return max(holding, key=lambda one: one.valid_from, default=None)
    return replace(max(known, key=lambda one: one.valid_from), follow_opens=False)
