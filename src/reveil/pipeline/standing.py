"""Where the base stands: customers by state, group and engagement at a cutoff, and since when.

In:  a Study, a cutoff, an earlier date.
Out: one row per customer; who moved between dates; Standing, the counts that a person reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import ibis.expr.types as ir
import pandas as pd

from reveil.activity.engagement import BANDS
from reveil.activity.rfm import RfmEdges, fit_rfm, rfm_cells
from reveil.activity.standing import standing_table
from reveil.activity.states import State, activity_kinds
from reveil.activity.states import states as states_at
from reveil.activity.transitions import Transitions, transitions_over
from reveil.activity.wrongly import wrongly_inactive
from reveil.config import Study
from reveil.errors import DataError, StudyError
from reveil.events.log import EventLog
from reveil.events.roles import ORDERS
from reveil.events.values import MONEY_UNIT
from reveil.pipeline.observing import open_events, require_covered
from reveil.windows import STEP, YEAR_OF_STEPS

STATES = (State.ACTIVE.value, State.INACTIVE.value, State.FORMER.value, State.PROSPECT.value)
"""In the order of every table."""

YEAR = STEP * YEAR_OF_STEPS
MOST_DATES = 2 * YEAR_OF_STEPS
"""Dates at which the base is counted, at most; over a longer time they lie further apart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """The base at a cutoff and before it, each table computed once.

    Parameters
    ----------
    dates
        Ascending; the first is the one moves are told from, the last is the cutoff.
    now, then
        `standing_table` with `rfm`, at the cutoff and at the first date; `then` is None when
        no earlier date has enough log behind it.
    by_date
        `customer_id, state` at each of `dates`.
    edges
        Of the RFM cells of both tables, fitted at the cutoff; None when nobody ever ordered.
    """

    study: Study
    log: EventLog
    dates: tuple[date, ...]
    now: ir.Table
    then: ir.Table | None
    by_date: tuple[ir.Table, ...]
    edges: RfmEdges | None

    @property
    def cutoff(self) -> date:
        """The last date."""
        return self.dates[-1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What there is to say of a base in a few figures.

    Parameters
    ----------
    history
        Customers by state at each date, ascending; the last is the cutoff.
    groups, bands
        Customers by group, most frequent first, and by engagement band, lowest first.
    dormant
        Customers who pay and are inactive; None where the data cannot tell who pays.
    purchases_only
        Whether the study counts nothing but orders as activity.
    wrong, wrong_margin
        Active customers whom a rule on orders alone would call inactive, and the margin they
        brought in the 364 days before.
    moves, steps
        Between the first date and the cutoff, and over every period of `step_days` between;
        None without an earlier date.
    """

    cutoff: date
    history: dict[date, dict[str, int]]
    groups: dict[str, int]
    bands: dict[str, int]
    dormant: int | None
    purchases_only: bool
    wrong: int
    wrong_margin: float
    moves: Transitions | None
    steps: Transitions | None
    step_days: int

    @property
    def states(self) -> dict[str, int]:
        """Customers by state at the cutoff, most frequent first; a state of nobody left out."""
        counts = self.history[self.cutoff]
        return dict(sorted(((s, n) for s, n in counts.items() if n), key=lambda item: -item[1]))


def states(study: Study, log: EventLog, cutoff: date | str) -> pd.DataFrame:
    """Tell where every customer known at a cutoff stands.

    Parameters
    ----------
    cutoff
        A date, or `"2011-09-01"`.

    Returns
    -------
    pandas.DataFrame
        State, group, engagement, clocks and e-mail indicators, as `activity.standing` lists
        them, one row per customer, sorted by customer.

    Raises
    ------
    StudyError
        When the cutoff lies outside the coverage.
    """
    day = _day(cutoff)
    require_covered(study, day)
    table = standing_table(log, study.activity, day).order_by("customer_id")
    frame: pd.DataFrame = table.to_pyarrow().to_pandas()
    return frame


def transitions(
    study: Study, log: EventLog, cutoffs: Sequence[date | str], column: str = "state"
) -> Transitions:
    """Follow customers from each cutoff to the next.

    Parameters
    ----------
    cutoffs
        Two or more, ascending. The moves of all periods are added up.
    column
        `state`, `group`, `rfm` (with the edges of the last cutoff), `engagement_band`, or any
        other column of `states`.

    Returns
    -------
    Transitions
        Counts, shares whose rows sum to 1, entries, exits; `.frame()` lays them out.

    Raises
    ------
    StudyError
        When a cutoff lies outside the coverage, or they do not ascend.
    DataError
        When there are fewer than two cutoffs, or no such column.
    """
    days = [_day(cutoff) for cutoff in cutoffs]
    for day in days:
        require_covered(study, day)
    if any(a >= b for a, b in pairwise(days)):
        raise StudyError(
            f"the cutoffs {', '.join(map(str, days))} do not ascend",
            hint="give each date once, the earliest first",
        )
    at = states_at if column == "state" else standing_table
    # Each date is the end of one period and the start of the next: it is computed once.
    tables = [at(log, study.activity, day).cache() for day in days]
    if column.startswith("rfm") and tables:
        edges = fit_rfm(tables[-1])
        tables = [rfm_cells(table, edges) for table in tables]
    return transitions_over(tables, column, labels=labels_of(column))


def gather(
    study: Study,
    cutoff: date,
    *,
    since: date | None = None,
    periods: int | None = None,
    log: EventLog | None = None,
) -> Base:
    """Compute where everyone stands at a cutoff, and at the dates before it.

    Parameters
    ----------
    since
        The earlier date moves are told from. A year before the cutoff when neither it nor
        `periods` is given, or as many periods of 28 days as the coverage allows: at a date with
        less log behind it than `activity.within`, nobody could have become inactive yet.
    periods
        The same as a number of periods of 28 days.

    Raises
    ------
    StudyError
        When a date lies outside the coverage or after the cutoff.
    DataError
        When nobody is known before the cutoff.
    """
    require_covered(study, cutoff)
    dates = dates_of(study, cutoff, since=since, periods=periods)
    log = open_events(study) if log is None else log
    now = standing_table(log, study.activity, cutoff).cache()
    counted = now.aggregate(known=now.count(), ordered=now.order_recency_days.count()).to_pyarrow()
    if not counted["known"][0].as_py():
        raise DataError(
            f"no customer is known before {cutoff}",
            hint=f"the log covers {study.coverage.start} to {study.coverage.end}",
        )
    then = standing_table(log, study.activity, dates[0]).cache() if len(dates) > 1 else None
    between = (states_at(log, study.activity, day) for day in dates[1:-1])
    every = [*([] if then is None else [then]), *between, now]
    edges = fit_rfm(now) if counted["ordered"][0].as_py() else None
    return Base(
        study=study,
        log=log,
        dates=dates,
        now=now if edges is None else rfm_cells(now, edges),
        then=then if edges is None or then is None else rfm_cells(then, edges),
        by_date=tuple(table.select("customer_id", "state").cache() for table in every),
        edges=edges,
    )


def dates_of(
    study: Study, cutoff: date, *, since: date | None = None, periods: int | None = None
) -> tuple[date, ...]:
    """Choose the dates to count the base at: every 28 days back from the cutoff.

    Raises
    ------
    StudyError
        When an earlier date is asked for that the coverage or the cutoff leaves no room for.
    """
    room = cutoff - study.coverage.start - timedelta(days=1)
    if since is not None:
        require_covered(study, since)
        if since >= cutoff:
            raise StudyError(
                f"the earlier date {since} is not before the cutoff {cutoff}",
                hint="choose an earlier one, or a later cutoff",
            )
    elif periods is not None:
        if STEP * periods > room:
            raise StudyError(
                f"{periods} periods of {STEP.days} days before {cutoff} begin before the coverage, "
                f"{study.coverage.start}",
                hint=f"{room // STEP} fit",
            )
        since = cutoff - STEP * periods
    else:
        since = cutoff - min(YEAR_OF_STEPS, max((room - study.activity.within) // STEP, 0)) * STEP
    step = STEP * max(1, -(-(cutoff - since) // (STEP * MOST_DATES)))
    back = [cutoff - step * i for i in range((cutoff - since) // step + 1)]
    return tuple(sorted({since, *back}))


def standing(base: Base) -> Standing:
    """Count a base."""
    study, now, settings = base.study, base.now, base.study.activity
    moves = steps = None
    # A first period shorter than the others would make the mean one of nothing.
    even = [table for table, day in zip(base.by_date, base.dates, strict=True)
            if not (base.cutoff - day) % _step(base)]  # fmt: skip
    if len(base.dates) > 1:
        ends = [base.by_date[0], base.by_date[-1]]
        moves = transitions_over(ends, "state", labels=STATES)
    if len(even) > 2:
        steps = transitions_over(even, "state", labels=STATES)
    wrongly = wrongly_inactive(
        base.log, settings, base.cutoff, margin_rate=study.labels.margin_rate, observation=YEAR
    )
    # Summed in whole units, so that no order of rows can show in the last digit.
    margin = (wrongly.margin * float(MONEY_UNIT)).round().cast("int64").sum()
    missed = wrongly.aggregate(n=wrongly.count(), margin=margin).to_pyarrow().to_pylist()[0]
    return Standing(
        cutoff=base.cutoff,
        history={
            day: _by(table, "state", STATES)
            for day, table in zip(base.dates, base.by_date, strict=True)
        },
        groups=_by(now, "group"),
        bands=_by(now, "engagement_band", tuple(BANDS)),
        dormant=int(now.dormant.sum().to_pyarrow().as_py() or 0) if _pays_known(base) else None,
        purchases_only=set(activity_kinds(base.log, settings)) <= set(ORDERS),
        wrong=missed["n"],
        wrong_margin=(missed["margin"] or 0) / MONEY_UNIT,
        moves=moves,
        steps=steps,
        step_days=_step(base).days,
    )


def _step(base: Base) -> timedelta:
    return base.dates[-1] - base.dates[-2] if len(base.dates) > 1 else STEP


def _pays_known(base: Base) -> bool:
    """Whether anything could have made somebody dormant."""
    customers = base.log.customers
    if customers is not None and "contract_end_s" in customers.columns:
        return True
    paid = set(base.study.activity.paid_by)
    return any(k in paid or base.log.roles[k].value in paid for k in base.log.kinds)


def _by(table: ir.Table, column: str, labels: Sequence[str] = ()) -> dict[str, int]:
    counted = table.group_by(column).aggregate(n=table.count()).to_pyarrow().to_pylist()
    found = {row[column]: int(row["n"]) for row in counted}
    others = sorted((k for k in found if k not in labels), key=lambda k: (-found[k], k))
    return {label: found.get(label, 0) for label in (*labels, *others)}


def labels_of(column: str) -> tuple[str, ...]:
    """Give the labels of a column the order people expect; none where they have no order."""
    return {"state": STATES, "engagement_band": tuple(BANDS)}.get(column, ())


def _day(cutoff: date | str) -> date:
    if not isinstance(cutoff, str):
        return cutoff
    try:
        return date.fromisoformat(cutoff)
    except ValueError:
        raise StudyError(
            f"the cutoff {cutoff!r} is not a date", hint="write it as 2011-09-01"
        ) from None
