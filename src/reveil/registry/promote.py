"""Promotion: the alias `champion` moves to another version, and back.

In:  a version, the champion it is to replace, the gate's decision, who and when.
Out: the alias moved, an audit entry that is never rewritten; `history`, `rollback`.

MLflow has no compare-and-set: the last writer of an alias wins. So a move takes a lock, reads
the champion again and refuses when it is not the expected one. The lock is a file: it holds for
one database, and against a server for the promotions of one machine. The audit is kept as tags
of the registered model, one per move under a key of its own, so that none overwrites another.
The entry is written before the alias moves: a job killed in between leaves an entry whose
version never became champion, never a champion nobody answers for.
"""

from __future__ import annotations

import json
import uuid
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from reveil.errors import RegistryError
from reveil.registry.champions import CHAMPION, version_of
from reveil.registry.gate import Decision
from reveil.registry.lock import locked
from reveil.registry.mlflow_api import MlflowException
from reveil.registry.plain import from_plain, to_plain
from reveil.registry.runs import DIGEST_TAG
from reveil.registry.store import Store, talking_to

GATE_TAG = "reveil.gate"
AUDIT_TAG = "reveil.audit."
_WAIT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One entry of the audit.

    Parameters
    ----------
    number
        Counts the moves of this model from 1.
    before, after
        Versions; `before` is None for a first promotion.
    digest
        Of the artifact that became champion.
    gate
        "passed", or "passed with n warnings"; "not asked" for a rollback.
    actor
        Who moved it, as the caller says.
    at
        When, ISO 8601, by the caller's clock.
    """

    number: int
    action: Literal["promote", "rollback"]
    before: int | None
    after: int
    digest: str
    gate: str
    actor: str
    at: str

    def __str__(self) -> str:
        before = "none" if self.before is None else f"version {self.before}"
        return f"{self.action}: {before} -> version {self.after}, by {self.actor} at {self.at}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A registered version as `reveil registry` lists it."""

    version: int
    aliases: tuple[str, ...]
    run_id: str | None
    digest: str | None
    decision: Decision | None


def record_decision(store: Store, model: str, version: int, decision: Decision) -> None:
    """Keep the gate's decision, whichever it is, on the version it judged."""
    text = json.dumps(_finite(to_plain(decision)), sort_keys=True)
    with talking_to(store.uri):
        store.client.set_model_version_tag(model, str(version), GATE_TAG, text)


def promote(
    store: Store,
    model: str,
    version: int,
    *,
    expected: int | None,
    decision: Decision,
    actor: str,
    at: datetime,
) -> Move:
    """Make a version champion, if the champion is still the one it was judged against.

    The alias `challenger` stays where it is.

    Parameters
    ----------
    expected
        The champion's version when the gate decided; None when there was none.

    Raises
    ------
    RegistryError
        When another promotion came first: the message says whose.
    ValueError
        When the decision is a refusal.
    """
    if not decision.promote:
        raise ValueError("the gate refused this version")
    warned = len(decision.warnings)
    gate = "passed" if not warned else f"passed with {warned} warning{'s' if warned > 1 else ''}"
    with _moving(store):
        _require_expected(store, model, expected)
        return _move(store, model, "promote", expected, version, gate=gate, actor=actor, at=at)


def rollback(store: Store, model: str, *, actor: str, at: datetime) -> Move:
    """Give the alias back to the champion before the present one.

    Each rollback goes one promotion further back.

    Raises
    ------
    RegistryError
        When there is no champion, or none before it.
    """
    with _moving(store):
        current = version_of(store, model, CHAMPION)
        if current is None:
            raise RegistryError(
                f"{model} has no champion to roll back", hint="promote one first: `reveil promote`"
            )
        promotions = [m for m in history(store, model) if m.action == "promote"]
        before = next((m.before for m in reversed(promotions) if m.after == current), None)
        if before is None:
            raise RegistryError(
                f"{model} version {current} is the first champion: there is none to go back to",
                hint="`reveil registry` lists the versions; promote another one",
            )
        return _move(
            store, model, "rollback", current, before, gate="not asked", actor=actor, at=at
        )


