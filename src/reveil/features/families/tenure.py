"""Since when the customer has been one."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature
from reveil.features.grounds import days_since


@family("tenure", needs=("commercial", "engagement"))
def tenure(log: AsOf) -> Iterator[Declared]:
    """Days since the first order, the first sign of life, and since the customers table says so."""
    yield feature(
        "purchase_tenure_days",
        log.tenure("purchase"),
        signal="tenure",
        unit=Unit.DAYS,
        meaning=Text(en="days since the first order", fr="jours depuis la première commande"),
        null="no order in the observation window",
        reason=Text(
            en="first order {value:.0f} days ago", fr="première commande il y a {value:.0f} jours"
        ),
    )
    yield feature(
        "activity_tenure_days",
        log.tenure("commercial", "engagement"),
        signal="tenure",
        unit=Unit.DAYS,
        meaning=Text(
            en="days since the first trade or sign of engagement",
            fr="jours depuis le premier achat ou signe d'engagement",
        ),
        null="none in the observation window",
    )
    if "since_s" in log.facts:
        yield feature(
            "member_tenure_days",
            days_since(log.fact("since_s")),
            signal="tenure",
            unit=Unit.DAYS,
            meaning=Text(
                en="days since the customer joined, as the customers table says",
                fr="jours depuis l'inscription, d'après le fichier client",
            ),
            null="the customers table does not say since when",
            reason=Text(en="a customer for {value:.0f} days", fr="client depuis {value:.0f} jours"),
        )
