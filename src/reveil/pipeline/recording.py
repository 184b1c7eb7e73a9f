"""Record: a training goes to MLflow, and its report beside the study's other files.

In:  Training, a store, a folder.
Out: where the run is, and the report, the model card and features.lock as files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reveil.pipeline.definitions import features_lock
from reveil.pipeline.stores import store_of
from reveil.pipeline.telling import model_card, record_of, report_of
from reveil.pipeline.training import Training
from reveil.registry.runs import TrainingRun, log_training
from reveil.registry.store import Store

REPORT, CARD, LOCK = "report.html", "MODEL_CARD.md", "features.lock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """Where a training can be looked at."""

    run: TrainingRun
    report: Path
    card: Path


def record_run(training: Training, folder: Path, *, store: Store | None = None) -> Recorded:
    """Log a training, register its candidates as challengers, and write its report.

    Raises
    ------
    RegistryError
        When the store fails; the runs begun are then marked as failed.
    """
    study, observed = training.study, training.observed
    report = report_of(training, study.language)
    run = log_training(
        store or store_of(study),
        record_of(training, report),
        prefix=study.registry.model_prefix,
        experiment=study.registry.experiment,
    )
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        REPORT: report,
        CARD: model_card(training),
        LOCK: features_lock(observed.features, observed.fingerprint),
    }
    for name, text in texts.items():
        part = folder / f".{name}.part"
        part.write_text(text, encoding="utf-8")
        part.replace(folder / name)
    return Recorded(run=run, report=folder / REPORT, card=folder / CARD)
