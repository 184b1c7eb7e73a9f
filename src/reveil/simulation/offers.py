"""Reactivation campaigns: who may be in one, who is held out, what an offer does.

In:  the people and what is known of them on the campaign's Monday.
Out: Draw (who, which offer, treated or held out); multipliers of speed and of hazard.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reveil.simulation import parameters as p
from reveil.simulation.arrays import Flags, Floats, Ints
from reveil.simulation.people import People

TREATED_CHANCE = p.CAMPAIGN_SHARE * (1 - p.HELD_OUT_SHARE)
"""P(an eligible customer is sent an offer)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draw:
    """The customers of one campaign; `treated` is random within each offer."""

    customer: Ints
    offer: Ints
    treated: Flags


@dataclass(frozen=True, kw_only=True, slots=True)
class Contacts:
    """Offers drawn, sent or held out, with P(order within the offer's weeks) either way."""

    customer: Ints
    week: Ints
    offer: Ints
    on_paper: Flags
    treated: Flags
    p_if_treated: Floats
    p_if_held_out: Floats

    @classmethod
    def none(cls) -> Contacts:
        """Return no contact at all, as before the first campaign."""
        numbers, flags, chances = np.zeros(0, np.int64), np.zeros(0, np.bool_), np.zeros(0)
        return cls(
            customer=numbers,
            week=numbers,
            offer=numbers,
            on_paper=flags,
            treated=flags,
            p_if_treated=chances,
            p_if_held_out=chances,
        )


def lapsed(last_order: Floats, week: int) -> Flags:
    """Whether customers have ordered, but not for a while; `last_order` is NaN before the first.

    Examples
    --------
    >>> lapsed(np.array([np.nan, 10.0, 90.0]), week=100).tolist()
    [False, True, False]
    """
    return last_order <= week - p.LAPSED_WEEKS


def draw_campaign(rng: np.random.Generator, eligible: Flags) -> Draw:
    """Take a random half of the eligible, give each an offer, hold a random fifth out.

    Examples
    --------
    >>> draw = draw_campaign(np.random.default_rng(1), np.ones(100_000, dtype=bool))
    >>> round(draw.treated.mean(), 2)
    np.float64(0.8)
    """
    chosen, offer, fate = rng.random((3, len(eligible)))
    customer = np.flatnonzero(eligible & (chosen < p.CAMPAIGN_SHARE))
    return Draw(
        customer=customer,
        offer=(offer[customer] * len(p.OFFERS)).astype(np.int64),
        treated=fate[customer] >= p.HELD_OUT_SHARE,
    )


def speed_under_offer(people: People, by_print: Flags) -> Floats:
    """Multipliers of the speed while each offer runs, shape (n, offers).

    Parameters
    ----------
    by_print
        Shape (n,): the customer is reached on paper.

    Examples
    --------
    >>> from reveil.simulation.people import draw_people
    >>> from reveil.simulation.settings import SimulationSettings, Calendar, Concern, streams
    >>> calendar = Calendar.of(SimulationSettings())
    >>> random = streams(1, 0)
    >>> people = draw_people(random[Concern.PEOPLE], calendar, 100)
    >>> boost = speed_under_offer(people, np.zeros(100, dtype=bool))
    >>> boost.shape, bool((boost[people.dog] < 1).all())
    ((100, 3), True)
    """
    return np.asarray(np.exp(people.effect * np.where(by_print, p.PRINT_EFFECT, 1.0)[:, None]))


def hazard_under_offer(people: People) -> Floats:
    """Multiplier of the hazard of death while any offer runs, shape (n,).

    Examples
    --------
    >>> from reveil.simulation.people import draw_people
    >>> from reveil.simulation.settings import SimulationSettings, Calendar, Concern, streams
    >>> calendar = Calendar.of(SimulationSettings())
    >>> random = streams(1, 0)
    >>> people = draw_people(random[Concern.PEOPLE], calendar, 100)
    >>> np.unique(hazard_under_offer(people))
    array([1., 3.])
    """
    return np.where(people.dog, p.DOG_HAZARD, 1.0)
