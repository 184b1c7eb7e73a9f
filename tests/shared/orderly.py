"""Hundreds of small histories in one log, and what each feature means, computed slowly and plainly.

The oracle reads rows as a person would: an order is placed when its first line is, and it is
one order; a window is a number of days before the cutoff's midnight.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from reveil.engine.duckdb import DuckDB
from reveil.events.log import EventLog, open_log
from reveil.events.roles import Role, roles_of
from reveil.events.settings import SourceSettings
from reveil.windows import Coverage

COVERAGE = Coverage(start=date(2018, 1, 1), end=date(2021, 1, 1))
CUTOFF = date(2020, 3, 1)
"""The day after a leap day."""
OBSERVATION = timedelta(days=364)
KINDS = (
    "complaint",
    "email_click",
    "email_sent",
    "purchase",
    "quote",
    "return",
    "sms_sent",
    "visit",
)
ROLES = roles_of({})
COLUMNS = ("amount", "at", "available_at", "category", "channel", "customer", "item", "order")
EDGES = (0, 7, 28, 84, 168, 336, 364)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A raw row as the source holds it."""

    customer: str
    kind: str
    at: datetime
    available_at: datetime | None
    order: str | None
    amount: float
    item: str | None
    category: str | None
    channel: str | None


def histories(customers: int, seed: int) -> list[Row]:
    """Draw a history per customer: none to twenty events, ties, window edges, split orders."""
    rng = np.random.default_rng(seed)
    midnight = datetime(CUTOFF.year, CUTOFF.month, CUTOFF.day)
    rows: list[Row] = []

    def pick(values: tuple[str | None, ...]) -> str | None:
        return values[int(rng.integers(len(values)))]

    def moment() -> datetime:
        if rng.random() < 0.3:  # exactly at the edge of a window, or a second beside it
            edge = midnight - timedelta(days=int(rng.choice(EDGES)))
            return edge + timedelta(seconds=int(rng.choice([-1, 0, 0, 1])))
        if rng.random() < 0.1:  # the leap day
            return midnight - timedelta(seconds=int(rng.integers(1, 86_400)))
        return midnight - timedelta(seconds=int(rng.integers(-30 * 86_400, 450 * 86_400)))

    for number in range(customers):
        tie = moment()
        for event in range(int(rng.choice([0, 1, 2, 3, 5, 8, 20]))):
            kind = str(rng.choice([*KINDS, "purchase", "purchase", "email_sent"]))
            at = tie if rng.random() < 0.2 else moment()
            delay = timedelta(days=int(rng.integers(0, 20))) if rng.random() < 0.2 else None
            sold = kind in ("purchase", "return")
            order = f"{event % 7}-{kind}-{event}" if sold and rng.random() < 0.7 else None
            channel = pick(("web", "shop", None))
            for line in range(1 if order is None else int(rng.integers(1, 4))):
                later = timedelta(
                    seconds=line * int(rng.choice([0, 60, 30_000, 86_400, 10 * 86_400]))
                )
                rows.append(
                    Row(
                        customer=f"c{number:04d}",
                        kind=kind,
                        at=at + later,
                        available_at=None if delay is None else at + later + delay,
                        order=order,
                        amount=round(float(rng.normal(50, 30)), 2)
                        * (-1 if kind == "return" else 1),
                        item=pick(("i1", "i2", "i3", "i4", None)),
                        category=pick(("a", "b", None)),
                        channel=channel,
                    )
                )
    return rows


