"""What a feature says about itself: name, unit, meaning, what null means, how it reads as a reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Language = Literal["en", "fr"]


class Unit(StrEnum):
    """What a number counts.

    Examples
    --------
    >>> Unit("days") is Unit.DAYS
    True
    """

    DAYS = "days"
    COUNT = "count"
    MONEY = "money"
    RATIO = "ratio"
    SHARE = "share"
    NUMBER = "number"
    """As the user's own table writes it, in the user's own unit."""
    LEVEL = "level"
    """The place of a text among the feature's `levels`."""


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


OTHER = Text(en="other", fr="autre")
"""A text that is none of a feature's levels."""


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
    roles
        The roles of the events it stands on, and `customers` where it reads the customers table.
    levels
        The texts its values stand for, by place; empty for a number that means itself.
    """

    name: str
    family: str
    signal: str
    unit: Unit
    meaning: Text
    null_means: str
    window_days: int | None = None
    reason: Text | None = None
    roles: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()

    def level(self, value: float, language: Language) -> str:
        """Say the text that a value stands for; past the last level it is any other text.

        Examples
        --------
        >>> title = Feature(
        ...     name="profile_title", family="profile", signal="profile_title", unit=Unit.LEVEL,
        ...     meaning=Text(en="title", fr="civilité"), null_means="not known",
        ...     levels=("Mme", "M."))
        >>> title.level(0.0, "fr"), title.level(2.0, "fr")
        ('Mme', 'autre')
        """
        place = int(value)
        return self.levels[place] if 0 <= place < len(self.levels) else OTHER.of(language)
