"""What only the simulation knows: latent traits, true effects, and the best possible forecast.

In:  People, State and the contacts of a walk; or settings, a cutoff and a horizon.
Out: the tables `truth` and `contact_truth`; `truth_at`, the oracle at a cutoff.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from reveil.errors import StudyError
from reveil.simulation import parameters as p
from reveil.simulation.arrays import Floats
from reveil.simulation.life import State, hazard, reachable, speed, walk
from reveil.simulation.offers import TREATED_CHANCE, hazard_under_offer, lapsed, speed_under_offer
from reveil.simulation.people import People, draw_people
from reveil.simulation.purchases import chance_of_order
from reveil.simulation.rows import customer_ids, spell, timestamps
from reveil.simulation.settings import (
    TRADE,
    Calendar,
    Concern,
    SimulationSettings,
    require_monday,
    streams,
)


def truth_table(people: People, died: Floats, calendar: Calendar) -> pa.Table:
    """Latent traits, one row per customer; rates and hazards are per year.

    `effect_<offer>` is the logarithm of the ratio of speeds while an e-mailed offer runs
    (on paper it is `PRINT_EFFECT` times that); `died_at` is null for those who outlive the log.

    Examples
    --------
    >>> from reveil.simulation.settings import Concern, SimulationSettings, streams
    >>> calendar = Calendar.of(SimulationSettings())
    >>> people = draw_people(streams(1, 0)[Concern.PEOPLE], calendar, 100)
    >>> truth_table(people, np.full(100, np.inf), calendar)["died_at"].null_count
    100
    """
    dead = np.isfinite(died)
    return pa.table(
        {
            "customer_id": customer_ids(np.arange(people.count)),
            "type": spell(people.type, p.TYPES),
            "rate": people.rate * p.WEEKS_PER_YEAR,
            "waning": people.waning * p.WEEKS_PER_YEAR,
            "death_hazard": people.death * p.WEEKS_PER_YEAR,
            "joined_at": timestamps(calendar.seconds(people.joined)),
            "died_at": timestamps(calendar.seconds(np.where(dead, died, 0.0)), known=dead),
            "engaged_non_buyer": people.reader,
            "bot": people.scanner,
            "prefetch": people.prefetch,
            "incident_chance": people.incident,
            "order_amount_median": people.amount,
            "deal_seeking": people.deal_seeking,
            "attachment": people.attachment,
            "sleeping_dog": people.dog,
            **{f"effect_{offer}": people.effect[:, k] for k, offer in enumerate(p.OFFERS)},
        }
    )


def truth_at(settings: SimulationSettings, cutoff: date, horizon_days: int) -> pa.Table:
    """Who is alive at a cutoff, and the best possible forecast of an order.

    `p_order` is P(at least one order in `[cutoff, cutoff + horizon_days)`) given everything
    latent at the cutoff except the draws still to come: closed form, see the page of the
    simulated base. No model can rank better than it on average. Contacts still to come
    enter by their mean multiplier. The lives before the cutoff are lived again, which costs about
    as much as the simulation's first part.

    Parameters
    ----------
    cutoff
        A Monday inside the log.
    horizon_days
        The window must end inside the log.

    Returns
    -------
    pyarrow.Table
        customer_id, cutoff, alive, has_ordered, p_order; one row per customer who joined
        before the cutoff, sorted by customer_id.

    Raises
    ------
    StudyError
        When the cutoff is not a Monday or the window leaves the log.

    Examples
    --------
    >>> from datetime import date
    >>> settings = SimulationSettings(customers=50, start=date(2024, 1, 1), end=date(2024, 7, 1))
    >>> truth_at(settings, date(2024, 4, 1), 90).column_names
    ['customer_id', 'cutoff', 'alive', 'has_ordered', 'p_order']
    """
    require_monday("cutoff", cutoff)
    end = cutoff + timedelta(days=horizon_days)
    if horizon_days < 1 or cutoff < settings.start or end > settings.end:
        raise StudyError(
            f"the window [{cutoff}, {end}) is not inside the log [{settings.start}, {settings.end})",
            hint=f"use a horizon of at least 1 day and a cutoff from {settings.start} on "
            f"that leaves {horizon_days} days before {settings.end}",
        )
    calendar = Calendar.of(settings)
    week = calendar.week_of(cutoff)
    tables = []
    for block in range(-(-settings.customers // p.BLOCK)):
        random = streams(settings.seed, block)
        people = draw_people(random[Concern.PEOPLE], calendar, p.BLOCK)
        state, _ = walk(people, calendar, random, until=week)
        number = block * p.BLOCK + np.arange(p.BLOCK)
        keep = (number < settings.customers) & (people.joined < week)
        count = int(keep.sum())
        tables.append(
            pa.table(
                {
                    "customer_id": customer_ids(number[keep]),
                    "cutoff": pa.array([cutoff] * count, pa.date32()),
                    "alive": ~np.isfinite(state.died[keep]),
                    "has_ordered": ~np.isnan(state.last_order[keep]),
                    "p_order": _chance_ahead(people, state, calendar, week, horizon_days)[keep],
                }
            )
        )
    return pa.concat_tables(tables).combine_chunks()


def _chance_ahead(
    people: People, state: State, calendar: Calendar, week: int, horizon_days: int
) -> Floats:
    """P(order in the days ahead) of every customer who has joined, shape (n,)."""
    whole, days = divmod(horizon_days, 7)
    parts = [1.0] * whole + ([float(TRADE[days])] if days else [])
    by_email, by_print = reachable(people, state)
    touched = (by_email & ~state.email_dead) | by_print
    offered = speed_under_offer(people, by_print).mean(axis=1)
    until = np.zeros(people.count, dtype=np.int64)
    elapsed, risks = [], []
    for k, part in enumerate(parts):
        now = week + k
        if calendar.has_campaign(now):
            until[touched & lapsed(state.last_order, now)] = now + p.OFFER_WEEKS
        trouble = state.trouble * 0.5 ** (k / p.TROUBLE_HALF_LIFE)
        running, maybe = state.offer_until > now, TREATED_CHANCE * (until > now)
        sped = np.where(running, state.offer_speed, 1 + maybe * (offered - 1))
        certain = np.where(running, 1.0, maybe)
        riskier = 1 + certain * (hazard_under_offer(people) - 1)
        elapsed.append(part * sped * speed(people, trouble, calendar, now))
        risks.append(part * riskier * hazard(people, trouble))
    chance = chance_of_order(people.type, state.age, np.stack(elapsed), np.stack(risks))
    return np.where(np.isfinite(state.died), 0.0, chance)
