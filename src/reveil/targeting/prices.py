"""What one more unit of budget or of a channel's capacity would be worth: the shadow prices.

In:  a menu (worth and cost of every action for every candidate), limits.
Out: prices, and the bound they prove on what any list within the limits can be worth.

Choosing at most one action per customer under a budget and capacities is a multiple-choice
knapsack. Relaxing the limits with a price each separates the customers: each takes the action of
the highest *reduced* worth (worth less what it uses, at those prices) or none. Whatever the
prices,

    bound = price of budget x budget + sum of price x capacity + sum of highest reduced worths

is at least the worth of every list within the limits (Lagrangian duality; Fisher, Management
Science 27(1), 1981). Its minimum is found on a log-sum-exp smoothing at falling temperatures
(Nesterov, Mathematical Programming 103, 2005), which also settles ties between channels in
proportion to what they can carry. The prices are then rounded to a grid, and everything that
decides or proves is reckoned in whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from reveil.targeting.worth import UNITS, Flags, Rows, Units

TEMPERATURES = (0.3, 0.05, 0.01)
"""Of the smoothing, relative to the mean worth of a candidate's best action."""

SAMPLE = 30_000
"""Candidates the prices are found on; on 1 M x 40 actions the certificate's gap stays under .05 %."""

CHUNK = 50_000
"""Candidates whose actions are laid out at a time."""

GRID = 1_000_000
"""Steps of a price in one unit."""

GUMBEL_RANGE = 42.0
"""Largest difference of two tie-breaks, in temperatures: a 53-bit draw gives -3.7 to 37.5."""

REFUSED = np.iinfo(np.int64).min


@dataclass(frozen=True, kw_only=True, slots=True)
class Menu:
    """What may be done for whom.

    Parameters
    ----------
    size
        Number of candidates.
    channel_of
        Position of each action's channel, shape (actions,).
    block
        From row numbers to (worth, cost), int64 of shape (rows, actions) in 1/10,000 of money.
        A worth of 0 or less says that the action may not be taken.

    Examples
    --------
    >>> menu_from(np.array([[50], [70]]), np.array([[9], [9]]), np.array([0])).size
    2
    """

    size: int
    channel_of: NDArray[np.intp]
    block: Callable[[Rows], tuple[Units, Units]]


