"""How satisfied the customer says to be."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.events.roles import Role
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature

ANY = tuple(role.value for role in Role)
"""A rating may come with an event of any kind: a review, a survey, an order."""


@family("ratings", also="a column `rating`")
def ratings(log: AsOf) -> Iterator[Declared]:
    """Read the last rating, and count those of a year."""
    if not log.columns("rating"):
        return
    yield feature(
        "rating_last",
        log.last_value(*ANY, column="rating"),
        signal="rating",
        unit=Unit.NUMBER,
        meaning=Text(en="last rating given", fr="dernière note donnée"),
        null="no rating in the observation window",
        reason=Text(en="last rating given: {value:.1f}", fr="dernière note donnée : {value:.1f}"),
    )
    yield feature(
        "rating_count_364d",
        log.count(*ANY, days=364, naming="rating"),
        signal="rating",
        unit=Unit.COUNT,
        meaning=Text(en="ratings given in 364 days", fr="notes données en 364 jours"),
        null="never null",
        window_days=364,
        reason=Text(
            en="ratings given in the last 364 days: {value:.0f}",
            fr="notes données sur les 364 derniers jours : {value:.0f}",
        ),
    )
