"""Score: champions and a cutoff become published scores.

In:  a Study, a cutoff; the registry.
Out: a folder whose manifest vouches for `scores` (Parquet) and `summary` (JSON).
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from reveil.config import TARGETS, Study, Target
from reveil.errors import DataError, LeakageError, RegistryError
from reveil.events.log import EventLog
from reveil.pipeline.definitions import rebuilt
from reveil.pipeline.observing import label_of, open_events, require_covered
from reveil.pipeline.stores import trained_store_of
from reveil.registry.champions import CHAMPION, Champion, load_champion, version_of
from reveil.registry.runs import model_name
from reveil.registry.store import Store, shown
from reveil.scoring.publish import Manifest, publishing, read_manifest
from reveil.scoring.score import BUCKET, Scorer, score
from reveil.scoring.snapshot import snapshot
from reveil.targeting.settings import Pressure

SCORES = "scores"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scoring:
    """What one scoring run published.

    Parameters
    ----------
    states
        Customers per state, most frequent first.
    champions
        Version that scored each target.
    """

    manifest: Manifest
    cutoff: date
    customers: int
    states: dict[str, int]
    champions: dict[Target, Champion]


def score_customers(
    study: Study,
    cutoff: date,
    out: Path,
    *,
    log: EventLog | None = None,
    store: Store | None = None,
    progress: Callable[[int, int], object] | None = None,
    at: datetime | None = None,
) -> Scoring:
    """Score every customer known at a cutoff, and publish the scores in a folder.

    The same study, data, champions and cutoff give the same bytes.

    Parameters
    ----------
    progress
        Called with the customers scored so far and how many there are.

    Raises
    ------
    StudyError
        When the cutoff lies outside the coverage.
    DataError
        When nobody is known at the cutoff, or the folder belongs to something else.
    LeakageError
        When a champion learned from days after the cutoff.
    RegistryError
        When no target has a champion, or one was trained under other definitions. A target
        without a champion is not scored.
    """
    require_covered(study, cutoff)
    store = store or trained_store_of(study)
    champions = _champions(study, store)
    _require_learned_before(champions, cutoff)
    log = log or open_events(study)
    scorers = [
        Scorer(
            candidate=champion.artifact.candidate,
            features=rebuilt(study, target, champion.artifact, label_of(study, log, target)),
        )
        for target, champion in champions.items()
    ]
    described = _described(study, log, cutoff)
    counts = Counter(described["state"].to_pylist())
    done = 0

    def advance(customers: int) -> None:
        nonlocal done
        done += customers
        if progress is not None:
            progress(done, described.num_rows)

    batches = score(
        log,
        described,
        scorers,
        cutoff,
        language=study.language,
        reasons_per_customer=study.scoring.reasons,
        threads=study.learning.threads,
        progress=advance,
    )
    inputs = {
        **scored_under(study),
        "cutoff": cutoff.isoformat(),
        "snapshot": _digest(described),
        **{f"model {target}": c.artifact.digest for target, c in champions.items()},
    }
    with publishing(out, kind=SCORES, inputs=inputs, at=at or datetime.now(UTC)) as publication:
        publication.parquet(SCORES, _with_names(batches))
        publication.json(
            "summary",
            {
                "study": study.name,
                "cutoff": cutoff.isoformat(),
                "customers": described.num_rows,
                "states": dict(sorted(counts.items())),
                "models": {t: c.artifact.digest for t, c in champions.items()},
            },
        )
    return Scoring(
        manifest=read_manifest(out, kind=SCORES),
        cutoff=cutoff,
        customers=described.num_rows,
        states=dict(counts.most_common()),
        champions=champions,
    )


def scored_under(study: Study) -> dict[str, str]:
    """Name what scores depend on besides data, models and cutoff: a list must be made under the same."""
    targeting = study.targeting
    return {
        "study": study.name,
        "language": study.language,
        "reasons": str(study.scoring.reasons),
        "channels": "" if targeting is None else ", ".join(sorted(targeting.channels)),
        "pressure days": str(_pressure_days(study)),
    }


def _pressure_days(study: Study) -> int:
    return (Pressure() if study.targeting is None else study.targeting.pressure).within_days


def _champions(study: Study, store: Store) -> dict[Target, Champion]:
    names = {t: model_name(study.registry.model_prefix, study.name, t) for t in TARGETS}
    promoted = {t: n for t, n in names.items() if version_of(store, n, CHAMPION) is not None}
    if not promoted:
        raise RegistryError(
            f"no target of {study.name} has a champion in {shown(store.uri)}",
            hint="run `reveil train` and `reveil promote` on the study first",
        )
    return {target: load_champion(store, name) for target, name in promoted.items()}


def _require_learned_before(champions: Mapping[Target, Champion], cutoff: date) -> None:
    """Refuse to score a day with a model that has seen what came after it."""
    for target, champion in champions.items():
        until = champion.artifact.candidate.learned_until
        if until > cutoff:
            raise LeakageError(
                f"the champion of {target} learned from outcomes up to {until}; "
                f"for {cutoff} it would know what came after",
                hint=f"score a cutoff from {until} on, or train with a test cutoff of {cutoff}",
            )


def _described(study: Study, log: EventLog, cutoff: date) -> pa.Table:
    targeting = study.targeting
    table = snapshot(
        log,
        study.activity,
        cutoff,
        channels=() if targeting is None else tuple(targeting.channels),
        pressure_days=_pressure_days(study),
    )
    described = table.order_by("customer_id").to_pyarrow()
    if described.num_rows == 0:
        raise DataError(
            f"no customer is known before {cutoff}",
            hint=f"the log covers {study.coverage.start} to {study.coverage.end}",
        )
    return described


def _digest(table: pa.Table) -> str:
    """Digest a table's values: not its chunks, nor what lies in memory where a value is null."""
    sink = sha256()
    for start in range(0, table.num_rows, BUCKET):
        buffer = io.BytesIO()
        pa_csv.write_csv(table.slice(start, BUCKET), buffer)
        sink.update(buffer.getvalue())
    return sink.hexdigest()


def _with_names(batches: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Keep the columns in one order: who, then what was scored, then why."""
    for table in batches:
        scored = [target for target in TARGETS if target in table.column_names]
        rest = [c for c in table.column_names if c not in (*scored, "reasons")]
        yield table.select([*rest, *scored, "reasons"])
