"""Masks: the first rule speaks, and each rule speaks for exactly its own customers."""

import numpy as np
import pandas as pd
import pytest

from reveil.errors import DataError
from reveil.targeting.masks import EVERY_RULE, NO_RULE, RULES, first_rule, rule_labels


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
        ({"in_target": False}, "not_in_target"),
        ({"objection": True}, "objection"),
        ({"sleeping": True}, "sleeping"),
        ({"contacts_recent": 3}, "pressure_cap"),
        ({"contacts_recent": 2}, None),
        ({"unanswered": 4}, "attempts_cap"),
        ({"unanswered": 3}, None),
        ({"consent_email": False}, "no_consent"),
        ({"consent_email": None}, "no_consent"),
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
