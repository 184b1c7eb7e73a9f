"""Promote: put challengers before the gate, and move the alias of those that pass.

In:  a Study; the registry.
Out: one Verdict per target: the gate's decision, and the move when there was one.
"""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from reveil.config import TARGETS, Study, Target
from reveil.errors import RegistryError
from reveil.learning.fit import MIN_CUTOFFS
from reveil.learning.training import TrainingSet
from reveil.pipeline.observing import splits_of, training_set_of
from reveil.pipeline.stores import store_of
from reveil.pipeline.training import Observed, look
from reveil.registry.champions import CHAMPION, Champion, load_version, version_of
from reveil.registry.exam import examine
from reveil.registry.gate import Decision, Exam, decide
from reveil.registry.promote import (
    Move,
    Version,
    history,
    promote,
    record_decision,
    rollback,
    versions,
)
from reveil.registry.runs import CHALLENGER, model_name
from reveil.registry.store import Store
from reveil.windows import STEP, YEAR_OF_STEPS, Split, purge


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What became of one challenger.

    Parameters
    ----------
    champion
        Version it was judged against; None for a first promotion.
    move
        The entry of the audit; None when refused, already champion, or only asked.
    """

    target: Target
    model: str
    version: int
    champion: int | None
    decision: Decision
    move: Move | None


def promote_challengers(
    study: Study,
    *,
    targets: Sequence[Target] = TARGETS,
    observed: Observed | None = None,
    store: Store | None = None,
    dry_run: bool = False,
    actor: str | None = None,
    at: datetime | None = None,
) -> tuple[Verdict, ...]:
    """Judge each target's challenger out of time, and promote those the gate lets through.

    Parameters
    ----------
    observed
        What `look` returned, if it was called already.
    dry_run
        Judge, keep the decision, and move nothing.
    actor, at
        Who and when, for the audit; the user and the clock when not given.

    Raises
    ------
    RegistryError
        When there is no challenger, its artifact was changed, or another promotion came
        first.
    """
    store = store or store_of(study)
    at = at or datetime.now(UTC)
    waiting = {target: _challenger(study, store, target) for target in targets}
    observed = observed or look(study)
    verdicts = []
    for target, version in waiting.items():
        model = model_name(study.registry.model_prefix, study.name, target)
        expected = version_of(store, model, CHAMPION)
        data = training_set_of(observed.frame, observed.features, target, splits_of(study)[-1])
        challenger = load_version(store, model, version)
        champion = None
        if expected is not None and expected != version:
            champion = _exam(load_version(store, model, expected), data)
        decision = decide(champion, _exam(challenger, data), study.registry.gate)
        record_decision(store, model, version, decision)
        move = None
        if decision.promote and not dry_run and expected != version:
            move = promote(
                store,
                model,
                version,
                expected=expected,
                decision=decision,
                actor=actor or getpass.getuser(),
                at=at,
            )
        verdicts.append(
            Verdict(
                target=target,
                model=model,
                version=version,
                champion=expected,
                decision=decision,
                move=move,
            )
        )
    return tuple(verdicts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """What the registry holds for one target."""

    target: Target
    model: str
    versions: tuple[Version, ...]
    moves: tuple[Move, ...]


def registered(study: Study) -> tuple[Registered, ...]:
    """List the versions and moves of every target that was ever trained."""
    store = store_of(study)
    names = {t: model_name(study.registry.model_prefix, study.name, t) for t in TARGETS}
    listed = (
        Registered(
            target=target,
            model=name,
            versions=versions(store, name),
            moves=history(store, name),
        )
        for target, name in names.items()
    )
    return tuple(one for one in listed if one.versions)


def roll_back(study: Study, target: Target, *, actor: str | None = None) -> Move:
    """Give a target's alias back to the champion before the present one.

    Raises
    ------
    RegistryError
        When there is none to go back to.
    """
    model = model_name(study.registry.model_prefix, study.name, target)
    return rollback(store_of(study), model, actor=actor or getpass.getuser(), at=datetime.now(UTC))


def _sees_a_year(split: Split) -> bool:
    """Whether predictions at later training cutoffs cover every season."""
    later = [c for c in split.train if len(purge(split.train, split.windows, c)) >= MIN_CUTOFFS]
    return bool(later) and later[-1] - later[0] >= (YEAR_OF_STEPS - 1) * STEP


def _challenger(study: Study, store: Store, target: Target) -> int:
    model = model_name(study.registry.model_prefix, study.name, target)
    version = version_of(store, model, CHALLENGER)
    if version is None:
        raise RegistryError(
            f"{model} has no challenger", hint="run `reveil train` on the study first"
        )
    return version


def _exam(version: Champion, data: TrainingSet) -> Exam:
    rows = data.judged()
    return examine(version, rows, data.outcome(rows), full_year=_sees_a_year(data.split))
