"""What a customer's standing is called: one table for files, lists and reports.

In:  a column of the standing table, one of its labels, a language.
Out: the word that a reader of the language reads. Labels themselves are English words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from reveil.activity.groups import FRENCH, Buyer, Risk
from reveil.activity.states import State

IN_FRENCH: Mapping[str, Mapping[str, str]] = {
    "state": {
        State.PROSPECT.value: "prospect",
        State.ACTIVE.value: "actif",
        State.INACTIVE.value: "inactif",
        State.FORMER.value: "ancien client",
    },
    "group": {group.value: word for group, word in FRENCH.items()},
    "buyer": {
        Buyer.NONE.value: "aucune commande",
        Buyer.ONE.value: "une commande",
        Buyer.SEVERAL.value: "plusieurs commandes",
        Buyer.LOYAL.value: "fidèle",
    },
    "order_channels": {"one": "un", "several": "plusieurs"},
    "risk": {
        Risk.STEADY.value: "stable",
        Risk.LAPSING.value: "s'éloigne",
        Risk.AT_RISK.value: "à risque",
    },
    "engagement_band": {"none": "nul", "low": "faible", "medium": "moyen", "high": "fort"},
}
"""By column of the standing table: every label it can hold."""


def words_of(column: str, language: Literal["en", "fr"]) -> Mapping[str, str]:
    """Give the words of the labels of a column; none where labels are read as they are.

    Examples
    --------
    >>> words_of("order_channels", "fr"), words_of("state", "en"), words_of("rfm", "fr")
    ({'one': 'un', 'several': 'plusieurs'}, {}, {})
    """
    return IN_FRENCH.get(column, {}) if language == "fr" else {}


def word(column: str, label: str, language: Literal["en", "fr"]) -> str:
    """Say one label of a column.

    Examples
    --------
    >>> word("state", "former", "fr"), word("state", "former", "en"), word("rfm", "545", "fr")
    ('ancien client', 'former', '545')
    """
    return words_of(column, language).get(label, label)
