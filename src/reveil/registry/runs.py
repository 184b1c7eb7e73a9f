"""Runs: what one training tried, measured and made, as a person browses it in MLflow.

In:  a TrainingRecord of plain values and candidates.
Out: a parent run, a child per target, a registered version per target with alias `challenger`.

Never a customer row or id: a record has no place for one, and tables with a `customer_id`
column are refused.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import yaml

from reveil.evaluation.interval import Interval
from reveil.learning.candidate import Candidate
from reveil.registry.artifact import Definitions
from reveil.registry.mlflow_api import Metric, MlflowException, Param
from reveil.registry.model import write_model
from reveil.registry.plain import to_plain
from reveil.registry.store import Store, experiment_id, talking_to

CHALLENGER = "challenger"
DIGEST_TAG = "reveil.digest"
RUN_TAG = "reveil.training"

Scalar = float | int | str | bool


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetRecord:
    """What training learned for one target.

    Parameters
    ----------
    metrics
        By metric name, over all test cutoffs.
    by_cutoff
        The same at each test cutoff.
    baselines
        By baseline, then metric.
    rows
        Row counts worth knowing: "train", "test", "test_outcomes".
    trials
        One row per trial of the tuning, if there was one.
    plots
        SVG texts by name.
    """

    candidate: Candidate
    definitions: Definitions
    metrics: Mapping[str, Interval]
    by_cutoff: Mapping[date, Mapping[str, Interval]] = field(default_factory=dict)
    baselines: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    trials: pd.DataFrame | None = None
    plots: Mapping[str, str] = field(default_factory=dict)
    model_card: str | None = None
    params: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingRecord:
    """What one `train` did.

    Parameters
    ----------
    study
        Name of the study.
    resolved
        The whole study file as it was resolved, plain values without secrets.
    data_fingerprint
        Of the event log the training read.
    features_lock
        Text of the lock file: names, units, windows, fingerprint.
    at
        When training started; with a time zone.
    """

    study: str
    resolved: Mapping[str, object]
    data_fingerprint: str
    rows: Mapping[str, int]
    features_lock: str
    at: datetime
    targets: tuple[TargetRecord, ...]
    report_html: str | None = None
    git_commit: str | None = None
    seed: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRef:
    """Where the run and the model of one target are."""

    target: str
    run_id: str
    model: str
    version: int
    uri: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingRun:
    """Where a logged training is."""

    run_id: str
    experiment_id: str
    targets: tuple[RunRef, ...]

    def __getitem__(self, target: str) -> RunRef:
        return next(ref for ref in self.targets if ref.target == target)


def model_name(prefix: str, study: str, target: str) -> str:
    """Return the registered model's name for a target.

    Examples
    --------
    >>> model_name("reveil", "online retail", "attrition")
    'reveil.online_retail.attrition'
    """
    slug = "".join(c if c.isalnum() or c in "-_" else "_" for c in study)
    return f"{prefix}.{slug}.{target}"


def log_training(
    store: Store, record: TrainingRecord, *, prefix: str, experiment: str | None = None
) -> TrainingRun:
    """Log a training and register its candidates as challengers.

    Parameters
    ----------
    prefix
        First part of the registered models' names.
    experiment
        Name of the experiment; the study's name without one.

    Raises
    ------
    RegistryError
        When the store fails. The runs begun are then marked as failed.
    ValueError
        When a table of the record has a `customer_id` column.
    """
    for target in record.targets:
        if target.trials is not None and "customer_id" in target.trials.columns:
            raise ValueError("a table with customers was about to be logged")
    experiment_key = experiment_id(store, experiment or record.study)
    logging = _Logging(
        store=store, experiment=experiment_key, record=record, prefix=prefix, begun=[]
    )
    with talking_to(store.uri):
        try:
            parent = _begin(logging, f"train {record.study}", {})
            _log_study(logging, parent)
            refs = tuple(_log_target(logging, parent, target) for target in record.targets)
            for run_id in reversed(logging.begun):
                store.client.set_terminated(run_id)
        except BaseException:
            _mark_failed(logging)
            raise
    return TrainingRun(run_id=parent, experiment_id=experiment_key, targets=refs)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Logging:
    store: Store
    experiment: str
    record: TrainingRecord
    prefix: str
    begun: list[str]


def _begin(logging: _Logging, name: str, tags: Mapping[str, str]) -> str:
    record = logging.record
    run = logging.store.client.create_run(
        logging.experiment,
        run_name=name,
        start_time=int(record.at.timestamp() * 1000),
        tags={
            RUN_TAG: record.study,
            "reveil.data": record.data_fingerprint,
            **({"mlflow.source.git.commit": record.git_commit} if record.git_commit else {}),
            **tags,
        },
    )
    logging.begun.append(str(run.info.run_id))
    return logging.begun[-1]


def _log_study(logging: _Logging, run_id: str) -> None:
    record, client = logging.record, logging.store.client
    resolved = yaml.safe_dump(to_plain(record.resolved), allow_unicode=True, sort_keys=False)
    client.log_text(run_id, resolved, "study.yaml")
    client.log_text(run_id, record.features_lock, "features.lock")
    if record.report_html is not None:
        client.log_text(run_id, record.report_html, "report.html")
    client.log_batch(
        run_id,
        metrics=[_metric(f"rows/{name}", n, record.at) for name, n in record.rows.items()],
        params=[
            Param("data_fingerprint", record.data_fingerprint),
            Param("seed", str(record.seed)),
            Param("targets", ", ".join(t.candidate.target for t in record.targets)),
        ],
    )


def _log_target(logging: _Logging, parent: str, target: TargetRecord) -> RunRef:
    candidate, client = target.candidate, logging.store.client
    tags = {"mlflow.parentRunId": parent, "reveil.target": candidate.target}
    run_id = _begin(logging, candidate.target, tags)
    params = {
        "target": candidate.target,
        "kind": candidate.kind,
        "population": candidate.population,
        "seed": candidate.seed,
        "learned_until": candidate.learned_until.isoformat(),
        "features": len(candidate.features),
        "features_fingerprint": target.definitions.fingerprint,
        **candidate.params,
        **target.params,
    }
    client.log_batch(
        run_id,
        metrics=_metrics(target, logging.record.at),
        params=[Param(key, str(value)[:500]) for key, value in params.items()],
    )
    if target.trials is not None:
        client.log_text(run_id, target.trials.to_csv(index=False), "trials.csv")
    for name, svg in target.plots.items():
        client.log_text(run_id, svg, f"plots/{name}.svg")
    if target.model_card is not None:
        client.log_text(run_id, target.model_card, "MODEL_CARD.md")
    return _register(logging, run_id, target)


def _register(logging: _Logging, run_id: str, target: TargetRecord) -> RunRef:
    client = logging.store.client
    name = model_name(logging.prefix, logging.record.study, target.candidate.target)
    with tempfile.TemporaryDirectory(prefix="reveil-") as scratch:
        folder = Path(scratch) / "mlflow"
        digest = write_model(folder, target.candidate, target.definitions)
        model = client.create_logged_model(
            logging.experiment,
            name=target.candidate.target,
            source_run_id=run_id,
            model_type="reveil",
        )
        client.log_model_artifacts(model.model_id, str(folder))
    client.finalize_logged_model(model.model_id, "READY")
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    # MLflow's SQLite registry would look a `models:/` source up in the process-wide store.
    local = logging.store.database is not None
    version = client.create_model_version(
        name,
        source=model.artifact_location if local else model.model_uri,
        run_id=run_id,
        model_id=model.model_id,
        tags={DIGEST_TAG: digest},
    )
    client.set_registered_model_alias(name, CHALLENGER, str(version.version))
    return RunRef(
        target=target.candidate.target,
        run_id=run_id,
        model=name,
        version=int(version.version),
        uri=str(model.model_uri),
        digest=digest,
    )


def _metrics(target: TargetRecord, at: datetime) -> list[Metric]:
    metrics = [_metric(f"rows/{name}", n, at) for name, n in target.rows.items()]
    for name, interval in target.metrics.items():
        metrics += _interval(name, interval, at)
    for cutoff, estimates in target.by_cutoff.items():
        for name, interval in estimates.items():
            metrics += _interval(f"{cutoff.isoformat()}/{name}", interval, at)
    for baseline, estimates in target.baselines.items():
        for name, interval in estimates.items():
            metrics += _interval(f"baseline_{baseline}/{name}", interval, at)
    return metrics


def _interval(name: str, interval: Interval, at: datetime) -> list[Metric]:
    parts = {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}
    return [_metric(key, value, at) for key, value in parts.items() if math.isfinite(value)]


def _metric(key: str, value: float, at: datetime) -> Metric:
    return Metric(key, float(value), int(at.timestamp() * 1000), 0)


def _mark_failed(logging: _Logging) -> None:
    for run_id in logging.begun:
        try:
            logging.store.client.set_terminated(run_id, status="FAILED")
        except Exception:  # the failure that brought us here is the one to tell
            return
