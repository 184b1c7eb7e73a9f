"""A study's own definition of an active customer."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

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


class ActivitySettings(BaseModel):
    """Who is active: did any of these within so long.

    The default is a shop's: a purchase or a reaction within 8 months.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    any_of: tuple[str, ...] = Field(default=("purchase", "engagement"), min_length=1)
    """Kinds, or roles that stand for all their kinds."""
    within: Span = timedelta(days=244)
    closed_by: tuple[str, ...] = ()
    """Kinds, or roles, after which a customer is former, until active again."""
    former_after: Span | None = None
    """Without any activity for so long a customer is former."""

    @model_validator(mode="after")
    def _former_later(self) -> Self:
        if self.former_after is not None and self.former_after < self.within:
            raise ValueError(
                f"`former_after` ({self.former_after.days} days) is shorter than "
                f"`within` ({self.within.days} days): a customer cannot be former and active"
            )
        return self