def menu_from(worth: Units, cost: Units, channel_of: NDArray[np.intp]) -> Menu:
    """Menu over two tables that fit in memory.

    Examples
    --------
    >>> menu = menu_from(np.array([[50], [70]]), np.array([[9], [9]]), np.array([0]))
    >>> menu.block(np.array([1]))[0]
    array([[70]])
    """
    return Menu(
        size=worth.shape[0],
        channel_of=channel_of,
        block=lambda rows: (worth[rows], cost[rows]),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a list may use up: `budget` in 1/10,000 of money, contacts per channel; None = no limit.

    Examples
    --------
    >>> Limits(budget=9000, capacity=(100, None)).scaled(1, 2)
    Limits(budget=4500, capacity=(50, None))
    """

    budget: int | None
    capacity: tuple[int | None, ...]

    def scaled(self, part: int, whole: int) -> Limits:
        """Limits for `part` of `whole`, rounded down."""
        return Limits(
            budget=None if self.budget is None else self.budget * part // whole,
            capacity=tuple(None if c is None else c * part // whole for c in self.capacity),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Prices:
    """Shadow prices in millionths.

    Parameters
    ----------
    budget
        Millionths of worth per unit of cost.
    capacity
        Millionths of 1/10,000 of money per contact, one per channel.
    temperature
        Of the last smoothing, in 1/10,000 of money: actions closer than this are a tie.

    Examples
    --------
    >>> prices = Prices(budget=1_500_000, capacity=(0, 20_000_000_000))
    >>> prices.of_money, prices.of_contacts
    (1.5, (0.0, 2.0))
    """

    budget: int
    capacity: tuple[int, ...]
    temperature: float = 0.0

    @property
    def of_money(self) -> float:
        """Worth that one more unit of budget yields."""
        return self.budget / GRID

    @property
    def of_contacts(self) -> tuple[float, ...]:
        """Money that one more contact on each channel yields."""
        return tuple(price / GRID / UNITS for price in self.capacity)


def free(channels: int) -> Prices:
    """Prices when nothing is scarce.

    Examples
    --------
    >>> free(2)
    Prices(budget=0, capacity=(0, 0), temperature=0.0)
    """
    return Prices(budget=0, capacity=(0,) * channels)


def chunks(rows: Rows) -> Iterator[Rows]:
    """Cut `rows` into pieces that fit in memory.

    Examples
    --------
    >>> [piece.size for piece in chunks(np.arange(120_000))]
    [50000, 50000, 20000]
    """
    for start in range(0, rows.size, CHUNK):
        yield rows[start : start + CHUNK]


def reduced(menu: Menu, prices: Prices, worth: Units, cost: Units) -> Units:
    """Worth less what each action uses at the prices, in millionths; `REFUSED` where not allowed.

    Examples
    --------
    >>> menu = menu_from(np.array([[50, 0]]), np.array([[9, 1]]), np.array([0, 0]))
    >>> reduced(menu, Prices(budget=2_000_000, capacity=(0,)), *menu.block(np.array([0])))[0, 0]
    np.int64(32000000)
    """
    per_contact = np.array(prices.capacity, dtype=np.int64)[menu.channel_of]
    value = worth * GRID - cost * prices.budget - per_contact[None, :]
    return np.where(worth > 0, value, REFUSED)


def tie_breaks(prices: Prices, rows: Rows, actions: int) -> Units:
    """Draw what decides between actions of nearly the same reduced worth, in millionths.

    At good prices many customers are indifferent between two channels, and were they all to take
    the same one, the other would stay empty. Gumbel noise of the smoothing's temperature splits
    them exactly as the smoothed solution does (McFadden, "Conditional logit analysis", 1974). It
    is a fixed function of row and action (the finaliser of SplitMix64; Steele, Lea and Flood,
    OOPSLA 2014).

    Examples
    --------
    >>> tie_breaks(Prices(budget=0, capacity=(0,), temperature=1.0), np.arange(1), 2).shape
    (1, 2)
    """
    place = rows.astype(np.int64)[:, None] * actions + np.arange(1, actions + 1)
    bits = place.astype(np.uint64)
    bits = bits * np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ np.right_shift(bits, np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ np.right_shift(bits, np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    bits = np.right_shift(bits ^ np.right_shift(bits, np.uint64(31)), np.uint64(11))
    share = (bits.astype(np.float64) + 0.5) / 2.0**53
    noise = -np.log(-np.log(share)) * (prices.temperature * GRID)
    millionths: Units = np.rint(noise).astype(np.int64)
    return millionths


def bound(menu: Menu, prices: Prices, limits: Limits, rows: Rows) -> int:
    """Worth, in 1/10,000 of money, that no list over `rows` within the limits can exceed.

    Examples
    --------
    >>> menu = menu_from(np.array([[50], [70]]), np.array([[9], [9]]), np.array([0]))
    >>> one = Limits(budget=None, capacity=(1,))
    >>> bound(menu, free(1), one, np.arange(2))
    120
    >>> bound(menu, Prices(budget=0, capacity=(50 * GRID,)), one, np.arange(2))
    70
    """
    total = prices.budget * (limits.budget or 0)
    total += sum(p * (c or 0) for p, c in zip(prices.capacity, limits.capacity, strict=True))
    for piece in chunks(rows):
        best = np.maximum(np.max(reduced(menu, prices, *menu.block(piece)), axis=1), 0)
        # Millionths of a large base do not fit into 64 bits: whole and broken parts apart.
        total += int(np.sum(best // GRID)) * GRID + int(np.sum(best % GRID))
    return -(-total // GRID)


def shadow_prices(menu: Menu, limits: Limits) -> Prices:
    """Prices at which the candidates' own choices just fit the limits.

    Parameters
    ----------
    menu, limits
        Every candidate counts; the prices are found on at most `SAMPLE` of them, taken evenly
        over the order of their best worth, with the limits in proportion.

    Examples
    --------
    >>> worth = np.arange(1, 101)[:, None] * 100
    >>> menu = menu_from(worth, np.full((100, 1), 7), np.array([0]))
    >>> price = shadow_prices(menu, Limits(budget=None, capacity=(20,))).capacity[0] / GRID
    >>> 7_900 < price < 8_200           # the 21st best is worth 8,000
    True
    """
    highest = [np.zeros(0, dtype=np.int64)]
    dearest = 1
    for piece in chunks(np.arange(menu.size)):
        worth, cost = menu.block(piece)
        highest.append(np.max(worth, axis=1))
        dearest = max(dearest, int(np.max(np.where(worth > 0, cost, 0))))
    best = np.concatenate(highest)
    rows = np.argsort(best, kind="stable")[int(np.sum(best <= 0)) :]
    whole = rows.size
    if whole > SAMPLE:
        rows = rows[(np.arange(SAMPLE) * whole + whole // 2) // SAMPLE]
    if rows.size == 0:
        return free(len(limits.capacity))
    worth, cost = menu.block(rows)
    # The linear search of L-BFGS-B is happiest where everything is about 1.
    scale = float(np.sum(np.max(worth, axis=1))) / rows.size
    spent = float(np.sum(np.where(worth > 0, cost, 0))) / max(int(np.sum(worth > 0)), 1)
    with_budget = limits.budget is not None and spent > 0
    scarce = [i for i, capacity in enumerate(limits.capacity) if capacity is not None]
    available = (
        np.array(
            ([(limits.budget or 0) / spent] if with_budget else [])
            + [float(limits.capacity[i] or 0) for i in scarce]
        )
        / whole
    )
    if available.size == 0:
        return free(len(limits.capacity))
    found = _minimise(
        np.where(worth > 0, worth / scale, -np.inf),
        cost / spent if with_budget else None,
        [menu.channel_of == i for i in scarce],
        available,
    )
    capacity = [0] * len(limits.capacity)
    for position, channel in enumerate(scarce):
        capacity[channel] = round(float(found[with_budget + position]) * scale * GRID)
    most = 2**61 // dearest  # keeps price x cost inside 64 bits
    return Prices(
        budget=min(round(float(found[0]) * scale / spent * GRID), most) if with_budget else 0,
        capacity=tuple(capacity),
        temperature=TEMPERATURES[-1] * scale,
    )


def _minimise(
    worth: NDArray[np.float64],
    cost: NDArray[np.float64] | None,
    on_channel: list[Flags],
    available: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Minimise the smoothed bound per candidate over prices >= 0."""
    size = worth.shape[0]
    first = 0 if cost is None else 1

    def smoothed(
        prices: NDArray[np.float64], temperature: float
    ) -> tuple[float, NDArray[np.float64]]:
        value = worth.copy()
        if cost is not None:
            value -= prices[0] * cost
        for position, actions in enumerate(on_channel):
            value[:, actions] -= prices[first + position]
        top = np.maximum(np.max(value, axis=1), 0.0)
        value -= top[:, None]
        value /= temperature
        weight = np.exp(value, out=value)
        total = np.sum(weight, axis=1) + np.exp(-top / temperature)
        weight /= total[:, None]
        used = [] if cost is None else [np.sum(weight * cost)]
        used += [np.sum(weight[:, actions]) for actions in on_channel]
        level = np.sum(prices * available) + np.sum(top + temperature * np.log(total)) / size
        return float(level), available - np.array(used) / size

    prices = np.zeros(available.size)
    for temperature in TEMPERATURES:
        prices = minimize(
            smoothed,
            prices,
            args=(temperature,),
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, None)] * available.size,
            options={"maxiter": 200, "ftol": 1e-12, "gtol": 1e-8},
        ).x
    return np.asarray(prices, dtype=np.float64)
