"""Intervals are half-open, and no model learns from days it is asked to predict."""

from __future__ import annotations

import contextlib
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reveil.errors import LeakageError, TooLittleDataError
from reveil.windows import (
    STEP,
    Coverage,
    Split,
    Windows,
    purge,
    require_outcome,
    training_cutoffs,
)

DAY = timedelta(days=1)
DATES = st.dates(date(2005, 1, 1), date(2030, 12, 31))
SPANS = st.integers(1, 400).map(lambda n: timedelta(days=n))
WINDOWS = st.builds(
    lambda observation, gap, horizon: Windows(observation=observation, gap=gap, horizon=horizon),
    SPANS,
    st.integers(0, 60).map(lambda n: timedelta(days=n)),
    SPANS,
)


@given(WINDOWS, DATES)
def test_windows_follow_each_other(w: Windows, t: date) -> None:
    """Observation, cutoff, gap, outcome: no day twice, none between."""
    assert w.observation_start(t) + w.observation == t
    assert w.outcome_start(t) - w.gap == t
    assert w.outcome_end(t) - w.outcome_start(t) == w.horizon


@given(WINDOWS, DATES, st.integers(-3, 3))
def test_a_split_may_touch_but_not_overlap(w: Windows, t: date, days: int) -> None:
    """An outcome that ends on the cutoff's day is past; a day later it is not."""
    late = w.outcome_end(t) + days * DAY
    if days >= 0:
        assert Split(train=(t,), valid=(), test=(late,), windows=w).cutoffs == (t, late)
    else:
        with pytest.raises(LeakageError):
            Split(train=(t,), valid=(), test=(late,), windows=w)


@given(
    WINDOWS, st.lists(DATES, max_size=4), st.lists(DATES, max_size=4), st.lists(DATES, max_size=4)
)
def test_no_split_learns_from_what_it_is_asked(
    w: Windows, train: list[date], valid: list[date], test: list[date]
) -> None:
    """Every pair of groups, every cutoff of each."""
    split = None
    with contextlib.suppress(LeakageError):
        split = Split(train=tuple(train), valid=tuple(valid), test=tuple(test), windows=w)
    clean = all(
        w.outcome_end(early) <= late
        for earlier, later in ((train, valid), (train, test), (valid, test))
        for early in earlier
        for late in later
    )
    assert (split is not None) == clean


def test_the_hint_of_a_leak_gives_the_last_cutoff_that_would_do() -> None:
    w = Windows(observation=timedelta(364), gap=timedelta(7), horizon=timedelta(90))
    with pytest.raises(LeakageError) as raised:
        Split(train=(date(2011, 5, 1),), valid=(), test=(date(2011, 6, 1),), windows=w)
    latest = date.fromisoformat(str(raised.value.hint).split()[-1])
    assert Split(train=(latest,), valid=(), test=(date(2011, 6, 1),), windows=w)
    with pytest.raises(LeakageError):
        Split(train=(latest + DAY,), valid=(), test=(date(2011, 6, 1),), windows=w)


def test_validation_is_purged_of_training_too() -> None:
    w = Windows(observation=timedelta(364), horizon=timedelta(90))
    with pytest.raises(LeakageError, match="after the valid cutoff"):
        Split(train=(date(2011, 1, 1),), valid=(date(2011, 3, 1),), test=(), windows=w)


@given(WINDOWS, DATES, st.integers(100, 3_000), SPANS, st.integers(1, 20))
def test_training_cutoffs(
    w: Windows, before: date, days: int, min_history: timedelta, at_most: int
) -> None:
    """On the 28-day grid, outcome complete, history complete, the latest first, none left out."""
    coverage = Coverage(start=before - timedelta(days=days), end=before)
    found = training_cutoffs(before, w, coverage, min_history=min_history, at_most=at_most)
    grid = [before - n * STEP for n in range(1, days // 28 + 2)]
    fit = [c for c in grid if w.outcome_end(c) <= before and c - min_history >= coverage.start]
    assert found == tuple(sorted(sorted(fit, reverse=True)[:at_most]))


def test_an_outcome_that_ends_on_the_day_may_be_learned() -> None:
    """A horizon on the grid: the outcome ends at the very midnight of the later cutoff."""
    w = Windows(observation=timedelta(364), horizon=3 * STEP)
    t = date(2011, 6, 1)
    coverage = Coverage(start=t - timedelta(900), end=t)
    found = training_cutoffs(t, w, coverage, min_history=timedelta(364))
    assert found[-1] == t - 3 * STEP
    assert purge([t - 3 * STEP, t - 3 * STEP + DAY], w, t) == (t - 3 * STEP,)


@given(st.lists(DATES, max_size=8), WINDOWS, DATES)
def test_purge_keeps_what_was_over(cutoffs: list[date], w: Windows, before: date) -> None:
    kept = purge(cutoffs, w, before)
    assert sorted(c for c in cutoffs if c + w.gap + w.horizon <= before) == list(kept)


@given(WINDOWS, DATES)
def test_an_outcome_needs_coverage_to_its_last_day(w: Windows, t: date) -> None:
    """Coverage that ends with the outcome does; a day less does not."""
    end = w.outcome_end(t)
    require_outcome(t, w, Coverage(start=t, end=end))
    with pytest.raises(TooLittleDataError):
        require_outcome(t, w, Coverage(start=t, end=end - DAY))
