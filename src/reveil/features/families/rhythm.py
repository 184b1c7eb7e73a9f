"""How regularly a customer orders or engages, and how late the next time is."""

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
    """Inter-purchase times, and the recency measured by them; engagement likewise."""
    yield from _gaps(log)
    yield from _overdue(log)
    if log.kinds("engagement"):
        yield from _engagement(log)


def _gaps(log: AsOf) -> Iterator[Declared]:
    gap = log.gaps("purchase")
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
        "purchase_gap_max",
        gap.max(),
        signal="rhythm",
        unit=Unit.DAYS,
        meaning=Text(en="longest gap between orders", fr="plus long délai entre commandes"),
        null="fewer than two orders",
        reason=Text(
            en="never more than {value:.0f} days between two orders",
            fr="jamais plus de {value:.0f} jours entre deux commandes",
        ),
    )
    yield feature(
        "purchase_gap_last",
        gap.latest(),
        signal="rhythm",
        unit=Unit.DAYS,
        meaning=Text(
            en="days between the last two orders", fr="jours entre les deux dernières commandes"
        ),
        null="fewer than two orders",
        reason=Text(
            en="the last two orders were {value:.0f} days apart",
            fr="{value:.0f} jours entre les deux dernières commandes",
        ),
    )
    yield feature(
        "purchase_gap_last_ratio",
        gap.latest() / gap.mean().clip(lower=1.0),
        signal="rhythm",
        unit=Unit.RATIO,
        meaning=Text(
            en="days between the last two orders over the usual gap, at least a day",
            fr="jours entre les deux dernières commandes, rapportés au délai habituel, "
            "au moins un jour",
        ),
        null="fewer than two orders",
        reason=Text(
            en="the last two orders were {purchase_gap_last:.0f} days apart, "
            "{value:.1f} times the usual gap",
            fr="{purchase_gap_last:.0f} jours entre les deux dernières commandes, "
            "{value:.1f} fois le délai habituel",
        ),
    )
    yield feature(
        "purchase_clumpiness",
        gap.clumpiness(),
        signal="rhythm",
        unit=Unit.SHARE,
        meaning=Text(
            en="orders evenly spread since the first (0) or all close together (1)",
            fr="commandes réparties également depuis la première (0) ou groupées (1)",
        ),
        null="fewer than two orders, or all at the cutoff",
    )


def _overdue(log: AsOf) -> Iterator[Declared]:
    gap = log.gaps("purchase")
    late = log.recency("purchase")
    late_reason = Text(
        en="last order {purchase_recency_days:.0f} days ago, {value:.1f} times the usual gap",
        fr="dernière commande il y a {purchase_recency_days:.0f} jours, "
        "{value:.1f} fois le délai habituel",
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


def _engagement(log: AsOf) -> Iterator[Declared]:
    gap = log.gaps("engagement")
    yield feature(
        "engagement_gap_mean",
        gap.mean(),
        signal="engagement",
        unit=Unit.DAYS,
        meaning=Text(
            en="mean days between signs of engagement",
            fr="délai moyen entre signes d'engagement",
        ),
        null="fewer than two signs of engagement",
        reason=Text(
            en="a sign of engagement every {value:.0f} days on average",
            fr="un signe d'engagement tous les {value:.0f} jours en moyenne",
        ),
    )
    yield feature(
        "engagement_gap_cv",
        gap.coefficient_of_variation(),
        signal="engagement",
        unit=Unit.RATIO,
        meaning=Text(
            en="standard deviation of days between signs of engagement over their mean",
            fr="écart-type du délai entre signes d'engagement, rapporté à sa moyenne",
        ),
        null="fewer than three signs of engagement, or all at the same moment",
    )
    yield feature(
        "engagement_overdue_ratio",
        log.recency("engagement") / gap.mean().clip(lower=1.0),
        signal="engagement",
        unit=Unit.RATIO,
        meaning=Text(
            en="days since any sign of engagement over their usual gap, at least a day",
            fr="jours depuis tout signe d'engagement, rapportés au délai habituel, au moins un jour",
        ),
        null="fewer than two signs of engagement",
        reason=Text(
            en="last sign of engagement {engagement_recency_days:.0f} days ago, "
            "{value:.1f} times the usual gap",
            fr="dernier signe d'engagement il y a {engagement_recency_days:.0f} jours, "
            "{value:.1f} fois le délai habituel",
        ),
    )
    yield feature(
        "engagement_clumpiness",
        gap.clumpiness(),
        signal="engagement",
        unit=Unit.SHARE,
        meaning=Text(
            en="signs of engagement evenly spread since the first (0) or close together (1)",
            fr="signes d'engagement répartis également depuis le premier (0) ou groupés (1)",
        ),
        null="fewer than two signs of engagement, or all at the cutoff",
    )
