"""What the customer did in the same weeks of last year."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.events.roles import MONEY
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature

YEAR = 364
"""52 weeks: the same weekdays a year ago."""

AROUND = 28
"""Days before and after this date last year, where the log is observed for so long."""


@family("season", needs="purchase", also=f"an observation window of {YEAR} days")
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
    yield feature(
        "purchase_amount_last_year_next_84d",
        log.sum(*MONEY, column="amount", days=YEAR, until=YEAR - 84),
        signal="season",
        unit=Unit.MONEY,
        meaning=Text(
            en="amount of orders less returns in the 84 days that followed this date last year",
            fr="montant des commandes, retours déduits, dans les 84 jours suivant cette date "
            "l'an dernier",
        ),
        null="never null",
        window_days=YEAR,
        reason=Text(
            en="spent at this season last year: {value:,.0f} in 84 days",
            fr="dépensé à cette saison l'an dernier : {value:,.0f} en 84 jours",
        ),
    )
    yield feature(
        "purchase_season_share",
        log.count("purchase", days=YEAR, until=YEAR - 84)
        / log.count("purchase", days=YEAR).nullif(0),
        signal="season",
        unit=Unit.SHARE,
        meaning=Text(
            en="share of the orders of 364 days made in the 84 that followed this date last year",
            fr="part des commandes de 364 jours passées dans les 84 suivant cette date l'an dernier",
        ),
        null="no order in 364 days",
        window_days=YEAR,
        reason=Text(
            en="{value:.0%} of a year's orders fall in the coming season",
            fr="{value:.0%} des commandes d'une année tombent dans la saison à venir",
        ),
    )
    if log.kinds("engagement"):
        yield feature(
            "engagement_count_last_year_next_84d",
            log.count("engagement", days=YEAR, until=YEAR - 84),
            signal="season",
            unit=Unit.COUNT,
            meaning=Text(
                en="signs of engagement in the 84 days that followed this date last year",
                fr="signes d'engagement dans les 84 jours suivant cette date l'an dernier",
            ),
            null="never null",
            window_days=YEAR,
        )
    yield feature(
        f"purchase_count_last_year_around_{2 * AROUND}d",
        log.count("purchase", days=YEAR + AROUND, until=YEAR - AROUND),
        signal="season",
        unit=Unit.COUNT,
        meaning=Text(
            en=f"orders in the {2 * AROUND} days around this date last year",
            fr=f"commandes dans les {2 * AROUND} jours autour de cette date l'an dernier",
        ),
        null="never null",
        window_days=YEAR + AROUND,
        reason=Text(
            en=f"orders around this date last year: {{value:.0f}} in {2 * AROUND} days",
            fr=f"commandes autour de cette date l'an dernier : {{value:.0f}} en {2 * AROUND} jours",
        ),
    )
