"""What the engine computes for a customer: one whole number over events before a cutoff.

In:  kinds, windows and columns of the log.
Out: an Aggregate, whose key names its column in every plan's result.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

WEIGHT_UNIT = 1 << 20
"""Decaying weights are fixed-point numbers, so that their sums are exact in any order."""

Statistic = Literal[
    "count", "sum", "max", "last", "first", "last_kind", "last_value", "distinct", "lines",
    "several", "decayed", "since", "gap_count", "gap_sum", "gap_squares", "gap_max", "gap_from",
    "spell_start", "spell_count", "spell_from", "attribute",
]  # fmt: skip

RANKS = 1024
"""Kinds that a `last_kind` can tell apart: instant and rank share one integer."""

VALUES = 1 << 24
"""Numbers that a `last_value` can tell apart, in thousandths: -8,388.608 to 8,388.607."""

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
        the last event's kind beside it; `last_value` of a column, the same with the column's
        value in thousandths; `max` of a column; `lines` of orders that name a column;
        `distinct` values of a column; `several`, 0 without a value in a column, 1 with one,
        2 with more; `decayed` count or sum with a half-life; `since` counts events after the
        last one of `after`; `gap_*` over the seconds between consecutive events, `gap_from`
        being the second of the event before the last; `spell_*` over the gaps longer than
        `longer_days`, which end one spell of events and start the next: the second the last
        spell started, how many gaps, the second the last gap began. `attribute` is a column
        of the customers table, as of the cutoff.
    kinds
        Sorted kinds of events; for `last_kind` the first wins a tie.
    start_days, end_days
        The window `[t - start_days, t - end_days)`; no `start_days` means the whole
        observation window.
    channels
        Only events that came by one of these; None for all events.
    naming
        Only events that name something in this column; None for all events.
    levels
        Of an `attribute`: the texts it is told by, the most frequent first. The value is a
        text's place in it; any other text has the place after the last.
    """

    statistic: Statistic
    kinds: tuple[str, ...]
    column: str | None = None
    start_days: int | None = None
    end_days: int = 0
    half_life: int | None = None
    after: tuple[str, ...] = ()
    channels: tuple[str, ...] | None = None
    naming: str | None = None
    longer_days: int | None = None
    levels: tuple[str, ...] | None = None

    @property
    def key(self) -> str:
        """Column name in the engine's result; equal aggregates share it, and no others.

        Examples
        --------
        >>> one, other = (Aggregate(statistic="count", kinds=(k,)) for k in ("visit", "Visit"))
        >>> one.key, other.key.lower() == one.key.lower()
        ('count|visit||||||', False)
        """
        words = [*self.kinds, *(self.channels or ()), *self.after, *(self.levels or ())]
        channels = None if self.channels is None else "+".join(self.channels) or "no channel"
        parts = [
            self.statistic, "+".join(self.kinds), self.column, channels, self.start_days,
            self.end_days or None, self.half_life, "+".join(self.after) or None,
        ]  # fmt: skip
        parts += [part for part in (self.naming, self.longer_days) if part is not None]
        key = "|".join("" if part is None else str(part) for part in parts)
        # Engines take names that differ by capitals for one, and a name may hold our separators.
        plain = all(re.fullmatch(r"[a-z0-9_ -]+", word) for word in words)
        return (
            key
            if plain and self.levels is None
            else f"{key}#{sha256(repr(self).encode()).hexdigest()[:16]}"
        )
