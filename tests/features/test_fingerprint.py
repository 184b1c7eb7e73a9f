"""The fingerprint moves when the value of a feature could, and only then."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import ibis
import pytest
from dirty import ROLES

from reveil.engine.asof import AsOf
from reveil.engine.duckdb import DuckDB
from reveil.engine.settings import EngineSettings
from reveil.features.declare import Text, Unit
from reveil.features.golden import fingerprint
from reveil.features.matrix import FeatureSet, feature_set

COLUMNS = ("amount", "category", "channel", "item", "offer", "order")


def shop(observation: int = 364) -> FeatureSet:
    return feature_set(
        ROLES, observation=timedelta(observation), columns=COLUMNS, modules=("garden_features",)
    )


@pytest.fixture(scope="module")
def base() -> str:
    return fingerprint(shop())


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_do_not_move_it(threads: int, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever computes it."""
    backend = DuckDB(EngineSettings(threads=threads)).backend
    monkeypatch.setattr(ibis.options, "default_backend", backend)
    assert fingerprint(shop()) == base


def test_another_process_finds_the_same(base: str) -> None:
    """Also with another seed of Python's hashes."""
    code = (
        "from datetime import timedelta\n"
        "from reveil.events.roles import Role, roles_of\n"
        "from reveil.features.golden import fingerprint\n"
        "from reveil.features.matrix import feature_set\n"
        "roles = roles_of({'garden_tour': Role.ENGAGEMENT, 'adjustment': Role.PASSIVE})\n"
        f"shop = feature_set(roles, observation=timedelta(364), columns={COLUMNS!r},\n"
        "                   modules=('garden_features',))\n"
        "print(fingerprint(shop))\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "99", "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert run.stdout.strip() == base


def test_a_shorter_observation_moves_it(base: str) -> None:
    assert fingerprint(shop(336)) != base


@pytest.mark.parametrize(
    "said",
    [
        {"null_means": "something else"},
        {"name": "purchase_other"},
        {"signal": "other"},
        {"family": "other"},
        {"unit": Unit.MONEY},
        {"window_days": 7},
        {"meaning": Text(en="orders", fr="autre")},
        {"reason": None},
    ],
    ids=lambda said: next(iter(said)),
)
def test_a_declaration_moves_it(said: dict[str, object]) -> None:
    """Another meaning is another feature, though no value moved."""
    purchase = feature_set({"purchase": ROLES["purchase"]}, observation=timedelta(364))
    at = purchase.names.index("purchase_count")
    features, values = list(purchase.features), dict(purchase.values)
    features[at] = replace(features[at], **said)
    values[features[at].name] = values["purchase_count"]
    edited = replace(purchase, features=tuple(features), values=values)
    assert fingerprint(edited) != fingerprint(purchase)


def test_every_feature_has_values_on_the_golden_log() -> None:
    """A feature that is constant or all null there could change its value unseen."""
    from reveil.features.golden import GOLDEN_CUTOFF, golden_log  # noqa: PLC0415

    whole = shop()
    log = golden_log(whole)
    everyone = log.events.select("customer_id").distinct()
    frame = whole.matrix(log, everyone, GOLDEN_CUTOFF).to_pyarrow().to_pandas()
    silent = [name for name in whole.names if frame[name].nunique() < 2]
    assert not silent


def value_of(log: AsOf, statistic: str, days: int) -> ibis.Deferred:
    return {
        "count": lambda: log.count("purchase", days=days),
        "until": lambda: log.count("purchase", days=364, until=days),
        "sum": lambda: log.sum("purchase", column="amount", days=days),
        "decayed": lambda: log.decayed("purchase", half_life=days),
        "distinct": lambda: log.distinct("purchase", column="item", days=days),
    }[statistic]()


@pytest.mark.parametrize("statistic", ["count", "until", "sum", "decayed", "distinct"])
def test_code_that_changes_a_value_moves_it(statistic: str) -> None:
    """The same declaration over another window, as a careless edit of a family would make it."""
    purchase = {"purchase": ROLES["purchase"]}
    whole = feature_set(purchase, observation=timedelta(364), columns=COLUMNS)
    prints = []
    for days in (84, 112):
        asof = AsOf(purchase, filled=COLUMNS)
        value = value_of(asof, statistic, days)
        edited = replace(
            whole,
            values={**whole.values, "purchase_count": value},
            aggregates=(*whole.aggregates, *asof.aggregates.values()),
        )
        prints.append(fingerprint(edited))
    assert prints[0] != prints[1]
