"""How long ago things last happened."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature
from reveil.features.words import noun, own_kinds


@family("recency", needs=("commercial", "engagement"))
def recency(log: AsOf) -> Iterator[Declared]:
    """Days since the last event of each signal."""
    yield feature(
        "purchase_recency_days",
        log.recency("purchase"),
        signal="silence",
        unit=Unit.DAYS,
        meaning=Text(en="days since the last order", fr="jours depuis la dernière commande"),
        null="no order in the observation window",
        reason=Text(
            en="last order {value:.0f} days ago", fr="dernière commande il y a {value:.0f} jours"
        ),
    )
    for kind in own_kinds(log, "return", "quote", "engagement", "incident"):
        word = noun(kind)
        yield feature(
            f"{kind}_recency_days",
            log.recency(kind),
            signal=kind,
            unit=Unit.DAYS,
            meaning=Text(
                en=f"days since the last {word.en}",
                fr=f"jours depuis le dernier événement « {word.fr} »",
            ),
            null="none in the observation window",
            reason=Text(
                en=f"last {word.en} {{value:.0f}} days ago",
                fr=f"dernier événement « {word.fr} » il y a {{value:.0f}} jours",
            ),
        )
