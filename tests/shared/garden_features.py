"""A family of a user's own, outside the package: guided tours of a garden."""

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature


@family("garden", needs="garden_tour")
def garden(log: AsOf) -> Iterator[Declared]:
    """Use every question that an AsOf answers at least once."""
    gaps = log.gaps("garden_tour", "visit")
    values = {
        "garden_tour_gap_mean": (gaps.mean(), Unit.DAYS),
        "garden_tour_gap_max": (gaps.max(), Unit.DAYS),
        "garden_tour_gap_cv": (gaps.coefficient_of_variation(), Unit.RATIO),
        "garden_tour_tenure_days": (log.tenure("garden_tour"), Unit.DAYS),
        "garden_tour_shop_count_56d": (
            log.count("engagement", days=56, channel="shop"),
            Unit.COUNT,
        ),
        "garden_tour_early_amount": (
            log.sum("commercial", column="amount", days=364, until=28),
            Unit.MONEY,
        ),
        "garden_tour_since_purchase_count": (
            log.since("garden_tour", after=("purchase",)),
            Unit.COUNT,
        ),
        "garden_tour_offers_since_answer": (
            log.since("marketer", after=("engagement", "commercial"), naming="offer"),
            Unit.COUNT,
        ),
        "garden_tour_purchases_since": (log.since("purchase", after=("garden_tour",)), Unit.COUNT),
        "garden_tour_decayed_amount_7d": (
            log.decayed("commercial", half_life=7, column="amount"),
            Unit.MONEY,
        ),
        "garden_tour_category_distinct_84d": (
            log.distinct("commercial", column="category", days=84),
            Unit.COUNT,
        ),
    }
    for name, (value, unit) in values.items():
        yield feature(
            name,
            value,
            signal="garden_tour",
            unit=unit,
            meaning=Text(en=name.replace("_", " "), fr=name.replace("_", " ")),
            null="too few tours",
        )
