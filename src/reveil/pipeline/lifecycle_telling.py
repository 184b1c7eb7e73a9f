"""A base, told: what the lifecycle report shows.

In:  Base, Standing, Movers.
Out: LifecycleReport.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import inf, nan

import ibis
import ibis.expr.types as ir
import numpy as np

from reveil.activity.clocks import CLOCKS
from reveil.activity.engagement import BANDS
from reveil.activity.states import State
from reveil.activity.transitions import Transitions
from reveil.activity.words import word
from reveil.evaluation.contrast import Contrast
from reveil.features.declare import Feature, Language, Unit
from reveil.pipeline.movers import Movers
from reveil.pipeline.standing import STATES, Base, Standing
from reveil.reports.lifecycle_values import (
    BaseAt,
    CallingItWrong,
    Clock,
    ClockCurve,
    Distinction,
    Dormant,
    Flows,
    LastOrderByEngagement,
    LifecycleReport,
    Movement,
    WrittenAs,
)
from reveil.reports.list_values import Count
from reveil.windows import STEP

ROWS = (0.25, 0.5, 1.0, 2.0)
"""Shares of the limit at which the rows of "last order by engagement" end. Powers of two, so
that a limit times one is exact and "beyond the limit" is what the states say."""

SHOWN = 8
"""Distinctions shown for a move."""

CLOCK_DAYS = 728

WRITTEN_AS: Mapping[Unit, WrittenAs] = {
    Unit.DAYS: "days",
    Unit.COUNT: "count",
    Unit.MONEY: "money",
    Unit.RATIO: "ratio",
    Unit.SHARE: "share",
    Unit.NUMBER: "number",
}
"""Of every quantity; the place of a text among its levels is none, and is not compared."""


def report_values(
    base: Base, counted: Standing, found: Sequence[Movers], features: Mapping[str, Feature]
) -> LifecycleReport:
    """Gather what the lifecycle report shows, in the study's language."""
    language = base.study.language
    limit = _limit(base)
    days, curves = _clocks(base, limit)
    return LifecycleReport(
        study=base.study.name,
        currency=base.study.currency,
        base=tuple(_base_at(day, counts) for day, counts in counted.history.items()),
        flows=None if counted.moves is None else _flows(counted.moves),
        step_flows=None if counted.steps is None else _flows(counted.steps),
        step_days=counted.step_days,
        engagement=_engagement(base.now, limit),
        wrong=CallingItWrong(
            customers=counted.wrong,
            margin=counted.wrong_margin,
            purchases_only=counted.purchases_only,
        ),
        dormant=Dormant(customers=counted.dormant or 0, paying_known=counted.dormant is not None),
        clock_days=days,
        clocks=curves,
        groups=tuple(
            Count(label=word("group", label, language), customers=n)
            for label, n in counted.groups.items()
        ),
        movements=tuple(
            Movement(
                before=one.before.value,
                after=one.after.value,
                moved=one.moved,
                stayed=one.stayed,
                distinctions=tuple(
                    _distinction(c, features[c.name], language) for c in one.clearest[:SHOWN]
                ),
            )
            for one in found
        ),
    )


def _base_at(day: date, counts: Mapping[str, int]) -> BaseAt:
    active, inactive, former, prospect = (counts.get(state, 0) for state in STATES)
    return BaseAt(day=day, customers=(active, inactive, former, prospect))


def _flows(moves: Transitions) -> Flows:
    """Take the moves between states, which come in their order; there is no other state."""

    def four(counts: Sequence[int]) -> tuple[int, int, int, int]:
        active, inactive, former, prospect = counts
        return active, inactive, former, prospect

    return Flows(
        counts=np.array(moves.counts, dtype=np.int64),
        entries=four(moves.entries),
        exits=four(moves.exits),
    )


def _limit(base: Base) -> float | None:
    """Days between active and inactive; None where each customer has a limit of their own."""
    personal = base.study.activity.personal
    return float(base.study.activity.within.days) if personal is None else None


def _engagement(now: ir.Table, limit: float | None) -> LastOrderByEngagement:
    active = now.filter(now.state == State.ACTIVE.value)
    late, own = active.order_recency_days, active.within_days
    row = ibis.cases(
        (late.isnull(), len(ROWS) + 1),
        *[(late <= own * share, i) for i, share in enumerate(ROWS)],
        else_=len(ROWS),
    )
    cells = active.select(row=row, band=active.engagement_band)
    counted = cells.group_by("row", "band").aggregate(n=cells.count()).to_pyarrow().to_pylist()
    counts = np.zeros((len(ROWS) + 2, len(BANDS)), dtype=np.int64)
    for one in counted:
        counts[one["row"], list(BANDS).index(one["band"])] = one["n"]
    # Who never ordered is told only where there is somebody.
    rows = (*ROWS, inf, nan) if counts[-1].any() else (*ROWS, inf)
    return LastOrderByEngagement(
        rows=rows, bands=tuple(BANDS), counts=counts[: len(rows)], limit_days=limit
    )


def _clocks(base: Base, limit: float | None) -> tuple[tuple[int, ...], tuple[ClockCurve, ...]]:
    """Count, by clock, the customers whose last sign is at most so many days old."""
    longest = min(CLOCK_DAYS, (base.cutoff - base.study.coverage.start).days)
    days = {*range(STEP.days, longest + 1, STEP.days), longest}
    if limit is not None and limit <= longest:
        days.add(int(limit))
    ordered = tuple(sorted(days))
    now = base.now
    counted = (
        now.aggregate(
            **{
                f"{clock} {day}": now.count(where=now[f"{clock}_days"] <= day)
                for clock in CLOCKS
                for day in ordered
            }
        )
        .to_pyarrow()
        .to_pylist()[0]
    )
    names: tuple[Clock, ...] = ("commercial", "contact", "email")
    return ordered, tuple(
        ClockCurve(clock=clock, customers=tuple(counted[f"{clock} {day}"] for day in ordered))
        for clock in names
    )


def _distinction(one: Contrast, feature: Feature, language: Language) -> Distinction:
    moved, stayed = one.typical
    return Distinction(
        meaning=feature.meaning.of(language),
        unit=WRITTEN_AS[feature.unit],
        difference=one.difference,
        moved=moved,
        stayed=stayed,
        typical="mean" if one.moved_median == one.stayed_median else "median",
    )
