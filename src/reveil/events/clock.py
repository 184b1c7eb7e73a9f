"""Time zones, converted once: every moment of the log is the wall clock of one place.

In:  the study's zone, a source's zone, the stated coverage.
Out: moments of the source as the study's wall clock shows them.

Days, weeks and cutoffs are then those of the people who keep the shop. The hour that a wall
clock shows twice in autumn is shown twice here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from reveil.windows import Coverage

SECOND = 1_000_000
"""Microseconds."""

MARGIN = timedelta(days=3)
"""Moments this far outside the coverage are still placed on the right side of its edges."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """How the moments of one source are read.

    Parameters
    ----------
    zone
        Whose wall clock the log shows.
    source
        Whose wall clock the source shows, where a moment does not say.
    coverage
        The dates that must be right.
    """

    zone: str
    source: str
    coverage: Coverage

    def of_instant(self, us: ir.IntegerValue) -> ir.IntegerValue:
        """Wall clock in microseconds since 1970, of an instant in microseconds, UTC."""
        return us + _offset(us, self._changes(self.zone))

    def of_wall(self, us: ir.IntegerValue) -> ir.IntegerValue:
        """Wall clock of the log, of a wall clock of the source."""
        if self.zone == self.source:
            return us
        steps = self._changes(self.source)
        befores = [steps[0][1], *(offset for _, offset in steps[:-1])]
        # Of the two readings of a repeated hour, the first; a skipped hour is read as before it.
        local = tuple(
            (start + max(before, offset) * SECOND, offset)
            for (start, offset), before in zip(steps, befores, strict=True)
        )
        return self.of_instant(us - _offset(us, local))

    def _changes(self, zone: str) -> tuple[tuple[int, int], ...]:
        return changes(zone, self.coverage.start - MARGIN, self.coverage.end + MARGIN)


def _offset(us: ir.IntegerValue, steps: tuple[tuple[int, int], ...]) -> ir.IntegerValue:
    (_, first), *later = steps
    if not later:
        return ibis.literal(first * SECOND, type="int64")
    befores = [before for _, before in steps[:-1]]
    branches = [
        (us < start, ibis.literal(before * SECOND, type="int64"))
        for before, (start, _) in zip(befores, later, strict=True)
    ]
    return ibis.cases(*branches, else_=ibis.literal(later[-1][1] * SECOND, type="int64"))


@lru_cache(maxsize=64)
def changes(zone: str, start: date, end: date) -> tuple[tuple[int, int], ...]:
    """List a zone's distances from UTC: since when (microseconds, UTC), and seconds.

    Examples
    --------
    >>> from datetime import date
    >>> changes("Europe/Paris", date(2024, 1, 1), date(2024, 7, 1))
    ((1704067200000000, 3600), (1711846800000000, 7200))
    """
    clock = ZoneInfo(zone)

    def offset(seconds: int) -> int:
        away = datetime.fromtimestamp(seconds, UTC).astimezone(clock).utcoffset()
        assert away is not None
        return round(away.total_seconds())

    day = int(datetime(start.year, start.month, start.day, tzinfo=UTC).timestamp())
    found = [(day * SECOND, offset(day))]
    for _ in range((end - start).days):
        if offset(day + 86_400) != found[-1][1]:
            before, after = day, day + 86_400
            while after - before > 1:
                middle = (before + after) // 2
                if offset(middle) == found[-1][1]:
                    before = middle
                else:
                    after = middle
            found.append((after * SECOND, offset(after)))
        day += 86_400
    return tuple(found)
