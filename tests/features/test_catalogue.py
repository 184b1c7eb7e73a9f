"""What every feature says about itself: in two languages, by one pattern, as a sentence."""

from __future__ import annotations

import re
import string
import sys
import types
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from dirty import ROLES
from whole import EVERY_FAMILY, RICH, rich_features

from reveil.errors import StudyError
from reveil.events.contents import Contents
from reveil.events.roles import Role
from reveil.features.declare import Feature, Unit
from reveil.features.family import BUILT_IN, families
from reveil.features.matrix import FeatureSet, feature_set

FEATURES = rich_features()
SHOP = Contents(kinds={"purchase": Role.COMMERCIAL})
EVERY = pytest.mark.parametrize("feature", FEATURES.features, ids=FEATURES.names)


def test_every_family_speaks() -> None:
    """With every kind in the log no family is silent; families come in a fixed order."""
    named = list(dict.fromkeys(feature.family for feature in FEATURES.features))
    assert named == list(EVERY_FAMILY)
    assert list(families(("garden_features",))) == named
    assert FEATURES.silent == {}


def year_of(contents: Contents, **said: object) -> FeatureSet:
    return feature_set(contents, observation=timedelta(364), **said)


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
    if feature.family in BUILT_IN:
        assert feature.meaning.en != feature.meaning.fr
        assert not re.search(r"\b(the|days|orders|of|last)\b", feature.meaning.fr)
        if feature.reason is not None:
            assert not re.search(r"\b(the|days|orders|of|last)\b", feature.reason.fr)


@EVERY
def test_names_say_signal_statistic_and_window(feature: Feature) -> None:
    """Lower case with underscores; a window in the name is the window declared."""
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", feature.name)
    if feature.family == "garden":
        return
    found = re.search(r"_(\d+)d$", feature.name)
    decays = "decayed" in feature.name
    last_year = "last_year" in feature.name
    if found and not decays and "change" not in feature.name and not last_year:
        assert feature.window_days == int(found[1])
    if feature.window_days is not None:
        assert feature.window_days % 28 == 0 or feature.window_days == 7
        shown = feature.window_days // (2 if "change" in feature.name else 1)
        assert last_year or str(shown) in feature.name + feature.meaning.en
    if feature.unit is Unit.DAYS:
        assert "days" in feature.name or "gap" in feature.name
    assert (feature.unit is Unit.LEVEL) == bool(feature.levels)


@EVERY
def test_reasons_read_with_numbers(feature: Feature) -> None:
    """Every field is the value or another feature of the same customer, null only if it is."""
    if feature.reason is None:
        return
    row: dict[str, object] = {n: np.float32(i + 1.25) for i, n in enumerate(FEATURES.names)}
    if feature.levels:
        row[feature.name] = feature.level(0.0, "en")
    for text in (feature.reason.en, feature.reason.fr):
        assert "{" in text, "a reason shows the customer's own figure"
        sentence = text.format(value=row[feature.name], **row)
        assert str(row[feature.name]) in sentence or re.search(r"\d", sentence)
        assert "{" not in sentence
        assert "nan" not in sentence


@EVERY
def test_contacts_are_never_a_reason(feature: Feature) -> None:
    """How much we wrote is confounded by whom we chose to write to."""
    if feature.family == "pressure":
        assert feature.reason is None


def test_names_are_unique_and_the_always_needed_are_there() -> None:
    assert len(set(FEATURES.names)) == len(FEATURES.names)
    shop = year_of(SHOP)
    needed = {
        "purchase_count",
        "purchase_recency_days",
        "purchase_tenure_days",
        "purchase_amount_mean",
    }
    assert needed <= set(shop.names)


def test_the_order_of_kinds_and_columns_does_not_matter() -> None:
    """The same log, listed backwards, gives the same set in the same order."""
    backwards = rich_features(
        Contents(
            kinds=dict(reversed(RICH.kinds.items())),
            columns=RICH.columns[::-1],
            channels=dict(reversed(RICH.channels.items())),
            attributes=RICH.attributes[::-1],
            facts=RICH.facts[::-1],
        )
    )
    assert backwards.features == FEATURES.features
    assert [a.key for a in backwards.aggregates] == [a.key for a in FEATURES.aggregates]


