"""Wording: how figures and BTYD's own reason read in English and French.

In:  a number, a language.
Out: text.
Knows nothing of models.
"""

from __future__ import annotations

from reveil.features.declare import Language, Text

BTYD_TITLE = Text(
    en="number and rhythm of past orders (MBG/NBD)",
    fr="nombre et rythme des commandes passées (MBG/NBD)",
)

SEASON_TITLE = Text(en="same season last year", fr="même saison l'an dernier")

BTYD_SENTENCE = Text(
    en="orders: {purchase_count:.0f} in {purchase_tenure_days:.0f} days as a customer",
    fr="commandes : {purchase_count:.0f} en {purchase_tenure_days:.0f}\u202fjours d'ancienneté",
)


class Number(float):
    """A float that formats itself in a language: French has a decimal comma and thin spaces.

    Examples
    --------
    >>> f"{Number(2.34, 'fr'):.1f} fois, {Number(1234.5, 'fr'):,.0f} EUR".replace("\u202f", " ")
    '2,3 fois, 1 234 EUR'
    >>> f"{Number(2.34, 'en'):.1f}"
    '2.3'
    """

    language: Language

    def __new__(cls, value: float, language: Language) -> Number:
        """Remember the language beside the value."""
        number = super().__new__(cls, value)
        number.language = language
        return number

    def __format__(self, spec: str) -> str:
        text = float(self).__format__(spec)
        if self.language == "fr":
            text = text.translate({ord(","): "\u202f", ord("."): ","})
        return text
