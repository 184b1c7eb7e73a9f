"""What a customers table says: since when, consent, contact points, and what else of a customer.

In:  the profile of a table with one row per customer.
Out: settings of `customers`: key, YAML, confidence, reason, column.
"""

from __future__ import annotations

from collections.abc import Iterator

from reveil.events.proposal.profile import Column, Profile
from reveil.events.proposal.words import PERSONAL, channel_named, name_score, tokens
from reveil.events.proposal.yaml import column, expression, scalar

Said = tuple[str, str, float, str, str]

REPEATED = 5
"""Rows that a text of few values has for each: where they are fewer, it may tell who somebody is."""

NEARLY_ALL = 0.9
"""Different values over rows from which whole numbers are rather an id."""

NUMBERED = frozenset({"id", "num", "numero", "no", "nr", "ref", "code", "key", "cle"})
"""Words for numbers that count nothing."""


def customers_settings(table: Profile, customer: str) -> Iterator[Said]:
    """Propose the settings of a customers table, beside its customer.

    A channel's setting has a dotted key, and so has an attribute: `consent.email`.
    """
    told: set[str] = set()
    for held in table.columns:
        if held.name == customer or not held.filled:
            continue
        for said in (_date(held), _flag(held)):
            if said is not None and said[0] not in told:
                told.add(said[0])
                yield said


def _date(held: Column) -> Said | None:
    if held.dates is None or held.dates.share < 0.9 or len(held.dates.formats) > 1:
        return None
    scores = {
        k: name_score(k, held.name) for k in ("since", "valid_from", "valid_until", "contract_end")
    }
    key = max(scores, key=lambda k: scores[k])
    if scores[key] < 0.7 or held.type == "number":
        return None
    form = held.dates.formats[0]
    text = scalar(held.name)
    if form is not None:
        text = f"{{column: {text}, format: {scalar(form)}}}"
    return key, text, scores[key], f"named so, {held.dates.evidence}", held.name


def _flag(held: Column) -> Said | None:
    if not held.flags:
        return None
    scores = {key: name_score(key, held.name) for key in ("consent", "usable", "objection")}
    key = max(scores, key=lambda k: scores[k])
    if scores[key] < 0.7:
        return None
    channel = channel_named(held.name)
    if key == "objection":
        return key, scalar(held.name), 0.7, "named so, yes or no", held.name
    if channel is None:
        return (
            f"{key}.email",
            scalar(held.name),
            0.5,
            "yes or no; the channel is a guess",
            held.name,
        )
    return f"{key}.{channel}", scalar(held.name), 0.85, "named so, yes or no", held.name


def customers_attributes(table: Profile, customer: str) -> Iterator[Said]:
    """Propose attributes: numbers and texts of few values, and nothing that tells who somebody is.

    Their keys are dotted: `attributes.age`.
    """
    used = {customer, *(said[4] for said in customers_settings(table, customer))}
    told: set[str] = set()
    for held in table.columns:
        words = tokens(held.name)
        name = "_".join(words)[:40].strip("_")
        if held.name in used or name in told or not name[:1].isalpha() or _identifies(held):
            continue
        if (said := _number(held) or _text(held)) is not None:
            told.add(name)
            yield f"attributes.{name}", *said, held.name


def _identifies(held: Column) -> bool:
    """Tell what names or finds a person, dates of birth included; and what is said elsewhere."""
    words = tokens(held.name)
    if held.personal or held.dates is not None or held.distinct < 2:
        return True
    if {*words, "".join(words)} & PERSONAL or any(
        word.startswith(tuple(w for w in PERSONAL if len(w) > 4)) for word in words
    ):
        return True
    keys = ("customer", "since", "consent", "usable", "objection")
    return any(name_score(key, held.name) >= 0.7 for key in keys)


def _number(held: Column) -> tuple[str, float, str] | None:
    numbers = held.numbers
    if numbers is None or numbers.share < 1 or numbers.sign or held.flags:
        return None
    if set(tokens(held.name)) & NUMBERED:
        return None
    if numbers.whole == 1 and held.share_distinct > NEARLY_ALL and held.filled > 1:
        return None
    text = scalar(held.name)
    if held.is_text and numbers.decimal == ",":
        text = expression(f"try_cast(replace({column(held.name)}, ',', '.') as double)")
    return text, 0.6, f"numbers from {numbers.low:,g} to {numbers.high:,g}"


def _text(held: Column) -> tuple[str, float, str] | None:
    if "id" in tokens(held.name) or not held.words or held.type == "number":
        return None
    if len(held.words) < held.distinct or held.filled < REPEATED * held.distinct:
        return None
    return scalar(held.name), 0.6, f"{held.distinct} different texts"
