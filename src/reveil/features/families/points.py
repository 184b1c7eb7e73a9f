"""What the customer holds in the loyalty programme. Amounts of these events are points."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature

EARNED, SPENT = "points_earned", "points_spent"


@family("points", needs=(EARNED, SPENT))
def points(log: AsOf) -> Iterator[Declared]:
    """Points earned and spent, their balance, and for how long it has not moved."""
    if log.columns("amount"):
        yield from _sums(log)
    yield feature(
        "points_stagnant_days",
        log.recency(EARNED, SPENT),
        signal="points",
        unit=Unit.DAYS,
        meaning=Text(
            en="days since points were last earned or spent",
            fr="jours depuis le dernier mouvement de points",
        ),
        null="no points earned or spent in the observation window",
        reason=Text(
            en="points neither earned nor spent for {value:.0f} days",
            fr="aucun mouvement de points depuis {value:.0f} jours",
        ),
    )


def _sums(log: AsOf) -> Iterator[Declared]:
    if log.kinds(EARNED):
        earned = log.sum(EARNED, column="amount")
        left = earned - log.sum(SPENT, column="amount") if log.kinds(SPENT) else earned
        yield feature(
            "points_balance",
            left,
            signal="points",
            unit=Unit.COUNT,
            meaning=Text(
                en="points earned less points spent, in the observation window",
                fr="points gagnés moins points dépensés, sur la période observée",
            ),
            null="never null",
            reason=Text(
                en="{value:,.0f} points earned and not spent",
                fr="{value:,.0f} points gagnés et non dépensés",
            ),
        )
    for kind, en, fr in ((EARNED, "points earned", "points gagnés"),
                         (SPENT, "points spent", "points dépensés")):  # fmt: skip
        if log.kinds(kind):
            yield feature(
                f"{kind}_sum_364d",
                log.sum(kind, column="amount", days=364),
                signal="points",
                unit=Unit.COUNT,
                meaning=Text(en=f"{en} in 364 days", fr=f"{fr} en 364 jours"),
                null="never null",
                window_days=364,
                reason=Text(
                    en=f"{en} in the last 364 days: {{value:,.0f}}",
                    fr=f"{fr} sur les 364 derniers jours : {{value:,.0f}}",
                ),
            )
    if log.kinds(EARNED) and log.kinds(SPENT):
        earned = log.sum(EARNED, column="amount")
        yield feature(
            "points_spent_share",
            log.sum(SPENT, column="amount") / (earned > 0).ifelse(earned, None),
            signal="points",
            unit=Unit.RATIO,
            meaning=Text(
                en="points spent over points earned", fr="points dépensés par point gagné"
            ),
            null="no points earned in the observation window",
            reason=Text(
                en="{value:.0%} of the points earned are spent",
                fr="{value:.0%} des points gagnés sont dépensés",
            ),
        )
