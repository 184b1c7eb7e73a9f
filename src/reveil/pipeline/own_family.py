"""Trying a family of features on a log: what every feature of reveil's own is tested for.

In:  a Study, its log, the name of a family.
Out: FamilyCheck: one row per feature and property, which shows itself in a notebook.

A family asks the past through an AsOf and cannot show it a cutoff, but it may still compute
with it: a mean over all customers, a number drawn at random, a sentence with figures that
nobody has. Such a feature changes when it should not.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from html import escape

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from reveil.activity.states import State, population
from reveil.config import Study
from reveil.errors import StudyError, nearest
from reveil.events.log import EventLog, seconds
from reveil.features.declare import Feature, Language
from reveil.features.family import families
from reveil.features.grounds import stood_on
from reveil.features.matrix import FeatureSet
from reveil.learning.wording import Number
from reveil.pipeline.matrices import planned
from reveil.pipeline.observing import features_of

FUTURE = "does not see the future"
OTHERS = "does not depend on other customers"
SPEAKS = "tells customers apart"
REASON = "reads as a reason"


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One property of one feature.

    Parameters
    ----------
    detail
        How many values moved, or an example of the sentence.
    """

    feature: str
    property: str
    holds: bool
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FamilyCheck:
    """What trying a family found."""

    family: str
    trials: tuple[Trial, ...]

    @property
    def passed(self) -> bool:
        """Whether every property holds for every feature."""
        return all(one.holds for one in self.trials)

    def frame(self) -> pd.DataFrame:
        """Return one row per feature and property."""
        rows = [
            {"feature": t.feature, "property": t.property, "holds": t.holds, "detail": t.detail}
            for t in self.trials
        ]
        return pd.DataFrame(rows, columns=["feature", "property", "holds", "detail"])

    def _repr_html_(self) -> str:
        body = "".join(
            f"<tr><td>{t.feature}</td><td>{t.property}</td><td>{'yes' if t.holds else 'NO'}</td>"
            f"<td>{escape(t.detail)}</td></tr>"
            for t in self.trials
        )
        return (
            "<table><thead><tr><th>feature</th><th>property</th><th>holds</th><th></th></tr>"
            f"</thead><tbody>{body}</tbody></table>"
        )


def check_family(
    study: Study,
    log: EventLog,
    family: str,
    cutoffs: date | str | Iterable[date | str] = (),
) -> FamilyCheck:
    """Try every feature of a family: the future, other customers, and what it says.

    Parameters
    ----------
    family
        Its name; of the study's own modules, or a built-in one.
    cutoffs
        Where to try; the study's test cutoffs when none is given.

    Returns
    -------
    FamilyCheck
        For each feature whether it stays the same, bit for bit, when everything from the
        cutoff on is taken out of the log, and when half of the customers are; whether it tells
        customers apart; whether its sentence can be said.

    Raises
    ------
    StudyError
        When no family is called that, it is silent in this log, or a cutoff lies outside the
        coverage.

    Notes
    -----
    The sources are not read again: cleaning is reveil's, and tested there from the raw rows.
    """
    days = [cutoffs] if isinstance(cutoffs, (date, str)) else list(cutoffs)
    features = features_of(study, log)
    mine = _of(features, family)
    known = set(features.names)
    only = _only(features, {f.name for f in mine} | {field for f in mine for field in _fields(f)})
    frames = []
    moved: dict[str, list[pd.DataFrame]] = {FUTURE: [], OTHERS: []}
    for cutoff in planned(study, days or study.test_cutoffs):
        people = population(log, study.activity, cutoff, State.ACTIVE, State.INACTIVE).cache()
        half = people.filter(people.customer_id.hash() % 2 == 0).cache()
        whole = _values(only, log, people, cutoff)
        moved[FUTURE].append(_moved(whole, _values(only, _cut(log, cutoff), people, cutoff)))
        moved[OTHERS].append(_moved(whole, _values(only, _among(log, half), half, cutoff)))
        frames.append(whole)
    every = pd.concat(frames)
    trials = []
    for feature in mine:
        for property_, found in moved.items():
            here = pd.concat(found)[feature.name]
            told = f"{int(here.sum()):,} of {len(here):,} values moved"
            trials.append((feature.name, property_, not here.any(), told))
        values = every[feature.name]
        told = f"{values.nunique():,} different values, {values.isna().mean():.0%} null"
        trials.append((feature.name, SPEAKS, values.nunique() > 1, told))
        if feature.reason is not None:
            trials.append((feature.name, REASON, *_said(feature, every, known, study.language)))
    return FamilyCheck(
        family=family,
        trials=tuple(
            Trial(feature=name, property=property_, holds=bool(holds), detail=detail)
            for name, property_, holds, detail in trials
        ),
    )


