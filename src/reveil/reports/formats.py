"""Numbers, money and dates as people of each language write them.

In:  plain numbers, a language.
Out: text. English: 1,234.5, £12, 34%. French: 1 234,5, 12 €, 34 %, with narrow
     no-break spaces (the conventions of Unicode CLDR).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from reveil.evaluation.interval import Interval
from reveil.features.declare import Language

DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
NARROW = "\N{NARROW NO-BREAK SPACE}"
NO_BREAK = "\N{NO-BREAK SPACE}"

SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}

MONTHS = {
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "fr": [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
}
SHORT_MONTHS = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "fr": [
        "janv.",
        "févr.",
        "mars",
        "avr.",
        "mai",
        "juin",
        "juil.",
        "août",
        "sept.",
        "oct.",
        "nov.",
        "déc.",
    ],
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Formats:
    """Writes figures in one language and one currency.

    Parameters
    ----------
    language
        `en` or `fr`.
    currency
        ISO code; one without a symbol here is written as its code.

    Examples
    --------
    >>> en, fr = Formats(language="en", currency="EUR"), Formats(language="fr", currency="EUR")
    >>> en.money(1234.5, 2), en.percent(0.1234, 1), en.number(-3)
    ('€1,234.50', '12.3%', '−3')
    >>> [t.replace(NARROW, "~").replace(NO_BREAK, "_") for t in (fr.money(1234.5, 2), fr.percent(.5))]
    ['1~234,50_€', '50~%']
    """

    language: Language
    currency: str = "EUR"

    def number(self, value: float, digits: int = 0, *, signed: bool = False) -> str:
        """Write a number; a dash where there is none."""
        if not math.isfinite(value):
            return DASH
        text = f"{abs(value):,.{digits}f}"
        if self.language == "fr":
            text = text.replace(",", NARROW).replace(".", ",")
        zero = not any("1" <= digit <= "9" for digit in text)
        sign = "" if zero else MINUS if value < 0 else "+" if signed else ""
        return sign + text

    def percent(self, share: float, digits: int = 0, *, signed: bool = False) -> str:
        """Write a share in [0, 1] as a percentage."""
        if not math.isfinite(share):
            return DASH
        return self.number(100 * share, digits, signed=signed) + (
            NARROW + "%" if self.language == "fr" else "%"
        )

    def money(self, value: float, digits: int = 0) -> str:
        """Write an amount with its currency where the language puts it."""
        if not math.isfinite(value):
            return DASH
        text = self.number(value, digits)
        symbol = SYMBOLS.get(self.currency, self.currency)
        if self.language == "fr":
            return f"{text}{NO_BREAK}{symbol}"
        sign, text = (MINUS, text[1:]) if text.startswith(MINUS) else ("", text)
        between = "" if self.currency in SYMBOLS else NO_BREAK
        return f"{sign}{symbol}{between}{text}"

    def cents(self, value: float) -> str:
        """Write an amount, with cents where it is small enough for them to matter."""
        return self.money(value, 2 if abs(value) < 10 else 0)

    def bounds(self, interval: Interval, digits: int = 3, *, signed: bool = False) -> str:
        r"""Write the two bounds; a semicolon parts them where the comma is a decimal sign.

        Examples
        --------
        >>> i = Interval(estimate=0.071, low=-0.004, high=0.093)
        >>> Formats(language="en").bounds(i), Formats(language="fr").bounds(i, 2)
        ('[−0.004,\xa00.093]', '[0,00\xa0;\xa00,09]')
        """
        low = self.number(interval.low, digits, signed=signed)
        high = self.number(interval.high, digits, signed=signed)
        between = f"{NO_BREAK};{NO_BREAK}" if self.language == "fr" else f",{NO_BREAK}"
        return f"[{low}{between}{high}]"

    def day(self, when: date) -> str:
        """Write a date in full.

        Examples
        --------
        >>> Formats(language="fr").day(date(2011, 9, 1)), Formats(language="en").day(date(2011, 9, 1))
        ('1er septembre 2011', '1 September 2011')
        """
        number = "1er" if self.language == "fr" and when.day == 1 else str(when.day)
        return f"{number} {MONTHS[self.language][when.month - 1]} {when.year}"

    def month(self, when: date) -> str:
        """Write month and year, short.

        Examples
        --------
        >>> Formats(language="fr").month(date(2011, 7, 4)), Formats(language="en").month(date(2011, 9, 4))
        ('juil. 2011', 'Sep 2011')
        """
        return f"{SHORT_MONTHS[self.language][when.month - 1]} {when.year}"
