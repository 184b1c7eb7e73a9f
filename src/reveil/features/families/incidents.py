"""What went wrong, and how often; how long ago each kind is in `recency`."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature
from reveil.features.words import noun, own_kinds


@family("incidents", needs="incident")
def incidents(log: AsOf) -> Iterator[Declared]:
    """Count incidents of each kind, and all of them together."""
    for kind in own_kinds(log, "incident"):
        word = noun(kind)
        for days in (84, 364):
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
    for days in (84, 364):
        yield feature(
            f"incident_count_{days}d",
            log.count("incident", days=days),
            signal="incident",
            unit=Unit.COUNT,
            meaning=Text(en=f"incidents in {days} days", fr=f"incidents survenus en {days} jours"),
            null="never null",
            window_days=days,
            reason=Text(
                en=f"incidents in the last {days} days: {{value:.0f}}",
                fr=f"incidents sur les {days} derniers jours : {{value:.0f}}",
            ),
        )
    yield feature(
        "incident_recency_days",
        log.recency("incident"),
        signal="incident",
        unit=Unit.DAYS,
        meaning=Text(en="days since any incident", fr="jours depuis tout incident"),
        null="none in the observation window",
        reason=Text(
            en="last incident {value:.0f} days ago", fr="dernier incident il y a {value:.0f} jours"
        ),
    )
