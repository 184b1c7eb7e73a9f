"""The weekly walk through the lives of a block of customers.

In:  People, a Calendar, the random streams, the week to stop before.
Out: State (what is latent at that Monday) and Diary (what happened on the way).

Speeds and hazards are constant within a week, so orders and deaths inside it are exact;
what they cause (trouble, unsubscribing, a lost address) takes effect the next Monday.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from reveil.simulation import parameters as p
from reveil.simulation.arrays import Flags, Floats, Ints
from reveil.simulation.email import Mails
from reveil.simulation.offers import (
    Contacts,
    draw_campaign,
    hazard_under_offer,
    lapsed,
    speed_under_offer,
)
from reveil.simulation.people import People
from reveil.simulation.purchases import Orders, chance_of_order, draw_gaps
from reveil.simulation.rows import NULL
from reveil.simulation.settings import Calendar, Concern, Streams


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What is true of n customers on a Monday; the arrays are updated in place.

    Attributes
    ----------
    gap, residual
        Operational length of the current gap, and what is left of it; the age is their difference.
    life
        Hazard a customer can still bear.
    trouble
        1 on the Monday after an incident, then halving.
    offer, campaign, offer_until
        The latest offer received, and the week its effect ends; NULL, 0 before any.
    """

    gap: Floats
    residual: Floats
    life: Floats
    died: Floats
    last_order: Floats
    trouble: Floats
    email: Flags
    email_usable: Flags
    email_dead: Flags
    print_usable: Flags
    offer: Ints
    campaign: Ints
    offer_until: Ints
    offer_speed: Floats

    @property
    def age(self) -> Floats:
        """Operational time since the last order, or since joining."""
        return self.gap - self.residual


@dataclass(frozen=True, kw_only=True, slots=True)
class Visits:
    """Visits to the shop's site; `when` is `week + fraction` of the calendar."""

    customer: Ints
    when: Floats


@dataclass(frozen=True, kw_only=True, slots=True)
class Diary:
    """What happened, a value per occasion; each list holds at least one."""

    orders: list[Orders] = field(default_factory=list)
    mails: list[Mails] = field(default_factory=list)
    contacts: list[Contacts] = field(default_factory=lambda: [Contacts.none()])
    visits: list[Visits] = field(default_factory=list)


def waning(people: People, week: int) -> Floats:
    """Return what is left of each customer's rate in a week.

    Examples
    --------
    >>> from reveil.simulation.people import draw_people
    >>> from reveil.simulation.settings import SimulationSettings, streams
    >>> calendar = Calendar.of(SimulationSettings())
    >>> random = streams(1, 0)
    >>> people = draw_people(random[Concern.PEOPLE], calendar, 100)
    >>> bool((waning(people, 200) <= waning(people, 150)).all())
    True
    """
    return np.asarray(np.exp(-people.waning * np.maximum(week - people.joined, 0)))


def speed(people: People, trouble: Floats, calendar: Calendar, week: int) -> Floats:
    """Operational time per week without any offer.

    Examples
    --------
    >>> from reveil.simulation.people import draw_people
    >>> from reveil.simulation.settings import SimulationSettings, streams
    >>> calendar = Calendar.of(SimulationSettings())
    >>> random = streams(1, 0)
    >>> people = draw_people(random[Concern.PEOPLE], calendar, 100)
    >>> calm, troubled = (speed(people, np.full(100, x), calendar, 200) for x in (0.0, 1.0))
    >>> bool(np.allclose(troubled, calm / 2))
    True
    """
    calm = 1 - p.TROUBLE_ON_SPEED * trouble
    return float(calendar.season[week]) * people.rate * waning(people, week) * calm


def hazard(people: People, trouble: Floats) -> Floats:
    """Hazard of death per week without any offer.

    Examples
    --------
    >>> from reveil.simulation.people import draw_people
    >>> from reveil.simulation.settings import SimulationSettings, streams
    >>> calendar = Calendar.of(SimulationSettings())
    >>> random = streams(1, 0)
    >>> people = draw_people(random[Concern.PEOPLE], calendar, 100)
    >>> bool(np.allclose(hazard(people, np.ones(100)), 4 * people.death))
    True
    """
    return people.death * (1 + p.TROUBLE_ON_DEATH * trouble)


def reachable(people: People, state: State) -> tuple[Flags, Flags]:
    """Who can be sent an offer by e-mail, and who (not by e-mail but) on paper.

    Examples
    --------
    >>> from reveil.simulation.people import draw_people
    >>> from reveil.simulation.settings import SimulationSettings, streams
    >>> calendar = Calendar.of(SimulationSettings())
    >>> random = streams(1, 0)
    >>> people = draw_people(random[Concern.PEOPLE], calendar, 100)
    >>> state, _ = walk(people, calendar, random, until=10)
    >>> by_email, by_print = reachable(people, state)
    >>> bool((by_email & by_print).any())
    False
    """
    by_email = state.email & state.email_usable
    return by_email, ~by_email & people.consent_print & state.print_usable


