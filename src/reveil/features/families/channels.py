"""By which channels the customer comes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import add

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature
from reveil.features.words import slugs

ACTIVITY = ("commercial", "engagement")


@family("channels", needs=ACTIVITY, also="a column `channel` with channels that several use")
def channels(log: AsOf) -> Iterator[Declared]:
    """Count what the customer does by each channel, and the channels it is done by."""
    ways = slugs(log.channels)
    for slug, (name, spelled) in ways.items():
        yield from _channel(log, slug, name, spelled)
    if ways:
        seen = [
            (log.count(*ACTIVITY, days=84, channel=spelled) > 0).cast("float64")
            for _, spelled in ways.values()
        ]
        yield feature(
            "channel_active_count_84d",
            reduce(add, seen),
            signal="channels",
            unit=Unit.COUNT,
            meaning=Text(en="channels used in 84 days", fr="canaux utilisés en 84 jours"),
            null="never null",
            window_days=84,
            reason=Text(
                en="channels used in the last 84 days: {value:.0f}",
                fr="canaux utilisés sur les 84 derniers jours : {value:.0f}",
            ),
        )


def _channel(log: AsOf, slug: str, name: str, spelled: tuple[str, ...]) -> Iterator[Declared]:
    signal, shown = f"channel_{slug}", name.replace("{", "{{").replace("}", "}}")
    for days in (84, 364):
        yield feature(
            f"channel_{slug}_activity_count_{days}d",
            log.count(*ACTIVITY, days=days, channel=spelled),
            signal=signal,
            unit=Unit.COUNT,
            meaning=Text(
                en=f"trade and engagement by the channel {name} in {days} days",
                fr=f"achats et signes d'engagement par le canal {name} en {days} jours",
            ),
            null="never null",
            window_days=days,
            reason=Text(
                en=f"trade and engagement by the channel {shown} in the last {days} days: "
                "{value:.0f}",
                fr=f"achats et signes d'engagement par le canal {shown} sur les {days} "
                "derniers jours : {value:.0f}",
            ),
        )
    yield feature(
        f"channel_{slug}_activity_recency_days",
        log.recency(*ACTIVITY, channel=spelled),
        signal=signal,
        unit=Unit.DAYS,
        meaning=Text(
            en=f"days since the last trade or engagement by the channel {name}",
            fr=f"jours depuis le dernier achat ou signe d'engagement par le canal {name}",
        ),
        null="none in the observation window",
        reason=Text(
            en=f"last seen on the channel {shown} {{value:.0f}} days ago",
            fr=f"dernière activité sur le canal {shown} il y a {{value:.0f}} jours",
        ),
    )
    yield feature(
        f"channel_{slug}_purchase_share_364d",
        log.count("purchase", days=364, channel=spelled)
        / log.count("purchase", days=364).nullif(0),
        signal=signal,
        unit=Unit.SHARE,
        meaning=Text(
            en=f"share of the orders of 364 days by the channel {name}",
            fr=f"part des commandes de 364 jours passées par le canal {name}",
        ),
        null="no order in 364 days",
        window_days=364,
        reason=Text(
            en=f"{{value:.0%}} of the orders of the last 364 days by the channel {shown}",
            fr=f"{{value:.0%}} des commandes des 364 derniers jours par le canal {shown}",
        ),
    )
