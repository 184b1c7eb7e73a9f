"""Evaluate: a candidate beside what an analyst would have without it, on the same rows.

In:  Candidate, TrainingSet.
Out: `Evaluation`, `Comparison`, and the one honest sentence.
Knows nothing of how the candidate was fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reveil.errors import LeakageError, TooLittleDataError
from reveil.evaluation.bootstrap import (
    AMOUNT,
    DRAWS,
    PROBABILITY,
    RANKING,
    evaluate_scores,
    paired_difference,
)
from reveil.evaluation.calibration import Bin, reliability
from reveil.evaluation.interval import Evaluation, Interval
from reveil.evaluation.ranking import Gains, gains
from reveil.features.declare import Language
from reveil.learning.baselines import fit_baselines
from reveil.learning.candidate import Candidate
from reveil.learning.training import Part, TrainingSet

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """A candidate and the baselines, judged on the same rows.

    Parameters
    ----------
    metric
        What differences are of: `auc`, or `gini` for amounts.
    differences
        Candidate minus baseline, paired by customer, by name of the baseline.
    differences_by_cutoff
        The same at each test cutoff.
    gains
        Cumulative gains of the `model` and of each baseline.
    reliability
        The candidate's reliability diagram; empty for amounts.
    """

    target: str
    metric: str
    model: Evaluation
    baselines: Mapping[str, Evaluation]
    differences: Mapping[str, Interval]
    differences_by_cutoff: Mapping[date, Mapping[str, Interval]]
    gains: Mapping[str, Gains]
    reliability: tuple[Bin, ...]


def evaluate(
    candidate: Candidate,
    data: TrainingSet,
    on: Part = "test",
    *,
    draws: int = DRAWS,
    threads: int = 1,
) -> Evaluation:
    """Judge a candidate on its population's rows.

    Raises
    ------
    LeakageError
        When `on` is "test" and a test cutoff lies before the last outcome it learned from.
    TooLittleDataError
        When there is no row to judge by.
    """
    rows, y = _judged(candidate, data, on)
    scores = candidate.predict(rows, threads=threads)
    return _evaluation(rows, y, scores, _metrics(data), draws)


def compare(
    candidate: Candidate, data: TrainingSet, *, draws: int = DRAWS, threads: int = 1
) -> Comparison:
    """Judge a candidate and every baseline at the test cutoffs.

    Parameters
    ----------
    draws
        Bootstrap draws of customers behind each interval.
    threads
        For speed only.

    Returns
    -------
    Comparison
        The same rows for all. Baselines that only rank are not asked for probabilities.

    Raises
    ------
    LeakageError, TooLittleDataError
        As `evaluate`.
    """
    rows, y = _judged(candidate, data, "test")
    metric = "gini" if data.is_amount else "auc"
    scores = candidate.predict(rows, threads=threads)
    model = _evaluation(rows, y, scores, _metrics(data), draws)
    found = {b.name: (b, b.score(rows)) for b in fit_baselines(data)}
    who, when = rows["customer_id"].to_numpy(), _dates(rows)
    ranking_only = ("gini", "spearman") if data.is_amount else RANKING
    amounts = np.maximum(y, 0.0)

    def differ(mine: NDArray[np.bool_]) -> dict[str, Interval]:
        return {
            name: paired_difference(y[mine], scores[mine], s[mine], who[mine], metric, draws=draws)
            for name, (_, s) in found.items()
        }

    by_cutoff = {c: differ(when == c) for c in sorted(set(when))}
    alone = len(by_cutoff) == 1
    differences = next(iter(by_cutoff.values())) if alone else differ(np.ones(len(y), dtype=bool))
    return Comparison(
        target=data.label,
        metric=metric,
        model=model,
        baselines={
            name: _evaluation(rows, y, s, _metrics(data) if b.calibrated else ranking_only, draws)
            for name, (b, s) in found.items()
        },
        differences=differences,
        differences_by_cutoff=by_cutoff,
        gains={
            "model": gains(amounts, scores),
            **{name: gains(amounts, s) for name, (_, s) in found.items()},
        },
        reliability=() if data.is_amount else reliability(y, scores),
    )


_SENTENCES = {
    "en": {
        "beats": "beats {name}: {metric} {difference}",
        "loses": "does not beat {name}: {metric} {difference}",
        "recency": "the recency rule",
        "past order value": "the past order value",
    },
    "fr": {
        "beats": "fait mieux que {name} : {metric} {difference}",
        "loses": "ne fait pas mieux que {name} : {metric} {difference}",
        "recency": "la règle de récence",
        "past order value": "la valeur des commandes passées",
    },
}


def first_line(comparison: Comparison, language: Language = "en") -> str:
    """Say whether the model beats the simplest rule, by how much, and how sure that is.

    Examples
    --------
    >>> e = Evaluation(estimates={}, by_cutoff={}, n=0, positives=0)
    >>> c = Comparison(target="reactivation", metric="auc", model=e, baselines={}, gains={},
    ...     reliability=(), differences_by_cutoff={},
    ...     differences={"recency": Interval(estimate=0.071, low=0.049, high=0.093)})
    >>> first_line(c)
    'beats the recency rule: AUC +0.071 [+0.049, +0.093]'
    >>> first_line(c, "fr")
    'fait mieux que la règle de récence : AUC +0,071 [+0,049 ; +0,093]'
    """
    words = _SENTENCES[language]
    name, difference = next(iter(comparison.differences.items()))
    text = difference.text(signed=True)
    if language == "fr":
        text = text.replace(", ", " ; ").replace(".", ",")
    return words["beats" if difference.low > 0 else "loses"].format(
        name=words.get(name, name),
        metric="AUC" if comparison.metric == "auc" else "Gini",
        difference=text,
    )


def _judged(candidate: Candidate, data: TrainingSet, on: Part) -> tuple[pd.DataFrame, Floats]:
    early = [c for c in data.split.test if c < candidate.learned_until]
    if on == "test" and early:
        raise LeakageError(
            f"the {candidate.target} candidate learned from outcomes up to "
            f"{candidate.learned_until}; test cutoff {early[0]} lies before that",
            hint=f"judge it at cutoffs from {candidate.learned_until} on",
        )
    rows = data.judged(on)
    if not len(rows):
        raise TooLittleDataError(
            f"no {data.population} customer at the {on} cutoffs to judge {data.label} by",
            hint="check the test cutoffs and the definition of activity",
        )
    return rows, data.outcome(rows)


def _metrics(data: TrainingSet) -> tuple[str, ...]:
    return AMOUNT if data.is_amount else PROBABILITY


def _dates(rows: pd.DataFrame) -> NDArray[np.object_]:
    return np.array([t.date() for t in rows["cutoff"]], dtype=object)


def _evaluation(
    rows: pd.DataFrame, y: Floats, scores: Floats, metrics: tuple[str, ...], draws: int
) -> Evaluation:
    who, when = rows["customer_id"].to_numpy(), list(_dates(rows))
    return evaluate_scores(y, scores, who, when, metrics, draws=draws)
