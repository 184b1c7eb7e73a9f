"""What is left of budget and capacities while a list is being filled.

In:  limits, then candidates in order with what they would use.
Out: who of them still fits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reveil.targeting.prices import Limits
from reveil.targeting.worth import Flags, Rows, Units


class Left:
    """What is left of the limits while a list is being filled.

    Examples
    --------
    >>> left = Left(Limits(budget=10, capacity=(None,)))
    >>> left.take(np.zeros(3, dtype=int), np.array([6, 6, 4]), np.array([True, True, True]))
    array([0, 2])
    >>> left.budget
    0
    """

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
            self.use(channel[stretch], cost[stretch], contacted[stretch])
            taken.append(stretch)
            todo = todo[able[stop] + 1 :] if stop < able.size else todo[:0]
        return np.concatenate(taken) if taken else np.zeros(0, dtype=np.intp)

    def use(self, channel: NDArray[np.intp], cost: Units, contacted: Flags) -> None:
        """Deduct what the contacted use."""
        if self.budget is not None:
            self.budget -= int(np.sum(cost[contacted]))
        used = np.bincount(channel[contacted], minlength=len(self.capacity)).tolist()
        self.capacity = [
            None if c is None else c - u for c, u in zip(self.capacity, used, strict=True)
        ]

    def after(self, old: NDArray[np.intp], new: NDArray[np.intp], dearer: Units) -> int:
        """Count the moves, in order, that can be made before one of them would exceed a limit.

        Parameters
        ----------
        old, new
            Channels moved from and to.
        dearer
            Cost of the new action less that of the old one.
        """
        ok = np.ones(old.size, dtype=np.bool_)
        if self.budget is not None:
            ok &= np.cumsum(dearer) <= self.budget
        for position, capacity in enumerate(self.capacity):
            if capacity is not None:
                more = (new == position).astype(np.int64) - (old == position)
                ok &= np.cumsum(more) <= capacity
        return old.size if ok.all() else int(np.argmin(ok))
