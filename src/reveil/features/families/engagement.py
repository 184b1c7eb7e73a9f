"""What the customer does beside buying; whether it is rising is in `trend`, how late in `rhythm`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import add

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature
from reveil.features.words import noun, own_kinds


@family("engagement", needs="engagement")
def engagement(log: AsOf) -> Iterator[Declared]:
    """Count each kind of engagement, and all of them together."""
    for kind in own_kinds(log, "engagement"):
        word = noun(kind)
        for days in (28, 84, 364):
            yield feature(
                f"{kind}_count_{days}d",
                log.count(kind, days=days),
                signal=kind,
                unit=Unit.COUNT,
                meaning=Text(
                    en=f"{word.en}: events in {days} days", fr=f"{word.fr} : nombre en {days} jours"
                ),
                null="never null",
                window_days=days,
                reason=Text(
                    en=f"{word.en}: {{value:.0f}} in the last {days} days",
                    fr=f"{word.fr} : {{value:.0f}} sur les {days} derniers jours",
                ),
            )
    for days in (7, 28, 84, 168, 364):
        yield feature(
            f"engagement_count_{days}d",
            log.count("engagement", days=days),
            signal="engagement",
            unit=Unit.COUNT,
            meaning=Text(
                en=f"signs of engagement in {days} days", fr=f"signes d'engagement en {days} jours"
            ),
            null="never null",
            window_days=days,
            reason=Text(
                en=f"signs of engagement in the last {days} days: {{value:.0f}}",
                fr=f"signes d'engagement sur les {days} derniers jours : {{value:.0f}}",
            ),
        )
    yield feature(
        "engagement_recency_days",
        log.recency("engagement"),
        signal="engagement",
        unit=Unit.DAYS,
        meaning=Text(
            en="days since any sign of engagement", fr="jours depuis tout signe d'engagement"
        ),
        null="none in the observation window",
        reason=Text(
            en="last sign of engagement {value:.0f} days ago",
            fr="dernier signe d'engagement il y a {value:.0f} jours",
        ),
    )
    happened = [(log.count(kind, days=84) > 0).cast("float64") for kind in log.kinds("engagement")]
    yield feature(
        "engagement_kind_count_84d",
        reduce(add, happened),
        signal="engagement",
        unit=Unit.COUNT,
        meaning=Text(
            en="kinds of engagement that happened in 84 days",
            fr="types d'engagement différents en 84 jours",
        ),
        null="never null",
        window_days=84,
        reason=Text(
            en="{value:.0f} kinds of engagement in the last 84 days",
            fr="{value:.0f} types d'engagement sur les 84 derniers jours",
        ),
    )
    signs, orders = log.count("engagement", days=84), log.count("purchase", days=84)
    yield feature(
        "engagement_share_84d",
        signs / (signs + orders).nullif(0),
        signal="engagement",
        unit=Unit.SHARE,
        meaning=Text(
            en="signs of engagement over these and orders, in 84 days",
            fr="part des signes d'engagement parmi ceux-ci et les commandes, en 84 jours",
        ),
        null="neither in 84 days",
        window_days=84,
    )
