"""Promote: put challengers before the gate, and move the alias of those that pass.

In:  a Study; the registry.
Out: one Verdict per target: the gate's decision, and the move when there was one.
"""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from reveil.config import TARGETS, Study, Target
from reveil.errors import RegistryError
from reveil.learning.fit import MIN_CUTOFFS
from reveil.pipeline.definitions import changed_since, rebuilt
from reveil.pipeline.observing import label_of, observe, splits_of
from reveil.pipeline.stores import existing_store_of, trained_store_of
from reveil.pipeline.training import Observed, look
from reveil.pipeline.training_sets import training_set_of
from reveil.registry.champions import CHAMPION, Champion, load_version, version_of
from reveil.registry.exam import examine
from reveil.registry.gate import Check, Decision, Exam, decide
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
        When there is no challenger, its artifact was changed, it was trained under other
        definitions than the study's, or another promotion came first.
    """
    store = store or trained_store_of(study)
    at = at or datetime.now(UTC)
    waiting = {target: _challenger(study, store, target) for target in targets}
    observed = observed or look(study)
    # All are judged before any moves: an error leaves every champion where it was.
    verdicts = [_judged(study, store, observed, t, version) for t, version in waiting.items()]
    if dry_run:
        return tuple(verdicts)
    return tuple(_moved(store, v, actor=actor or getpass.getuser(), at=at) for v in verdicts)


def _judged(
    study: Study, store: Store, observed: Observed, target: Target, version: int
) -> Verdict:
    """Ask the gate about a challenger, and keep what it said."""
    model = model_name(study.registry.model_prefix, study.name, target)
    expected = version_of(store, model, CHAMPION)
    challenger = _exam(study, observed, target, load_version(store, model, version))
    champion: Exam | None = None
    changed: tuple[str, ...] = ()
    if expected is not None and expected != version:
        present = load_version(store, model, expected)
        changed = changed_since(study, present.artifact, label_of(study, observed.log, target))
        if not changed:
            champion = _exam(study, observed, target, present)
    decision = decide(champion, challenger, study.registry.gate)
    if changed:
        decision = replace(decision, checks=(*decision.checks, _not_compared(changed)))
    if expected != version:  # a champion keeps the decision that made it one
        record_decision(store, model, version, decision)
    return Verdict(
        target=target,
        model=model,
        version=version,
        champion=expected,
        decision=decision,
        move=None,
    )


def _moved(store: Store, verdict: Verdict, *, actor: str, at: datetime) -> Verdict:
    """Make a challenger champion if the gate let it through and it is not yet."""
    if not verdict.decision.promote or verdict.champion == verdict.version:
        return verdict
    move = promote(
        store,
        verdict.model,
        verdict.version,
        expected=verdict.champion,
        decision=verdict.decision,
        actor=actor,
        at=at,
    )
    return replace(verdict, move=move)


def _not_compared(changed: Sequence[str]) -> Check:
    """Warn that a champion trained under other definitions could not be asked."""
    return Check(
        rule="compared with the champion",
        observed="; ".join(changed[:3]),
        required="else first-promotion rules",
        passed=False,
        hard=False,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """What the registry holds for one target."""

    target: Target
    model: str
    versions: tuple[Version, ...]
    moves: tuple[Move, ...]


def registered(study: Study) -> tuple[Registered, ...]:
    """List the versions and moves of every target that was ever trained.

    Returns
    -------
    tuple of Registered
        In the order of the targets; empty before the first training.

    Raises
    ------
    RegistryError
        When the store cannot be opened.
    """
    store = existing_store_of(study)
    if store is None:
        return ()
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
    store = trained_store_of(study)
    return rollback(store, model, actor=actor or getpass.getuser(), at=datetime.now(UTC))


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


def _exam(study: Study, observed: Observed, target: Target, version: Champion) -> Exam:
    """Let a version answer for the test cutoff, from features as it was taught to read them."""
    split = splits_of(study)[-1]
    features = rebuilt(study, target, version.artifact, label_of(study, observed.log, target))
    frame = observed.frame
    if version.artifact.definitions.fingerprint != observed.fingerprint:
        frame = observe(study, observed.log, features, split.test)
    data = training_set_of(frame, features, target, split)
    rows = data.judged()
    return examine(version, rows, data.outcome(rows), full_year=_sees_a_year(split))