def history(store: Store, model: str) -> tuple[Move, ...]:
    """Every move of a model's champion, oldest first; empty for an unknown model."""
    with talking_to(store.uri):
        try:
            tags = store.client.get_registered_model(model).tags
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return ()
            raise
    moves = [
        from_plain(Move, json.loads(text), where=f"audit of {model}")
        for key, text in tags.items()
        if key.startswith(AUDIT_TAG)
    ]
    return tuple(sorted(moves, key=lambda move: (move.number, move.at)))


def versions(store: Store, model: str) -> tuple[Version, ...]:
    """Every version of a model with its aliases and its gate decision, oldest first."""
    with talking_to(store.uri):
        # The version search leaves aliases out; the registered model has them all.
        found = store.client.search_model_versions(f"name='{model}'", max_results=10_000)
        aliases = store.client.get_registered_model(model).aliases if found else {}
    return tuple(
        Version(
            version=int(v.version),
            aliases=tuple(sorted(a for a, n in aliases.items() if int(n) == int(v.version))),
            run_id=v.run_id,
            digest=v.tags.get(DIGEST_TAG),
            decision=_decision(v.tags.get(GATE_TAG)),
        )
        for v in sorted(found, key=lambda v: int(v.version))
    )


def _moving(store: Store) -> AbstractContextManager[None]:
    return locked(
        store.lock_path,
        error=RegistryError,
        what="the registry",
        wait_seconds=_WAIT_SECONDS,
    )


def _require_expected(store: Store, model: str, expected: int | None) -> None:
    current = version_of(store, model, CHAMPION)
    if current == expected:
        return
    last = next((m for m in reversed(history(store, model)) if m.after == current), None)
    names = ["no champion" if v is None else f"version {v}" for v in (current, expected)]
    raise RegistryError(
        f"{model}: the champion is {names[0]} now, and this version was judged against {names[1]}"
        + (f" ({last})" if last else ""),
        hint="run `reveil promote` again: the gate will judge against the new champion",
    )


def _move(
    store: Store,
    model: str,
    action: Literal["promote", "rollback"],
    before: int | None,
    after: int,
    *,
    gate: str,
    actor: str,
    at: datetime,
) -> Move:
    past = history(store, model)
    with talking_to(store.uri):
        digest = store.client.get_model_version(model, str(after)).tags.get(DIGEST_TAG)
        if digest is None:
            raise RegistryError(
                f"{model} version {after} has no `{DIGEST_TAG}` tag: reveil did not register it",
                hint="train it with reveil",
            )
        move = Move(
            number=max((m.number for m in past), default=0) + 1,
            action=action, before=before, after=after, digest=digest, gate=gate, actor=actor,
            at=at.isoformat(),
        )  # fmt: skip
        key = f"{AUDIT_TAG}{move.number:06d}.{uuid.uuid4().hex[:12]}"
        store.client.set_registered_model_tag(model, key, json.dumps(to_plain(move)))
        store.client.set_registered_model_alias(model, CHAMPION, str(after))
    return move


def _decision(text: str | None) -> Decision | None:
    if text is None:
        return None
    return from_plain(Decision, _unfinite(json.loads(text)), where=GATE_TAG)


def _finite(value: object) -> object:
    """JSON has no NaN: a figure that does not exist is null there."""
    if isinstance(value, dict):
        return {key: _finite(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124


def _unfinite(value: object) -> object:
    if isinstance(value, dict):
        if set(value) == {"estimate", "low", "high"}:
            return {k: float("nan") if v is None else v for k, v in value.items()}
        return {key: _unfinite(v) for key, v in value.items()}
    return [_unfinite(v) for v in value] if isinstance(value, list) else value
