"""How many different things the customer buys, and where."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature

COLUMNS = {
    "item": Text(en="different items bought", fr="articles différents achetés"),
    "category": Text(en="different categories bought", fr="catégories différentes achetées"),
    "channel": Text(en="different channels of purchase", fr="canaux d'achat différents"),
}


@family("breadth", needs="purchase", also="a column `item`, `category` or `channel`")
def breadth(log: AsOf) -> Iterator[Declared]:
    """Count different items, categories and channels."""
    for column in log.columns(*COLUMNS):
        meaning = COLUMNS[column]
        yield feature(
            f"purchase_{column}_distinct",
            log.distinct("purchase", column=column),
            signal="breadth",
            unit=Unit.COUNT,
            meaning=meaning,
            null="never null",
            reason=Text(en=f"{{value:.0f}} {meaning.en}", fr=f"{{value:.0f}} {meaning.fr}"),
        )
    for column in log.columns("item", "category"):
        meaning = COLUMNS[column]
        for days in (84, 364):
            yield feature(
                f"purchase_{column}_distinct_{days}d",
                log.distinct("purchase", column=column, days=days),
                signal="breadth",
                unit=Unit.COUNT,
                meaning=Text(en=f"{meaning.en} in {days} days", fr=f"{meaning.fr} en {days} jours"),
                null="never null",
                window_days=days,
            )
    if log.columns("item"):
        yield from _items(log)
    if log.columns("category"):
        yield feature(
            "purchase_category_distinct_ratio_84d",
            log.distinct("purchase", column="category", days=84)
            / log.distinct("purchase", column="category").nullif(0),
            signal="breadth",
            unit=Unit.SHARE,
            meaning=Text(
                en="share of the customer's categories bought in 84 days",
                fr="part des catégories du client achetées en 84 jours",
            ),
            null="no category in the observation window",
            window_days=84,
            reason=Text(
                en="{value:.0%} of the customer's categories bought in the last 84 days",
                fr="{value:.0%} des catégories du client achetées sur les 84 derniers jours",
            ),
        )


def _items(log: AsOf) -> Iterator[Declared]:
    different, orders = log.distinct("purchase", column="item"), log.count("purchase")
    lines = log.lines("purchase", column="item")
    yield feature(
        "purchase_item_per_order",
        different / orders.nullif(0),
        signal="breadth",
        unit=Unit.RATIO,
        meaning=Text(en="different items over orders", fr="articles différents par commande"),
        null="no order in the observation window",
    )
    yield feature(
        "purchase_line_mean",
        lines / orders.nullif(0),
        signal="breadth",
        unit=Unit.RATIO,
        meaning=Text(en="lines per order", fr="lignes par commande"),
        null="no order in the observation window",
        reason=Text(
            en="{value:.1f} lines per order on average",
            fr="{value:.1f} lignes par commande en moyenne",
        ),
    )
    yield feature(
        "purchase_item_repeat_share",
        1.0 - different / lines.nullif(0),
        signal="breadth",
        unit=Unit.SHARE,
        meaning=Text(
            en="share of lines that buy an item again",
            fr="part des lignes qui rachètent un article",
        ),
        null="no line in the observation window",
        reason=Text(
            en="{value:.0%} of what is bought was bought before",
            fr="{value:.0%} des achats sont des rachats du même article",
        ),
    )
