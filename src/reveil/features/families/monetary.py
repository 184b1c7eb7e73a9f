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
    gross = log.sum("purchase", column="amount")
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
    for days in (84, 364):
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
    if log.kinds("return"):
        yield feature(
            "return_amount_share",
            (0.0 - log.sum("return", column="amount")) / (gross > 0).ifelse(gross, None),
            signal="return",
            unit=Unit.SHARE,
            meaning=Text(en="amount returned over amount ordered", fr="part du montant retournée"),
            null="nothing ordered",
        )
