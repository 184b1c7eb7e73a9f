"""One action per customer within budget and capacities, with the proof of how good that is.

In:  a menu, limits, who belongs to the control.
Out: the action of each candidate (or none), what is used, prices, and a certificate.

The shadow prices order the candidates; they are then taken best first while they fit, and what is
left over goes to the next best action of those who did not fit. Ties go to the earlier row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reveil.targeting.left import Left
from reveil.targeting.prices import (
    CHUNK,
    GRID,
    GUMBEL_RANGE,
    REFUSED,
    Limits,
    Menu,
    Prices,
    bound,
    chunks,
    reduced,
    shadow_prices,
    tie_breaks,
)
from reveil.targeting.worth import UNITS, Flags, Rows, Units

NO_ACTION = -1

EXCHANGES = 2
"""Rounds of exchange and refill over the priced resources."""

BUDGET = -1
"""Names the budget where a channel's position names its capacity."""

FORBIDDEN = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True, slots=True)
class Assignment:
    """Who gets what.

    Parameters
    ----------
    action
        Position of the action, `NO_ACTION` for none, shape (candidates,).
    worth, cost
        Of that action in 1/10,000 of money, 0 for none.

    Examples
    --------
    >>> none = np.zeros(2, dtype=np.int64)
    >>> Assignment(action=none - 1, worth=none, cost=none).taken
    array([False, False])
    """

    action: NDArray[np.int64]
    worth: Units
    cost: Units

    @property
    def taken(self) -> Flags:
        """Whether each candidate is on the list."""
        return np.not_equal(self.action, NO_ACTION)


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """Proof that no other list is worth much more, in money.

    Parameters
    ----------
    value
        Expected worth of the contacted customers.
    bound
        Worth that no list under the same masks, limits and control can exceed.

    Examples
    --------
    >>> Certificate(value=99.0, bound=100.0).gap
    0.01
    """

    value: float
    bound: float

    @property
    def gap(self) -> float:
        """Share of the bound that the list may at most be missing."""
        return 0.0 if self.bound <= 0 else max(0.0, (self.bound - self.value) / self.bound)


def allocate(menu: Menu, limits: Limits) -> tuple[Assignment, Prices]:
    """Choose an action for everybody who is worth it, within the limits.

    Parameters
    ----------
    menu
        Rows in the order that settles ties (customer_id).

    Returns
    -------
    assignment, prices

    Examples
    --------
    >>> from reveil.targeting.prices import menu_from
    >>> worth, cost = np.array([[90, 60], [80, 10]]), np.ones((2, 2), dtype=np.int64)
    >>> menu = menu_from(worth, cost, np.array([0, 1]))
    >>> chosen, _ = allocate(menu, Limits(budget=None, capacity=(1, 1)))
    >>> chosen.action, int(chosen.worth.sum())         # not 90 + 10
    (array([1, 0]), 140)
    """
    prices = shadow_prices(menu, limits)
    nobody = np.zeros(menu.size, dtype=np.bool_)
    chosen = fill(menu, prices, limits, nobody)
    priced = [position for position, price in enumerate(prices.capacity) if price > 0]
    if prices.budget > 0:
        priced.append(BUDGET)
    for resource in priced * EXCHANGES:
        moved = exchange(menu, prices, limits, chosen, resource)
        if moved is not None:
            better = fill(menu, prices, limits, nobody, first=moved)
            if np.sum(better.worth) > np.sum(chosen.worth):
                chosen = better
    return chosen, prices


def certify(
    menu: Menu, chosen: Assignment, prices: Prices, limits: Limits, control: Flags
) -> tuple[Certificate, Prices]:
    """Bound the worth of every list that leaves the same controls alone.

    A resource that is not used up has no price; the prices without it are tried too, and those
    that prove more are returned.

    Examples
    --------
    >>> from reveil.targeting.prices import menu_from
    >>> menu = menu_from(np.array([[90], [80]]), np.array([[1], [1]]), np.array([0]))
    >>> limits = Limits(budget=None, capacity=(1,))
    >>> chosen, prices = allocate(menu, limits)
    >>> certificate, _ = certify(menu, chosen, prices, limits, np.array([False, False]))
    >>> certificate.value <= certificate.bound
    True
    """
    contacted = chosen.taken & ~control
    rows = np.flatnonzero(~(chosen.taken & control))
    used = np.bincount(
        menu.channel_of[chosen.action[contacted]], minlength=len(limits.capacity)
    ).tolist()
    spent = int(np.sum(chosen.cost[contacted]))
    slack = replace(
        prices,
        budget=prices.budget if limits.budget is not None and spent >= limits.budget else 0,
        capacity=tuple(
            p if limit is not None and u >= limit else 0
            for p, u, limit in zip(prices.capacity, used, limits.capacity, strict=True)
        ),
    )
    proved = [(bound(menu, p, limits, rows), p) for p in (prices, slack)]
    best, kept = min(proved, key=lambda pair: pair[0])
    value = int(np.sum(chosen.worth[contacted]))
    return Certificate(value=value / UNITS, bound=best / UNITS), kept


