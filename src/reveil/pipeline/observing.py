"""What every command starts with: the log, the features, the labels, and the rows they make.

In:  a Study.
Out: EventLog, FeatureSet, one frame of customers x cutoffs with features and outcomes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Literal

import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from reveil.activity.engagement import channels_of
from reveil.activity.states import State, activity_kinds, population
from reveil.config import TARGETS, Study, Target
from reveil.engine.asof import AsOf
from reveil.engine.chosen import engine_of
from reveil.errors import DataError, StudyError, TooLittleDataError
from reveil.events.audit import judged, require_no_error
from reveil.events.contents import FACTS, Contents, attributes_of
from reveil.events.log import EventLog, open_log
from reveil.events.roles import MONEY, ORDERS
from reveil.features.matrix import FeatureSet, feature_set
from reveil.labels.outcomes import Label
from reveil.windows import Split, training_cutoffs

POPULATIONS: dict[Target, Literal["active", "inactive"]] = {
    "attrition": "active",
    "reactivation": "inactive",
    "margin_if_returns": "inactive",
}
"""Whose score each target is."""


def open_events(study: Study, frames: Mapping[str, object] | None = None) -> EventLog:
    """Read, clean and audit every source of a study.

    Parameters
    ----------
    frames
        Data frames (pandas, Polars, Arrow, Ibis) in the place of sources, by name.

    Raises
    ------
    DataError
        When a source is missing, unreadable, or holds what the study refuses; or when the
        audit finds an error that the study does not accept.
    """
    log = read_events(study, frames)
    require_no_error(log.audit())
    return log


def read_events(study: Study, frames: Mapping[str, object] | None = None) -> EventLog:
    """Read, clean and audit as `open_events` does; the errors of the audit are left to the caller."""
    log = open_log(
        engine_of(study.engine),
        study.sources,
        study.customers,
        study.log_coverage,
        study.roles,
        identity=study.identity,
        machines=study.machines,
        timezone=study.timezone,
        frames=frames,
    )
    audit = judged(log.audit(), refuse=study.audit.refuse, accept=study.audit.accept)
    return replace(log, findings=audit.findings)


def features_of(study: Study, log: EventLog) -> FeatureSet:
    """Write the features for what a study's log holds."""
    return feature_set(
        contents_of(study, log),
        observation=study.windows.observation,
        active_by=kinds_meant(study, study.activity.any_of),
        limit_days=study.activity.within.days,
        modules=study.features.modules,
        include=study.features.include,
    )


def contents_of(study: Study, log: EventLog) -> Contents:
    """Say what a log holds, as far as features can tell.

    Channels and the levels of texts are those known at the first test cutoff: what came
    after it decides no column of a model that is judged by it.
    """
    cutoff = study.test_cutoffs[0]
    customers = log.before(cutoff).customers
    return Contents(
        kinds={kind: log.roles[kind] for kind in log.kinds},
        columns=log.columns,
        channels=channels_of(log, study.activity.engagement, cutoff),
        attributes=attributes_of(customers),
        facts=_facts_of(study, customers),
    )


def _facts_of(study: Study, customers: ir.Table | None) -> tuple[str, ...]:
    if study.customers is None or customers is None:
        return ()
    # Where the table does not say since when, its column holds nothing but zeros.
    dated = study.customers.since is not None or study.customers.valid_from is not None
    return tuple(c for c in FACTS if c in customers.columns and (dated or c != "since_s"))


def require_covered(study: Study, cutoff: date) -> None:
    """Refuse a cutoff at which the log is not complete.

    Raises
    ------
    StudyError
        When the cutoff lies outside the coverage.
    """
    if not study.coverage.start < cutoff <= study.coverage.end:
        raise StudyError(
            f"the cutoff {cutoff} lies outside the coverage, "
            f"{study.coverage.start} to {study.coverage.end}",
            hint="choose a date inside, or extend `coverage` if the log is complete further",
        )


def kinds_meant(study: Study, names: Iterable[str]) -> tuple[str, ...]:
    """List the kinds that some kinds and roles stand for, whether or not the log holds any yet."""
    return AsOf(study.roles).kinds(*names)


def label_of(study: Study, log: EventLog, target: Target) -> Label:
    """Define the outcome of a target by the study's own words."""
    windows = study.label_windows
    if target == "attrition":
        activity_kinds(log, study.activity)  # refuses what the log cannot answer
        kinds = kinds_meant(study, study.activity.any_of)
        return Label(name=target, kinds=kinds, windows=windows)
    if target == "reactivation":
        return Label(name=target, kinds=study.labels.returns_on, windows=windows)
    return Label(
        name=target,
        kinds=ORDERS,
        windows=windows,
        money_kinds=MONEY,
        margin_rate=study.labels.margin_rate,
    )


def splits_of(study: Study) -> tuple[Split, ...]:
    """Plan one purged split per test cutoff; the last one is the candidate's.

    Raises
    ------
    TooLittleDataError
        When a test cutoff leaves no training cutoff before it.
    """
    windows, coverage = study.label_windows, study.log_coverage
    found = []
    for test in study.test_cutoffs:
        train = training_cutoffs(
            test,
            windows,
            coverage,
            min_history=study.min_history,
            at_most=study.cutoffs.at_most,
        )
        if not train:
            needed = study.min_history + windows.gap + windows.horizon
            raise TooLittleDataError(
                f"no training cutoff fits between {coverage.start} and the test cutoff {test}: "
                f"{(test - coverage.start).days} days of log, "
                f"{needed.days} are required (history + gap + horizon)",
                hint="shorten `windows` or `cutoffs.min_history`, or state an earlier coverage start",
            )
        found.append(Split(train=train, valid=(), test=(test,), windows=windows))
    return tuple(found)


def observe(
    study: Study,
    log: EventLog,
    features: FeatureSet,
    cutoffs: Iterable[date],
    *,
    progress: Callable[[int], object] | None = None,
) -> pd.DataFrame:
    """Compute features and outcomes of every active or inactive customer, at every cutoff.

    A customer is whoever did something of `activity.joins_by`: one who never ordered has
    0 orders, and no recency or tenure of them.

    Returns
    -------
    pandas.DataFrame
        `customer_id, cutoff, state`, one float32 column per feature, and `y_<target>` for
        every target; sorted by cutoff and customer.

    Raises
    ------
    DataError
        When nobody is a customer at any cutoff.
    """
    labels = {target: label_of(study, log, target) for target in TARGETS}
    days = sorted(set(cutoffs))
    people = {}
    for cutoff in days:
        known = population(log, study.activity, cutoff, State.ACTIVE, State.INACTIVE)
        for target, label in labels.items():
            known = label.query(log, known, cutoff).rename({f"y_{target}": "y"})
        people[cutoff] = known
    found: dict[date, list[pa.Table]] = {cutoff: [] for cutoff in days}
    for cutoff, table in features.batches(log, people):
        found[cutoff].append(table)
        if progress is not None:
            progress(sum(bool(tables) for tables in found.values()))
    outcomes = [f"y_{target}" for target in TARGETS]
    columns = ["customer_id", "cutoff", "state", *features.names, *outcomes]
    tables = [table.select(columns) for cutoff in days for table in found[cutoff]]
    if not tables:
        raise DataError(
            f"no customer has ordered before {days[-1]}",
            hint=f"the log covers {study.coverage.start} to {study.coverage.end}",
        )
    frame: pd.DataFrame = pa.concat_tables(tables).to_pandas()
    frame["cutoff"] = pd.to_datetime(frame["cutoff"])
    return frame
