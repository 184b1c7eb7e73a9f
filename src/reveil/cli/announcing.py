"""What the commands print once there is a model: promote, registry, score, target, demo.

In:  what the pipeline returned.
Out: text for a person; plain values for `--json`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import cast

import pandas as pd

from reveil.cli.printing import table, training_json
from reveil.config import Study
from reveil.learning.evaluate import first_line
from reveil.pipeline.demo import Demo
from reveil.pipeline.listing import Listing
from reveil.pipeline.promoting import Registered, Verdict
from reveil.pipeline.scoring import Scoring

FIRST_LINES = 10


def verdicts(found: Sequence[Verdict]) -> str:
    """Tell what the gate said of each challenger, and what moved."""
    blocks = []
    for verdict in found:
        rows = [["rule", "observed", "required", ""]]
        for check in verdict.decision.checks:
            mark = "ok" if check.passed else "REFUSED" if check.hard else "warning"
            rows.append([check.rule, str(check.observed), check.required, mark])
        blocks.append(f"{_verdict(verdict)}\n{textwrap.indent(table(rows), '  ')}")
    return "\n\n".join(blocks)


def _verdict(verdict: Verdict) -> str:
    name = f"{verdict.target} version {verdict.version}"
    if not verdict.decision.promote:
        return f"{name}: refused"
    if verdict.move is not None:
        before = (
            "the first" if verdict.move.before is None else f"after version {verdict.move.before}"
        )
        return f"{name}: champion, {before}"
    if verdict.champion == verdict.version:
        return f"{name}: champion already"
    return f"{name}: the gate would let it through"


def verdicts_json(found: Sequence[Verdict]) -> list[dict[str, object]]:
    """Give the gate's decisions to a program."""
    return [
        {
            "target": v.target,
            "model": v.model,
            "version": v.version,
            "champion_before": v.champion,
            "promote": v.decision.promote,
            "moved": v.move is not None,
            "checks": [
                {
                    "rule": c.rule,
                    "observed": str(c.observed),
                    "required": c.required,
                    "passed": c.passed,
                    "hard": c.hard,
                }
                for c in v.decision.checks
            ],
        }
        for v in found
    ]


def registry(found: Sequence[Registered]) -> str:
    """List versions with their aliases, gate results, and every move of the champion."""
    if not found:
        return "nothing was trained for this study yet"
    blocks = []
    for one in found:
        rows = [["version", "aliases", "gate", "digest"]]
        for v in one.versions:
            gate = "not asked"
            if v.decision is not None:
                gate = "passed" if v.decision.promote else "refused"
            rows.append([str(v.version), ", ".join(v.aliases), gate, (v.digest or "")[:12]])
        moves = "".join(f"\n  {move}" for move in one.moves)
        blocks.append(f"{one.model}\n{textwrap.indent(table(rows), '  ')}{moves}")
    return "\n\n".join(blocks)


def registry_json(found: Sequence[Registered]) -> list[dict[str, object]]:
    """Give the registry's content to a program."""
    return [
        {
            "target": one.target,
            "model": one.model,
            "versions": [
                {
                    "version": v.version,
                    "aliases": list(v.aliases),
                    "passed": None if v.decision is None else v.decision.promote,
                    "digest": v.digest,
                    "run": v.run_id,
                }
                for v in one.versions
            ],
            "moves": [str(move) for move in one.moves],
        }
        for one in found
    ]


def scoring(done: Scoring) -> str:
    """Tell who was scored by what, and where the scores are."""
    told = ", ".join(f"{n:,} {state}" for state, n in done.states.items())
    models = "\n".join(
        f"  {target}: version {champion.version}, {champion.artifact.digest[:12]}"
        for target, champion in done.champions.items()
    )
    return (
        f"{done.customers:,} customers as of {done.cutoff}: {told}\n{models}\n"
        f"scores  {done.manifest.path('scores')}"
    )


