"""Check: is this study ready to train? Nothing is learned.

In:  a Study, a folder for the audit.
Out: Readiness: the audit, the states at the test cutoffs, the splits, the volumes; and, in the
folder, `audit.json`, `audit.csv` and `audit.html`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import uuid4

from reveil.activity.states import states
from reveil.config import TARGETS, Study
from reveil.errors import DataError
from reveil.events.audit import Audit, Finding
from reveil.events.log import EventLog
from reveil.features.declare import Language
from reveil.pipeline.observing import POPULATIONS, features_of, label_of, read_events, splits_of
from reveil.reports.audit import audit_report
from reveil.reports.values import AuditRow
from reveil.targeting.export import to_csv_bytes
from reveil.windows import Split


@dataclass(frozen=True, kw_only=True, slots=True)
class Volume:
    """How much there is to judge one target by at one cutoff."""

    target: str
    cutoff: date
    customers: int
    outcomes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Readiness:
    """What a study would train on; nothing but the audit when that holds an error."""

    log: EventLog
    audit: Audit
    features: tuple[str, ...]
    splits: tuple[Split, ...]
    states: dict[date, dict[str, int]]
    volumes: tuple[Volume, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the audit found, worst first."""
        return self.audit.findings


def check_study(study: Study, out: Path | None = None) -> Readiness:
    """Audit the sources, plan the cutoffs and count who could be learned from.

    Parameters
    ----------
    out
        Folder to write the audit to; it is there even when what follows fails.

    Raises
    ------
    ReveilError
        When the study could not train at all: unreadable data, or too little of it.
    """
    log = read_events(study)
    audit = log.audit()
    if out is not None:
        write_audit(audit, out, study.language)
    if audit.worst == "error":
        return Readiness(log=log, audit=audit, features=(), splits=(), states={}, volumes=())
    splits = splits_of(study)
    counted: dict[date, dict[str, int]] = {}
    volumes = []
    for split in splits:
        cutoff = split.test[0]
        people = states(log, study.activity, cutoff)
        tally = people.group_by("state").aggregate(n=people.count()).to_pyarrow()
        counted[cutoff] = dict(
            sorted(zip(tally["state"].to_pylist(), tally["n"].to_pylist(), strict=True))
        )
        for target in TARGETS:
            if target == "margin_if_returns":
                continue
            mine = people.filter(people.state == POPULATIONS[target])
            labelled = label_of(study, log, target).query(log, mine, cutoff)
            acted = labelled.aggregate(n=labelled.count(), y=labelled.y.sum()).to_pyarrow()
            n, y = acted["n"][0].as_py(), int(acted["y"][0].as_py() or 0)
            outcomes = n - y if target == "attrition" else y
            volumes.append(Volume(target=target, cutoff=cutoff, customers=n, outcomes=outcomes))
    return Readiness(
        log=log,
        audit=audit,
        features=features_of(study, log).names,
        splits=splits,
        states=counted,
        volumes=tuple(volumes),
    )


def write_audit(audit: Audit, folder: Path, language: Language) -> None:
    """Write `audit.json`, `audit.csv` and `audit.html`; each is whole or not there.

    Raises
    ------
    DataError
        When the folder cannot be written to.
    """
    rows = [
        AuditRow(
            check=f.name(language),
            state=f.state,
            source=f.source,
            column=f.column,
            rows=f.rows,
            positions=f.positions,
            fix=f.fix_fr if language == "fr" and f.fix_fr else f.fix,
            line=f.line,
        )
        for f in audit
    ]
    frame = audit.frame()
    frame["positions"] = [" ".join(map(str, cell)) for cell in frame["positions"]]
    files = {
        "audit.json": audit.to_json().encode(),
        "audit.csv": to_csv_bytes(frame, language),
        "audit.html": audit_report(rows, language).encode(),
    }
    run = uuid4().hex
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / f".{name}.{run}").write_bytes(content)
        for name in files:
            (folder / f".{name}.{run}").replace(folder / name)
    except OSError as error:
        for name in files:
            with suppress(OSError):
                (folder / f".{name}.{run}").unlink()
        raise DataError(
            f"the audit cannot be written to {folder}: {error.strerror}",
            hint="give another folder with --out",
        ) from None
