"""What a simulation is asked for, its calendar, and its random streams.

In:  how many customers, the log's first day and the day after its last, a seed.
Out: SimulationSettings; Calendar (weeks, seasons, instants); one Generator per block and concern.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

import numpy as np

from reveil.errors import StudyError
from reveil.simulation import parameters as p
from reveil.simulation.arrays import Floats, Ints
from reveil.windows import Coverage

DAY = 86_400
"""Seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulationSettings:
    """The base to simulate.

    Parameters
    ----------
    customers
        How many customers ever join, before or during the log.
    start, end
        The log is complete on `[start, end)`; both are Mondays.
    seed
        The same settings give the same bytes.

    Raises
    ------
    StudyError
        When there is no customer, no week, a date that is not a Monday, or a negative seed.

    Examples
    --------
    >>> SimulationSettings(customers=2_000).coverage.days
    1099
    """

    customers: int = 20_000
    start: date = date(2022, 1, 3)
    end: date = date(2025, 1, 6)
    seed: int = 1

    def __post_init__(self) -> None:
        if self.customers < 1:
            raise StudyError(
                f"cannot simulate {self.customers} customers; at least 1 is needed",
                hint="set `customers: 20000`",
            )
        if self.seed < 0:
            raise StudyError(f"the seed is {self.seed}; it must not be negative", hint="`seed: 1`")
        for name, day in (("start", self.start), ("end", self.end)):
            require_monday(name, day)
        if self.end <= self.start:
            raise StudyError(
                f"the simulated log ends on {self.end}, not after its start {self.start}",
                hint=f"set `end: {self.start + timedelta(weeks=157)}` for three years",
            )

    @property
    def coverage(self) -> Coverage:
        """The dates between which the log is complete."""
        return Coverage(start=self.start, end=self.end)


def require_monday(name: str, day: date) -> None:
    """Refuse a date that is not the first day of a simulated week.

    Raises
    ------
    StudyError
        When `day` is not a Monday.

    Examples
    --------
    >>> require_monday("end", date(2025, 1, 6))
    """
    if day.weekday() != 0:
        monday = day - timedelta(days=day.weekday())
        raise StudyError(
            f"{name} is {day}, a {day:%A}; the simulation moves in weeks from Monday to Monday",
            hint=f"use {monday}",
        )


class Concern(IntEnum):
    """What a random stream is for; a new one at the end leaves the others where they are."""

    PEOPLE = 0
    PURCHASES = 1
    DEATH = 2
    INCIDENTS = 3
    OFFERS = 4
    CONSENT = 5
    ADDRESSES = 6
    VISITS = 7
    BASKETS = 8
    REACTIONS = 9
    SERVICE = 10


Streams = dict[Concern, np.random.Generator]


def streams(seed: int, block: int) -> Streams:
    """Return one independent Generator per concern of a block of customers.

    Examples
    --------
    >>> bool(streams(1, 0)[Concern.DEATH].random() == streams(1, 0)[Concern.DEATH].random())
    True
    """
    return {
        concern: np.random.Generator(
            np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(block, concern)))
        )
        for concern in Concern
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """The weeks of a simulation, burn-in included, and how instants of them read on a clock.

    Time inside the simulation is `week + fraction`, the fraction being the share of the
    week's trade that is over; so a piecewise constant speed needs no weekday or hour.

    Examples
    --------
    >>> c = Calendar.of(SimulationSettings())
    >>> c.weeks - c.log_week, c.week_of(date(2022, 1, 17)) - c.log_week
    (157, 2)
    >>> c.seconds(np.array([c.log_week + 0.5])).astype("datetime64[s]")
    array(['2022-01-06T18:30:00'], dtype='datetime64[s]')
    """

    origin: int
    """Midnight of the first week, in seconds since 1970."""
    log_week: int
    weeks: int
    season: Floats
    """Mean 1 over a year; one value per week, and for as long as an offer runs after the last."""

    @classmethod
    def of(cls, settings: SimulationSettings) -> Calendar:
        """Lay out the weeks of the burn-in and of the log."""
        first = settings.start - timedelta(weeks=p.BURN_IN)
        weeks = p.BURN_IN + settings.coverage.days // 7
        days = np.datetime64(first.isoformat(), "D") + np.arange(7 * (weeks + p.OFFER_WEEKS))
        day = (days - days.astype("datetime64[Y]")).astype(np.float64) + 1
        whole_year = np.arange(1, 1461) / 4  # quarter days, for the leap year's sake
        season = (_season(day) / _season(whole_year).mean()).reshape(-1, 7).mean(axis=1)
        return cls(
            origin=(first - date(1970, 1, 1)).days * DAY,
            log_week=p.BURN_IN,
            weeks=weeks,
            season=season,
        )

    @property
    def log_start(self) -> int:
        """First second of the log."""
        return self.monday(self.log_week)

    @property
    def log_end(self) -> int:
        """First second after the log."""
        return self.monday(self.weeks)

    def monday(self, week: int) -> int:
        """Midnight of a week's Monday, in seconds since 1970."""
        return self.origin + week * 7 * DAY

    def mondays(self, week: Ints) -> Ints:
        """Midnights of several weeks' Mondays, in seconds since 1970."""
        return self.origin + week * (7 * DAY)

    def week_of(self, day: date) -> int:
        """Week that starts on `day`."""
        return ((day - date(1970, 1, 1)).days * DAY - self.origin) // (7 * DAY)

    def seconds(self, when: Floats) -> Ints:
        """Instants in seconds since 1970 of `week + fraction`; order is kept."""
        week = np.floor(when)
        fraction = when - week
        day = np.searchsorted(TRADE, fraction, side="right") - 1
        within = (fraction - TRADE[day]) / (TRADE[day + 1] - TRADE[day])
        hours = p.OPENING_HOUR + within * (p.CLOSING_HOUR - p.OPENING_HOUR)
        at = (week * 7 + day) * DAY + np.floor(hours * 3_600)
        return self.origin + at.astype(np.int64)

    def has_newsletter(self, week: int) -> bool:
        """Whether a newsletter leaves in this week."""
        return week % p.NEWSLETTER_EVERY == 0

    def has_campaign(self, week: int) -> bool:
        """Whether a reactivation campaign leaves on this week's Monday."""
        since = week - self.log_week - p.FIRST_CAMPAIGN
        return since >= 0 and since % p.CAMPAIGN_EVERY == 0


TRADE: Floats = np.append(0.0, np.cumsum(p.WEEKDAYS) / np.sum(p.WEEKDAYS))
"""Share of the week's trade that is over when each day starts (8 values)."""


def _season(day: Floats) -> Floats:
    wave = 1 + p.YEARLY_WAVE * np.cos(2 * np.pi * (day - p.YEARLY_WAVE_DAY) / 365.25)
    for height, middle, width in (p.DECEMBER, p.AUGUST):
        wave += height * np.exp(-0.5 * ((day - middle) / width) ** 2)
    return np.asarray(wave, dtype=np.float64)