def test_a_family_without_its_signal_is_silent_and_says_why() -> None:
    """Every family either writes features or says what it lacks, in the order of families."""
    shop = year_of(SHOP)
    spoken = {feature.family for feature in shop.features}
    assert list(shop.silent) == [name for name in BUILT_IN if name not in spoken]
    assert shop.silent == {
        "breadth": "needs a column `item`, `category` or `channel`; there is none",
        "engagement": "needs engagement; the log holds none",
        "channels": "needs a column `channel` with channels that several use; there is none",
        "email": "needs email_sent; the log holds none",
        "opens": "off unless `features.include` names it",
        "pressure": "needs marketer; the log holds none",
        "incidents": "needs incident; the log holds none",
        "ratings": "needs a column `rating`; there is none",
        "points": "needs points_earned or points_spent; the log holds none",
        "state": "needs activity; the log holds none",
        "profile": "needs attributes of customers, or the end of their contracts; there is none",
    }


def test_a_family_with_half_of_its_signals_says_which_is_missing() -> None:
    """E-mails without clicks, opens without e-mails, activity without a limit."""
    kinds = {kind: ROLES[kind] for kind in ("purchase", "email_sent")}
    assert year_of(Contents(kinds=kinds)).silent["email"] == "needs email_click; there is none"
    kinds = {kind: ROLES[kind] for kind in ("purchase", "email_open")}
    opened = year_of(Contents(kinds=kinds), include=("opens",))
    assert opened.silent["opens"] == "needs email_sent; there is none"
    active = year_of(SHOP, active_by=("purchase",))
    assert active.silent["state"].startswith("needs the days without activity")


@pytest.mark.parametrize("kind", [kind for kind in sorted(ROLES) if kind != "purchase"])
def test_a_feature_is_written_only_where_its_kinds_are(kind: str) -> None:
    """A log that lacks one kind has no feature that stands on it alone."""
    lacking = {name: role for name, role in ROLES.items() if name != kind}
    found = rich_features(replace(RICH, kinds=lacking))
    for aggregate in found.aggregates:
        assert aggregate.kinds or aggregate.statistic == "attribute", aggregate.key
    assert len(found.names) <= len(FEATURES.names)


def test_a_window_of_last_year_that_is_not_observed_is_not_written() -> None:
    """Cut, it would count another window than its name says; one that ends now is all there is."""
    half = feature_set(SHOP, observation=timedelta(182))
    assert "purchase_count_364d" in half.names
    assert "purchase_count_change_84d" in half.names
    assert "purchase_count_change_168d" not in half.names
    assert half.silent["season"] == "needs an observation window of 364 days; there is none"
    around = "purchase_count_last_year_around_56d"
    assert around not in feature_set(SHOP, observation=timedelta(391)).names
    assert around in feature_set(SHOP, observation=timedelta(392)).names


def test_the_engine_is_asked_for_nothing_that_no_feature_needs() -> None:
    """What a dropped feature stood on is not counted."""
    half = feature_set(SHOP, observation=timedelta(182))
    assert all(not a.end_days or a.start_days <= 182 for a in half.aggregates)
    named = {
        key for value in half.values.values() for key in re.findall(r"_\['([^']+)'\]", repr(value))
    }
    assert {a.key for a in half.aggregates} == named - {"cutoff_s"}


@EVERY
def test_a_feature_says_whose_events_it_stands_on(feature: Feature) -> None:
    """Found from its value; our own contacts are in none that is said to be the customer's."""
    assert feature.roles
    assert set(feature.roles) <= {*(role.value for role in Role), "customers"}
    expected = {
        "frequency": {"commercial"}, "monetary": {"commercial"}, "season": None, "email": None,
        "engagement": None, "profile": {"customers"}, "incidents": {"incident"},
        "points": None, "ratings": None,
    }.get(feature.family)  # fmt: skip
    if expected is not None:
        assert set(feature.roles) == expected
    if feature.family in ("opens", "email") and "since" not in feature.meaning.en:
        assert "commercial" not in feature.roles
    if feature.family == "opens":
        assert "customers" in feature.roles
    if feature.family == "pressure":
        assert "marketer" in feature.roles
    if feature.name == "email_unanswered_count":
        assert feature.roles == ("commercial", "engagement", "marketer")


