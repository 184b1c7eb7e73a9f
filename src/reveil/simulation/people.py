"""Who the customers are: the traits they are born with.

In:  a Calendar, the stream of the concern PEOPLE.
Out: People: one array per trait, one entry per customer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reveil.simulation import parameters as p
from reveil.simulation.arrays import Flags, Floats, Ints
from reveil.simulation.settings import Calendar


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """Traits of n customers; hazards and rates are per week.

    Attributes
    ----------
    joined
        `week + fraction` of the calendar.
    effect
        Shape (n, offers): what an e-mailed offer adds to the logarithm of the speed.
    taste
        Shape (n, categories): cumulative probabilities of the categories.
    """

    joined: Floats
    orders_at_once: Flags
    type: Ints
    rate: Floats
    waning: Floats
    death: Floats
    country: Ints
    acquisition: Ints
    reader: Flags
    incident: Floats
    amount: Floats
    taste: Floats
    store: Floats
    returns: Floats
    consent_email: Flags
    consent_print: Flags
    opens: Floats
    clicks: Floats
    prefetch: Flags
    company: Flags
    scanner: Flags
    annoyance: Floats
    deal_seeking: Floats
    attachment: Floats
    dog: Flags
    effect: Floats

    @property
    def count(self) -> int:
        """How many customers."""
        return len(self.joined)


def draw_people(rng: np.random.Generator, calendar: Calendar, count: int) -> People:
    """Draw independent customers.

    Examples
    --------
    >>> from reveil.simulation.settings import SimulationSettings
    >>> people = draw_people(np.random.default_rng(1), Calendar.of(SimulationSettings()), 10_000)
    >>> round(float(people.rate.mean() * p.WEEKS_PER_YEAR))
    6
    """
    years = np.arange(calendar.weeks) / p.WEEKS_PER_YEAR
    inflow = calendar.season[: calendar.weeks] * np.exp(p.GROWTH * years)
    joined = rng.choice(calendar.weeks, count, p=inflow / inflow.sum()) + rng.random(count)
    country = rng.choice(len(p.COUNTRIES), count, p=p.COUNTRY_SHARES)
    acquisition = rng.choice(len(p.ACQUISITIONS), count, p=p.ACQUISITION_SHARES)
    newsletter = acquisition == p.ACQUISITIONS.index("newsletter")
    share = p.ACQUISITION_SHARES[p.ACQUISITIONS.index("newsletter")]
    otherwise = (p.FIRST_ORDER_SHARE - share * p.NEWSLETTER_FIRST_ORDER_SHARE) / (1 - share)
    reader = rng.random(count) < p.READER_SHARE
    rate = _gamma(rng, p.RATE_SHAPE, p.RATE_MEAN, count) / p.WEEKS_PER_YEAR
    wanes = rng.random(count) < p.WANING_SHARE
    waning = np.where(wanes, _gamma(rng, p.WANING_SHAPE, p.WANING_MEAN, count), 0.0)
    death = _gamma(rng, p.DEATH_SHAPE, p.DEATH_MEAN, count) / p.WEEKS_PER_YEAR
    company = rng.random(count) < p.COMPANY_SHARE
    deal_seeking, attachment = rng.standard_normal((2, count))
    dog = rng.random(count) < p.DOG_SHARE
    effect = (
        np.array(p.EFFECT)
        + np.outer(deal_seeking, p.EFFECT_OF_DEAL_SEEKING)
        + np.outer(attachment, p.EFFECT_OF_ATTACHMENT)
    )
    return People(
        joined=joined,
        orders_at_once=rng.random(count)
        < np.where(newsletter, p.NEWSLETTER_FIRST_ORDER_SHARE, otherwise),
        type=rng.choice(len(p.TYPES), count, p=p.TYPE_SHARES),
        rate=rate * np.array(p.COUNTRY_RATE)[country] * np.where(reader, p.READER_RATE, 1.0),
        waning=waning / p.WEEKS_PER_YEAR,
        death=death * np.array(p.ACQUISITION_DEATH)[acquisition],
        country=country,
        acquisition=acquisition,
        reader=reader,
        incident=np.minimum(
            p.INCIDENT_SHARE * _gamma(rng, p.INCIDENT_SHAPE, 1.0, count), p.INCIDENT_CAP
        ),
        amount=p.AMOUNT_MEDIAN * np.exp(p.AMOUNT_BETWEEN * rng.standard_normal(count)),
        taste=np.cumsum(rng.dirichlet([p.TASTE] * len(p.CATEGORIES), count), axis=1),
        store=rng.beta(*p.STORE, count),
        returns=rng.beta(*p.RETURN, count),
        consent_email=rng.random(count) < p.CONSENT_EMAIL,
        consent_print=rng.random(count) < p.CONSENT_PRINT,
        opens=np.where(reader, rng.beta(*p.READER_OPEN, count), rng.beta(*p.OPEN, count)),
        clicks=np.where(reader, rng.beta(*p.READER_CLICK, count), rng.beta(*p.CLICK, count)),
        prefetch=rng.random(count) < p.PREFETCH_SHARE,
        company=company,
        scanner=company & (rng.random(count) < p.SCANNER_SHARE),
        annoyance=_gamma(rng, p.ANNOYANCE_SHAPE, 1.0, count),
        deal_seeking=deal_seeking,
        attachment=attachment,
        dog=dog,
        effect=np.where(dog[:, None], p.DOG_EFFECT, effect),
    )


def _gamma(rng: np.random.Generator, shape: float, mean: float, count: int) -> Floats:
    return rng.gamma(shape, mean / shape, count)
