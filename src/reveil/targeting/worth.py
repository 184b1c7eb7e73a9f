"""What contacting one customer with one offer on one channel is expected to be worth.

In:  probability of return, margin if the customer returns, the study's channels and offers.
Out: worth and expected cost of every action for every customer, in whole 1/10,000 of money.

Whole units make every sum exact, so that no figure and no decision depends on the order in which
customers or threads are added up.

Without a random control in the past nobody knows what a contact changes. The worth is therefore a
*propensity* worth: it counts the whole probability of return, whether or not the contact causes it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reveil.errors import DataError
from reveil.targeting.settings import TargetingSettings

UNITS = 10_000
"""Units of worth and cost in one unit of money."""

MODE = "propensity"
"""How worth was reckoned. The only mode until campaigns with a control have been measured."""

LARGEST = 1e8
"""Money above which a margin is an error of the source; keeps the products inside 64 bits."""

Units = NDArray[np.int64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One offer on one channel; `contact_cost` and `discount` in money units of 1/10,000.

    Examples
    --------
    >>> Action(offer="miss you", channel="email", contact_cost=200, discount=0).channel
    'email'
    """

    offer: str
    channel: str
    contact_cost: int
    discount: int
    co2e_grams: float | None = None


def to_units(money: float) -> int:
    """Money as whole 1/10,000.

    Examples
    --------
    >>> to_units(0.02)
    200
    """
    return round(money * UNITS)


def actions_of(settings: TargetingSettings) -> tuple[Action, ...]:
    """Every offer on every one of its channels, in the study's order.

    Examples
    --------
    >>> s = TargetingSettings.model_validate({
    ...     "channels": {"email": {"cost": 0.02}, "print": {"cost": 0.9}},
    ...     "offers": [{"name": "miss you", "channels": ["email", "print"]},
    ...                {"name": "minus 5", "channels": ["email"], "discount": 5}],
    ... })
    >>> [(a.offer, a.channel, a.contact_cost, a.discount) for a in actions_of(s)]
    [('miss you', 'email', 200, 0), ('miss you', 'print', 9000, 0), ('minus 5', 'email', 200, 50000)]
    """
    return tuple(
        Action(
            offer=offer.name,
            channel=name,
            contact_cost=to_units(settings.channels[name].cost),
            discount=to_units(offer.discount),
            co2e_grams=settings.channels[name].co2e_grams,
        )
        for offer in settings.offers
        for name in dict.fromkeys(offer.channels)
    )


def worth_of(
    probability: NDArray[np.float64],
    response: NDArray[np.float64],
    margin: NDArray[np.float64],
    actions: tuple[Action, ...],
) -> tuple[Units, Units]:
    """Worth and expected cost of each action for each customer.

    ``worth = probability x margin - contact cost - response x discount`` and
    ``cost = contact cost + response x discount``: the discount is paid on all who answer, those
    who would have come anyway included.

    Parameters
    ----------
    probability
        P(return in the outcome window), shape (n,).
    response
        P(answer), shape (n,). In propensity mode who returns is taken to use the offer, so it is
        `probability` itself.
    margin
        Margin given a return, in money, shape (n,).

    Returns
    -------
    worth, cost
        int64 of shape (n, actions), in 1/10,000 of money.

    Raises
    ------
    DataError
        When a probability is not in [0, 1] or a margin is missing or absurd.

    Examples
    --------
    >>> import numpy as np
    >>> post = Action(offer="minus 5", channel="print", contact_cost=9000, discount=50_000)
    >>> p = np.array([0.1, 0.5])
    >>> worth, cost = worth_of(p, p, np.array([40.0, 40.0]), (post,))
    >>> worth[:, 0] / UNITS, cost[:, 0] / UNITS
    (array([ 2.6, 16.6]), array([1.4, 3.4]))
    """
    for name, share in (("probability", probability), ("response", response)):
        bad = int(np.sum(~((share >= 0) & (share <= 1))))
        if bad:
            raise DataError(
                f"{bad:,} of {share.size:,} customers have a {name} outside [0, 1] or none",
                hint="score the same snapshot again; only calibrated probabilities can be weighed",
            )
    bad = int(np.sum(~(np.abs(margin) <= LARGEST)))
    if bad:
        raise DataError(
            f"{bad:,} of {margin.size:,} customers have no margin_if_returns, "
            f"or one beyond {LARGEST:,.0f}",
            hint="check the amounts of the purchases source and the margin_if_returns model",
        )
    contact = np.array([a.contact_cost for a in actions], dtype=np.int64)
    discount = np.array([a.discount for a in actions], dtype=np.float64)
    gain = np.rint(probability * margin * UNITS).astype(np.int64)
    paid = np.rint(response[:, None] * discount[None, :]).astype(np.int64)
    cost = contact[None, :] + paid
    return gain[:, None] - cost, cost