def walk(
    people: People, calendar: Calendar, streams: Streams, *, until: int
) -> tuple[State, Diary]:
    """Live the weeks before `until`, the burn-in included.

    The same people and streams give the same lives, and a shorter walk is the beginning
    of a longer one: so the latent state of any Monday can be had again.

    Examples
    --------
    >>> from reveil.simulation.people import draw_people
    >>> from reveil.simulation.settings import SimulationSettings, streams
    >>> calendar = Calendar.of(SimulationSettings())
    >>> random = streams(1, 0)
    >>> people = draw_people(random[Concern.PEOPLE], calendar, 100)
    >>> state, diary = walk(people, calendar, random, until=30)
    >>> bool((state.died > 0).all()), len(diary.visits)
    (True, 30)
    """
    n = people.count
    gap = draw_gaps(streams[Concern.PURCHASES], people.type)
    state = State(
        gap=gap,
        residual=gap.copy(),
        life=streams[Concern.DEATH].standard_exponential(n),
        died=np.full(n, np.inf),
        last_order=np.full(n, np.nan),
        trouble=np.zeros(n),
        email=people.consent_email.copy(),
        email_usable=np.ones(n, dtype=bool),
        email_dead=np.zeros(n, dtype=bool),
        print_usable=np.ones(n, dtype=bool),
        offer=np.full(n, NULL),
        campaign=np.full(n, NULL),
        offer_until=np.zeros(n, dtype=np.int64),
        offer_speed=np.ones(n),
    )
    diary = Diary()
    run = _Run(people=people, calendar=calendar, streams=streams, state=state, diary=diary)
    for week in range(until):
        lost = _lose_addresses(run, week)
        if calendar.has_campaign(week):
            _campaign(run, week)
        if calendar.has_newsletter(week):
            _newsletter(run, week)
        _live(run, week)
        state.email_dead[lost] = True
    return state, diary


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    """What every step of a walk has at hand."""

    people: People
    calendar: Calendar
    streams: Streams
    state: State
    diary: Diary


def _live(run: _Run, week: int) -> None:
    """Orders, incidents, visits and deaths of one week."""
    people, state = run.people, run.state
    pace, risk = speed(people, state.trouble, run.calendar, week), hazard(people, state.trouble)
    here = (people.joined < week + 1) & (state.died > week)
    begin = np.where(people.joined >= week, people.joined - week, 0.0)
    running = state.offer_until > week
    sped = pace * np.where(running, state.offer_speed, 1.0)
    risk = risk * np.where(running, hazard_under_offer(people), 1.0)
    bears = state.life / risk
    dies = here & (bears < 1 - begin)
    end = np.where(dies, begin + bears, 1.0)
    state.life[here] -= (risk * (1 - begin))[here]
    state.died[dies] = week + end[dies]

    state.trouble[:] *= 0.5 ** (1 / p.TROUBLE_HALF_LIFE)
    position = begin.copy()
    newcomers = here & (people.joined >= week) & people.orders_at_once
    _order(run, np.flatnonzero(newcomers), week + position, running)
    buyers = np.flatnonzero(here & (state.residual < sped * (end - position)))
    while len(buyers):
        position[buyers] += state.residual[buyers] / sped[buyers]
        _renew(run, buyers)
        _order(run, buyers, week + position, running)
        left = sped[buyers] * (end[buyers] - position[buyers])
        buyers = buyers[state.residual[buyers] < left]
    state.residual[here] -= (sped * (end - position))[here]

    browsing = np.where(people.reader, p.READER_VISITS / p.WEEKS_PER_YEAR * waning(people, week), 0)
    expected = np.where(here, (p.VISITS_PER_ORDER * pace + browsing) * (end - begin), 0.0)
    rng = run.streams[Concern.VISITS]
    who = np.repeat(np.arange(people.count), rng.poisson(expected))
    when = week + begin[who] + rng.random(len(who)) * (end - begin)[who]
    run.diary.visits.append(Visits(customer=who, when=when))


def _renew(run: _Run, buyers: Ints) -> None:
    people, state = run.people, run.state
    state.gap[buyers] = draw_gaps(run.streams[Concern.PURCHASES], people.type[buyers])
    state.residual[buyers] = state.gap[buyers]