def scoring_json(done: Scoring) -> dict[str, object]:
    """Give what was scored to a program."""
    return {
        "cutoff": str(done.cutoff),
        "customers": done.customers,
        "states": done.states,
        "run": done.manifest.run,
        "models": {t: c.artifact.digest for t, c in done.champions.items()},
        "files": {name: str(done.manifest.path(name)) for name in done.manifest.files},
    }


def listing(study: Study, made: Listing) -> str:
    """Tell the counts, the first of the list with their reasons, and where the files are."""
    plan = made.made.plan
    expected = cast("dict[str, float]", plan["expected"])
    budget = cast("dict[str, float | None]", plan["budget"])
    prices = cast("dict[str, list[str]]", plan["shadow_prices"])
    limit = "" if budget["limit"] is None else f" of {budget['limit']:,.2f}"
    exclusions = cast("list[dict[str, object]]", plan["exclusions"])
    counts = [["left out", "customers"]]
    counts += [
        [str(e["label"]), f"{cast('int', e['customers']):,}"] for e in exclusions if e["customers"]
    ]
    files = made.manifest.files
    lines = [
        f"list for {made.cutoff}   mode = {plan['mode']}",
        f"{len(made.made.selected):,} contacted, {len(made.made.control):,} control, "
        f"{len(made.made.excluded):,} left out, of {made.made.size:,} customers",
        f"{budget['used']:,.2f}{limit} {study.currency} spent for "
        f"{expected['reactivations']:,.0f} expected returns and "
        f"{expected['margin']:,.0f} {study.currency} of expected margin",
        f"no other list within these limits is worth {made.made.certificate.gap:.3%} more",
        *prices.get("sentences", []),
        "",
        _first(study, made.made.selected.head(FIRST_LINES)),
        "",
        table(counts, right=frozenset({1})),
        "",
        table([name, str(made.manifest.path(name))] for name in files),
    ]
    return "\n".join(lines)


def _first(study: Study, selected: pd.DataFrame) -> str:
    rows = [["rank", "customer", "offer", "by", "P(return)", "margin", "worth", "why"]]
    for row in selected.to_dict("records"):
        why = [str(reason["sentence"]) for reason in row["reasons"]] or [""]
        rows.append(
            [
                str(row["rank"]),
                str(row["customer_id"]),
                str(row["offer"]),
                str(row["channel"]),
                f"{row['probability']:.1%}",
                f"{row['margin_if_returns']:,.2f}",
                f"{row['worth']:,.2f}",
                why[0],
            ]
        )
        rows += [["", "", "", "", "", "", "", reason] for reason in why[1:]]
    return table(rows, right=frozenset({0, 4, 5, 6}))


def listing_json(made: Listing) -> dict[str, object]:
    """Give the plan and the files of a list to a program."""
    return {
        **made.made.plan,
        "run": made.manifest.run,
        "files": {name: str(made.manifest.path(name)) for name in made.manifest.files},
    }


def demo(made: Demo) -> str:
    """Tell what each stage of the demo did, and what to type next."""
    lines = [f"{t.target}: {first_line(t.last.comparison)}" for t in made.training.targets]
    lines += [_verdict(verdict) for verdict in made.verdicts]
    folder = made.study_path.parent
    store = f"sqlite:///{folder}/mlflow.db"
    return "\n".join(
        [
            *lines,
            "",
            listing(made.study, made.listing),
            "",
            f"{'training':<13} {made.recorded.report}",
            f"{'study':<13} {made.study_path}   (try: reveil check {made.study_path})",
            f"{'MLflow':<13} mlflow ui --backend-store-uri {store}",
        ]
    )


def demo_json(made: Demo) -> dict[str, object]:
    """Give what the demo made to a program."""
    return {
        "study": str(made.study_path),
        "training": training_json(made.training, made.recorded),
        "gate": verdicts_json(made.verdicts),
        "scoring": scoring_json(made.scoring),
        "list": listing_json(made.listing),
    }
