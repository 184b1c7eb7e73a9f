"""What the customer does beside buying."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature
from reveil.features.words import noun


@family("engagement", needs="engagement")
def engagement(log: AsOf) -> Iterator[Declared]:
    """Count each kind of engagement, and all of them together."""
    for kind in log.kinds("engagement"):
        word = noun(kind)
        for days in (28, 84, 364):
            yield feature(
                f"{kind}_count_{days}d",
                log.count(kind, days=days),
                signal=kind,
                unit=Unit.COUNT,
                meaning=Text(
                    en=f"{word.en}: events in {days} days", fr=f"{word.fr} : en {days} jours"
                ),
                null="never null",
                window_days=days,
                reason=Text(
                    en=f"{word.en}: {{value:.0f}} in the last {days} days",
                    fr=f"{word.fr} : {{value:.0f}} sur les {days} derniers jours",
                ),
            )
    yield feature(
        "engagement_decayed_count_28d",
        log.decayed("engagement", half_life=28),
        signal="engagement",
        unit=Unit.COUNT,
        meaning=Text(
            en="signs of engagement, each counting half as much every 28 days",
            fr="signes d'engagement, chacun comptant moitié moins tous les 28 jours",
        ),
        null="never null",
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
