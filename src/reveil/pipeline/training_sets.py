"""The rows one target learns from, out of all that was observed.

In:  the frame of `observe`, a target, a split; or a log and a Study.
Out: TrainingSet.
"""

from __future__ import annotations

import pandas as pd

from reveil.config import TARGETS, Study, Target
from reveil.events.log import EventLog
from reveil.features.matrix import FeatureSet
from reveil.learning.training import TrainingSet
from reveil.pipeline.observing import POPULATIONS, features_of, observe, splits_of
from reveil.windows import Split


def training_set_of(
    observed: pd.DataFrame, features: FeatureSet, target: Target, split: Split
) -> TrainingSet:
    """Take the rows of one target and split from what was observed."""
    cutoffs = [pd.Timestamp(cutoff) for cutoff in split.cutoffs]
    outcomes = [f"y_{name}" for name in TARGETS if name != target]
    frame = observed[observed["cutoff"].isin(cutoffs)].drop(columns=outcomes)
    frame = frame.rename(columns={f"y_{target}": "y"})
    return TrainingSet(
        frame=frame[frame["y"].notna()].reset_index(drop=True),
        split=split,
        features=features.features,
        label=target,
        population=POPULATIONS[target],
        complement=target == "attrition",
    )


def training_set(log: EventLog, study: Study, target: Target) -> TrainingSet:
    """Build the training set of a target, judged at the study's last test cutoff.

    Raises
    ------
    TooLittleDataError
        When the coverage leaves no room for a purged split.
    """
    features, split = features_of(study, log), splits_of(study)[-1]
    observed = observe(study, log, features, split.cutoffs)
    return training_set_of(observed, features, target, split)
