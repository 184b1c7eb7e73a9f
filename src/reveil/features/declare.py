"""What a feature says about itself: name, unit, meaning, what null means, how it reads as a reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Language = Literal["en", "fr"]


class Unit(StrEnum):
    """What a number counts."""

    DAYS = "days"
    COUNT = "count"
    MONEY = "money"
    RATIO = "ratio"
    SHARE = "share"


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """One sentence in the languages CRM teams read.

    Examples
    --------
    >>> Text(en="last order", fr="dernière commande").of("fr")
    'dernière commande'
    """

    en: str
    fr: str

    def of(self, language: Language) -> str:
        """Return the sentence in `language`."""
        return self.fr if language == "fr" else self.en


@dataclass(frozen=True, kw_only=True, slots=True)
class Feature:
    """A point-in-time signal, described for people.

    Parameters
    ----------
    name
        Signal, statistic and window: `purchase_amount_sum_364d`.
    family
        The module that declares it.
    signal
        What it is news of. Features of one signal, whatever their family, say the same
        thing and speak as one reason.
    unit, meaning, null_means
        What the number is, and what its absence says.
    window_days
        Days before the cutoff it looks at; None for the whole observation window.
    reason
        How it reads for one customer. A format string: `{value}` is the feature's own
        value, any other field names another feature of the same customer.
    """

    name: str
    family: str
    signal: str
    unit: Unit
    meaning: Text
    null_means: str
    window_days: int | None = None
    reason: Text | None = None