def opened(db: DuckDB, rows: list[Row], folder: Path) -> EventLog:
    """Write the rows as one file and read it."""
    path = folder / "rows.parquet"
    frame = pd.DataFrame(
        [{name: getattr(row, name) for name in Row.__dataclass_fields__} for row in rows]
    )
    for column in ("at", "available_at"):
        frame[column] = frame[column].astype("datetime64[us]")
    frame.to_parquet(path, index=False)
    source = SourceSettings(
        name="rows",
        path=path,
        columns={name: name for name in COLUMNS},
        kind={"column": "kind"},
    )
    return open_log(db, [source], None, COVERAGE, ROLES)


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened at one moment."""

    kind: str
    at: datetime
    channel: str | None


class Past:
    """What is known about one customer at the cutoff, within the observation."""

    def __init__(self, rows: list[Row]) -> None:
        self.t = datetime(CUTOFF.year, CUTOFF.month, CUTOFF.day)
        known = [r for r in rows if max(r.at, r.available_at or r.at) < self.t]
        orders: dict[object, list[Row]] = {}
        for number, row in enumerate(known):
            orders.setdefault((row.kind, row.order) if row.order else number, []).append(row)
        start = self.t - OBSERVATION
        events = [
            Event(kind=lines[0].kind, at=min(r.at for r in lines), channel=lines[0].channel)
            for lines in orders.values()
        ]
        self.events = [e for e in events if e.at >= start]
        self.rows = [r for r in known if r.at >= start]

    def of(self, *signals: str, days: float = math.inf, until: int = 0) -> list[Event]:
        """Events of kinds or roles, `until` to `days` days ago."""
        wanted = {k for k in KINDS if k in signals or ROLES[k].value in signals}
        return [e for e in self.events if e.kind in wanted and self._in(e.at, days, until)]

    def lines(self, kind: str, days: float = math.inf) -> list[Row]:
        """Lines of orders of a kind."""
        return [r for r in self.rows if r.kind == kind and self._in(r.at, days, 0)]

    def ago(self, at: datetime) -> float:
        """Days before the cutoff."""
        return (self.t - at).total_seconds() / 86_400

    def age(self, at: datetime) -> int:
        """Whole days before the cutoff; yesterday is none."""
        return (self.t.date() - at.date()).days - 1

    def _in(self, at: datetime, days: float, until: int) -> bool:
        return until < self.ago(at) <= days


def recency(past: Past, *signals: str) -> float | None:
    """Days since the last."""
    return min((past.ago(e.at) for e in past.of(*signals)), default=None)


def tenure(past: Past, *signals: str) -> float | None:
    """Days since the first."""
    return max((past.ago(e.at) for e in past.of(*signals)), default=None)


def money(past: Past, kind: str, days: float = math.inf) -> float:
    """Sum of amounts."""
    return math.fsum(r.amount for r in past.lines(kind, days))


def net(past: Past, days: float = math.inf) -> float:
    """Amounts ordered less amounts sent back."""
    return money(past, "purchase", days) + money(past, "return", days)


def gaps(past: Past) -> list[float]:
    """Days between orders."""
    ago = sorted(past.ago(e.at) for e in past.of("purchase"))
    return [late - early for early, late in pairwise(ago)]


def decayed(past: Past, signal: str, half_life: int) -> float:
    """Events, each worth half as much every so many days; yesterday is whole."""
    return math.fsum(0.5 ** (past.age(e.at) / half_life) for e in past.of(signal))


def over(top: float | None, bottom: float | None) -> float | None:
    """Quotient, or nothing over nothing."""
    return None if top is None or not bottom else top / bottom


def click_rate(past: Past, days: int, until: int = 0) -> float | None:
    """Clicks per e-mail sent."""
    sent = len(past.of("email_sent", days=days, until=until))
    return over(len(past.of("email_click", days=days, until=until)), sent)


def click_change(past: Past) -> float | None:
    """Click rate of the last 84 days less that of the 84 before."""
    recent, earlier = click_rate(past, 84), click_rate(past, 168, 84)
    return None if recent is None or earlier is None else recent - earlier


def unanswered(past: Past) -> float:
    """E-mails since the last sign."""
    answers = past.of("email_click", "commercial")
    last = max((e.at for e in answers), default=datetime.min)
    return len([e for e in past.of("email_sent") if e.at > last])


def gap_cv(past: Past) -> float | None:
    """Divide the standard deviation by the mean."""
    found = gaps(past)
    return over(float(np.std(found)), float(np.mean(found))) if len(found) >= 2 else None


def overdue(past: Past, usual: Callable[[list[float]], float]) -> float | None:
    """Days since the last order over the usual gap, at least a day."""
    last, found = recency(past, "purchase"), gaps(past)
    return None if last is None or not found else last / max(usual(found), 1.0)


def overdue_shrunk(past: Past) -> float | None:
    """Do the same with two gaps of 84 days added."""
    last, found = recency(past, "purchase"), gaps(past)
    return None if last is None else last / ((sum(found) + 168) / (len(found) + 2))


def rate(past: Past) -> float | None:
    """Orders per 28 days, 28 idle days added."""
    first = tenure(past, "purchase")
    return None if first is None else 28 * len(past.of("purchase")) / (first + 28)


def distinct(past: Past, column: str) -> float:
    """Different values among lines bought."""
    return len({getattr(r, column) for r in past.lines("purchase")} - {None})


def channels(past: Past) -> float:
    """Different channels of orders, lines after the first day included."""
    return len({r.channel for r in past.lines("purchase")} - {None})


def returned(past: Past) -> float | None:
    """Amount returned over amount ordered."""
    ordered = money(past, "purchase")
    return -money(past, "return") / ordered if ordered > 1e-9 else None


def ratio(past: Past) -> float:
    """Short memory over long memory."""
    return (decayed(past, "purchase", 28) + 0.1) / (decayed(past, "purchase", 84) + 0.1)


def decayed_amount(past: Past) -> float:
    """Amounts less returns, half as much every 84 days."""
    lines = [*past.lines("purchase"), *past.lines("return")]
    return math.fsum(r.amount * 0.5 ** (past.age(r.at) / 84) for r in lines)


def change(past: Past) -> float:
    """Orders of half a year less those of the half before."""
    return len(past.of("purchase", days=168)) - len(past.of("purchase", days=336, until=168))


Answer = Callable[[Past], float | None]

ORACLE: dict[str, Answer] = {
    "purchase_recency_days": lambda p: recency(p, "purchase"),
    "purchase_tenure_days": lambda p: tenure(p, "purchase"),
    "return_recency_days": lambda p: recency(p, "return"),
    "email_click_recency_days": lambda p: recency(p, "email_click"),
    "visit_recency_days": lambda p: recency(p, "visit"),
    "complaint_recency_days": lambda p: recency(p, "complaint"),
    "engagement_recency_days": lambda p: recency(p, "engagement"),
    "purchase_count": lambda p: len(p.of("purchase")),
    "purchase_rate": rate,
    "purchase_amount_sum": net,
    "purchase_amount_mean": lambda p: over(net(p), len(p.of("purchase"))),
    "return_amount_share": returned,
    "purchase_gap_mean": lambda p: float(np.mean(gaps(p))) if gaps(p) else None,
    "purchase_gap_cv": gap_cv,
    "purchase_overdue_ratio": lambda p: overdue(p, lambda g: float(np.mean(g))),
    "purchase_overdue_max_ratio": lambda p: overdue(p, max),
    "purchase_overdue_shrunk_ratio": overdue_shrunk,
    "purchase_decayed_count_28d": lambda p: decayed(p, "purchase", 28),
    "purchase_decayed_count_84d": lambda p: decayed(p, "purchase", 84),
    "purchase_decayed_amount_84d": decayed_amount,
    "purchase_trend_ratio": ratio,
    "purchase_count_change_168d": change,
    "purchase_count_last_year_next_28d": lambda p: len(p.of("purchase", days=364, until=336)),
    "purchase_count_last_year_next_84d": lambda p: len(p.of("purchase", days=364, until=280)),
    "purchase_item_distinct": lambda p: distinct(p, "item"),
    "purchase_category_distinct": lambda p: distinct(p, "category"),
    "purchase_channel_distinct": channels,
    "purchase_item_per_order": lambda p: over(distinct(p, "item"), len(p.of("purchase"))),
    "engagement_decayed_count_28d": lambda p: decayed(p, "engagement", 28),
    "email_click_rate_84d": lambda p: click_rate(p, 84),
    "email_click_rate_364d": lambda p: click_rate(p, 364),
    "email_click_rate_change_84d": click_change,
    "email_unanswered_count": unanswered,
}
"""Features with a meaning of their own; the windows of a count are read from its name."""

SIGNALS = {"contact": "marketer"}


def answer(name: str) -> Answer:
    """Look up what a feature means."""
    if name in ORACLE:
        return ORACLE[name]
    if found := re.fullmatch(r"purchase_amount_sum_(\d+)d", name):
        return lambda p: net(p, int(found[1]))
    if found := re.fullmatch(r"(\w+)_count_(\d+)d", name):
        signal, days = SIGNALS.get(found[1], found[1]), int(found[2])
        return lambda p: len(p.of(signal, days=days))
    raise KeyError(f"say in the oracle what {name} means")


__all__ = [
    "COLUMNS",
    "CUTOFF",
    "KINDS",
    "OBSERVATION",
    "ROLES",
    "Past",
    "Role",
    "answer",
    "histories",
    "opened",
]
