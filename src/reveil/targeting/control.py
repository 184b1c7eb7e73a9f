"""Who is drawn: the random control of one list, and the hold-out that no campaign touches.

In:  customer ids, the study's salt, the campaign's name, the score deciles of a list.
Out: one number per customer, and from it who belongs to the control.

A draw is a salted hash of the customer id, so that it depends on nothing else: not on the score,
not on the order of rows, not on who else is there, not on a random generator's version. Knowing
the salt, anybody can check afterwards that nobody chose.

Why contacted and control can be compared
-----------------------------------------
1. The allocation runs once over everybody who may be contacted, with the limits divided by
   ``1 - control_share``: this provisional list knows nothing of the draw.
2. Within each channel and score decile of it, the `control_share` of customers with the smallest
   number are flagged. Given the provisional list, each customer of such a stratum is equally
   likely to be one. (The channel is there so that what remains just fits its capacity.)
   Candidates outside the list, who may be needed as refill, are flagged one by one with the same
   probability.
3. The list is filled again under the true limits: the provisional customers first, with the
   actions they have, then the others at the same prices. A customer is taken when the action
   would fit into what is left; only contacted customers use anything up.
   The question "does it fit?" is put before the flag is read, and who was refused used nothing:
   so whether a customer is on the list, and with which action, does not depend on the customer's
   own flag, only on the others' (`tests/properties/test_control.py` turns each flag and looks).
   Hence P(control | on the list, stratum) = `control_share`, whatever the customer is like.

The one approximation: within a stratum the number of controls is fixed, so others' flags say a
little about one's own; it can matter only for the customers at the very edge of the budget.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from reveil.targeting.worth import Flags

DECILES = 10

HOLDOUT = "hold-out"
"""Takes the campaign's place in the persistent draw."""


def draw(customers: Iterable[str], *, salt: str, campaign: str) -> NDArray[np.float64]:
    """One number in [0, 1) per customer: the first 53 bits of a salted SHA-256.

    Examples
    --------
    >>> draw(["C1", "C2"], salt="reveil", campaign="2011-09-01").round(3)
    array([0.311, 0.035])
    """
    head = hashlib.sha256(f"{salt}\x1f{campaign}\x1f".encode())
    numbers = []
    for customer in customers:
        mine = head.copy()
        mine.update(customer.encode())
        numbers.append(int.from_bytes(mine.digest()[:8], "big") >> 11)
    return np.array(numbers, dtype=np.float64) / 2.0**53


def holdout(customers: Iterable[str], *, salt: str, share: float) -> Flags:
    """Whether each customer belongs to the hold-out, the same customers in every campaign.

    Examples
    --------
    >>> bool(holdout([f"C{i}" for i in range(1000)], salt="reveil", share=0.05).mean() < 0.1)
    True
    """
    return draw(customers, salt=salt, campaign=HOLDOUT) < share


def deciles(score: NDArray[np.float64]) -> NDArray[np.int64]:
    """Tenth of the list each customer's score is in, 0 the lowest; ties in row order.

    Examples
    --------
    >>> deciles(np.array([0.3, 0.1, 0.2, 0.4]))
    array([5, 0, 2, 7])
    """
    rank = np.empty(score.size, dtype=np.int64)
    rank[np.argsort(score, kind="stable")] = np.arange(score.size)
    return rank * DECILES // max(score.size, 1)


def stratified_control(
    numbers: NDArray[np.float64], strata: NDArray[np.int64], share: float
) -> Flags:
    """Flag, in each stratum, the `share` of customers with the smallest numbers.

    The counts are rounded cumulatively, so that the whole has ``round(share x n)`` of them.

    Examples
    --------
    >>> numbers = np.array([0.9, 0.1, 0.8, 0.2])
    >>> stratified_control(numbers, np.array([0, 0, 1, 1]), 0.5)
    array([False,  True, False,  True])
    """
    flags = np.zeros(numbers.size, dtype=np.bool_)
    seen = drawn = 0
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        seen += rows.size
        wanted = int(np.floor(share * seen + 0.5)) - drawn
        drawn += wanted
        flags[rows[np.argsort(numbers[rows], kind="stable")[:wanted]]] = True
    return flags
