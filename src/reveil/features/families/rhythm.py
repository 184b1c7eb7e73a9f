"""How regularly a customer orders, and how late the next order is."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature

PSEUDO_GAPS = 2.0
"""Gaps of the usual length that everybody is credited with, so that one gap is not a habit."""

USUAL_GAP_DAYS = 84.0


@family("rhythm", needs="purchase")
def rhythm(log: AsOf) -> Iterator[Declared]:
    """Inter-purchase times, and the recency measured by them."""
    gap = log.gaps("purchase")
    late = log.recency("purchase")
    late_reason = Text(
        en="last order {purchase_recency_days:.0f} days ago, {value:.1f} times the usual gap",
        fr="dernière commande il y a {purchase_recency_days:.0f} jours, "
        "{value:.1f} fois le délai habituel",
    )
    yield feature(
        "purchase_gap_mean",
        gap.mean(),
        signal="rhythm",
        unit=Unit.DAYS,
        meaning=Text(en="mean days between orders", fr="délai moyen entre commandes"),
        null="fewer than two orders",
        reason=Text(
            en="usually orders every {value:.0f} days",
            fr="commande en moyenne tous les {value:.0f} jours",
        ),
    )
    yield feature(
        "purchase_gap_cv",
        gap.coefficient_of_variation(),
        signal="rhythm",
        unit=Unit.RATIO,
        meaning=Text(
            en="standard deviation of days between orders over their mean",
            fr="écart-type du délai entre commandes, rapporté à sa moyenne",
        ),
        null="fewer than three orders, or all at the same moment",
    )
    yield feature(
        "purchase_overdue_ratio",
        late / gap.mean().clip(lower=1.0),
        signal="silence",
        unit=Unit.RATIO,
        meaning=Text(
            en="days since the last order over the usual gap, at least a day",
            fr="jours depuis la dernière commande, rapportés au délai habituel, au moins un jour",
        ),
        null="fewer than two orders",
        reason=late_reason,
    )
    yield feature(
        "purchase_overdue_max_ratio",
        late / gap.max().clip(lower=1.0),
        signal="silence",
        unit=Unit.RATIO,
        meaning=Text(
            en="days since the last order over the longest gap so far",
            fr="jours depuis la dernière commande, rapportés au plus long délai connu",
        ),
        null="fewer than two orders",
        reason=Text(
            en="last order {purchase_recency_days:.0f} days ago, "
            "{value:.1f} times the longest gap so far",
            fr="dernière commande il y a {purchase_recency_days:.0f} jours, "
            "{value:.1f} fois le plus long délai connu",
        ),
    )
    shrunk = (gap.total.fill_null(0) / 86_400.0 + PSEUDO_GAPS * USUAL_GAP_DAYS) / (
        gap.count + PSEUDO_GAPS
    )
    yield feature(
        "purchase_overdue_shrunk_ratio",
        late / shrunk,
        signal="silence",
        unit=Unit.RATIO,
        meaning=Text(
            en=f"days since the last order over the usual gap, two gaps of {USUAL_GAP_DAYS:.0f} days added",
            fr="jours depuis la dernière commande, rapportés au délai habituel "
            f"complété de deux délais de {USUAL_GAP_DAYS:.0f} jours",
        ),
        null="no order in the observation window",
    )
