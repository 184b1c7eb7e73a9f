"""Promotion: one winner, a trail nobody can lose, and a way back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import nan

import pytest

from reveil.errors import RegistryError
from reveil.evaluation.interval import Interval
from reveil.registry.champions import load_champion, version_of
from reveil.registry.gate import Check, Decision
from reveil.registry.promote import history, promote, record_decision, rollback, versions
from reveil.registry.runs import RunRef
from reveil.registry.store import Store

AT = datetime(2011, 9, 1, 6, tzinfo=UTC)
LEVEL = Check(
    rule="observed over expected",
    observed=Interval(estimate=1.4, low=nan, high=1.5),
    required="between 0.8 and 1.25",
    passed=False,
    hard=False,
)
YES = Decision(promote=True, checks=(LEVEL,))


def test_promote_then_back_and_again(store: Store, trained: Callable[..., RunRef]) -> None:
    name = trained("chain").model
    trained("chain", shift=1.0)
    trained("chain", shift=2.0)
    for version, expected in ((1, None), (2, 1), (3, 2)):
        promote(store, name, version, expected=expected, decision=YES, actor="ana", at=AT)
        champion = load_champion(store, name)
        assert champion.version == version
    assert champion.artifact.candidate.shift == 2.0
    assert rollback(store, name, actor="ben", at=AT + timedelta(days=1)).after == 2
    assert rollback(store, name, actor="ben", at=AT + timedelta(days=2)).after == 1
    assert load_champion(store, name).version == 1
    with pytest.raises(RegistryError, match="first champion"):
        rollback(store, name, actor="ben", at=AT)
    assert version_of(store, name, "challenger") == 3
    moves = history(store, name)
    assert [(m.number, m.action, m.before, m.after, m.actor) for m in moves] == [
        (1, "promote", None, 1, "ana"), (2, "promote", 1, 2, "ana"), (3, "promote", 2, 3, "ana"),
        (4, "rollback", 3, 2, "ben"), (5, "rollback", 2, 1, "ben"),
    ]  # fmt: skip
    assert moves[0].gate == "passed with 1 warning"
    assert moves[0].digest == champion_digest(store, name, 1)


def champion_digest(store: Store, name: str, version: int) -> str | None:
    return versions(store, name)[version - 1].digest


def test_another_promotion_in_between_is_told(store: Store, trained: Callable[..., RunRef]) -> None:
    name = trained("between").model
    trained("between", shift=1.0)
    promote(store, name, 1, expected=None, decision=YES, actor="ana", at=AT)
    with pytest.raises(RegistryError, match=r"champion is version 1 now.*by ana at 2011-09-01"):
        promote(store, name, 2, expected=None, decision=YES, actor="ben", at=AT)
    assert len(history(store, name)) == 1
    assert version_of(store, name, "champion") == 1


def test_a_refused_version_is_not_promoted(store: Store, trained: Callable[..., RunRef]) -> None:
    run = trained()
    with pytest.raises(ValueError, match="refused"):
        promote(store, run.model, 1, expected=None, actor="a", at=AT,
                decision=Decision(promote=False, checks=()))  # fmt: skip
    assert history(store, run.model) == ()


def test_nothing_to_roll_back(store: Store, trained: Callable[..., RunRef]) -> None:
    with pytest.raises(RegistryError, match="no champion"):
        rollback(store, trained().model, actor="a", at=AT)
    assert history(store, "t.never.trained") == ()
    assert versions(store, "t.never.trained") == ()


def test_a_move_killed_before_the_alias_leaves_the_way_back_intact(
    store: Store, trained: Callable[..., RunRef], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = trained("killed").model
    trained("killed", shift=1.0)
    trained("killed", shift=2.0)
    promote(store, name, 1, expected=None, decision=YES, actor="a", at=AT)
    promote(store, name, 2, expected=1, decision=YES, actor="a", at=AT)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(store.client, "set_registered_model_alias", die)
        with pytest.raises(KeyboardInterrupt):
            promote(store, name, 3, expected=2, decision=YES, actor="a", at=AT)
    assert version_of(store, name, "champion") == 2
    assert rollback(store, name, actor="a", at=AT).after == 1
    assert [m.number for m in history(store, name)] == [1, 2, 3, 4]


def test_the_decision_is_kept_on_its_version(store: Store, trained: Callable[..., RunRef]) -> None:
    run = trained()
    record_decision(store, run.model, 1, YES)
    (found,) = versions(store, run.model)
    assert found.aliases == ("challenger",)
    assert found.run_id == run.run_id
    assert found.decision is not None
    assert repr(found.decision) == repr(YES), "a bound that does not exist is still NaN"


PROMOTERS = """
import os, sys
from datetime import UTC, datetime
from reveil.errors import RegistryError
from reveil.registry.gate import Decision
from reveil.registry.promote import history, promote
from reveil.registry.store import open_store

uri, name, *versions = sys.argv[1:]
start, go = os.pipe()
ready, am_ready = os.pipe()
children = []
for version in versions:
    child = os.fork()
    if child:
        children.append(child)
        continue
    os.close(go)
    store = open_store(uri)
    history(store, name)  # whatever the first call of a process costs is behind us
    os.write(am_ready, b".")
    os.read(start, 1)  # returns for all at once, when the last writing end is closed
    try:
        promote(store, name, int(version), expected=None, actor=f"actor{version}",
                at=datetime.now(UTC), decision=Decision(promote=True, checks=()))
    except RegistryError as error:
        print(version, "told:", error.message, flush=True)
    else:
        print(version, "won", flush=True)
    os._exit(0)
for _ in children:
    os.read(ready, 1)
os.close(go)
for child in children:
    os.waitpid(child, 0)
"""


@pytest.mark.long
def test_of_concurrent_promotions_exactly_one_wins(
    store: Store, trained: Callable[..., RunRef]
) -> None:
    name = trained("race").model
    for shift in (1.0, 2.0):
        trained("race", shift=shift)
    done = subprocess.run(
        [sys.executable, "-c", PROMOTERS, store.uri, name, "1", "2", "3"],
        check=True, capture_output=True, text=True, timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    answers = done.stdout.splitlines()
    assert len(answers) == 3, done.stderr
    winners = [int(a.split()[0]) for a in answers if a.endswith("won")]
    assert len(winners) == 1
    winner = winners[0]
    told = [a for a in answers if "told" in a]
    assert len(told) == 2
    assert all(f"champion is version {winner} now" in a for a in told)
    assert all(f"by actor{winner}" in a for a in told)
    assert version_of(store, name, "champion") == winner
    assert [m.after for m in history(store, name)] == [winner]
