"""What a stage may ask about the past of a customer, without ever seeing a cutoff or a backend.

In:  the kinds of the log and their roles.
Out: Ibis deferred values to compute with, and the aggregates they stand on.

A family of features writes `log.count("purchase", days=84)` and gets a value; which table,
window or backend answers is the engine's business, and so is `at < cutoff`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

import ibis
from ibis.common.deferred import Deferred

from reveil.events.roles import Role
from reveil.events.values import MONEY_UNIT

DAY = 86_400.0

WEIGHT_UNIT = 1 << 20
"""Decaying weights are fixed-point numbers, so that their sums are exact in any order."""

Statistic = Literal[
    "count", "sum", "last", "first", "last_kind", "distinct", "several", "decayed", "since",
    "gap_count", "gap_sum", "gap_squares", "gap_max",
]  # fmt: skip

RANKS = 1024
"""Kinds that a `last_kind` can tell apart: instant and rank share one integer."""

EPOCH_SHIFT = 1 << 37
"""Seconds added to instants before a rank is put beside them, so that year 1 is positive too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Aggregate:
    """One integer per customer, over the events of some kinds in a window before the cutoff.

    Parameters
    ----------
    statistic
        `count` of events; `sum` of a column;
        `last` and `first` event (seconds since 1970); `last_kind`, the same with the rank of
        the last event's kind beside it; `distinct` values of a column; `several`, 0 without
        a value in a column, 1 with one, 2 with more; `decayed` count or sum with a half-life; `since` counts events after the last
        one of `after`; `gap_*` over the seconds between consecutive events.
    kinds
        Sorted kinds of events; for `last_kind` the first wins a tie.
    start_days, end_days
        The window `[t - start_days, t - end_days)`; no `start_days` means the whole
        observation window.
    channels
        Only events that came by one of these; None for all events.
    """

    statistic: Statistic
    kinds: tuple[str, ...]
    column: str | None = None
    start_days: int | None = None
    end_days: int = 0
    half_life: int | None = None
    after: tuple[str, ...] = ()
    channels: tuple[str, ...] | None = None

    @property
    def key(self) -> str:
        """Column name in the engine's result; equal aggregates share it, and no others.

        Examples
        --------
        >>> one, other = (Aggregate(statistic="count", kinds=(k,)) for k in ("visit", "Visit"))
        >>> one.key, other.key.lower() == one.key.lower()
        ('count|visit||||||', False)
        """
        words = [*self.kinds, *(self.channels or ()), *self.after]
        channels = None if self.channels is None else "+".join(self.channels)
        parts = [
            self.statistic, "+".join(self.kinds), self.column, channels, self.start_days,
            self.end_days or None, self.half_life, "+".join(self.after) or None,
        ]  # fmt: skip
        key = "|".join("" if part is None else str(part) for part in parts)
        # Engines take names that differ by capitals for one, and a name may hold our separators.
        plain = all(re.fullmatch(r"[a-z0-9_ -]+", word) for word in words)
        return key if plain else f"{key}#{sha256(repr(self).encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Gaps:
    """Days between consecutive events of one signal, as of the cutoff."""

    count: Deferred
    total: Deferred
    squares: Deferred
    longest: Deferred

    def mean(self) -> Deferred:
        """Mean gap in days; null with fewer than two events."""
        return self.total / self.count.nullif(0) / DAY

    def max(self) -> Deferred:
        """Longest gap in days; null with fewer than two events."""
        return self.longest / DAY

    def coefficient_of_variation(self) -> Deferred:
        """Divide the standard deviation by the mean; null with fewer than three events."""
        n = (self.count >= 2).ifelse(self.count, None)
        mean = self.total / n
        variance = (self.squares / n - mean * mean).clip(lower=0.0)
        return variance.sqrt() / mean.nullif(0.0)


