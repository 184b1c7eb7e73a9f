"""What follows a mail: opens, clicks, prefetch, scanners, bounces, unsubscribing.

In:  the mails of a block of customers, their traits and deaths.
Out: one row per mail and per reaction to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reveil.simulation import parameters as p
from reveil.simulation.arrays import Flags, Floats, Ints
from reveil.simulation.people import People
from reveil.simulation.rows import NULL, Rows, campaign_code, rows
from reveil.simulation.settings import Calendar

HOUR = 3_600
LATEST_UNSUBSCRIBE = 60 * HOUR
"""Before the next mail of the same week leaves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mails:
    """Mails sent to a block of customers; `offer` is NULL in newsletters."""

    customer: Ints
    week: Ints
    offer: Ints
    on_paper: Flags
    bounced: Flags
    warmth: Floats
    unsubscribed: Flags


def react(
    rng: np.random.Generator, people: People, died: Ints, mails: Mails, *, calendar: Calendar
) -> Rows:
    """Turn mails into the rows of the log.

    Parameters
    ----------
    died
        Second of each customer's death; far in the future for the living.

    Examples
    --------
    >>> from reveil.simulation.people import draw_people
    >>> from reveil.simulation.settings import SimulationSettings, Concern, streams
    >>> calendar = Calendar.of(SimulationSettings())
    >>> random = streams(1, 0)
    >>> people = draw_people(random[Concern.PEOPLE], calendar, 100)
    >>> mails = Mails(
    ...     customer=np.array([3]),
    ...     week=np.array([200]),
    ...     offer=np.array([NULL]),
    ...     on_paper=np.array([False]),
    ...     bounced=np.array([True]),
    ...     warmth=np.ones(1),
    ...     unsubscribed=np.array([False]),
    ... )
    >>> died = np.full(100, calendar.log_end)
    >>> len(react(random[Concern.REACTIONS], people, died, mails, calendar=calendar))
    2
    """
    who = mails.customer
    count = len(who)
    is_offer = mails.offer != NULL
    at = calendar.mondays(mails.week) + np.where(is_offer, p.CAMPAIGN_SECONDS, p.NEWSLETTER_SECONDS)
    codes = {"campaign": campaign_code(mails.week, offer=is_offer), "offer": mails.offer}
    arrived = ~mails.on_paper & ~mails.bounced

    opened = arrived & (rng.random(count) < mails.warmth * people.opens[who])
    open_at = at + (p.OPEN_DELAY_SECONDS * rng.standard_exponential(count)).astype(np.int64) + 1
    click_at = open_at + (p.CLICK_DELAY_SECONDS * rng.standard_exponential(count)).astype(np.int64)
    clicked = opened & (rng.random(count) < people.clicks[who]) & (click_at < died[who])

    prefetched = arrived & people.prefetch[who] & (rng.random(count) < p.PREFETCH_RATE)
    prefetch_at = at + rng.integers(*p.PREFETCH_SECONDS, count, endpoint=True)
    prefetch_flag = np.where(rng.random(count) < p.PREFETCH_FLAGGED, 1, NULL)
    scanned = arrived & people.scanner[who] & (rng.random(count) < p.SCANNER_RATE)
    scan_at = at + rng.integers(*p.SCANNER_SECONDS, count, endpoint=True)
    scan_flag = np.where(rng.random(count) < p.SCANNER_FLAGGED, 1, NULL)

    hesitation = p.OPEN_DELAY_SECONDS * rng.standard_exponential(count)
    leave_at = at + 60 + np.minimum(hesitation, LATEST_UNSUBSCRIBE).astype(np.int64)
    bounce_at = at + 5

    def some(kind: str, mask: Flags, when: Ints, channel: str, machine: Ints | None = None) -> Rows:
        flags = {} if machine is None else {"machine": machine[mask]}
        chosen = {name: code[mask] for name, code in codes.items()}
        return rows(kind, who[mask], when[mask], channel=channel, **chosen, **flags)

    return np.concatenate(
        [
            some("email_sent", ~mails.on_paper, at, "email"),
            some("print_sent", mails.on_paper, at, "print"),
            some("email_open", opened, open_at, "email"),
            some("email_open", prefetched, prefetch_at, "email", prefetch_flag),
            some("email_click", clicked, click_at, "email"),
            some("email_click", scanned, scan_at, "email", scan_flag),
            some("bounce", mails.bounced, bounce_at, "email"),
            some("unsubscribe", mails.unsubscribed, leave_at, "email"),
        ]
    )
