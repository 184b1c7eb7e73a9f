"""Masks: the first rule speaks, and each rule speaks for exactly its own customers."""

import numpy as np
import pandas as pd
import pytest

from reveil.errors import DataError
from reveil.targeting.masks import EVERY_RULE, NO_RULE, RULES, first_rule, reachable, rule_labels


def one(**change):
    """Describe a customer whom nothing keeps off the list, with one change."""
    row = {
        "customer_id": "C1",
        "state": "inactive",
        "in_target": True,
        "objection": False,
        "sleeping": False,
        "contacts_recent": 0,
        "unanswered": 0,
        "consent_email": True,
        "usable_email": True,
        "consent_print": False,
        "usable_print": True,
    }
    return pd.DataFrame([row | change])


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({}, None),
        ({"state": "prospect"}, "prospect"),
        ({"state": "former"}, "former"),
        ({"state": "active"}, "active"),
        ({"dormant": True}, "dormant_subscriber"),
        ({"dormant": None}, None),
        ({"dormant": True, "state": "former"}, "former"),
        ({"dormant": True, "objection": True}, "dormant_subscriber"),
        ({"in_target": False}, "not_in_target"),
        ({"objection": True}, "objection"),
        ({"sleeping": True}, "sleeping"),
        ({"contacts_recent": 3}, "pressure_cap"),
        ({"contacts_recent": 2}, None),
        ({"unanswered": 4}, "attempts_cap"),
        ({"unanswered": 3}, None),
        ({"consent_email": False}, "no_consent"),
        ({"consent_email": None}, "no_consent"),
        ({"wants_email": False}, "unwanted_channel"),
        ({"wants_email": False, "consent_email": False}, "no_consent"),
        ({"wants_email": False, "usable_email": False}, "unwanted_channel"),
        ({"wants_email": False, "consent_print": True}, None),
        (
            {"wants_email": False, "consent_print": True, "usable_print": False},
            "unusable_contact_point",
        ),
        ({"wants_print": False}, None),
        ({"usable_email": False}, "unusable_contact_point"),
        ({"usable_email": False, "consent_print": True}, None),
        ({"state": "active", "unanswered": 9}, "active"),
        ({"objection": True, "consent_email": False}, "objection"),
    ],
)
def test_the_first_rule_that_applies_is_told(change, rule, study_of):
    found = first_rule(one(**change), study_of(holdout_share=0))[0]
    assert (None if found == NO_RULE else EVERY_RULE[found].name) == rule


def test_consent_that_is_not_required_is_not_asked_for(study_of):
    channels = {"email": {"cost": 0.02}, "print": {"cost": 0.8, "consent": "not_required"}}
    settings = study_of(channels=channels, holdout_share=0)
    frame = one(consent_email=False).drop(columns="consent_print")
    assert first_rule(frame, settings)[0] == NO_RULE


def test_dormant_subscribers_are_woken_only_where_the_study_says_so(study_of):
    """`wake_dormant` lifts this mask and no other."""
    awake = study_of(holdout_share=0, wake_dormant=True)
    assert first_rule(one(dormant=True), awake)[0] == NO_RULE
    assert EVERY_RULE[first_rule(one(dormant=True, objection=True), awake)[0]].name == "objection"


def per_purpose(**consents):
    """Describe a customer whose consents are per purpose on both channels."""
    return one(**consents).drop(columns=["consent_email", "consent_print"])


BOTH = {"consent_email_for_offers": True, "consent_email_for_news": False,
        "consent_print_for_offers": False, "consent_print_for_news": True}  # fmt: skip


@pytest.mark.parametrize(
    ("purpose", "channels"), [("offers", [True, False]), ("news", [False, True])]
)
def test_consent_to_one_purpose_is_no_consent_to_another(study_of, purpose, channels):
    """The study's purpose chooses the consent that is read, channel by channel."""
    settings = study_of(holdout_share=0, purpose=purpose)
    assert reachable(per_purpose(**BOTH), settings).tolist() == [channels]


def test_a_consent_for_everything_holds_for_any_purpose(study_of):
    """Only one of the channels may be per purpose."""
    frame = one(**BOTH).drop(
        columns=["consent_email", "consent_print_for_offers", "consent_print_for_news"]
    )
    assert reachable(frame, study_of(purpose="offers")).tolist() == [[True, False]]
    assert reachable(frame.assign(consent_print=True), study_of(purpose="offers")).all()


def test_consent_per_purpose_wants_a_purpose(study_of):
    """Without one, or with one nobody was asked about, nobody is written to by mistake."""
    with pytest.raises(DataError, match=r"per purpose \(offers, news\)") as refused:
        first_rule(per_purpose(**BOTH), study_of())
    assert "`targeting: {purpose: offers}`" in str(refused.value)
    with pytest.raises(DataError, match=r'`targeting.purpose` is "offer"') as refused:
        first_rule(per_purpose(**BOTH), study_of(purpose="offer"))
    assert "did you mean `offers`?" in str(refused.value)


def test_each_rule_is_pure(snapshot_of, study_of):
    """A rule reads the snapshot, writes nothing, and answers row by row."""
    frame, settings = snapshot_of(300), study_of()
    for _, applies in RULES:
        before = frame.copy(deep=True)
        whole = applies(frame, settings)
        pd.testing.assert_frame_equal(frame, before)
        half = applies(frame.iloc[::2].reset_index(drop=True), settings)
        np.testing.assert_array_equal(whole[::2], half)


def test_every_rule_speaks_both_languages(study_of):
    """No sentence is missing, unfilled, or the same in French and English."""
    settings = {language: study_of(language=language) for language in ("en", "fr")}
    for rule in EVERY_RULE:
        said = [rule.explain(settings[language]) for language in ("en", "fr")]
        assert said[0] != said[1]
        assert all(s.endswith(".") and "{" not in s for s in said)
    assert len(rule_labels("fr")) == len(EVERY_RULE)


def test_a_missing_consent_column_is_named_with_its_remedy(study_of):
    with pytest.raises(DataError, match="`consent_email`") as refused:
        first_rule(one().drop(columns="consent_email"), study_of())
    assert "consent: not_required" in str(refused.value)


def test_an_unknown_state_is_an_error_not_a_contact(study_of):
    with pytest.raises(DataError, match="1 of 1 scored customers are in no known state"):
        first_rule(one(state="asleep"), study_of())
