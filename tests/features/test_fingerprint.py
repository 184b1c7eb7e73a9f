"""The fingerprint moves when the value of a feature could, and only then."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import ibis
import pytest
from dirty import ROLES
from whole import RICH, rich_features

from reveil.engine.asof import AsOf
from reveil.engine.duckdb import DuckDB
from reveil.engine.settings import EngineSettings
from reveil.events.contents import Attribute, Contents
from reveil.features.declare import Text, Unit
from reveil.features.golden import GOLDEN_CUTOFF, fingerprint, golden_log
from reveil.features.matrix import FeatureSet, feature_set

PURCHASE = {"purchase": ROLES["purchase"]}


def shop(observation: int = 364) -> FeatureSet:
    """Write the features of orders, e-mails and a family of one's own: fewer, to be quick."""
    kinds = ("purchase", "return", "email_sent", "email_click", "garden_tour", "visit")
    return feature_set(
        Contents(kinds={kind: ROLES[kind] for kind in kinds}, columns=RICH.columns),
        observation=timedelta(observation),
        modules=("garden_features",),
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
        "from reveil.features.golden import fingerprint\n"
        "from test_fingerprint import shop\n"
        "print(fingerprint(shop()))\n"
    )
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "99",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
    }
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
        {"roles": ("incident",)},
        {"levels": ("one", "two")},
    ],
    ids=lambda said: next(iter(said)),
)
def test_a_declaration_moves_it(said: dict[str, object]) -> None:
    """Another meaning is another feature, though no value moved."""
    orders = only("purchase_count")
    (feature,) = orders.features
    other = replace(feature, **said)
    values = {other.name: orders.values[feature.name]}
    assert fingerprint(replace(orders, features=(other,), values=values)) != fingerprint(orders)


def only(name: str) -> FeatureSet:
    """Write one feature of orders alone."""
    whole = feature_set(Contents(kinds=PURCHASE), observation=timedelta(364))
    (feature,) = (one for one in whole.features if one.name == name)
    count = [a for a in whole.aggregates if a.statistic == "count" and a.start_days is None]
    return replace(
        whole, features=(feature,), values={name: whole.values[name]}, aggregates=tuple(count)
    )


LOGS = {
    "everything": RICH,
    "orders": Contents(kinds=PURCHASE),
    "shop": Contents(
        kinds={kind: ROLES[kind] for kind in ("purchase", "return")},
        columns=("amount", "item", "order"),
    ),
    "two channels": Contents(
        kinds={kind: ROLES[kind] for kind in ("purchase", "visit", "email_sent", "email_click")},
        columns=("amount", "category", "channel", "rating"),
        channels={"web": ("Web", "web"), "store": ("store",)},
    ),
}


@pytest.mark.parametrize("observation", [364, 728])
@pytest.mark.parametrize("contents", LOGS.values(), ids=LOGS.keys())
def test_every_feature_has_values_on_the_golden_log(contents: Contents, observation: int) -> None:
    """A feature that is constant or all null there could change its value unseen."""
    whole = rich_features(contents, observation)
    log = golden_log(whole)
    everyone = log.events.select("customer_id").distinct()
    frame = whole.matrix(log, everyone, GOLDEN_CUTOFF).to_pyarrow().to_pandas()
    silent = [name for name in whole.names if frame[name].nunique() < 2]
    assert not silent


