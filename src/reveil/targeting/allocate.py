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

from reveil.targeting.prices import (
    REFUSED,
    Limits,
    Menu,
    Prices,
    bound,
    chunks,
    reduced,
    shadow_prices,
)
from reveil.targeting.worth import UNITS, Flags, Rows, Units

NO_ACTION = -1


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
    return fill(menu, prices, limits, np.zeros(menu.size, dtype=np.bool_)), prices


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


def fill(menu: Menu, prices: Prices, limits: Limits, control: Flags) -> Assignment:
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
    left = _Left(limits)
    # First those who are worth their place at the prices, then whoever still fits.
    for least in (0, REFUSED + 1):
        rows = np.flatnonzero(action == NO_ACTION)
        while rows.size:
            choice, value, worth, cost = _best(menu, prices, rows, left)
            able = value > REFUSED
            rows, choice, value = rows[able], choice[able], value[able]
            worth, cost = worth[able], cost[able]
            order = np.argsort(-value, kind="stable")
            order = order[value[order] >= least]
            taken = order[
                left.take(menu.channel_of[choice[order]], cost[order], ~control[rows[order]])
            ]
            if taken.size == 0:
                break
            action[rows[taken]] = choice[taken]
            worth_taken[rows[taken]] = worth[taken]
            cost_taken[rows[taken]] = cost[taken]
            rows = rows[action[rows] == NO_ACTION]
    return Assignment(action=action, worth=worth_taken, cost=cost_taken)


class _Left:
    """What is left of the limits while a list is being filled."""

    def __init__(self, limits: Limits) -> None:
        self.budget = limits.budget
        self.capacity = list(limits.capacity)

    def allows(self, channel_of: NDArray[np.intp], cost: Units) -> Flags:
        """Whether each action of each candidate would fit by itself."""
        is_open = np.array([c is None or c > 0 for c in self.capacity], dtype=np.bool_)
        fits = np.broadcast_to(is_open[channel_of][None, :], cost.shape)
        return fits if self.budget is None else fits & (cost <= self.budget)

    def take(self, channel: NDArray[np.intp], cost: Units, contacted: Flags) -> Rows:
        """Take candidates in order while they fit, and return the positions of the taken.

        The same, bit for bit, as asking one after the other; done in stretches that end where the
        budget refuses somebody.
        """
        taken: list[Rows] = []
        todo = np.arange(channel.size)
        while todo.size:
            if self.budget is not None:
                todo = todo[cost[todo] <= self.budget]
            fits = np.ones(todo.size, dtype=np.bool_)
            for position, capacity in enumerate(self.capacity):
                if capacity is not None:
                    mine = np.flatnonzero(channel[todo] == position)
                    using = contacted[todo[mine]].astype(np.int64)
                    fits[mine[np.cumsum(using) - using >= capacity]] = False
            able = np.flatnonzero(fits)
            stop = able.size
            if self.budget is not None:
                paid = np.where(contacted[todo[able]], cost[todo[able]], 0)
                refused = np.cumsum(paid) - paid + cost[todo[able]] > self.budget
                stop = int(np.argmax(refused)) if np.any(refused) else able.size
            stretch = todo[able[:stop]]
            self._use(channel[stretch], cost[stretch], contacted[stretch])
            taken.append(stretch)
            todo = todo[able[stop] + 1 :] if stop < able.size else todo[:0]
        return np.concatenate(taken) if taken else np.zeros(0, dtype=np.intp)

    def _use(self, channel: NDArray[np.intp], cost: Units, contacted: Flags) -> None:
        if self.budget is not None:
            self.budget -= int(np.sum(cost[contacted]))
        used = np.bincount(channel[contacted], minlength=len(self.capacity)).tolist()
        self.capacity = [
            None if c is None else c - u for c, u in zip(self.capacity, used, strict=True)
        ]


def _best(
    menu: Menu, prices: Prices, rows: Rows, left: _Left
) -> tuple[NDArray[np.int64], Units, Units, Units]:
    """Best action that would still fit, for each row: action, reduced worth, worth, cost."""
    columns: list[tuple[NDArray[np.int64], Units, Units, Units]] = []
    for piece in chunks(rows):
        worth, cost = menu.block(piece)
        value = reduced(menu, prices, worth, cost)
        value = np.where(left.allows(menu.channel_of, cost), value, REFUSED)
        choice = np.argmax(value, axis=1)
        at = np.arange(piece.size)
        columns.append((choice, value[at, choice], worth[at, choice], cost[at, choice]))
    choices, values, worths, costs = (np.concatenate(part) for part in zip(*columns, strict=True))
    return choices, values, worths, costs
