"""What went wrong, and how often; how long ago is in `recency`."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature
from reveil.features.words import noun


@family("incidents", needs="incident")
def incidents(log: AsOf) -> Iterator[Declared]:
    """Count incidents of each kind."""
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
