"""How often the customer orders."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature

SILENCE_DAYS = 168
"""A count over so few days says how long the silence is, which the last order says better."""


@family("frequency", needs="purchase")
def frequency(log: AsOf) -> Iterator[Declared]:
    """Count orders; an order is one however many lines it has."""
    yield feature(
        "purchase_count",
        log.count("purchase"),
        signal="orders",
        unit=Unit.COUNT,
        meaning=Text(en="orders", fr="commandes"),
        null="never null",
        reason=Text(en="orders so far: {value:.0f}", fr="commandes à ce jour : {value:.0f}"),
    )
    for days in (7, 28, 84, 168, 364):
        yield feature(
            f"purchase_count_{days}d",
            log.count("purchase", days=days),
            signal="silence" if days <= SILENCE_DAYS else "orders",
            unit=Unit.COUNT,
            meaning=Text(en=f"orders in {days} days", fr=f"commandes en {days} jours"),
            null="never null",
            window_days=days,
            reason=None
            if days <= SILENCE_DAYS
            else Text(
                en=f"orders in the last {days} days: {{value:.0f}}",
                fr=f"commandes sur les {days} derniers jours : {{value:.0f}}",
            ),
        )
    yield feature(
        "purchase_rate",
        log.count("purchase") / (log.tenure("purchase") + 28.0) * 28.0,
        signal="orders",
        unit=Unit.RATIO,
        meaning=Text(
            en="orders per 28 days since the first, one idle period added",
            fr="commandes par 28 jours depuis la première, une période vide ajoutée",
        ),
        null="no order in the observation window",
    )
    if log.kinds("quote"):
        for days in (84, 364):
            yield feature(
                f"quote_count_{days}d",
                log.count("quote", days=days),
                signal="quote",
                unit=Unit.COUNT,
                meaning=Text(en=f"quotes in {days} days", fr=f"devis en {days} jours"),
                null="never null",
                window_days=days,
                reason=Text(
                    en=f"quotes in the last {days} days: {{value:.0f}}",
                    fr=f"devis sur les {days} derniers jours : {{value:.0f}}",
                ),
            )
