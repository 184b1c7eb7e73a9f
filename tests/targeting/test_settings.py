"""The targeting part of a study: what is refused, and what the refusal says."""

import pytest
from pydantic import ValidationError

from reveil.targeting.settings import TargetingSettings

GOOD = {
    "channels": {"email": {"cost": 0.02}},
    "offers": [{"name": "miss you", "channels": ["email"]}],
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"offers": [{"name": "a", "channels": ["emial"]}]}, "did you mean `email`?"),
        ({"offers": GOOD["offers"] * 2}, '"miss you" is described twice'),
        ({"ramp": {"channel": "sms"}}, "known: email"),
        ({"channels": {"email": {"cost": -1}}}, "greater than or equal to 0"),
        ({"channels": {"E mail": {"cost": 1}}}, "should match pattern"),
        ({"budgte": 3}, "Extra inputs are not permitted"),
        ({"states": ["active"]}, "Input should be 'inactive'"),
        ({"channels": {}}, "at least 1 item"),
        ({"budget": float("nan")}, "finite number"),
    ],
)
def test_impossible_settings_are_refused_with_their_reason(change, said):
    TargetingSettings.model_validate(GOOD)
    with pytest.raises(ValidationError, match=r".") as refused:
        TargetingSettings.model_validate(GOOD | change)
    assert said in str(refused.value)


def test_settings_cannot_be_changed():
    settings = TargetingSettings.model_validate(GOOD)
    with pytest.raises(ValidationError, match="frozen"):
        settings.budget = 3
