"""A small simulated shop that goes the whole way: what the tests of pipeline and cli look at.

In:  a folder.
Out: Shop: the study file, and what every stage made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import yaml

from reveil.config import Study, load_study
from reveil.pipeline.demo import STUDY
from reveil.pipeline.listing import Listing, make_reactivation_list
from reveil.pipeline.promoting import Verdict, promote_challengers
from reveil.pipeline.recording import Recorded, record_run
from reveil.pipeline.scoring import Scoring, score_customers
from reveil.pipeline.stores import store_of
from reveil.pipeline.training import Observed, Training, look, train
from reveil.registry.store import Store
from reveil.simulation.settings import SimulationSettings
from reveil.simulation.simulate import simulate, write

# The gate is not bent: on this seed and size the models pass it, with fewer outcomes than a real
# study needs. With 8,000 customers reactivation passed barely or not at all: its probabilities
# are too timid, whether machines are looked for or not. Calibration slope, seed 3, 6 cutoffs:
#   customers                 8,000               12,000              15,000              20,000
#   machines found      1.80 [1.43, 2.16]   1.72 [1.40, 2.05]   1.41 [1.18, 1.66]   1.41 [1.19, 1.59]
#   flagged only        1.76 [1.36, 2.16]                       1.38 [1.12, 1.64]
# The gate asks that the interval reaches 1.4.
SIMULATED = SimulationSettings(customers=15_000, seed=3)
CUTOFF = SIMULATED.end
AT = datetime(2025, 1, 6, 6, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shop:
    """A study that was trained, promoted, scored and targeted in a folder."""

    folder: Path
    study: Study
    store: Store
    observed: Observed
    training: Training
    recorded: Recorded
    verdicts: tuple[Verdict, ...]
    scoring: Scoring
    listing: Listing

    @property
    def study_path(self) -> Path:
        """The study file."""
        return self.folder / "study.yaml"

    @property
    def scores(self) -> Path:
        """Folder of the published scores."""
        return self.folder / "scores"

    @property
    def list(self) -> Path:
        """Folder of the published list."""
        return self.folder / "list"


def settings(*, threads: int = 1, language: str = "en") -> dict[str, object]:
    """Give the demo's own study, with fewer cutoffs and boosters, as plain values."""
    text = STUDY.format(
        language=language, start=SIMULATED.start, end=SIMULATED.end, threads=threads, seed=1,
        budget=375, emails=750, prints=300,
    )  # fmt: skip
    raw: dict[str, object] = yaml.safe_load(text)
    return merged(
        raw,
        {
            "cutoffs": {"at_most": 6},
            "learning": {"seeds": 1},
            "registry": {"gate": {"min_outcomes": 40}},
        },
    )


def merged(raw: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """Change some settings, wherever they lie; None takes one away."""
    out = dict(raw)
    for key, value in changes.items():
        before = out.get(key)
        if value is None:
            out.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(before, Mapping):
            out[key] = merged(before, value)
        else:
            out[key] = value
    return out


def written(folder: Path, raw: Mapping[str, object], name: str = "study.yaml") -> Path:
    """Write a study file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(yaml.safe_dump(dict(raw), sort_keys=False, allow_unicode=True), "utf-8")
    return path


def go_all_the_way(folder: Path, *, threads: int = 1, data: Path | None = None) -> Shop:
    """Simulate, train, record, promote, score and target in a folder."""
    raw = settings(threads=threads)
    if data is None:
        write(simulate(SIMULATED), folder / "data")
    else:
        raw = merged(raw, moved(raw, data))
    study = load_study(written(folder, raw))
    store = store_of(study)
    observed = look(study)
    training = train(study, observed=observed, at=AT)
    recorded = record_run(training, folder / "training", store=store)
    verdicts = promote_challengers(study, observed=observed, store=store, actor="tests", at=AT)
    assert all(v.decision.promote for v in verdicts), verdicts
    scoring = score_customers(
        study, CUTOFF, folder / "scores", log=observed.log, store=store, at=AT
    )
    listing = make_reactivation_list(study, folder / "scores", folder / "list", at=AT)
    return Shop(
        folder=folder,
        study=study,
        store=store,
        observed=observed,
        training=training,
        recorded=recorded,
        verdicts=verdicts,
        scoring=scoring,
        listing=listing,
    )


def moved(raw: Mapping[str, object], data: Path) -> dict[str, object]:
    """Point the sources of the study at files elsewhere."""
    sources = [dict(s, path=str(data / Path(s["path"]).name)) for s in raw["sources"]]  # type: ignore[union-attr,index,call-overload]
    customers = raw["customers"]
    return {
        "sources": sources,
        "customers": {"path": str(data / Path(customers["path"]).name)},  # type: ignore[index,call-overload]
    }


def listed(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file under a folder with its size and time of change: what a failure may not touch."""
    return {
        str(p.relative_to(folder)): (p.stat().st_size, p.stat().st_mtime_ns)
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != ".lock"
    }


def day(text: str) -> date:
    """Read a date."""
    return date.fromisoformat(text)
