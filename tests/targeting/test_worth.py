"""Worth of a contact: the formula, its exactness, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reveil.errors import DataError
from reveil.targeting.worth import UNITS, Action, worth_of

share = st.floats(0, 1)
money = st.floats(-1e4, 1e6)
whole = st.integers(0, 10**7)


@given(p=share, r=share, margin=money, contact=whole, discount=whole)
def test_worth_is_what_comes_in_less_contact_and_discount_of_all_who_answer(
    p, r, margin, contact, discount
):
    action = Action(offer="a", channel="b", contact_cost=contact, discount=discount)
    worth, cost = worth_of(np.array([p]), np.array([r]), np.array([margin]), (action,))
    expected = p * margin - contact / UNITS - r * discount / UNITS
    assert worth[0, 0] / UNITS == pytest.approx(expected, abs=2 / UNITS, rel=1e-9)
    assert cost[0, 0] >= contact
    assert worth.dtype == cost.dtype == np.int64


@pytest.mark.parametrize(
    ("probability", "margin", "said"),
    [
        (np.nan, 1.0, "1 of 1 customers have a probability"),
        (1.1, 1.0, "outside"),
        (0.5, np.nan, "no margin_if_returns"),
        (0.5, np.inf, "beyond 100,000,000"),
    ],
)
def test_scores_that_cannot_be_weighed_are_refused(probability, margin, said):
    p = np.array([probability])
    action = Action(offer="a", channel="b", contact_cost=0, discount=0)
    with pytest.raises(DataError, match=said):
        worth_of(p, p, np.array([margin]), (action,))
