"""A campaign against its control: a known effect is found, and bad outcomes are refused."""

import numpy as np
import pandas as pd
import pytest

from reveil.errors import DataError, TooLittleDataError
from reveil.measurement.campaign import measure


def campaign(n=20_000, *, effect=0.03, seed=0):
    """Draw a list with a tenth of control, and outcomes with a known effect of the contact."""
    rng = np.random.default_rng(seed)
    control = np.zeros(n, dtype=bool)
    control[rng.choice(n, n // 10, replace=False)] = True
    returned = rng.random(n) < np.where(control, 0.10, 0.10 + effect)
    ids = [f"C{i:06d}" for i in rng.permutation(n)]
    people = pd.DataFrame({"customer_id": ids, "is_control": control, "cost": 0.5})
    outcomes = pd.DataFrame(
        {"customer_id": ids, "returned": returned, "margin": returned * rng.gamma(2, 20, n)}
    )
    return people, outcomes


def test_a_known_effect_is_inside_its_interval_nineteen_times_in_twenty():
    inside = {"returns": 0, "margin": 0}
    for seed in range(100):
        effect = measure(*campaign(4_000, seed=seed), control_share=0.1)
        inside["returns"] += effect.returns.low <= 0.03 <= effect.returns.high
        inside["margin"] += effect.margin.low <= 0.03 * 40 <= effect.margin.high
    assert min(inside.values()) >= 88


def test_the_figures_of_a_campaign_follow_from_its_counts():
    people, outcomes = campaign()
    effect = measure(people, outcomes, control_share=0.1)
    treated = outcomes["returned"][~people["is_control"]]
    assert (effect.contacted, effect.control) == (18_000, 2_000)
    assert effect.returns.treated == treated.mean()
    assert effect.cost == 9_000
    assert effect.extra_returns[0] == pytest.approx(18_000 * effect.returns.estimate)
    assert effect.cost_per_extra_return == pytest.approx(9_000 / effect.extra_returns[0])
    assert effect.is_trustworthy


def test_no_cost_per_return_is_claimed_where_no_effect_is_shown():
    assert measure(*campaign(effect=0), control_share=0.1).cost_per_extra_return is None


def test_the_order_of_rows_has_no_effect():
    people, outcomes = campaign(2_000)
    shuffled = people.sample(frac=1, random_state=3), outcomes.sample(frac=1, random_state=4)
    assert measure(people, outcomes, control_share=0.1) == measure(*shuffled, control_share=0.1)


def test_a_control_that_lost_customers_is_not_trusted():
    people, outcomes = campaign()
    lost = people.drop(people.index[people["is_control"]][:300])
    assert not measure(lost, outcomes, control_share=0.1).is_trustworthy


@pytest.mark.parametrize(
    ("spoil", "error", "said"),
    [
        (
            lambda p, o: (p, o.iloc[5:]),
            DataError,
            "5 of 1,000 customers of the list have no outcome",
        ),
        (lambda p, o: (p, pd.concat([o, o.iloc[:2]])), DataError, "2 rows of the outcomes repeat"),
        (lambda p, o: (p, o.assign(margin=np.inf)), DataError, "1,000 outcomes of 1,000"),
        (lambda p, o: (p, o.drop(columns="margin")), DataError, "no column `margin`"),
        (lambda p, o: (p[~p["is_control"]], o), TooLittleDataError, "0 control customers"),
    ],
)
def test_outcomes_that_cannot_be_measured_are_refused(spoil, error, said):
    with pytest.raises(error, match=said) as refused:
        measure(*spoil(*campaign(1_000)), control_share=0.1)
    assert refused.value.hint
