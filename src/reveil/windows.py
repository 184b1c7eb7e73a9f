"""Windows, cutoffs and splits: all date arithmetic of a study.

In:  a cutoff, the study's windows, the stated coverage of the log.
Out: the windows around the cutoff, the grid of cutoffs to learn from, purged splits.

A cutoff is a calendar date and stands for its midnight. Every interval is half-open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from reveil.errors import LeakageError, TooLittleDataError

STEP = timedelta(days=28)
"""Distance between two training cutoffs: whole weeks, so that weekdays balance."""

YEAR_OF_STEPS = 13
"""Cutoffs 28 days apart that cover one year, hence every season once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Windows:
    """What a prediction looks at, skips, and predicts.

    Parameters
    ----------
    observation
        A feature at cutoff *t* sees `[t - observation, t)`.
    gap
        `[t, t + gap)`, the time to load data and launch, is seen by nobody.
    horizon
        An outcome is looked for in `[t + gap, t + gap + horizon)`.

    Examples
    --------
    >>> from datetime import date, timedelta
    >>> w = Windows(observation=timedelta(364), gap=timedelta(7), horizon=timedelta(90))
    >>> w.outcome_start(date(2011, 6, 1)), w.outcome_end(date(2011, 6, 1))
    (datetime.date(2011, 6, 8), datetime.date(2011, 9, 6))
    """

    observation: timedelta
    gap: timedelta = timedelta(0)
    horizon: timedelta

    def observation_start(self, cutoff: date) -> date:
        """First day a feature at `cutoff` may see."""
        return cutoff - self.observation

    def outcome_start(self, cutoff: date) -> date:
        """First day of the outcome window of `cutoff`."""
        return cutoff + self.gap

    def outcome_end(self, cutoff: date) -> date:
        """First day after the outcome window of `cutoff`."""
        return cutoff + self.gap + self.horizon


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """The dates between which a log is complete: `[start, end)`. Stated, never guessed.

    Examples
    --------
    >>> from datetime import date
    >>> Coverage(start=date(2009, 12, 1), end=date(2011, 12, 10)).days
    739
    """

    start: date
    end: date

    @property
    def days(self) -> int:
        """Length of the coverage."""
        return (self.end - self.start).days


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """Cutoffs to learn from, to validate on and to judge by, purged of each other's outcomes.

    Parameters
    ----------
    train, valid, test
        Cutoffs, ascending. `valid` may be empty.
    windows
        The windows of the label the split is for.

    Raises
    ------
    LeakageError
        When the outcome window of an earlier group ends after a cutoff of a later group:
        the model would have learned from days it is then asked to predict.

    Examples
    --------
    >>> from datetime import date, timedelta
    >>> w = Windows(observation=timedelta(364), horizon=timedelta(90))
    >>> Split(train=(date(2011, 2, 9),), valid=(), test=(date(2011, 6, 1),), windows=w).test
    (datetime.date(2011, 6, 1),)
    >>> Split(train=(date(2011, 5, 1),), valid=(), test=(date(2011, 6, 1),), windows=w)
    Traceback (most recent call last):
    ...
    reveil.errors.LeakageError: the outcome of train cutoff 2011-05-01 ends on 2011-07-30, after the test cutoff 2011-06-01
    Hint: drop that cutoff: train on cutoffs up to 2011-03-03
    """

    train: tuple[date, ...]
    valid: tuple[date, ...]
    test: tuple[date, ...]
    windows: Windows

    def __post_init__(self) -> None:
        groups = [("train", self.train), ("valid", self.valid), ("test", self.test)]
        groups = [(name, cutoffs) for name, cutoffs in groups if cutoffs]
        for i, (early_name, early) in enumerate(groups):
            for late_name, late in groups[i + 1 :]:
                last, first = max(early), min(late)
                end = self.windows.outcome_end(last)
                if end > first:
                    latest = first - self.windows.gap - self.windows.horizon
                    raise LeakageError(
                        f"the outcome of {early_name} cutoff {last} ends on {end}, "
                        f"after the {late_name} cutoff {first}",
                        hint=f"drop that cutoff: {early_name} on cutoffs up to {latest}",
                    )

    @property
    def cutoffs(self) -> tuple[date, ...]:
        """Every cutoff of the split, ascending."""
        return tuple(sorted({*self.train, *self.valid, *self.test}))


def training_cutoffs(
    before: date,
    windows: Windows,
    coverage: Coverage,
    *,
    min_history: timedelta,
    at_most: int = YEAR_OF_STEPS,
) -> tuple[date, ...]:
    """Cutoffs whose outcome was complete at `before`, on the 28-day grid that steps back from it.

    Parameters
    ----------
    before
        The test or scoring cutoff the model is for.
    min_history
        Days of complete log every cutoff must have behind it.
    at_most
        The latest so many are kept; 13 cover a year.

    Returns
    -------
    tuple of date
        Ascending; possibly empty.

    Examples
    --------
    >>> from datetime import date, timedelta
    >>> w = Windows(observation=timedelta(364), horizon=timedelta(90))
    >>> c = Coverage(start=date(2009, 12, 1), end=date(2011, 12, 10))
    >>> [str(d) for d in training_cutoffs(date(2011, 6, 1), w, c, min_history=timedelta(364))]
    ['2010-12-15', '2011-01-12', '2011-02-09']
    """
    found: list[date] = []
    cutoff = before - STEP
    while cutoff - min_history >= coverage.start and len(found) < at_most:
        if windows.outcome_end(cutoff) <= before:
            found.append(cutoff)
        cutoff -= STEP
    return tuple(reversed(found))


def purge(cutoffs: Iterable[date], windows: Windows, before: date) -> tuple[date, ...]:
    """Keep the cutoffs whose outcome was complete at `before`.

    Examples
    --------
    >>> from datetime import date, timedelta
    >>> w = Windows(observation=timedelta(364), horizon=timedelta(90))
    >>> purge([date(2011, 1, 1), date(2011, 5, 1)], w, before=date(2011, 6, 1))
    (datetime.date(2011, 1, 1),)
    """
    return tuple(sorted(c for c in cutoffs if windows.outcome_end(c) <= before))


def require_outcome(cutoff: date, windows: Windows, coverage: Coverage) -> None:
    """Refuse a cutoff whose outcome the log cannot hold yet.

    Raises
    ------
    TooLittleDataError
        When the outcome window ends after the coverage.

    Examples
    --------
    >>> from datetime import date, timedelta
    >>> w = Windows(observation=timedelta(364), horizon=timedelta(90))
    >>> c = Coverage(start=date(2009, 12, 1), end=date(2011, 12, 10))
    >>> require_outcome(date(2011, 10, 1), w, c)
    Traceback (most recent call last):
    ...
    reveil.errors.TooLittleDataError: the outcome of cutoff 2011-10-01 ends on 2011-12-30, but the log is complete only up to 2011-12-10
    Hint: use a cutoff no later than 2011-09-11, or a shorter horizon
    """
    end = windows.outcome_end(cutoff)
    if end > coverage.end:
        latest = coverage.end - windows.gap - windows.horizon
        raise TooLittleDataError(
            f"the outcome of cutoff {cutoff} ends on {end}, "
            f"but the log is complete only up to {coverage.end}",
            hint=f"use a cutoff no later than {latest}, or a shorter horizon",
        )
