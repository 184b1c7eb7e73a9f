"""Out-of-time AUC with each family of features taken away, on two real studies and a simulated one.

    python experiments/2026-11_families/run.py [--bases online_retail complete_journey simulated]
        [--targets attrition reactivation margin_if_returns]

Prints one Markdown table per base; of amounts the Gini. The real studies need REVEIL_DATA.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import yaml

from reveil.config import TARGETS, Study, Target, load_study
from reveil.evaluation.bootstrap import METRICS, paired_difference
from reveil.evaluation.ranking import once
from reveil.features.declare import Feature
from reveil.learning.baselines import fit_baselines
from reveil.learning.candidate import AMOUNT, COUNT, RECENCY, TENURE
from reveil.learning.settings import LearningSettings
from reveil.learning.training import Floats, TrainingSet
from reveil.learning.tune import tune
from reveil.pipeline.demo import STUDY
from reveil.pipeline.observing import splits_of
from reveil.pipeline.training import look
from reveil.pipeline.training_sets import training_set_of
from reveil.simulation.settings import SimulationSettings
from reveil.simulation.simulate import simulate, write

BASES = ("online_retail", "complete_journey", "simulated")
ASKED: tuple[Target, ...] = ("attrition", "reactivation")
RFM = ("recency", "tenure", "frequency", "monetary")
STAY = (COUNT, RECENCY, TENURE, AMOUNT)
"""The baselines and BTYD read them: no family takes them away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """A catalogue to learn with, and the seed."""

    name: str
    features: tuple[Feature, ...]
    seed: int


def variants(features: tuple[Feature, ...], seed: int) -> Iterable[Variant]:
    """Name the whole catalogue first; then each family without; then what is left of RFM."""
    families = tuple(dict.fromkeys(f.family for f in features))
    some = [
        ("the whole catalogue", families, seed),
        ("the whole, another seed", families, seed + 1),
    ]
    some += [
        (f"without {left}", tuple(f for f in families if f != left), seed) for left in families
    ]
    some += [(f"{', '.join(RFM)} only", RFM, seed), ("the four columns only", (), seed)]
    for name, kept, drawn in some:
        yield Variant(
            name=name,
            features=tuple(f for f in features if f.family in kept or f.name in STAY),
            seed=drawn,
        )


def announced(data: TrainingSet, variant: Variant, learning: LearningSettings) -> Floats:
    """Learn with some of the features, and predict the population's rows at the test cutoff."""
    known = replace(data, features=variant.features)
    found = tune(known, learning.model_copy(update={"seed": variant.seed}))
    return found.candidate.predict(data.judged(), threads=learning.threads)


def ablation(study: Study, targets: Sequence[Target]) -> pd.DataFrame:
    """Judge every variant at every test cutoff: one row per variant, one column per judgement."""
    observed = look(study)
    # The model is the same; on a shared machine one thread is faster than two.
    learning = study.learning.model_copy(update={"threads": 1})
    chosen = list(variants(observed.features.features, learning.seed))
    table = pd.DataFrame(index=[v.name for v in chosen])
    table["features"] = [str(len(v.features)) for v in chosen]
    for target in targets:
        for split in splits_of(study):
            data = training_set_of(observed.frame, observed.features, target, split)
            rows = data.judged()
            y, who = data.outcome(rows), rows["customer_id"].to_numpy()
            column = (
                f"{target}, {split.test[0]} ({len(y):,} customers, {int((y > 0).sum()):,} outcomes)"
            )
            metric = "gini" if data.is_amount else "auc"
            whole: Floats | None = None
            for variant in chosen:
                started = time.perf_counter()
                scores = announced(data, variant, learning)
                if whole is None:
                    whole, said = scores, f"{once(METRICS[metric](y, scores), len(y)):.3f}"
                else:
                    found = paired_difference(y, scores, whole, who, metric)
                    said = found.text(signed=True)
                table.loc[variant.name, column] = said
                told(
                    study.name, column, variant.name, said, f"{time.perf_counter() - started:.1f} s"
                )
            for baseline in fit_baselines(data):
                found = paired_difference(y, baseline.score(rows), whole, who, metric)
                table.loc[baseline.name, ["features", column]] = ["–", found.text(signed=True)]
    return table


def simulated(folder: Path, *, customers: int, seed: int) -> Study:
    """Write a simulated shop and the study of the demo, with six training cutoffs."""
    settings = SimulationSettings(customers=customers, seed=seed)
    write(simulate(settings), folder / "data")
    text = STUDY.format(
        language="en", start=settings.start, end=settings.end, threads=1, seed=0,
        budget=375, emails=750, prints=300,
    )  # fmt: skip
    raw = yaml.safe_load(text) | {"name": "simulated"}
    raw["cutoffs"]["at_most"] = 6
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(raw, sort_keys=False), "utf-8")
    return load_study(path)


def told(*words: object) -> None:
    """Say on the standard error what was done, for whoever waits."""
    print(*words, sep=" | ", file=sys.stderr, flush=True)


def markdown(table: pd.DataFrame) -> str:
    """Write a table as Markdown."""
    lines = [["", *table.columns], ["---"] * (len(table.columns) + 1)]
    lines += [
        [str(name), *map(str, row)] for name, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Print a table per base."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bases", nargs="+", choices=BASES, default=BASES)
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=ASKED)
    parser.add_argument("--customers", type=int, default=15_000)
    parser.add_argument("--seed", type=int, default=3)
    asked = parser.parse_args()
    models = Path(__file__).parents[2] / "models"
    for base in asked.bases:
        with tempfile.TemporaryDirectory() as folder:
            study = (
                simulated(Path(folder), customers=asked.customers, seed=asked.seed)
                if base == "simulated"
                else load_study(models / base / "study.yaml")
            )
            print(f"{base}\n\n{markdown(ablation(study, asked.targets))}\n", flush=True)


if __name__ == "__main__":
    main()