def exchange(
    menu: Menu, prices: Prices, limits: Limits, chosen: Assignment, resource: int
) -> Assignment | None:
    """Move customers into what is scarce and yet not used up, from actions worth nearly the same.

    At good prices many customers are indifferent between two channels, and as they choose each
    for themselves a few places too many or too few are taken in each. A place left over in a
    channel that has a price is given to whoever loses least by moving there; what that frees
    elsewhere is for the next `fill`. Likewise for budget left over.

    Parameters
    ----------
    resource
        Position of the channel, or `BUDGET`.

    Returns
    -------
    Assignment or None
        None when nothing is left over, or nobody can move.

    Examples
    --------
    >>> from reveil.targeting.prices import menu_from
    >>> worth, cost = np.array([[90, 89], [80, 0]]), np.ones((2, 2), dtype=np.int64)
    >>> menu = menu_from(worth, cost, np.array([0, 1]))
    >>> chosen = Assignment(action=np.array([0, -1]), worth=np.array([90, 0]), cost=np.array([1, 0]))
    >>> prices = Prices(budget=0, capacity=(0, 9_000_000))
    >>> exchange(menu, prices, Limits(budget=None, capacity=(1, 1)), chosen, 1).action
    array([ 1, -1])
    """
    rows = np.flatnonzero(chosen.taken)
    left = Left(limits)
    left.use(
        menu.channel_of[chosen.action[rows]], chosen.cost[rows], np.ones(rows.size, dtype=np.bool_)
    )
    if rows.size == 0 or not (left.budget if resource == BUDGET else left.capacity[resource]):
        return None
    moves = _moves(menu, prices, rows, chosen.action[rows], resource)
    order = np.argsort(moves.loss, kind="stable")
    order = order[moves.loss[order] < FORBIDDEN]
    order = order[
        : left.after(
            menu.channel_of[chosen.action[rows[order]]],
            menu.channel_of[moves.action[order]],
            moves.cost[order] - chosen.cost[rows[order]],
        )
    ]
    if order.size == 0:
        return None
    action, worth, cost = chosen.action.copy(), chosen.worth.copy(), chosen.cost.copy()
    action[rows[order]] = moves.action[order]
    worth[rows[order]] = moves.worth[order]
    cost[rows[order]] = moves.cost[order]
    return Assignment(action=action, worth=worth, cost=cost)


def fill(
    menu: Menu,
    prices: Prices,
    limits: Limits,
    control: Flags,
    *,
    first: Assignment | None = None,
) -> Assignment:
    """Take candidates best first while they fit; only those outside the control use anything up.

    Whether a candidate is taken, and with which action, does not depend on the candidate's own
    `control` flag: the question is whether the action *would* fit into what is left, and whoever
    is refused has used nothing.

    Parameters
    ----------
    prices
        Order the actions of a candidate and the candidates among each other.
    control
        Who is on the list without being contacted, shape (candidates,).
    first
        A list whose customers come before all others, each with the action it gives them.

    Examples
    --------
    >>> from reveil.targeting.prices import free, menu_from
    >>> menu = menu_from(np.array([[9], [8], [7]]), np.ones((3, 1), dtype=np.int64), np.array([0]))
    >>> one = Limits(budget=None, capacity=(1,))
    >>> fill(menu, free(1), one, np.array([True, False, False])).taken
    array([ True,  True, False])
    """
    action = np.full(menu.size, NO_ACTION, dtype=np.int64)
    worth_taken = np.zeros(menu.size, dtype=np.int64)
    cost_taken = np.zeros(menu.size, dtype=np.int64)
    left = Left(limits)

    def take(rows: Rows, choice: NDArray[np.int64], value: Units, worth: Units, cost: Units) -> int:
        order = np.argsort(-value, kind="stable")
        chosen = left.take(menu.channel_of[choice[order]], cost[order], ~control[rows[order]])
        taken = order[chosen]
        action[rows[taken]] = choice[taken]
        worth_taken[rows[taken]] = worth[taken]
        cost_taken[rows[taken]] = cost[taken]
        return taken.size

    if first is not None:
        rows = np.flatnonzero(first.taken)
        choice, worth, cost = first.action[rows], first.worth[rows], first.cost[rows]
        take(rows, choice, _value(menu, prices, choice, worth, cost), worth, cost)
    # First those who are worth their place at the prices, then whoever still fits.
    for least in (0, REFUSED + 1):
        rows = np.flatnonzero(action == NO_ACTION)
        while rows.size:
            choice, value, worth, cost = _best(menu, prices, rows, left)
            able = value > REFUSED
            rows, choice, value = rows[able], choice[able], value[able]
            worth, cost = worth[able], cost[able]
            now = value >= least
            if not take(rows[now], choice[now], value[now], worth[now], cost[now]):
                break
            rows = rows[action[rows] == NO_ACTION]
    return Assignment(action=action, worth=worth_taken, cost=cost_taken)