@dataclass(frozen=True, slots=True)
class LastEvent:
    """The last event of some kinds, as of the cutoff: one integer holds its second and its kind."""

    packed: Deferred
    kinds: tuple[str, ...]

    def seconds(self) -> Deferred:
        """Seconds from 1970 to it, int64; null without one."""
        return (self.packed // RANKS).cast("int64") - EPOCH_SHIFT

    def days(self) -> Deferred:
        """Days from it to the cutoff; null without one."""
        return (ibis._["cutoff_s"] - self.seconds()).cast("float64") / DAY

    def kind(self) -> Deferred:
        """Its kind; null without one."""
        rank = RANKS - 1 - self.packed % RANKS
        named = [(rank == n, kind) for n, kind in enumerate(self.kinds)]
        return ibis.cases(*named) if named else ibis.null("string")


@dataclass(slots=True)
class AsOf:
    """The past of every customer as of a cutoff that is not shown.

    Parameters
    ----------
    roles
        The role of each kind the log holds.
    filled
        The optional columns that the log's sources fill.

    Notes
    -----
    A signal is a kind, a role, or several kinds. Values are null-safe: counts and sums
    of nothing are 0, dates and gaps of nothing are null.
    """

    roles: Mapping[str, Role]
    filled: tuple[str, ...] = ()
    aggregates: dict[str, Aggregate] = field(default_factory=dict)

    def kinds(self, *signals: str) -> tuple[str, ...]:
        """Kinds of the log that a signal stands for; empty when the log has none."""
        wanted = set(signals)
        return tuple(sorted(k for k, r in self.roles.items() if k in wanted or r.value in wanted))

    def columns(self, *names: str) -> tuple[str, ...]:
        """Those of some columns that the log's sources fill, in the order asked."""
        return tuple(name for name in names if name in self.filled)

    def count(
        self,
        *signals: str,
        days: int | None = None,
        until: int = 0,
        channel: str | Sequence[str] | None = None,
    ) -> Deferred:
        """Count events in `[t - days, t - until)`, or those of one channel, however spelled."""
        return self._value(
            "count", signals, start_days=days, end_days=until, channel=channel
        ).fill_null(0)

    def sum(self, *signals: str, column: str, days: int | None = None, until: int = 0) -> Deferred:
        """Sum a column; money comes out in units of the currency."""
        total = self._value("sum", signals, column=column, start_days=days, end_days=until)
        return total.fill_null(0) / float(MONEY_UNIT) if column == "amount" else total.fill_null(0)

    def recency(self, *signals: str) -> Deferred:
        """Days from the last event to the cutoff; null without one."""
        return (ibis._["cutoff_s"] - self._value("last", signals)) / DAY

    def last(self, *signals: str) -> Deferred:
        """Seconds from 1970 to the last event; null without one."""
        return self._value("last", signals)

    def last_kind(self, *signals: str) -> LastEvent:
        """Find the last event and its kind; at the same second, the signal named first wins.

        Raises
        ------
        ValueError
            When the signals stand for more kinds than fit beside an instant.
        """
        ordered = tuple(dict.fromkeys(kind for signal in signals for kind in self.kinds(signal)))
        if len(ordered) > RANKS:
            raise ValueError(f"{len(ordered)} kinds; a last event is told from {RANKS} at most")
        wanted = Aggregate(statistic="last_kind", kinds=ordered)
        self.aggregates[wanted.key] = wanted
        return LastEvent(ibis._[wanted.key].cast("int64"), ordered)

    def tenure(self, *signals: str) -> Deferred:
        """Days from the first event to the cutoff; null without one."""
        return (ibis._["cutoff_s"] - self._value("first", signals)) / DAY

    def distinct(self, *signals: str, column: str, days: int | None = None) -> Deferred:
        """Count the different values of a column."""
        return self._value("distinct", signals, column=column, start_days=days).fill_null(0)

    def several(self, *signals: str, column: str) -> Deferred:
        """Tell whether a column has no value (0), one (1) or more than one (2).

        Far cheaper than counting the different values.
        """
        return self._value("several", signals, column=column).fill_null(0)

    def decayed(
        self,
        *signals: str,
        half_life: int,
        column: str | None = None,
        channel: str | Sequence[str] | None = None,
    ) -> Deferred:
        """Sum events, or a column of them, each weighted by half every `half_life` days."""
        total = self._value(
            "decayed", signals, half_life=half_life, column=column, channel=channel
        ).fill_null(0)
        unit = WEIGHT_UNIT * (MONEY_UNIT if column == "amount" else 1)
        return total / float(unit)

    def since(self, *signals: str, after: Iterable[str], naming: str | None = None) -> Deferred:
        """Count events later than the last event of another signal, or only those that name a column."""
        kinds = self.kinds(*after)
        return self._value("since", signals, after=kinds, column=naming).fill_null(0)

    def gaps(self, *signals: str) -> Gaps:
        """Time between consecutive events."""
        return Gaps(
            self._value("gap_count", signals).fill_null(0),
            self._value("gap_sum", signals),
            self._value("gap_squares", signals),
            self._value("gap_max", signals),
        )

    def _value(
        self,
        statistic: Statistic,
        signals: tuple[str, ...],
        *,
        column: str | None = None,
        start_days: int | None = None,
        end_days: int = 0,
        half_life: int | None = None,
        after: tuple[str, ...] = (),
        channel: str | Sequence[str] | None = None,
    ) -> Deferred:
        spelled = (channel,) if isinstance(channel, str) else channel
        wanted = Aggregate(
            statistic=statistic,
            kinds=self.kinds(*signals),
            column=column,
            start_days=start_days,
            end_days=end_days,
            half_life=half_life,
            after=after,
            channels=None if spelled is None else tuple(spelled),
        )
        self.aggregates[wanted.key] = wanted
        # Doubles from here on: Spark reads 28.0 as a decimal, and an integer over a decimal
        # keeps six digits.
        return ibis._[wanted.key].cast("float64")
