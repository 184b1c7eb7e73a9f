"""A study's own definition of an active customer."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from reveil.errors import StudyError

_LENGTHS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}


def parse_duration(value: object) -> object:
    """Read `8 months` as days; anything but text is left to pydantic.

    A month is a twelfth of a year and is rounded to whole days.

    Examples
    --------
    >>> parse_duration("180 days").days, parse_duration("8 months").days
    (180, 244)
    """
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"\s*(\d+)\s*(day|week|month|year)s?\s*", value)
    if found is None:
        raise StudyError(
            f"{value!r} is not a length of time",
            hint="write a number and days, weeks, months or years",
        )
    return timedelta(days=round(int(found[1]) * _LENGTHS[found[2]]))


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
"""A length of time in a study file: `90 days`, `8 months`."""


class ActivitySettings(BaseModel):
    """Who is active: did any of these within so long.

    The default is a shop's: a purchase or a reaction within 8 months.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    any_of: tuple[str, ...] = Field(default=("purchase", "engagement"), min_length=1)
    """Kinds, or roles that stand for all their kinds."""
    within: Duration = timedelta(days=244)
    closed_by: tuple[str, ...] = ()
    """Kinds after which a customer is former, until active again."""
    former_after: Duration | None = None
    """Without any activity for so long a customer is former."""
