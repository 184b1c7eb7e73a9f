"""What the customers table says of the customer, as of the cutoff."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature
from reveil.features.grounds import days_since


@family("profile", also="attributes of customers, or the end of their contracts")
def profile(log: AsOf) -> Iterator[Declared]:
    """Attributes: numbers as written, texts by their place among levels frozen at training."""
    for attribute in log.attributes:
        name = f"profile_{attribute.name}"
        shown = attribute.name.replace("_", " ")
        number = attribute.levels is None
        said = "{value:,.10g}" if number else "{value}"
        yield feature(
            name,
            log.attribute(attribute),
            signal=name,
            unit=Unit.NUMBER if number else Unit.LEVEL,
            meaning=Text(
                en=f"{shown}, from the customers table", fr=f"{shown}, d'après le fichier client"
            ),
            null="the customers table does not say",
            reason=Text(en=f"{shown}: {said}", fr=f"{shown} : {said}"),
            levels=attribute.levels or (),
        )
    if "contract_end_s" in log.facts:
        yield feature(
            "contract_days_left",
            0.0 - days_since(log.fact("contract_end_s")),
            signal="contract",
            unit=Unit.DAYS,
            meaning=Text(
                en="days to the end of the contract, negative when it is over",
                fr="jours jusqu'à la fin du contrat, négatif s'il est terminé",
            ),
            null="no contract, or no end",
            reason=Text(
                en="days to the end of the contract: {value:.0f}",
                fr="jours jusqu'à la fin du contrat : {value:.0f}",
            ),
        )
