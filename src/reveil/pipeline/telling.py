"""A training, told: to readers of the report, to MLflow, in the model card.

In:  Training.
Out: TrainingReport, TrainingRecord, Markdown.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from subprocess import DEVNULL, CalledProcessError, check_output

import numpy as np

from reveil.config import Study
from reveil.evaluation.interval import Evaluation, Interval
from reveil.features.declare import Language
from reveil.learning.evaluate import first_line
from reveil.pipeline.definitions import definitions_of, features_lock
from reveil.pipeline.observing import label_of
from reveil.pipeline.training import Backtest, Trained, Training
from reveil.registry.runs import TargetRecord, TrainingRecord
from reveil.registry.store import shown
from reveil.reports.training import training_report
from reveil.reports.values import (
    Contender,
    CutoffResult,
    Difference,
    Driver,
    Gains,
    ReliabilityBin,
    TargetResult,
    TrainingReport,
)

_BASELINES = {"RFM logit": "rfm", "BG/NBD": "bgnbd", "past order value": "mean_order"}
"""Names of baselines as reports put them into words."""

CARD_METRICS = ("auc", "average_precision", "lift_at_10", "log_loss", "brier",
                "observed_over_expected", "gini", "spearman", "decile_error", "bias")  # fmt: skip


def report_of(training: Training, language: Language) -> str:
    """Write the training report."""
    values = TrainingReport(
        study=training.study.name,
        currency=training.study.currency,
        targets=tuple(_result(trained, language) for trained in training.targets),
        fingerprint=training.observed.data_fingerprint[:12],
    )
    return training_report(values, language)


def record_of(training: Training, report_html: str) -> TrainingRecord:
    """Gather what MLflow keeps: figures, definitions and pictures, never a customer."""
    study, observed = training.study, training.observed
    return TrainingRecord(
        study=study.name,
        resolved=_resolved(study),
        data_fingerprint=observed.data_fingerprint,
        rows={
            "observed": len(observed.frame),
            "customers": int(observed.frame["customer_id"].nunique()),
        },
        features_lock=features_lock(observed.features, observed.fingerprint),
        at=training.at,
        targets=tuple(_record(training, trained) for trained in training.targets),
        report_html=report_html,
        git_commit=_git_commit(),
        seed=study.learning.seed,
    )


def _resolved(study: Study) -> dict[str, object]:
    """Spell the study out, without the password that the address of a registry may hold."""
    uri = study.registry.uri
    registry = study.registry.model_copy(update={"uri": uri and shown(uri)})
    return study.model_copy(update={"registry": registry}).model_dump(mode="json")


def model_card(training: Training) -> str:
    """Write what was measured as Markdown tables, one per target and test cutoff."""
    out = [f"# {training.study.name}: what was measured\n"]
    for trained in training.targets:
        out.append(f"## {trained.target}\n")
        out += [_card(trained, backtest) for backtest in trained.backtests]
    return "\n".join(out)


def _card(trained: Trained, backtest: Backtest) -> str:
    comparison, data = backtest.comparison, backtest.data
    split = data.split
    rows = {"model": comparison.model, **comparison.baselines}
    metrics = [m for m in CARD_METRICS if m in comparison.model.estimates]
    train = data.at(split.train)
    lines = [
        f"Test cutoff {backtest.cutoff}, {data.split.windows.horizon.days} days ahead: "
        f"{comparison.model.n:,} {data.population} customers, "
        f"{comparison.model.positives:,} outcomes. Learned from {len(train):,} rows of "
        f"{train['customer_id'].nunique():,} customers at {len(split.train)} cutoffs, "
        f"{split.train[0]} to {split.train[-1]}.",
        "",
        f"The model {first_line(comparison)}.",
        "",
        "| | " + " | ".join(m.replace("_", " ") for m in metrics) + " |",
        "|---|" + "---|" * len(metrics),
    ]
    for name, evaluation in rows.items():
        cells = [_cell(evaluation, metric) for metric in metrics]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines.append("")
    against = "; ".join(
        f"{name} {difference.text(signed=True)}"
        for name, difference in comparison.differences.items()
    )
    lines.append(f"{comparison.metric} of the model less that of: {against}.\n")
    return "\n".join(lines)


def _cell(evaluation: Evaluation, metric: str) -> str:
    found = evaluation.estimates.get(metric)
    return "–" if found is None or not found.exists else found.text()


def _result(trained: Trained, language: Language) -> TargetResult:
    last = trained.last
    data, comparison = last.data, last.comparison
    train = data.at(data.split.train)
    name, difference = next(iter(comparison.differences.items()))
    others = list(comparison.differences.items())[1:]
    return TargetResult(
        target=trained.target,
        kind=trained.candidate.kind,
        split=data.split,
        train_rows=len(train),
        train_customers=int(train["customer_id"].nunique()),
        train_positives=int((data.outcome(train) > 0).sum()),
        comparison=_difference(last, name, difference),
        other_comparisons=tuple(_difference(last, other, found) for other, found in others),
        by_cutoff=tuple(_cutoff(backtest) for backtest in trained.backtests),
        gains=tuple(
            Gains(
                name=_BASELINES.get(name, name),
                contacted=np.asarray(curve.share),
                captured=np.asarray(curve.captured),
            )
            for name, curve in comparison.gains.items()
        ),
        reliability=tuple(
            ReliabilityBin(predicted=one.predicted, observed=one.observed, rows=one.n)
            for one in comparison.reliability
        ),
        drivers=_drivers(trained, language),
        beeswarm=trained.beeswarm,
    )


def _difference(last: Backtest, against: str, difference: Interval) -> Difference:
    metric = last.comparison.metric
    return Difference(
        metric=metric,
        against=_BASELINES.get(against, against),
        model=last.comparison.model[metric].estimate,
        difference=difference,
        cutoff=last.cutoff,
    )


def _cutoff(backtest: Backtest) -> CutoffResult:
    comparison = backtest.comparison
    named: Mapping[str, Evaluation] = {"model": comparison.model, **comparison.baselines}
    return CutoffResult(
        cutoff=backtest.cutoff,
        rows=comparison.model.n,
        customers=int(backtest.data.judged()["customer_id"].nunique()),
        positives=comparison.model.positives,
        contenders=tuple(
            Contender(name=_BASELINES.get(name, name), estimates=evaluation.estimates)
            for name, evaluation in named.items()
        ),
    )


def _drivers(trained: Trained, language: Language) -> tuple[Driver, ...]:
    top = trained.drivers.top(10)
    meaning = top[f"meaning_{language}"]
    return tuple(
        Driver(name=name, meaning=said, importance=float(size))
        for name, said, size in zip(top["name"], meaning, top["mean_abs"], strict=True)
        if size > 0
    )


def _record(training: Training, trained: Trained) -> TargetRecord:
    last, study, observed = trained.last, training.study, training.observed
    test = last.data.judged()
    label = label_of(study, observed.log, trained.target)
    picture = trained.beeswarm
    return TargetRecord(
        candidate=trained.candidate,
        definitions=definitions_of(
            study,
            observed.features,
            label,
            digest=observed.fingerprint,
            reference=last.data.at(last.data.split.train),
        ),
        metrics=last.comparison.model.estimates,
        by_cutoff={b.cutoff: b.comparison.model.estimates for b in trained.backtests},
        baselines={n: e.estimates for n, e in last.comparison.baselines.items()},
        rows={
            "train": len(last.data.at(last.data.split.train)),
            "test": len(test),
            "test_outcomes": last.comparison.model.positives,
        },
        trials=trained.tuned.trials if len(trained.tuned.trials) else None,
        plots={} if picture is None else {"beeswarm": picture},
        model_card="\n".join(_card(trained, backtest) for backtest in trained.backtests),
        params={f"recipe.{k}": v for k, v in trained.tuned.best.items()}
        | {"tuning_complete": trained.tuned.complete},
    )


def _git_commit() -> str | None:
    try:
        found = check_output(
            ["git", "rev-parse", "HEAD"], stderr=DEVNULL, text=True, cwd=Path.cwd()
        )
    except (CalledProcessError, OSError):
        return None
    return found.strip()
