"""What every feature says about itself: in two languages, by one pattern, as a sentence."""

from __future__ import annotations

import re
import string
import sys
import types
from datetime import timedelta

import numpy as np
import pytest
from dirty import ROLES

from reveil.errors import StudyError
from reveil.events.roles import Role
from reveil.features.declare import Feature, Unit
from reveil.features.family import BUILT_IN, families
from reveil.features.matrix import feature_set

FEATURES = feature_set(
    ROLES,
    observation=timedelta(364),
    columns=("amount", "category", "channel", "item", "offer", "order"),
    modules=("garden_features",),
)
EVERY = pytest.mark.parametrize("feature", FEATURES.features, ids=FEATURES.names)


def test_every_family_speaks() -> None:
    """With every kind in the log no family is silent; families come in a fixed order."""
    named = list(dict.fromkeys(feature.family for feature in FEATURES.features))
    assert named == [*BUILT_IN, "garden"]
    assert list(families(("garden_features",))) == named


@EVERY
def test_both_languages(feature: Feature) -> None:
    """Meaning in English and French; French is not English left over."""
    assert feature.meaning.en
    assert feature.meaning.fr
    assert feature.null_means
    if feature.reason is not None:
        assert feature.reason.en
        assert feature.reason.fr
        fields = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name}
            for text in (feature.reason.en, feature.reason.fr)
        ]
        assert fields[0] == fields[1], "both sentences show the same figures"
    kinds = {kind.replace("_", " ") for kind in ROLES}
    if feature.family in BUILT_IN and not any(kind in feature.meaning.en for kind in kinds):
        assert feature.meaning.en != feature.meaning.fr


@EVERY
def test_names_say_signal_statistic_and_window(feature: Feature) -> None:
    """Lower case with underscores; a window in the name is the window declared."""
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", feature.name)
    if feature.family == "garden":
        return
    found = re.search(r"_(\d+)d$", feature.name)
    decays = "decayed" in feature.name
    if found and not decays and "change" not in feature.name and "next" not in feature.name:
        assert feature.window_days == int(found[1])
    if feature.window_days is not None:
        assert feature.window_days % 28 == 0 or feature.window_days == 7
        assert str(feature.window_days // (2 if "change" in feature.name else 1)) in (
            feature.name + feature.meaning.en + "364" * ("next" in feature.name)
        )
    if feature.unit is Unit.DAYS:
        assert "days" in feature.name or "gap" in feature.name


@EVERY
def test_reasons_read_with_numbers(feature: Feature) -> None:
    """Every field is the value or another feature of the same customer, null only if it is."""
    if feature.reason is None:
        return
    row = {name: np.float32(i + 1.25) for i, name in enumerate(FEATURES.names)}
    for text in (feature.reason.en, feature.reason.fr):
        assert "{" in text, "a reason shows the customer's own figure"
        sentence = text.format(value=row[feature.name], **row)
        assert re.search(r"\d", sentence)
        assert "{" not in sentence
        assert "nan" not in sentence


@EVERY
def test_contacts_are_never_a_reason(feature: Feature) -> None:
    """How much we wrote is confounded by whom we chose to write to."""
    if feature.family == "pressure":
        assert feature.reason is None


def test_names_are_unique_and_the_always_needed_are_there() -> None:
    assert len(set(FEATURES.names)) == len(FEATURES.names)
    shop = feature_set({"purchase": Role.COMMERCIAL}, observation=timedelta(364))
    needed = {
        "purchase_count",
        "purchase_recency_days",
        "purchase_tenure_days",
        "purchase_amount_mean",
    }
    assert needed <= set(shop.names)


def test_the_order_of_kinds_and_columns_does_not_matter() -> None:
    """The same log, listed backwards, gives the same set in the same order."""
    backwards = feature_set(
        dict(reversed(ROLES.items())),
        observation=timedelta(364),
        columns=("order", "offer", "item", "channel", "category", "amount"),
        modules=("garden_features",),
    )
    assert backwards.features == FEATURES.features
    assert [a.key for a in backwards.aggregates] == [a.key for a in FEATURES.aggregates]


def test_a_family_without_its_signal_is_silent() -> None:
    shop = feature_set({"purchase": Role.COMMERCIAL}, observation=timedelta(364))
    assert not {"email", "pressure", "incidents", "engagement"} & {f.family for f in shop.features}


def test_a_log_without_purchases_is_refused() -> None:
    with pytest.raises(StudyError, match="holds no purchase; it holds: visit"):
        feature_set({"visit": Role.ENGAGEMENT}, observation=timedelta(364))


def test_a_module_that_is_not_there() -> None:
    with pytest.raises(StudyError, match="cannot be imported") as raised:
        feature_set(ROLES, observation=timedelta(364), modules=("no_such_features",))
    assert "PYTHONPATH" in str(raised.value.hint)


def own_module(monkeypatch: pytest.MonkeyPatch, name: str, code: str) -> None:
    """Put a user's module on the path without a file."""
    module = types.ModuleType(name)
    head = (
        "from reveil.features.declare import Text, Unit\n"
        "from reveil.features.family import family, feature\n"
    )
    monkeypatch.setattr("reveil.features.family._FAMILIES", {**families()})
    monkeypatch.setitem(sys.modules, name, module)
    exec(compile(head + code, name, "exec"), module.__dict__)


DECLARE = """
@family({family!r}, needs="purchase")
def own(log):
    yield feature({name!r}, log.count("purchase"), signal="x", unit=Unit.COUNT,
                  meaning=Text(en="x", fr="x"), null="never null")
"""


def test_two_features_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    own_module(monkeypatch, "own_one", DECLARE.format(family="own", name="purchase_count"))
    with pytest.raises(StudyError, match="two features are called 'purchase_count'"):
        feature_set(ROLES, observation=timedelta(364), modules=("own_one",))


def test_two_families_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StudyError, match="two families are called 'recency'"):
        own_module(monkeypatch, "own_two", DECLARE.format(family="recency", name="x_count"))


def test_a_family_takes_part_only_where_the_study_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imported by another study in the same process, it must not join this one."""
    own_module(monkeypatch, "own_three", DECLARE.format(family="own", name="own_count"))
    with_it = feature_set(ROLES, observation=timedelta(364), modules=("own_three",))
    without = feature_set(ROLES, observation=timedelta(364))
    assert set(with_it.names) - set(without.names) == {"own_count"}