def _of(features: FeatureSet, family: str) -> tuple[Feature, ...]:
    mine = tuple(f for f in features.features if f.family == family)
    if not mine and family in features.silent:
        raise StudyError(
            f"the family {family!r} says nothing of this log: {features.silent[family]}",
            hint="try it on a log that holds its signals",
        )
    if not mine:
        raise StudyError(
            f"no family is called {family!r}",
            hint=f"name its module in `features.modules`; "
            f"{nearest(family, families(features.modules))}",
        )
    return mine


def _only(features: FeatureSet, names: set[str]) -> FeatureSet:
    """Leave the other features out, and what the engine would count for them."""
    values = {name: value for name, value in features.values.items() if name in names}
    by_key = {one.key: one for one in features.aggregates}
    grounds = {a.key for used in stood_on(values, by_key).values() for a in used}
    return replace(
        features,
        features=tuple(f for f in features.features if f.name in names),
        values=values,
        aggregates=tuple(a for a in features.aggregates if a.key in grounds),
    )


def _cut(log: EventLog, cutoff: date) -> EventLog:
    """Take out of a log all that happened, or became known, at the cutoff or later."""
    known, end = log.before(cutoff), seconds(cutoff)
    return replace(
        known,
        events=known.events.filter(known.events.at_s < end),
        lines=known.lines.filter(known.lines.at_s < end),
    )


def _among(log: EventLog, people: ir.Table) -> EventLog:
    """Take everybody else out of a log."""
    customers = log.customers
    return replace(
        log,
        events=log.events.semi_join(people, "customer_id"),
        lines=log.lines.semi_join(people, "customer_id"),
        customers=None if customers is None else customers.semi_join(people, "customer_id"),
    )


def _values(features: FeatureSet, log: EventLog, people: ir.Table, cutoff: date) -> pd.DataFrame:
    frame: pd.DataFrame = features.matrix(log, people, cutoff).to_pyarrow().to_pandas()
    return frame.set_index("customer_id").sort_index()[list(features.names)]


def _moved(whole: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Tell which values of the other's customers are not the same, bit for bit."""
    before = whole.loc[other.index]
    same = before.to_numpy().view(np.int32) == other.to_numpy().view(np.int32)
    null = before.isna().to_numpy() & other.isna().to_numpy()
    return pd.DataFrame(~(same | null), columns=other.columns)


def _fields(feature: Feature) -> set[str]:
    """Name the features whose figures a sentence shows, beside the value itself."""
    sentences = () if feature.reason is None else (feature.reason.en, feature.reason.fr)
    named = {f for text in sentences for _, f, _, _ in string.Formatter().parse(text) if f}
    return named - {"value"}


def _said(
    feature: Feature, every: pd.DataFrame, known: set[str], language: Language
) -> tuple[bool, str]:
    """Say a feature's sentence of the first customer who has all its figures."""
    for field in sorted(_fields(feature) - known):
        return False, f"shows {field!r}, which is no feature"
    able = every[[feature.name, *sorted(_fields(feature))]].dropna()
    if able.empty or feature.reason is None:
        return False, "nobody has all its figures"
    telling = able[able[feature.name] != 0]
    row = (able if telling.empty else telling).iloc[0]
    said = {}
    for one in ("en", "fr"):
        figures = {str(name): Number(value, one) for name, value in row.items()}
        own: Number | str = figures[feature.name]
        if feature.levels:
            own = feature.level(row[feature.name], one)
        try:
            said[one] = feature.reason.of(one).format(**{**figures, "value": own})
        except (ValueError, TypeError) as error:
            return False, f"cannot be written: {error}"
    return True, said[language]
