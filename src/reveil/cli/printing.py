"""What the commands print before a model is in use: check, train.

The honest sentence first, the table next, the way on last.

In:  what the pipeline returned.
Out: text for a person; plain values for `--json`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from reveil.config import Study
from reveil.evaluation.interval import Evaluation, Interval
from reveil.events.audit import Audit
from reveil.learning.evaluate import first_line
from reveil.pipeline.checking import Readiness
from reveil.pipeline.recording import Recorded
from reveil.pipeline.training import Backtest, Trained, Training
from reveil.registry.store import Store, shown

SHOWN = {
    "auc": "AUC",
    "average_precision": "AP",
    "lift_at_10": "lift@10%",
    "brier": "Brier",
    "observed_over_expected": "obs/exp",
    "gini": "Gini",
    "spearman": "Spearman",
    "decile_error": "decile error",
    "bias": "bias",
}


def table(rows: Iterable[Sequence[str]], *, right: frozenset[int] = frozenset()) -> str:
    """Align cells in columns.

    Examples
    --------
    >>> print(table([["state", "n"], ["active", "12"]], right=frozenset({1})))
    state    n
    active  12
    """
    cells = [list(row) for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    lines = (
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )
    return "\n".join(lines)


SHOWN_FINDINGS = 24
"""Findings printed; errors and warnings always are."""


def check(study: Study, ready: Readiness, out: Path | None = None) -> str:
    """Tell what was found, what would be learned from, and whether that is enough."""
    w = study.windows
    lines = [
        f"{study.name}   {study.coverage.start} … {study.coverage.end}   "
        f"sees {w.observation.days} days, skips {w.gap.days}, predicts {w.horizon.days}",
        "",
        _audit(ready.audit),
    ]
    if out is not None:
        lines += ["", f"audit  {out / 'audit.html'}   audit.csv   audit.json"]
    if ready.audit.worst == "error":
        errors = sum(f.state == "error" for f in ready.audit)
        accept = ", ".join(dict.fromkeys(f.check for f in ready.audit if f.state == "error"))
        lines += [
            "",
            f"not ready: {errors} error{'s' if errors > 1 else ''} in the audit. Mend the data or "
            f"the study; or, knowing it, write `audit: {{accept: [{accept}]}}`",
        ]
        return "\n".join(lines)
    volumes = [["target", "test cutoff", "customers", "outcomes", "training cutoffs"]]
    trains = {split.test[0]: split.train for split in ready.splits}
    for v in ready.volumes:
        train = trains[v.cutoff]
        span = f"{len(train)}  {train[0]} … {train[-1]}"
        volumes.append([v.target, str(v.cutoff), f"{v.customers:,}", f"{v.outcomes:,}", span])
    lines.append("")
    for cutoff, counts in ready.states.items():
        told = ", ".join(f"{n:,} {state}" for state, n in counts.items())
        lines.append(f"{cutoff}   {told}")
    lines += [
        "",
        table(volumes, right=frozenset({2, 3})),
        "",
        f"{len(ready.features)} features from {len(ready.log.kinds)} kinds of events",
    ]
    return "\n".join(lines)


def _audit(audit: Audit) -> str:
    """Lay the findings out, worst first; a long list of lesser ones is folded."""
    bad = sum(f.state in ("error", "warning") for f in audit)
    shown = audit.findings[: max(bad, SHOWN_FINDINGS)]
    rows = [["check", "state", "rows", "where", "first at rows", "what to do"]]
    rows += [
        [
            f.check,
            f.state,
            f"{f.rows:,}",
            f.where,
            " ".join(f"{p:,}" for p in f.positions),
            f.say("en"),
        ]
        for f in shown
    ]
    folded = len(audit) - len(shown)
    more = f"\n… and {folded} more; --out DIR writes them all" if folded else ""
    return table(rows, right=frozenset({2})) + more


def check_json(study: Study, ready: Readiness) -> dict[str, object]:
    """Give what `check` prints to a program."""
    return {
        "study": study.name,
        "findings": [
            {name: getattr(f, name) for name in ("check", "state", "source", "column", "rows",
                                                 "positions", "fix", "line")}
            for f in ready.findings
        ],
        "states": {str(cutoff): counts for cutoff, counts in ready.states.items()},
        "volumes": [
            {"target": v.target, "cutoff": str(v.cutoff), "customers": v.customers,
             "outcomes": v.outcomes}
            for v in ready.volumes
        ],
        "training_cutoffs": {
            str(split.test[0]): [str(c) for c in split.train] for split in ready.splits
        },
        "features": list(ready.features),
    }  # fmt: skip


def training(made: Training, recorded: Recorded, store: Store) -> str:
    """Tell each target's honest sentence, its table, and where to look further."""
    blocks = [_trained(trained) for trained in made.targets]
    blocks.append(
        f"report  {recorded.report}\n"
        f"mlflow  run {recorded.run.run_id[:8]}…  (mlflow ui --backend-store-uri {shown(store.uri)})"
    )
    return "\n\n".join(blocks)


def _trained(trained: Trained) -> str:
    horizon = trained.last.data.split.windows.horizon.days
    lines = []
    for backtest in trained.backtests:
        train = backtest.data.split.train
        lines.append(
            f"{trained.target}, {horizon} days   {len(train)} cutoffs {train[0]} … {train[-1]}   "
            f"test {backtest.cutoff}   {backtest.comparison.model.n:,} {backtest.data.population} "
            f"customers, {backtest.comparison.model.positives:,} outcomes"
        )
        lines.append(first_line(backtest.comparison))
        lines.append(textwrap.indent(_contenders(backtest), "  "))
    if trained.candidate.kind == "baseline":
        lines.append("too little data: the baseline is the model")
    return "\n".join(lines)


def _contenders(backtest: Backtest) -> str:
    found: Mapping[str, Evaluation] = {
        "model": backtest.comparison.model,
        **backtest.comparison.baselines,
    }
    metrics = [m for m in SHOWN if m in backtest.comparison.model.estimates]
    rows = [["", *(SHOWN[m] for m in metrics)]]
    for name, evaluation in found.items():
        rows.append([name, *(_figure(evaluation.estimates.get(m)) for m in metrics)])
    return table(rows)


def _figure(found: Interval | None) -> str:
    return "–" if found is None or not found.exists else str(found)


def training_json(made: Training, recorded: Recorded) -> dict[str, object]:
    """Give the figures of a training to a program."""
    return {
        "study": made.study.name,
        "run": recorded.run.run_id,
        "report": str(recorded.report),
        "targets": {
            trained.target: {
                "kind": trained.candidate.kind,
                "version": recorded.run[trained.target].version,
                "tests": {
                    str(b.cutoff): {
                        "first_line": first_line(b.comparison),
                        "model": _plain(b.comparison.model),
                        "baselines": {n: _plain(e) for n, e in b.comparison.baselines.items()},
                        "differences": {
                            n: [d.estimate, d.low, d.high]
                            for n, d in b.comparison.differences.items()
                        },
                    }
                    for b in trained.backtests
                },
            }
            for trained in made.targets
        },
    }


def _plain(evaluation: Evaluation) -> dict[str, list[float]]:
    return {m: [i.estimate, i.low, i.high] for m, i in evaluation.estimates.items() if i.exists}
