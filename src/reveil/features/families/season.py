"""What the customer did in the same weeks of last year."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature

YEAR = 364
"""52 weeks: the same weekdays a year ago."""


@family("season", needs="purchase")
def season(log: AsOf) -> Iterator[Declared]:
    """Orders in the weeks of last year that the coming ones resemble; never the week's number."""
    for ahead in (28, 84):
        yield feature(
            f"purchase_count_last_year_next_{ahead}d",
            log.count("purchase", days=YEAR, until=YEAR - ahead),
            signal="season",
            unit=Unit.COUNT,
            meaning=Text(
                en=f"orders in the {ahead} days that followed this date last year",
                fr=f"commandes dans les {ahead} jours suivant cette date l'an dernier",
            ),
            null="never null",
            window_days=YEAR,
            reason=Text(
                en=f"orders at this season last year: {{value:.0f}} in {ahead} days",
                fr=f"commandes à cette saison l'an dernier : {{value:.0f}} en {ahead} jours",
            ),
        )
