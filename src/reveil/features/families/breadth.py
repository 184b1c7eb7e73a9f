"""How many different things the customer buys, and where."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature


@family("breadth", needs="purchase")
def breadth(log: AsOf) -> Iterator[Declared]:
    """Count different items, categories and channels."""
    columns = {
        "item": Text(en="different items bought", fr="articles différents achetés"),
        "category": Text(en="different categories bought", fr="catégories différentes achetées"),
        "channel": Text(en="different channels of purchase", fr="canaux d'achat différents"),
    }
    for column in log.columns(*columns):
        meaning = columns[column]
        yield feature(
            f"purchase_{column}_distinct",
            log.distinct("purchase", column=column),
            signal="breadth",
            unit=Unit.COUNT,
            meaning=meaning,
            null="never null",
            reason=Text(en=f"{{value:.0f}} {meaning.en}", fr=f"{{value:.0f}} {meaning.fr}"),
        )
    if log.columns("item"):
        yield feature(
            "purchase_item_per_order",
            log.distinct("purchase", column="item") / log.count("purchase").nullif(0),
            signal="breadth",
            unit=Unit.RATIO,
            meaning=Text(en="different items over orders", fr="articles différents par commande"),
            null="no order in the observation window",
        )