EDITS: dict[str, Callable[[AsOf, int], ibis.Deferred]] = {
    "count": lambda log, n: log.count("purchase", days=84 + n),
    "until": lambda log, n: log.count("purchase", days=364, until=84 + n),
    "channel": lambda log, n: log.count("purchase", channel=("web", "Web")[: 1 + n // 28]),
    "naming": lambda log, n: log.count("purchase", naming=("offer", "campaign")[n // 28]),
    "sum": lambda log, n: log.sum("purchase", column="amount", days=84 + n),
    "max": lambda log, n: log.max("purchase", column="amount", days=84 + n),
    "lines": lambda log, n: log.lines("purchase", column="item", days=84 + n),
    "several": lambda log, n: log.several("purchase", column=("channel", "offer")[n // 28]),
    "distinct": lambda log, n: log.distinct("purchase", column="item", days=84 + n),
    "decayed": lambda log, n: log.decayed("purchase", half_life=84 + n),
    "decayed amount": lambda log, n: log.decayed("purchase", half_life=84 + n, column="amount"),
    "recency": lambda log, n: log.recency(("purchase", "return")[n // 28]),
    "tenure": lambda log, n: log.tenure(("purchase", "return")[n // 28]),
    "since": lambda log, n: log.since("purchase", after=(("return", "visit")[n // 28],)),
    "last value": lambda log, n: log.last_value(("purchase", "return")[n // 28], column="rating"),
    "gap mean": lambda log, n: log.gaps(("purchase", "return")[n // 28]).mean(),
    "gap max": lambda log, n: log.gaps(("purchase", "return")[n // 28]).max(),
    "gap or last gap": lambda log, n: (
        log.gaps("purchase").max() if n else log.gaps("purchase").latest()
    ),
    "clumpiness": lambda log, n: log.gaps(("purchase", "return")[n // 28]).clumpiness(),
    "variation": lambda log, n: log.gaps(
        ("purchase", "return")[n // 28]
    ).coefficient_of_variation(),
    "spell": lambda log, n: log.spells("purchase", longer_than=84 + n).days(),
    "lapses": lambda log, n: log.spells("purchase", longer_than=84 + n).lapses(),
    "lapsed": lambda log, n: log.spells("purchase", longer_than=84 + n).lapsed_days(),
    "is over": lambda log, n: log.spells("purchase", longer_than=84 + n).is_over(),
    "number": lambda log, n: log.attribute(Attribute(name=("household_size", "age")[n // 28])),
    "levels": lambda log, n: log.attribute(
        Attribute(name="title", levels=(("Mme", "M."), ("M.", "Mme"))[n // 28])
    ),
    "fact": lambda log, n: log.fact(("since_s", "contract_end_s")[n // 28]),
}
"""For each statistic of the engine, what a family wrote before (0) and after (28) an edit."""


@pytest.mark.parametrize("statistic", EDITS)
def test_code_that_changes_a_value_moves_it(statistic: str) -> None:
    """The same declaration over another window, as a careless edit of a family would make it."""
    contents = Contents(
        kinds={kind: ROLES[kind] for kind in ("purchase", "return", "visit")},
        columns=RICH.columns,
        channels={"web": ("Web", "web")},
        attributes=(
            Attribute(name="age"),
            Attribute(name="household_size"),
            Attribute(name="title", levels=("Mme", "M.")),
        ),
        facts=RICH.facts,
    )
    whole = feature_set(contents, observation=timedelta(364))
    (count,) = (f for f in whole.features if f.name == "purchase_count")
    prints = []
    for edit in (0, 28):
        asof = AsOf(contents.kinds, filled=contents.columns)
        value = EDITS[statistic](asof, edit)
        asked = AsOf(contents.kinds)
        asked.count("purchase", channel="web")
        edited = replace(
            whole,
            features=(count,),
            values={"purchase_count": value},
            aggregates=(*asof.aggregates.values(), *asked.aggregates.values()),
        )
        prints.append(fingerprint(edited))
    assert prints[0] != prints[1]


def test_every_statistic_of_the_engine_is_edited_above() -> None:
    """A statistic that is added later needs its line there."""
    asof = AsOf({kind: ROLES[kind] for kind in ("purchase", "return", "visit")})
    for edit in EDITS.values():
        edit(asof, 0)
    families_ask = {a.statistic for a in rich_features().aggregates}
    assert families_ask <= {a.statistic for a in asof.aggregates.values()}