def _order(run: _Run, buyers: Ints, when: Floats, running: Flags) -> None:
    people, state = run.people, run.state
    wrong = run.streams[Concern.INCIDENTS].random(len(buyers)) < people.incident[buyers]
    state.trouble[buyers[wrong]] = 1.0
    state.last_order[buyers] = when[buyers]
    discounts = np.array(p.DISCOUNTS)[state.offer[buyers]] > 0
    discounted = running[buyers] & discounts
    run.diary.orders.append(
        Orders(
            customer=buyers,
            when=when[buyers],
            went_wrong=wrong,
            campaign=np.where(discounted, state.campaign[buyers], NULL),
            offer=np.where(discounted, state.offer[buyers], NULL),
        )
    )


def _lose_addresses(run: _Run, week: int) -> Ints:
    """Lose postal addresses; return whose e-mail address dies this week."""
    people, state = run.people, run.state
    e_mail, postal = run.streams[Concern.ADDRESSES].random((2, people.count))
    joined = people.joined < week
    dead = state.died <= week
    loss = np.where(dead, p.ADDRESS_LOSS_AFTER_DEATH, p.ADDRESS_LOSS) / p.WEEKS_PER_YEAR
    state.print_usable[joined & (postal < p.POSTAL_LOSS / p.WEEKS_PER_YEAR)] = False
    return np.flatnonzero(joined & (e_mail < loss))


def _campaign(run: _Run, week: int) -> None:
    """Send offers to a random part of the lapsed; note both potential outcomes of each."""
    people, state, calendar = run.people, run.state, run.calendar
    by_email, by_print = reachable(people, state)
    draw = draw_campaign(
        run.streams[Concern.OFFERS], lapsed(state.last_order, week) & (by_email | by_print)
    )
    who, on_paper = draw.customer, by_print[draw.customer]
    delivered = on_paper | ~state.email_dead[who]
    boost = speed_under_offer(people, by_print)[who, draw.offer]

    ahead = range(p.OFFER_WEEKS)
    fading = [state.trouble * 0.5 ** (k / p.TROUBLE_HALF_LIFE) for k in ahead]
    pace = np.stack([speed(people, fading[k], calendar, week + k)[who] for k in ahead])
    risk = np.stack([hazard(people, fading[k])[who] for k in ahead])
    alive = state.died[who] > week
    type_, age = people.type[who], state.age[who]
    held_out = alive * chance_of_order(type_, age, pace, risk)
    reached = alive * chance_of_order(
        type_, age, pace * boost, risk * hazard_under_offer(people)[who]
    )
    run.diary.contacts.append(
        Contacts(
            customer=who,
            week=np.full(len(who), week),
            offer=draw.offer,
            on_paper=on_paper,
            treated=draw.treated,
            p_if_treated=np.where(delivered, reached, held_out),
            p_if_held_out=held_out,
        )
    )

    hit = draw.treated & delivered
    state.offer[who[hit]] = draw.offer[hit]
    state.campaign[who[hit]] = week
    state.offer_until[who[hit]] = week + p.OFFER_WEEKS
    state.offer_speed[who[hit]] = boost[hit]

    annoys = p.OFFER_UNSUBSCRIBE * np.where(people.dog, p.DOG_UNSUBSCRIBE, 1.0) * people.annoyance
    sent = draw.treated
    _mail(run, week, who[sent], offer=draw.offer[sent], on_paper=on_paper[sent], annoys=annoys)


def _newsletter(run: _Run, week: int) -> None:
    """Send the newsletter to those who joined before this week and may be sent it."""
    people, state = run.people, run.state
    who = np.flatnonzero((people.joined < week) & reachable(people, state)[0])
    annoys = p.UNSUBSCRIBE * people.annoyance * (1 + p.TROUBLE_ON_UNSUBSCRIBE * state.trouble)
    annoys = annoys * np.where(state.died <= week, p.DEATH_ON_UNSUBSCRIBE, 1.0)
    nothing = np.full(len(who), NULL)
    _mail(run, week, who, offer=nothing, on_paper=nothing != NULL, annoys=annoys)


def _mail(run: _Run, week: int, who: Ints, *, offer: Ints, on_paper: Flags, annoys: Floats) -> None:
    """Send a mail; `annoys` is P(unsubscribe | read) of everybody."""
    people, state = run.people, run.state
    bounced = ~on_paper & state.email_dead[who]
    read = ~on_paper & ~bounced
    chance = np.minimum(annoys[who], p.UNSUBSCRIBE_CAP)
    leaves = read & (run.streams[Concern.CONSENT].random(len(who)) < chance)
    calm = 1 - p.TROUBLE_ON_SPEED * state.trouble
    warmth = np.where(state.died <= week, p.WARMTH_AFTER_DEATH, waning(people, week) * calm)[who]
    run.diary.mails.append(
        Mails(
            customer=who,
            week=np.full(len(who), week),
            offer=offer,
            on_paper=on_paper,
            bounced=bounced,
            warmth=warmth,
            unsubscribed=leaves,
        )
    )
    state.email[who[leaves]] = False
    state.email_usable[who[bounced]] = False
