"""Check: is this study ready to train? Nothing is learned and nothing is written.

In:  a Study.
Out: Readiness: the audit, the states at the test cutoffs, the splits, the volumes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from reveil.activity.states import states
from reveil.config import TARGETS, Study
from reveil.events.audit import Finding
from reveil.events.log import EventLog
from reveil.features.matrix import FeatureSet
from reveil.pipeline.observing import POPULATIONS, features_of, label_of, open_events, splits_of
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
    """What a study would train on."""

    log: EventLog
    findings: tuple[Finding, ...]
    features: FeatureSet
    splits: tuple[Split, ...]
    states: dict[date, dict[str, int]]
    volumes: tuple[Volume, ...]


def check_study(study: Study) -> Readiness:
    """Audit the sources, plan the cutoffs and count who could be learned from.

    Raises
    ------
    ReveilError
        When the study could not train at all: unreadable data, or too little of it.
    """
    log = open_events(study)
    splits = splits_of(study)
    features = features_of(study, log)
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
        findings=log.findings,
        features=features,
        splits=splits,
        states=counted,
        volumes=tuple(volumes),
    )
