"""Exams: a version from the registry takes the test that the gate judges.

In:  a loaded version, the target's test rows, their outcomes, what is known of its training.
Out: `Exam`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reveil.learning.baselines import RecencyRule
from reveil.registry.champions import Champion
from reveil.registry.gate import Exam
from reveil.registry.plain import fingerprint
from reveil.registry.probe import reload_difference


def examine(
    version: Champion,
    rows: pd.DataFrame,
    outcome: NDArray[np.float64],
    *,
    full_year: bool,
    threads: int = 1,
) -> Exam:
    """Score test rows with a version that `load_version` verified.

    Parameters
    ----------
    rows
        The population's rows at the test cutoffs: `customer_id`, `cutoff`, the features.
    outcome
        The target's own truth: `TrainingSet.outcome(rows)`.
    full_year
        Whether it was calibrated on cutoffs of a whole year.

    Returns
    -------
    Exam
        Without scores (NaN) when the frame lacks a feature: the gate then says which.
    """
    candidate = version.artifact.candidate
    missing = tuple(name for name in candidate.features if name not in rows.columns)
    scores = np.full(len(rows), np.nan) if missing else candidate.predict(rows, threads=threads)
    amount = candidate.link == "log"
    recency = RecencyRule(complement=candidate.complement)
    return Exam(
        model=f"{version.model} v{version.version}",
        amount=amount,
        cutoffs=rows["cutoff"].to_numpy(dtype="datetime64[D]"),
        customers=rows["customer_id"].to_numpy(dtype=np.str_),
        y=np.asarray(outcome, dtype=np.float64),
        scores=scores,
        recency=np.zeros(len(rows)) if amount else recency.score(rows),
        learned_until=candidate.learned_until,
        label=fingerprint(version.artifact.definitions.label),
        full_year=full_year,
        reload_difference=reload_difference(candidate, version.artifact.probe),
        artifact_verified=True,
        missing_features=missing,
    )