def test_reasons_are_told_apart_by_what_they_are_news_of() -> None:
    """One silence, however it is measured; what is counted twice speaks once."""
    signal = {feature.name: feature.signal for feature in FEATURES.features}
    silence = ("purchase_recency_days", "purchase_overdue_ratio", "state_activity_recency_days",
               "state_overdue_ratio", "purchase_count_7d")  # fmt: skip
    assert {signal[name] for name in silence} == {"silence"}
    assert signal["channel_e_shop_activity_count_84d"] == "channel_e_shop"
    assert signal["rating_last"] == signal["rating_count_364d"] == "rating"
    for feature in FEATURES.features:
        if feature.signal == "contact":
            assert feature.reason is None


def test_channels_of_one_name_are_one() -> None:
    """Names of features know small letters only: what they cannot tell apart counts together."""
    channels = {"Été": ("Été",), "ete": ("ete", "ETE"), "лето": ("лето",)}
    found = year_of(replace(SHOP, channels=channels))
    counts = [n for n in found.names if n.endswith("_activity_count_84d")]
    assert counts[0] == "channel_ete_activity_count_84d"
    assert re.fullmatch(r"channel_x[0-9a-f]{8}_activity_count_84d", counts[1])
    assert len(counts) == 2
    assert ("ETE", "ete", "Été") in {a.channels for a in found.aggregates}


@pytest.mark.parametrize(
    ("kind", "role"),
    [("contact", Role.MARKETER), ("engagement", Role.ENGAGEMENT), ("incident", Role.INCIDENT)],
)
def test_a_kind_called_as_its_role_makes_no_feature_twice(kind: str, role: Role) -> None:
    found = rich_features(replace(RICH, kinds={**ROLES, kind: role}))
    assert set(found.names) == set(FEATURES.names)


def test_a_text_is_told_by_its_level() -> None:
    """The place of a text means nothing to a reader; a rare or later text is another one."""
    (title,) = (f for f in FEATURES.features if f.name == "profile_title")
    assert [title.level(float(n), "fr") for n in range(4)] == ["Mme", "M.", "Dr", "autre"]
    assert title.level(3.0, "en") == "other"
    assert title.unit is Unit.LEVEL
    (size,) = (f for f in FEATURES.features if f.name == "profile_household_size")
    assert (size.unit, size.levels) == (Unit.NUMBER, ())


def test_a_column_of_the_customers_table_shows_as_written() -> None:
    """A household of 3 is 3, not 3.0; an income keeps its size."""
    (size,) = (f for f in FEATURES.features if f.name == "profile_household_size")
    assert size.reason is not None
    assert size.reason.en.format(value=3.0) == "household size: 3"
    assert size.reason.en.format(value=31_200.5) == "household size: 31,200.5"


def test_opens_take_part_only_where_they_are_asked_for() -> None:
    """Opens are unreliable, and in some countries ask for a consent."""
    assert not {f.name for f in year_of(RICH).features if f.family == "opens"}
    without = {a.kinds for a in year_of(RICH).aggregates if a.statistic in ("last", "since")}
    assert ("email_open",) not in without


def test_a_family_to_include_must_exist() -> None:
    with pytest.raises(StudyError, match="names 'open', and no family is called that") as raised:
        year_of(RICH, include=("open",))
    assert "opens" in str(raised.value.hint)


def test_a_log_without_purchases_is_refused() -> None:
    with pytest.raises(StudyError, match="holds no purchase; it holds: visit"):
        year_of(Contents(kinds={"visit": Role.ENGAGEMENT}))


def test_a_module_that_is_not_there() -> None:
    with pytest.raises(StudyError, match="cannot be imported") as raised:
        year_of(RICH, modules=("no_such_features",))
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
        year_of(RICH, modules=("own_one",))


def test_two_families_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StudyError, match="two families are called 'recency'"):
        own_module(monkeypatch, "own_two", DECLARE.format(family="recency", name="x_count"))


def test_a_family_takes_part_only_where_the_study_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imported by another study in the same process, it must not join this one."""
    own_module(monkeypatch, "own_three", DECLARE.format(family="own", name="own_count"))
    with_it = year_of(RICH, modules=("own_three",))
    without = year_of(RICH)
    assert set(with_it.names) - set(without.names) == {"own_count"}
