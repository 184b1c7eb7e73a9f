"""Allocation against HiGHS, against brute force, against greedy; its bound; its determinism."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import lil_matrix

from reveil.targeting.allocate import NO_ACTION, allocate, certify, fill
from reveil.targeting.prices import GRID, Limits, Prices, bound, free, menu_from, shadow_prices


def table(menu):
    return menu.block(np.arange(menu.size))


def optimum(menu, limits):
    """Worth of the best list, by HiGHS."""
    worth, cost = table(menu)
    n, k = worth.shape
    rows = lil_matrix((n + 1 + len(limits.capacity), n * k))
    for i in range(n):
        rows[i, i * k : (i + 1) * k] = 1
    rows[n, :] = cost.ravel()
    for channel in range(len(limits.capacity)):
        rows[n + 1 + channel, np.flatnonzero(np.tile(menu.channel_of == channel, n))] = 1
    upper = np.r_[np.ones(n), limits.budget, limits.capacity]
    solved = milp(
        -np.maximum(worth, 0).ravel().astype(float),
        constraints=LinearConstraint(rows.tocsr(), -np.inf, upper),
        integrality=np.ones(n * k),
        bounds=Bounds(0, (worth > 0).ravel().astype(float)),
        options={"mip_rel_gap": 1e-7},
    )
    assert solved.status == 0
    return -solved.fun


def respects(menu, limits, chosen, control=None):
    """Whether the contacted stay within the limits with allowed actions."""
    worth, cost = table(menu)
    contacted = chosen.taken if control is None else chosen.taken & ~control
    rows = np.flatnonzero(contacted)
    used = np.bincount(menu.channel_of[chosen.action[rows]], minlength=len(limits.capacity))
    taken = np.flatnonzero(chosen.taken)
    assert (worth[taken, chosen.action[taken]] == chosen.worth[taken]).all()
    assert (cost[taken, chosen.action[taken]] == chosen.cost[taken]).all()
    assert (chosen.worth[taken] > 0).all()
    fits = all(limit is None or u <= limit for u, limit in zip(used, limits.capacity, strict=True))
    return fits and (limits.budget is None or chosen.cost[rows].sum() <= limits.budget)


def greedy(menu, limits, score):
    """Take (customer, action) pairs by `score` while they fit, as a spreadsheet would."""
    worth, cost = table(menu)
    todo = np.argsort(-score.ravel(), kind="stable")
    served, left, budget, total = set(), list(limits.capacity), limits.budget, 0
    for flat in todo:
        i, k = divmod(int(flat), worth.shape[1])
        channel = menu.channel_of[k]
        if i in served or worth[i, k] <= 0 or left[channel] < 1 or cost[i, k] > budget:
            continue
        served.add(i)
        left[channel] -= 1
        budget -= cost[i, k]
        total += worth[i, k]
    return total


@pytest.mark.parametrize(("n", "loss"), [(20, 0.10), (60, 0.06), (200, 0.015)])
@pytest.mark.parametrize("seed", range(3))
def test_close_to_the_optimum_and_never_beyond_its_bound(n, loss, seed, instance_of):
    menu, limits = instance_of(n, 6, 3, seed)
    chosen, prices = allocate(menu, limits)
    certificate, _ = certify(menu, chosen, prices, limits, np.zeros(n, dtype=bool))
    best = optimum(menu, limits) / 10_000
    assert respects(menu, limits, chosen)
    assert certificate.value <= best * (1 + 1e-6)
    assert certificate.bound >= best * (1 - 1e-6)
    assert certificate.value >= best * (1 - loss)


@pytest.mark.parametrize("n", [5_000, 60_000])
def test_the_gap_of_a_large_list_is_under_a_thousandth(n, instance_of):
    """Also above the sample on which the prices are found."""
    menu, limits = instance_of(n, 12, 4, 7)
    chosen, prices = allocate(menu, limits)
    certificate, _ = certify(menu, chosen, prices, limits, np.zeros(n, dtype=bool))
    assert respects(menu, limits, chosen)
    assert certificate.gap < 0.001


def test_customers_who_do_not_care_are_split_so_that_no_channel_stays_empty():
    """Worth is customer plus channel: at good prices everybody is indifferent."""
    draw = np.random.default_rng(3)
    n = 4_000
    cost = np.tile(np.array([200, 8000]), (n, 1))
    worth = np.rint(draw.gamma(1, 100_000, n)).astype(np.int64)[:, None] - cost
    worth[draw.random((n, 2)) < 0.3] = 0
    menu = menu_from(worth, cost, np.array([0, 1]))
    limits = Limits(budget=400 * 8000, capacity=(500, 800))
    chosen, prices = allocate(menu, limits)
    certificate, _ = certify(menu, chosen, prices, limits, np.zeros(n, dtype=bool))
    assert certificate.gap < 0.001


def test_greedy_loses_on_a_tight_instance():
    """Most worth first spends the budget on paper; most worth per money first wastes the e-mails."""
    draw = np.random.default_rng(5)
    n = 300
    gain = draw.gamma(2, 50_000, n)
    cost = np.tile(np.array([500, 20_000]), (n, 1))
    worth = np.rint(gain[:, None] * np.array([0.9, 1.2])).astype(np.int64) - cost
    worth[: n // 2, 1] = 0  # half can be reached by e-mail only
    menu = menu_from(worth, cost, np.array([0, 1]))
    for limits in (
        Limits(budget=30 * 20_000, capacity=(250, 300)),
        Limits(budget=150 * 20_000, capacity=(150, 150)),
    ):
        chosen, _ = allocate(menu, limits)
        ours = chosen.worth.sum()
        assert ours >= 0.99 * optimum(menu, limits)
        assert min(greedy(menu, limits, score) for score in (worth, worth / cost)) < 0.85 * ours


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_filling_is_asking_one_after_the_other(data):
    """The vectorised fill is the obvious loop, controls, ties and exhausted limits included."""
    n = data.draw(st.integers(1, 12))
    small = st.integers(0, 5)
    worth = np.array(data.draw(st.lists(small, min_size=n, max_size=n)), dtype=np.int64)
    cost = np.array(data.draw(st.lists(small, min_size=n, max_size=n)), dtype=np.int64)
    channel = np.array(data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    control = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    limits = Limits(
        budget=data.draw(st.none() | st.integers(0, 15)),
        capacity=tuple(data.draw(st.none() | st.integers(0, 4)) for _ in range(2)),
    )
    # Two actions, one per channel; each customer may take one of them.
    both = np.zeros((n, 2), dtype=np.int64)
    both[np.arange(n), channel] = worth
    menu = menu_from(both, np.column_stack([cost, cost]), np.array([0, 1]))

    budget, capacity = limits.budget, list(limits.capacity)
    expected = np.full(n, NO_ACTION)
    for i in sorted(range(n), key=lambda i: (-worth[i], i)):
        room = capacity[channel[i]]
        fits = (budget is None or cost[i] <= budget) and (room is None or room > 0)
        if worth[i] > 0 and fits:
            expected[i] = channel[i]
            if not control[i]:
                budget = None if budget is None else budget - cost[i]
                capacity[channel[i]] = None if room is None else room - 1
    chosen = fill(menu, free(2), limits, control)
    np.testing.assert_array_equal(chosen.action, expected)
    assert respects(menu, limits, chosen, control)


@given(
    seed=st.integers(0, 1000),
    budget=st.integers(0, 3 * GRID),
    capacity=st.lists(st.integers(0, 10**5), min_size=3, max_size=3),
)
@settings(max_examples=15, deadline=None)
def test_whatever_the_prices_no_list_beats_the_bound(seed, budget, capacity, instance_of):
    menu, limits = instance_of(40, 6, 3, seed)
    chosen, _ = allocate(menu, limits)
    prices = Prices(budget=budget, capacity=tuple(c * GRID for c in capacity))
    assert bound(menu, prices, limits, np.arange(40)) >= chosen.worth.sum()


def test_the_price_of_the_budget_is_what_more_of_it_yields(instance_of):
    menu, limits = instance_of(4_000, 8, 3, 2)
    chosen, prices = allocate(menu, limits)
    more = Limits(budget=limits.budget + limits.budget // 50, capacity=limits.capacity)
    richer, _ = allocate(menu, more)
    yielded = (richer.worth.sum() - chosen.worth.sum()) / (limits.budget // 50)
    assert yielded == pytest.approx(prices.of_money, rel=0.1)


@pytest.mark.parametrize(
    "limits",
    [
        Limits(budget=0, capacity=(None,)),
        Limits(budget=None, capacity=(0,)),
        Limits(budget=None, capacity=(None,)),
    ],
)
def test_nothing_scarce_and_nothing_left_are_not_special(limits):
    worth = np.arange(-5, 50)[:, None] * 100
    menu = menu_from(worth, np.full((55, 1), 30), np.array([0]))
    chosen, prices = allocate(menu, limits)
    certificate, kept = certify(menu, chosen, prices, limits, np.zeros(55, dtype=bool))
    unlimited = limits == Limits(budget=None, capacity=(None,))
    assert chosen.taken.sum() == (49 if unlimited else 0)
    assert certificate.gap == pytest.approx(0, abs=1e-3) or certificate.bound < 1
    if unlimited:
        assert prices == kept == free(1)


def test_nobody_worth_anything_is_an_empty_list():
    menu = menu_from(np.zeros((3, 2), dtype=np.int64), np.ones((3, 2), dtype=int), np.array([0, 0]))
    chosen, prices = allocate(menu, Limits(budget=5, capacity=(2,)))
    assert not chosen.taken.any()
    assert prices == free(1)


def test_amounts_at_the_edge_do_not_overflow():
    """A hundred million of margin, a contact that costs as much, and a budget to match."""
    worth = np.full((10, 1), 10**12, dtype=np.int64)
    menu = menu_from(worth, worth.copy(), np.array([0]))
    limits = Limits(budget=3 * 10**12, capacity=(None,))
    chosen, prices = allocate(menu, limits)
    certificate, _ = certify(menu, chosen, prices, limits, np.zeros(10, dtype=bool))
    assert chosen.taken.sum() == 3
    assert certificate.bound >= certificate.value == 3e8


def test_one_thread_or_two_the_same_choice(tmp_path):
    code = textwrap.dedent(
        """
        import hashlib, numpy as np
        from reveil.targeting.allocate import allocate
        from reveil.targeting.prices import Limits, menu_from
        draw = np.random.default_rng(0)
        cost = draw.integers(100, 9000, (20_000, 8))
        worth = np.rint(draw.gamma(1, 2e5, 20_000)[:, None] * draw.random((20_000, 8)))
        menu = menu_from(worth.astype(np.int64) - cost, cost, np.arange(8) % 3)
        chosen, prices = allocate(menu, Limits(budget=9_000_000, capacity=(900, 700, None)))
        print(hashlib.sha256(chosen.action.tobytes()).hexdigest(), prices)
        """
    )
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | dict.fromkeys(names, threads),
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(said) == 1


def test_prices_from_a_sample_are_those_of_everybody(instance_of, monkeypatch):
    menu, limits = instance_of(8_000, 6, 3, 4)
    whole = shadow_prices(menu, limits)
    monkeypatch.setattr("reveil.targeting.prices.SAMPLE", 2_000)
    sampled = shadow_prices(menu, limits)
    rows = np.arange(menu.size)
    assert bound(menu, sampled, limits, rows) <= bound(menu, whole, limits, rows) * 1.005
