"""BTYD: the closed forms are the integrals they stand for, and a fit finds what made the data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import roots_genlaguerre, roots_jacobi

from reveil.errors import TooLittleDataError
from reveil.learning.btyd import Btyd, _gradient, fit_btyd, log_likelihood

MODELS = [
    Btyd(model="bg", r=0.9, alpha=30.0, a=1.7, b=2.5),
    Btyd(model="mbg", r=0.9, alpha=30.0, a=1.7, b=2.5),
]
CUSTOMERS = [(0, 0.0, 60.0), (1, 20.0, 60.0), (4, 100.0, 110.0), (3, 40.0, 300.0)]


def over_rates_and_chances(m, f):
    """E[f(rate, leave)] over Gamma(r, alpha) x Beta(a, b), by Gauss quadrature of each."""
    rates, wr = roots_genlaguerre(100, m.r - 1)
    chances, wp = roots_jacobi(60, m.b - 1, m.a - 1)
    values = f(rates[:, None] / m.alpha, (1 + chances[None, :]) / 2)
    return float((wr[:, None] * wp * values).sum() / (wr.sum() * wp.sum()))


def alive_and_gone(m, x, t_x, T):
    """Give the two ways to see x orders up to t_x and none until T, given rate and leaving chance."""
    first = 1 if m.model == "mbg" else 0  # the first order is a chance to leave as well

    def alive(rate, p):
        return (1 - p) ** (x + first) * rate**x * np.exp(-rate * T)

    def gone(rate, p):
        if x + first == 0:
            return 0.0 * rate
        return p * (1 - p) ** (x + first - 1) * rate**x * np.exp(-rate * t_x)

    return alive, gone


@pytest.mark.parametrize("m", MODELS, ids=["bg", "mbg"])
@pytest.mark.parametrize(("x", "t_x", "T"), CUSTOMERS)
def test_likelihood_is_the_integral_over_rates_and_chances(m, x, t_x, T):
    alive, gone = alive_and_gone(m, x, t_x, T)
    whole = over_rates_and_chances(m, lambda r, p: alive(r, p) + gone(r, p))
    assert np.exp(log_likelihood(m, x, t_x, T)) == pytest.approx(whole, rel=1e-7)


@pytest.mark.parametrize("m", MODELS, ids=["bg", "mbg"])
@pytest.mark.parametrize(("x", "t_x", "T"), CUSTOMERS)
def test_forecasts_are_the_integrals_given_what_was_seen(m, x, t_x, T):
    alive, gone = alive_and_gone(m, x, t_x, T)
    whole = over_rates_and_chances(m, lambda r, p: alive(r, p) + gone(r, p))
    some = over_rates_and_chances(m, lambda r, p: alive(r, p) * -np.expm1(-r * 90)) / whole
    many = over_rates_and_chances(m, lambda r, p: alive(r, p) * -np.expm1(-r * p * 90) / p) / whole
    assert m.p_order_within(x, t_x, T, horizon=90) == pytest.approx(some, rel=1e-7)
    assert m.expected_orders(x, t_x, T, horizon=90) == pytest.approx(many, rel=1e-7)


@pytest.mark.parametrize("m", MODELS, ids=["bg", "mbg"])
def test_gradient_is_the_slope_of_the_likelihood(m):
    x, t_x, T = np.array(CUSTOMERS).T
    logs, step = np.log([m.r, m.alpha, m.a, m.b]), 1e-6
    for k, row in enumerate(_gradient(m, x, t_x, T)):
        up, down = logs.copy(), logs.copy()
        up[k] += step
        down[k] -= step
        names = ("r", "alpha", "a", "b")
        high, low = (
            log_likelihood(
                Btyd(model=m.model, **dict(zip(names, np.exp(v), strict=True))), x, t_x, T
            )
            for v in (up, down)
        )
        assert row == pytest.approx((high - low) / (2 * step), abs=1e-6)


def simulated(model: str, n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rates, chances = rng.gamma(1.1, 1 / 40.0, n), rng.beta(0.9, 2.2, n)
    T = rng.uniform(100, 700, n)
    x, t_x = np.zeros(n), np.zeros(n)
    here = rng.uniform(size=n) > chances if model == "mbg" else np.ones(n, dtype=bool)
    while here.any():
        nxt = t_x + rng.exponential(1 / rates)
        here &= nxt < T
        x[here] += 1
        t_x[here] = nxt[here]
        here &= rng.uniform(size=n) > chances
    return x, t_x, T


@pytest.mark.parametrize("model", ["bg", "mbg"])
def test_a_fit_finds_the_parameters_that_made_the_data(model):
    m = fit_btyd(*simulated(model, 40_000, seed=1), model=model)
    assert m.r == pytest.approx(1.1, rel=0.08)
    assert m.alpha == pytest.approx(40.0, rel=0.1)
    assert m.a / (m.a + m.b) == pytest.approx(0.9 / 3.1, rel=0.05)


def test_a_fit_does_not_depend_on_the_order_of_customers():
    x, t_x, T = simulated("mbg", 2_000, seed=2)
    order = np.random.default_rng(0).permutation(2_000)
    assert fit_btyd(x, t_x, T) == fit_btyd(x[order], t_x[order], T[order])


def test_a_million_customers_are_fitted_as_their_distinct_clocks():
    x, t_x, T = simulated("mbg", 20_000, seed=3)
    once, many = fit_btyd(x, t_x, T), fit_btyd(np.tile(x, 50), np.tile(t_x, 50), np.tile(T, 50))
    for name in ("r", "alpha", "a", "b"):
        assert getattr(many, name) == pytest.approx(getattr(once, name), rel=0.05)


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(MODELS), st.integers(0, 3000), st.floats(0, 1), st.floats(0.01, 5000),
    st.floats(1, 400),
)  # fmt: skip
def test_forecasts_stay_finite_and_consistent(m, x, part, T, horizon):
    t_x = part * T if x else 0.0
    p = float(m.p_order_within(x, t_x, T, horizon=horizon))
    orders = float(m.expected_orders(x, t_x, T, horizon=horizon))
    assert 0 <= p <= 1
    assert np.isfinite(float(m.logit_order_within(x, t_x, T, horizon=horizon)))
    assert orders >= p * (1 - 1e-6) - 1e-9
    assert p <= float(m.p_alive(x, t_x, T)) + 1e-9


def test_a_one_time_buyer_is_alive_for_certain_only_in_bg():
    assert MODELS[0].p_alive(0, 0, 1000) == 1.0
    assert MODELS[1].p_alive(0, 0, 1000) < 0.5


def test_nobody_ordering_twice_is_an_error_with_numbers():
    with pytest.raises(TooLittleDataError, match="none of 3 customers"):
        fit_btyd(np.zeros(3), np.zeros(3), np.ones(3))
