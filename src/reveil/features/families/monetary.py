"""How much the customer spends and sends back."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.events.roles import MONEY
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature


@family("monetary", needs="purchase")
def monetary(log: AsOf) -> Iterator[Declared]:
    """Amounts of orders less returns: an order that was sent back whole is worth nothing."""
    orders = log.count("purchase")
    total = log.sum(*MONEY, column="amount")
    yield feature(
        "purchase_amount_sum",
        total,
        signal="amount",
        unit=Unit.MONEY,
        meaning=Text(
            en="amount of all orders, less returns", fr="montant des commandes, retours déduits"
        ),
        null="never null",
        reason=Text(en="{value:,.0f} spent so far", fr="{value:,.0f} dépensés à ce jour"),
    )
    yield feature(
        "purchase_amount_mean",
        total / orders.nullif(0),
        signal="amount",
        unit=Unit.MONEY,
        meaning=Text(
            en="mean amount of an order, less returns",
            fr="montant moyen d'une commande, retours déduits",
        ),
        null="no order in the observation window",
        reason=Text(en="orders of {value:,.0f} on average", fr="panier moyen de {value:,.0f}"),
    )
    for days in (28, 84, 168, 364):
        yield feature(
            f"purchase_amount_sum_{days}d",
            log.sum(*MONEY, column="amount", days=days),
            signal="amount",
            unit=Unit.MONEY,
            meaning=Text(
                en=f"amount of orders in {days} days, less returns",
                fr=f"montant des commandes en {days} jours, retours déduits",
            ),
            null="never null",
            window_days=days,
        )
    recent, year = (
        log.sum(*MONEY, column="amount", days=days) / log.count("purchase", days=days).nullif(0)
        for days in (84, 364)
    )
    for days, value in ((84, recent), (364, year)):
        yield feature(
            f"purchase_amount_mean_{days}d",
            value,
            signal="amount",
            unit=Unit.MONEY,
            meaning=Text(
                en=f"mean amount of an order in {days} days, less returns",
                fr=f"montant moyen d'une commande en {days} jours, retours déduits",
            ),
            null=f"no order in {days} days",
            window_days=days,
        )
    mean = total / orders.nullif(0)
    yield feature(
        "purchase_amount_mean_ratio_84d",
        recent / (mean > 0).ifelse(mean, None),
        signal="amount",
        unit=Unit.RATIO,
        meaning=Text(
            en="mean amount of an order in 84 days over that of all orders",
            fr="montant moyen d'une commande en 84 jours, rapporté à celui de toutes",
        ),
        null="no order in 84 days, or orders worth nothing",
        window_days=84,
        reason=Text(
            en="recent orders: {value:.1f} times the customer's usual amount",
            fr="panier récent : {value:.1f} fois le panier habituel du client",
        ),
    )
    yield feature(
        "purchase_amount_max",
        log.max("purchase", column="amount"),
        signal="amount",
        unit=Unit.MONEY,
        meaning=Text(en="largest amount of an order", fr="montant de la plus grosse commande"),
        null="no order in the observation window",
        reason=Text(en="largest order: {value:,.0f}", fr="plus grosse commande : {value:,.0f}"),
    )
    yield from _returns(log)


def _returns(log: AsOf) -> Iterator[Declared]:
    if not log.kinds("return"):
        return
    gross = log.sum("purchase", column="amount")
    yield feature(
        "return_amount_share",
        (0.0 - log.sum("return", column="amount")) / (gross > 0).ifelse(gross, None),
        signal="return",
        unit=Unit.SHARE,
        meaning=Text(en="amount returned over amount ordered", fr="part du montant retournée"),
        null="nothing ordered",
        reason=Text(
            en="{value:.0%} of the amount ordered was sent back",
            fr="{value:.0%} du montant commandé a été retourné",
        ),
    )
    for days in (84, 364):
        yield feature(
            f"return_count_{days}d",
            log.count("return", days=days),
            signal="return",
            unit=Unit.COUNT,
            meaning=Text(en=f"returns in {days} days", fr=f"retours en {days} jours"),
            null="never null",
            window_days=days,
            reason=Text(
                en=f"returns in the last {days} days: {{value:.0f}}",
                fr=f"retours sur les {days} derniers jours : {{value:.0f}}",
            ),
        )
    yield feature(
        "return_amount_sum_364d",
        0.0 - log.sum("return", column="amount", days=364),
        signal="return",
        unit=Unit.MONEY,
        meaning=Text(en="amount returned in 364 days", fr="montant retourné en 364 jours"),
        null="never null",
        window_days=364,
    )
    yield feature(
        "return_rate",
        log.count("return") / log.count("purchase").nullif(0),
        signal="return",
        unit=Unit.RATIO,
        meaning=Text(en="returns per order", fr="retours par commande"),
        null="no order in the observation window",
    )
