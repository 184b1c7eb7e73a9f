"""Values that several aggregates make together: gaps between events, the last event, spells.

In:  deferred columns of a plan's result, in seconds.
Out: deferred values in days and ratios.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
from ibis.common.deferred import Deferred

from reveil.engine.aggregate import EPOCH_SHIFT, RANKS

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Gaps:
    """Days between consecutive events of one signal, as of the cutoff."""

    count: Deferred
    total: Deferred
    squares: Deferred
    longest: Deferred
    first: Deferred
    last: Deferred
    before_last: Deferred

    def mean(self) -> Deferred:
        """Mean gap in days; null with fewer than two events."""
        return self.total / self.count.nullif(0) / DAY

    def max(self) -> Deferred:
        """Longest gap in days; null with fewer than two events."""
        return self.longest / DAY

    def latest(self) -> Deferred:
        """Days between the last two events; null with fewer than two."""
        return (self.last - self.before_last) / DAY

    def clumpiness(self) -> Deferred:
        """Say how far the days are from evenly spread: 0 evenly, towards 1 all close together.

        The time from the first event to the cutoff is cut by the events after the first;
        the squares of the pieces' shares are added up and set between their least, 1 / n for
        n pieces, and 1. Null with fewer than two events, or all at the cutoff.

        References
        ----------
        Y. Zhang, E. T. Bradlow, D. S. Small, "New Measures of Clumpiness for Incidence Data",
        Journal of Applied Statistics 40 (2013): the second-moment measure, here from the
        first event on.
        """
        silence = ibis._["cutoff_s"].cast("float64") - self.last
        whole = self.total + silence
        pieces = (self.count >= 1).ifelse(self.count + 1.0, None)
        share = (self.squares + silence * silence) / (whole * whole).nullif(0.0)
        return ((share - 1.0 / pieces) / (1.0 - 1.0 / pieces)).clip(lower=0.0)

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


@dataclass(frozen=True, slots=True)
class Spells:
    """Runs of events that no long gap interrupts, as of the cutoff."""

    started_s: Deferred
    ended: Deferred
    ended_from_s: Deferred
    last_s: Deferred
    limit_days: int

    def days(self) -> Deferred:
        """Days since the last spell began, over or not; null without an event."""
        return (ibis._["cutoff_s"] - self.started_s) / DAY

    def is_over(self) -> Deferred:
        """Whether the last event is so long ago that its spell is over; null without one."""
        return (ibis._["cutoff_s"] - self.last_s) / DAY > self.limit_days

    def lapses(self) -> Deferred:
        """How many spells are over, the last one included."""
        return self.ended + self.is_over().fill_null(False).cast("float64")

    def lapsed_days(self) -> Deferred:
        """Days since the last spell that is over reached its limit; null when none is."""
        since = self.is_over().ifelse(self.last_s, self.ended_from_s)
        return (ibis._["cutoff_s"] - since) / DAY - float(self.limit_days)
