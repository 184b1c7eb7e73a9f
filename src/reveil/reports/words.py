"""The words of the reports, in English and French, from one catalogue file beside this module.

In:  `words.yaml`: one entry per key, both languages side by side.
Out: `Words`, which looks a key up and fills its fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from reveil.features.declare import Language, Text
from reveil.reports.formats import NARROW, NO_BREAK


@cache
def catalogue() -> dict[str, Text]:
    """Read every entry of the catalogue.

    Raises
    ------
    TypeError
        When an entry lacks a language or has one too many.

    Examples
    --------
    >>> catalogue()["target.reactivation"].fr
    'Réactivation'
    """
    text = files("reveil.reports").joinpath("words.yaml").read_text(encoding="utf-8")
    entries: dict[str, dict[str, str]] = yaml.safe_load(text)
    texts = {key: Text(**entry) for key, entry in entries.items()}
    return {key: Text(en=text.en, fr=spaced(text.fr)) for key, text in texts.items()}


def spaced(french: str) -> str:
    r"""Put no-break spaces before high punctuation and inside guillemets.

    Examples
    --------
    >>> spaced("Mode : « 10 % » ?")
    'Mode\xa0: «\xa010\u202f%\xa0»\u202f?'
    """
    french = re.sub(r" (?=[;!?%])", NARROW, french)
    return re.sub(r" (?=[:»])|(?<=«) ", NO_BREAK, french)


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """Looks words up in one language.

    Examples
    --------
    >>> words = Words(language="fr")
    >>> words("list.rank", n=3)
    'Rang 3'
    >>> words.known("contender", "CatBoost"), words.known("contender", "recency")
    ('CatBoost', 'règle de récence')
    """

    language: Language

    def __call__(self, key: str, **fields: object) -> str:
        """Return the sentence `key`, its fields filled in.

        Raises
        ------
        KeyError
            For an unknown key, or a field that was not given.
        """
        return catalogue()[key].of(self.language).format(**fields)

    def known(self, prefix: str, name: str) -> str:
        """Return the word for `prefix.name`, or `name` itself where there is none."""
        entry = catalogue().get(f"{prefix}.{name}")
        return name if entry is None else entry.of(self.language)

    def heading(self, prefix: str, name: str) -> str:
        """Return the same as `known`, with a capital, to stand alone.

        Examples
        --------
        >>> Words(language="en").heading("contender", "recency")
        'Recency rule'
        """
        word = self.known(prefix, name)
        return word[:1].upper() + word[1:]
