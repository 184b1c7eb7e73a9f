"""A study's own definition of an active customer."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from reveil.activity.presets import PRESETS, PresetName, retail

_LENGTHS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}


def parse_duration(value: object) -> timedelta:
    """Read `8 months` as whole days.

    A month is a twelfth of a year and is rounded to whole days.

    Raises
    ------
    ValueError
        When it is no number of days, weeks, months or years. A bare number is refused:
        90 may be days to one reader and seconds to another.

    Examples
    --------
    >>> parse_duration("180 days").days, parse_duration("8 months").days
    (180, 244)
    >>> parse_duration(90)
    Traceback (most recent call last):
    ...
    ValueError: a number and days, weeks, months or years is required, as in `90 days`
    """
    if isinstance(value, timedelta) and value == timedelta(days=value.days):
        return value
    text = value if isinstance(value, str) else ""
    found = re.fullmatch(r"\s*([0-9]{1,6})\s*(day|week|month|year)s?\s*", text)
    if found is None:
        raise ValueError("a number and days, weeks, months or years is required, as in `90 days`")
    return timedelta(days=round(int(found[1]) * _LENGTHS[found[2]]))


Duration = Annotated[timedelta, BeforeValidator(parse_duration), Field(ge=timedelta(0))]
"""A length of time in a study file: `90 days`, `8 months`."""


def _some(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("more than 0 days is required")
    return value


Span = Annotated[Duration, AfterValidator(_some)]
"""A length of time that cannot be nothing."""


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonalSettings(_Settings):
    """A limit of each customer's own: late by their own rhythm, not by the calendar.

    With at least `min_orders` orders the limit is `overdue_ratio` times the customer's mean
    days between orders; with fewer it is the P90 of the days between orders of the whole base,
    as known at the cutoff. Neither is shorter than 84 days, or than `within` where that is
    shorter (`states.SHORTEST_LIMIT_DAYS` says why).
    """

    overdue_ratio: float = Field(default=2.0, gt=0, le=100)
    min_orders: int = Field(default=3, ge=2)


class UnansweredSettings(_Settings):
    """How many contacts in a row without an answer make an inactive customer former.

    `of: offers` counts contacts that name an offer: attempts to win the customer back. With
    `all`, newsletters count too, and a weekly one makes half a base former within a month.
    """

    contacts: int = Field(default=4, ge=1)
    of: Literal["offers", "all"] = "offers"


class EngagementSettings(_Settings):
    """What the engagement score counts, and how fast it forgets. The formula: `engagement.py`."""

    half_life: Span = timedelta(days=84)
    """A signal so old counts half."""
    weights: dict[str, Annotated[float, Field(ge=0, le=1_000)]] = Field(
        default_factory=lambda: {"commercial": 4.0, "engagement": 1.0}, min_length=1
    )
    """Kinds, or roles, and what a signal of today is worth; a kind said wins over its role."""
    half_score: float = Field(default=4.0, gt=0, le=1_000_000)
    """The worth of signals that makes a score of 50."""
    channels: tuple[str, ...] | None = None
    """Channels with a score of their own, however capitals spell them; the twelve most used of
    the log without it."""

    @field_validator("channels")
    @classmethod
    def _once(cls, channels: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for n, one in enumerate(channels or ()):
            for other in (channels or ())[:n]:
                if one.casefold() == other.casefold():
                    raise ValueError(f"{other!r} and {one!r} are one channel; write it once")
        return channels


class ActivitySettings(_Settings):
    """Who is active: did any of these within so long.

    The default is a shop's: a purchase or a reaction within 8 months. A preset fills what the
    study does not say (`presets.py`).

    Examples
    --------
    >>> ActivitySettings(preset="subscription", within="60 days").paid_by
    ('billing',)
    """

    preset: PresetName | None = None
    any_of: tuple[str, ...] = Field(default=("purchase", "engagement"), min_length=1)
    """Kinds, or roles that stand for all their kinds."""
    within: Span = timedelta(days=244)
    joins_by: tuple[str, ...] = Field(default=("purchase",), min_length=1)
    """Kinds, or roles, that make a prospect a customer."""
    closed_by: tuple[str, ...] = ()
    """Kinds, or roles, after which a customer is former, until active again."""
    former_after: Span | None = None
    """Without any activity for so long a customer is former, unless still paying."""
    paid_by: tuple[str, ...] = ()
    """Kinds, or roles, that say a customer pays: inactive yet paying is dormant."""
    paid_within: Span = timedelta(days=62)
    """A payment so recent says that the customer pays; two months bear one late billing."""
    personal: PersonalSettings | None = None
    unanswered: UnansweredSettings | None = None
    engagement: EngagementSettings = EngagementSettings()

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, said: object) -> object:
        if not isinstance(said, dict):
            return said
        name = said.get("preset")
        preset = retail if name is None else PRESETS.get(name) if isinstance(name, str) else None
        # An unknown name is left to the field, which says which names there are.
        return said if preset is None else {**preset(), **said}

    @model_validator(mode="after")
    def _former_later(self) -> Self:
        if self.former_after is not None and self.former_after < self.within:
            raise ValueError(
                f"`former_after` ({self.former_after.days} days) is shorter than "
                f"`within` ({self.within.days} days): a customer cannot be former and active"
            )
        return self
