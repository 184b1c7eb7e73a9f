"""Which kinds of events a table holds.

In:  the profile of a table of events, the columns proposed for it.
Out: `kind` as a study would say it: one kind, a column with its words, or a condition per kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow.compute as pc

from reveil.events.proposal.columns import Proposal
from reveil.events.proposal.profile import Profile
from reveil.events.proposal.words import MAILINGS, REACTIONS, kind_named, tokens
from reveil.events.proposal.yaml import column, literal, scalar
from reveil.events.roles import ROLES


@dataclass(frozen=True, kw_only=True, slots=True)
class Kinds:
    """The kinds of a table.

    Parameters
    ----------
    main
        The kind of most rows, as far as is known; empty where it is not.
    lines
        `kind: ...` in YAML, one or several lines; none where only the user can say it, so that the
        study is refused until then.
    own
        Kinds that the study must declare, and their role.
    gaps
        What is missing, and the line to write.
    """

    main: str
    lines: tuple[str, ...]
    confidence: float
    reason: str
    own: Mapping[str, str] = field(default_factory=dict)
    gaps: tuple[tuple[str, str], ...] = ()
    seen: tuple[str, ...] = ()
    """Every kind it speaks of."""


def kinds_of(table: Profile, found: Mapping[str, Proposal], amount: str | None) -> Kinds:
    """Propose how the kind of each row is told.

    Parameters
    ----------
    amount
        What the study says of the amount, if it says any.
    """
    if "kind" in found:
        return _worded(table, found["kind"])
    name = table.sample.name
    said = tokens(name)
    named = kind_named(name)
    money = amount is not None
    if REACTIONS & set(said):
        return Kinds(
            main=name, lines=(f"kind: {scalar(name)}",), confidence=0.6,
            reason=f"called {name}: something the customer does",
            own={name: "engagement"}, seen=(name,),
        )  # fmt: skip
    if named in (None, "purchase") and (money or "quantity" in found or "order" in found):
        sure = 0.9 if named else 0.7 if money else 0.5
        why = f"called {name}" if named else "has amounts" if money else "has orders"
        return _purchases(table, found, sure, why)
    if named is not None:
        return Kinds(
            main=named, lines=(f"kind: {named}",), confidence=0.8, reason=f"called {name}",
            seen=(named,),
        )  # fmt: skip
    if MAILINGS & set(said) or "campaign" in found:
        return Kinds(
            main="",
            lines=(),
            confidence=0.5,
            reason="whom a campaign addressed",
            gaps=(("how the campaign reached people is not said: email_sent, sms_sent, print_sent, "
                   "push_sent or call", "kind: print_sent"),),
        )  # fmt: skip
    return Kinds(
        main="",
        lines=(),
        confidence=0.3,
        reason="nothing says what these events are",
        gaps=(
            (
                f"what {name} are is not known: one of {', '.join(list(ROLES)[:6])}, ...",
                "kind: visit",
            ),
        ),
    )


def _worded(table: Profile, proposal: Proposal) -> Kinds:
    held = table[proposal.column]
    lines = ["kind:", f"  column: {scalar(held.name)}"]
    values: list[str] = []
    gaps: list[tuple[str, str]] = []
    own: dict[str, str] = {}
    seen: dict[str, int] = {}
    for word, rows in held.words.items():
        kind = word if word in ROLES else kind_named(word)
        if kind is None:
            values.append(f"    # TODO {scalar(word)}: <kind>   # {rows:,} rows looked at")
            gaps.append((f"a word of {held.name} is no kind that is known ({rows:,} rows looked at)",
                         f"{scalar(word)}: <kind>"))  # fmt: skip
            continue
        seen[kind] = seen.get(kind, 0) + rows
        if kind != word:
            values.append(f"    {scalar(word)}: {kind}")
    if any(not v.lstrip().startswith("#") for v in values):
        lines.append("  values:")
    lines += values
    main = "purchase" if "purchase" in seen else max(seen, key=lambda k: seen[k], default="")
    return Kinds(
        main=main,
        lines=tuple(lines),
        confidence=proposal.confidence,
        reason=proposal.reason,
        own=own,
        gaps=tuple(gaps),
        seen=tuple(sorted(seen)),
    )


def _purchases(table: Profile, found: Mapping[str, Proposal], sure: float, why: str) -> Kinds:
    """Tell purchases from returns by the sign of the quantity, or of the amount."""
    price = found.get("price")
    for key in ("quantity", "amount"):
        if key not in found:
            continue
        held = table[found[key].column]
        numbers = held.numbers
        if numbers is None or numbers.negative == 0 or numbers.sign:
            continue
        quantity = column(held.name)
        bought = f"{quantity} > 0"
        free = table[price.column].numbers if price is not None and key == "quantity" else None
        if (
            free is not None
            and price is not None
            and not free.sign
            and (free.zero or free.negative)
        ):
            bought += f" and {column(price.column)} > 0"
        lines = [
            "kind:",
            f"  purchase: {scalar(bought)}",
            f"  return: {scalar(f'{quantity} < 0')}",
        ]
        reason = f"{why}; {numbers.negative:.1%} of {held.name} is negative"
        letter = _cancelled(table, found, key)
        if letter:
            reason += f"; their {found['order'].column} begins with {literal(letter)}"
        return Kinds(
            main="purchase", lines=tuple(lines), confidence=sure, reason=reason,
            seen=("purchase", "return"),
        )  # fmt: skip
    return Kinds(
        main="purchase", lines=("kind: purchase",), confidence=sure, reason=why, seen=("purchase",)
    )


def _cancelled(table: Profile, found: Mapping[str, Proposal], key: str) -> str | None:
    """Return the letter that the orders of negative rows begin with, where most share one."""
    if "order" not in found:
        return None
    orders, held = table[found["order"].column], table[found[key].column]
    if not orders.is_text or held.type != "number":
        return None
    negative = orders.values.filter(pc.fill_null(pc.less(held.values, 0), False)).drop_null()
    if not len(negative):
        return None
    letters = pc.value_counts(pc.utf8_slice_codeunits(negative, 0, 1)).to_pylist()
    top = max(letters, key=lambda c: c["counts"])
    common = top["counts"] > 0.7 * len(negative)
    return str(top["values"]) if common and str(top["values"]).isalpha() else None
