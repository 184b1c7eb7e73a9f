"""Train: a candidate per target, judged out of time beside the baselines.

In:  a Study.
Out: Training: candidates, comparisons at every test cutoff, drivers, where it was logged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256

import pandas as pd

from reveil.config import TARGETS, Study, Target
from reveil.events.log import EventLog
from reveil.features.golden import fingerprint
from reveil.features.matrix import FeatureSet
from reveil.learning.candidate import Candidate
from reveil.learning.drivers import Drivers, beeswarm_svg, drivers
from reveil.learning.evaluate import Comparison, compare
from reveil.learning.training import TrainingSet
from reveil.learning.tune import Tuned, tune
from reveil.pipeline.observing import (
    features_of,
    observe,
    open_events,
    splits_of,
)
from reveil.pipeline.training_sets import training_set_of

Say = Callable[[str], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Backtest:
    """A test cutoff, and how the model fitted for it did there."""

    cutoff: date
    data: TrainingSet
    comparison: Comparison


@dataclass(frozen=True, kw_only=True, slots=True)
class Trained:
    """What training made of one target.

    Parameters
    ----------
    candidate
        Fitted for the last test cutoff: the model that may become champion.
    backtests
        One per test cutoff, ascending; the last one judges the candidate itself, the
        others judge the same recipe fitted on what was known by then.
    beeswarm
        The shap package's picture of the contributions, SVG; None for a baseline.
    """

    target: Target
    candidate: Candidate
    tuned: Tuned
    backtests: tuple[Backtest, ...]
    drivers: Drivers
    beeswarm: str | None

    @property
    def last(self) -> Backtest:
        """The backtest that judges the candidate itself."""
        return self.backtests[-1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """The log of a study, its features, and every customer at every cutoff it needs."""

    log: EventLog
    features: FeatureSet
    fingerprint: str
    frame: pd.DataFrame

    @property
    def data_fingerprint(self) -> str:
        """Digest of every feature and outcome that was learned from or judged by."""
        values = pd.util.hash_pandas_object(self.frame, index=False).to_numpy()
        return sha256(values.tobytes()).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """Everything one `train` made, before it is told to anybody."""

    study: Study
    observed: Observed
    targets: tuple[Trained, ...]
    at: datetime

    def __getitem__(self, target: Target) -> Trained:
        return next(trained for trained in self.targets if trained.target == target)


def look(
    study: Study,
    *,
    log: EventLog | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Observed:
    """Open the log and compute every row that training and the gate need.

    Parameters
    ----------
    log
        What `open_events` returned, if it was called already.
    progress
        Called with the number of cutoffs done, and how many there are.

    Raises
    ------
    ReveilError
        When a source cannot be read, or the history is too short.
    """
    log = log or open_events(study)
    features = features_of(study, log)
    cutoffs = sorted({cutoff for split in splits_of(study) for cutoff in split.cutoffs})
    frame = observe(
        study,
        log,
        features,
        cutoffs,
        progress=None if progress is None else lambda done: progress(done, len(cutoffs)),
    )
    return Observed(log=log, features=features, fingerprint=fingerprint(features), frame=frame)


def train(
    study: Study,
    *,
    targets: Sequence[Target] = TARGETS,
    observed: Observed | None = None,
    small: bool = False,
    say: Say = lambda _: None,
    at: datetime | None = None,
) -> Training:
    """Learn every target and judge it at every test cutoff.

    Parameters
    ----------
    observed
        What `look` returned, if it was called already.
    small
        Fit the baseline as the model, for less data than a model needs.
    say
        Told which target and cutoff is being worked on.
    at
        When this training started; now, when not given.

    Raises
    ------
    TooLittleDataError, LeakageError, DataError
        When the data does not carry a believable model.
    """
    observed = observed or look(study)
    at = at or datetime.now(UTC)
    made = [_trained(study, observed, target, small=small, say=say) for target in targets]
    return Training(study=study, observed=observed, targets=tuple(made), at=at)


def _trained(study: Study, observed: Observed, target: Target, *, small: bool, say: Say) -> Trained:
    *earlier, last = splits_of(study)
    say(f"{target}: learning for {last.test[0]}")
    data = training_set_of(observed.frame, observed.features, target, last)
    tuned = tune(data, study.learning, small=small)
    threads = study.learning.threads
    backtests = []
    for split in earlier:
        say(f"{target}: the same, as of {split.test[0]}")
        past = training_set_of(observed.frame, observed.features, target, split)
        # What was tuned later may not be known here: the recipe as it is, without trials.
        untuned = tune(past, study.learning.model_copy(update={"trials": 0}), small=small)
        backtests.append(
            Backtest(
                cutoff=split.test[0],
                data=past,
                comparison=compare(untuned.candidate, past, threads=threads),
            )
        )
    backtests.append(
        Backtest(
            cutoff=last.test[0],
            data=data,
            comparison=compare(tuned.candidate, data, threads=threads),
        )
    )
    return Trained(
        target=target,
        candidate=tuned.candidate,
        tuned=tuned,
        backtests=tuple(backtests),
        drivers=drivers(tuned.candidate, data, threads=threads),
        beeswarm=None
        if tuned.candidate.kind == "baseline"
        else beeswarm_svg(tuned.candidate, data, threads=threads),
    )