def _best(
    menu: Menu, prices: Prices, rows: Rows, left: Left
) -> tuple[NDArray[np.int64], Units, Units, Units]:
    """Best action that would still fit, for each row: action, reduced worth, worth, cost."""
    columns: list[tuple[NDArray[np.int64], Units, Units, Units]] = []
    for piece in chunks(rows):
        worth, cost = menu.block(piece)
        value = reduced(menu, prices, worth, cost)
        value = np.where(left.allows(menu.channel_of, cost), value, REFUSED)
        choice = np.argmax(value, axis=1)
        # Noise cannot lift an action over another that is further ahead than `within`.
        within = int(GUMBEL_RANGE * prices.temperature * GRID) + 2
        ahead = np.maximum(np.max(value, axis=1), REFUSED + within) - within
        tied = np.flatnonzero(np.sum(value > ahead[:, None], axis=1) > 1)
        noise = tie_breaks(prices, piece[tied], menu.channel_of.size)
        rivals = value[tied]
        choice[tied] = np.argmax(np.where(rivals > REFUSED, rivals + noise, REFUSED), axis=1)
        at = np.arange(piece.size)
        columns.append((choice, value[at, choice], worth[at, choice], cost[at, choice]))
    choices, values, worths, costs = (np.concatenate(part) for part in zip(*columns, strict=True))
    return choices, values, worths, costs


def _value(
    menu: Menu, prices: Prices, choice: NDArray[np.int64], worth: Units, cost: Units
) -> Units:
    """Reduced worth of chosen actions, in millionths."""
    per_contact = np.array(prices.capacity, dtype=np.int64)[menu.channel_of[choice]]
    return worth * GRID - cost * prices.budget - per_contact


@dataclass(frozen=True, kw_only=True, slots=True)
class _Moves:
    """The action each customer would move to, and the reduced worth lost by it."""

    action: NDArray[np.int64]
    worth: Units
    cost: Units
    loss: Units


def _moves(
    menu: Menu, prices: Prices, rows: Rows, current: NDArray[np.int64], resource: int
) -> _Moves:
    """Best action of each row that uses more of `resource` than the current one."""
    columns: list[tuple[NDArray[np.int64], Units, Units, Units]] = []
    for start, piece in zip(range(0, rows.size, CHUNK), chunks(rows), strict=True):
        now = current[start : start + piece.size]
        at = np.arange(piece.size)
        worth, cost = menu.block(piece)
        value = reduced(menu, prices, worth, cost)
        if resource == BUDGET:
            more = cost > cost[at, now][:, None]
        else:
            more = (menu.channel_of == resource)[None, :] & (menu.channel_of[now] != resource)[
                :, None
            ]
        other = np.where(more, value, REFUSED)
        choice = np.argmax(other, axis=1)
        possible = other[at, choice] > REFUSED
        loss = np.where(
            possible, value[at, now] - np.where(possible, other[at, choice], 0), FORBIDDEN
        )
        columns.append((choice, worth[at, choice], cost[at, choice], loss))
    action, worth, cost, loss = (np.concatenate(part) for part in zip(*columns, strict=True))
    return _Moves(action=action, worth=worth, cost=cost, loss=loss)
