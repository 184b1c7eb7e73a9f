"""What went wrong, and when."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature
from reveil.features.words import noun


@family("incidents", needs="incident")
def incidents(log: AsOf) -> Iterator[Declared]:
    """Count incidents of each kind, and the days since the last."""
    for kind in log.kinds("incident"):
        word = noun(kind)
        yield feature(
            f"{kind}_count_364d",
            log.count(kind, days=364),
            signal=kind,
            unit=Unit.COUNT,
            meaning=Text(en=f"{word.en}: events in 364 days", fr=f"{word.fr} : en 364 jours"),
            null="never null",
            window_days=364,
        )
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
                en=f"{word.en} {{value:.0f}} days ago", fr=f"{word.fr} il y a {{value:.0f}} jours"
            ),
        )
