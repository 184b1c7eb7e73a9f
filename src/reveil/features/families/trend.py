"""Whether the customer is warming up or cooling down."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.events.roles import MONEY
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature


@family("trend", needs="purchase")
def trend(log: AsOf) -> Iterator[Declared]:
    """Decayed counts and amounts with half-lives of 28 and 84 days, and recent over earlier."""
    short, long = (log.decayed("purchase", half_life=days) for days in (28, 84))
    for days, value in ((28, short), (84, long)):
        yield feature(
            f"purchase_decayed_count_{days}d",
            value,
            signal="trend",
            unit=Unit.COUNT,
            meaning=Text(
                en=f"orders, each counting half as much every {days} days",
                fr=f"commandes, chacune comptant moitié moins tous les {days} jours",
            ),
            null="never null",
        )
    yield feature(
        "purchase_decayed_amount_84d",
        log.decayed(*MONEY, half_life=84, column="amount"),
        signal="amount",
        unit=Unit.MONEY,
        meaning=Text(
            en="amounts less returns, each counting half as much every 84 days",
            fr="montants, retours déduits, chacun comptant moitié moins tous les 84 jours",
        ),
        null="never null",
    )
    yield feature(
        "purchase_trend_ratio",
        (short + 0.1) / (long + 0.1),
        signal="trend",
        unit=Unit.RATIO,
        meaning=Text(
            en="recent decayed orders over slowly decayed ones",
            fr="commandes récentes rapportées à la tendance longue",
        ),
        null="never null",
    )
    yield feature(
        "purchase_count_change_168d",
        log.count("purchase", days=168) - log.count("purchase", days=336, until=168),
        signal="trend",
        unit=Unit.COUNT,
        meaning=Text(
            en="orders in 168 days less orders in the 168 days before",
            fr="commandes en 168 jours, moins celles des 168 jours précédents",
        ),
        null="never null",
        window_days=336,
    )
