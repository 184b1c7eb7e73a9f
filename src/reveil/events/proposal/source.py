"""A table of events as a source of a study.

In:  its profile, the columns proposed for it, the tables that may be looked up.
Out: Source, with what is missing as gaps.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from reveil.events.proposal.columns import Proposal
from reveil.events.proposal.draft import Entry, Gap, Lookup, Source, entry_of
from reveil.events.proposal.kinds import kinds_of
from reveil.events.proposal.profile import Column, Profile
from reveil.events.proposal.words import name_score, tokens
from reveil.events.proposal.yaml import column, expression, scalar

LOG = (
    "customer", "at", "order", "item", "category", "channel", "campaign", "offer", "amount",
    "rating", "available_at", "is_machine",
)  # fmt: skip
"""Columns of the log, in the order a study names them."""


def lookups_of(
    table: Profile,
    mine: dict[str, Proposal],
    others: Sequence[tuple[Profile, dict[str, Proposal]]],
) -> tuple[tuple[Lookup, ...], dict[str, Entry]]:
    """Find tables with one row per value of a column of ours, and what they would bring."""
    lookups: list[Lookup] = []
    brought: dict[str, Entry] = {}
    for other, theirs in others:
        for key in other.columns:
            ours = next((c for c in table.columns if tokens(c.name) == tokens(key.name)), None)
            if ours is None or not is_key(key, other):
                continue
            match = share_within(ours, key)
            if match < 0.5:
                continue
            wanted: dict[str, Entry] = {}
            for name in ("at", "category", "item", "channel", "offer"):
                proposal = theirs.get(name)
                taken = name in mine or name in brought
                clash = proposal is not None and proposal.column in table.names
                if proposal is None or taken or clash or proposal.column == key.name:
                    continue
                entry = entry_of(proposal, other)
                wanted[name] = Entry(
                    key=name,
                    text=entry.text,
                    confidence=round(min(0.7, entry.confidence) * match, 3),
                    reason=f"from {other.sample.name}, by {key.name} ({match:.2%} of values found)",
                    columns=entry.columns,
                    others=entry.others,
                )
            if not wanted:
                continue
            columns = tuple(c for e in wanted.values() for c in (*e.columns, *e.others))
            lookups.append(
                Lookup(
                    table=other,
                    mine=ours.name,
                    theirs=key.name,
                    columns=tuple(dict.fromkeys(c for c in columns if c in other.names)),
                    match=match,
                )
            )
            brought |= wanted
            break
    return tuple(lookups), brought


def is_key(key: Column, table: Profile) -> bool:
    """Tell whether a table has one row per value of a column."""
    whole = table.sample.whole or key.share_distinct == 1
    return key.is_id and key.filled == key.rows and key.distinct == key.rows and whole


def share_within(ours: Column, key: Column) -> float:
    """Count which share of the different values of ours the key has."""
    values = ours.values.unique().drop_null().cast(pa.string())
    if not len(values):
        return 0.0
    return float(pc.mean(pc.is_in(values, value_set=key.values.cast(pa.string()))).as_py())


def source_of(
    table: Profile,
    found: dict[str, Proposal],
    lookups: tuple[Lookup, ...],
    brought: dict[str, Entry],
) -> Source:
    """Draft a table of events.

    Parameters
    ----------
    brought
        What lookups say, by column of the log.
    """
    name = table.sample.name
    gaps: list[Gap] = []
    entries = {key: entry_of(p, table) for key, p in found.items() if key in LOG}
    amount = _amount(table, found)
    if amount is not None:
        entries["amount"] = amount
    entries = {**brought, **entries}
    dates = table[found["at"].column] if "at" in found else None
    if dates is not None and dates.dates is not None and len(dates.dates.formats) > 1:
        ways = entries.pop("at")
        gaps += [
            Gap(
                where=name,
                key="at",
                what=f"{dates.name}: {dates.dates.evidence}",
                line=f"at: {way}",
            )
            for way in (ways.text, *ways.others[: len(dates.dates.formats) - 1])
        ]
    elif "at" not in entries:
        named = [c.name for c in table.columns if name_score("at", c.name) >= 0.7]
        told = f"{', '.join(named)} cannot be read as dates" if named else "no column of dates"
        gaps.append(Gap(where=name, key="at", what=told, line="at: <your column>"))
    if dates is not None and dates.dates is not None and dates.dates.share < 1:
        lost = 1 - dates.dates.share
        gaps.append(
            Gap(where=name, key="on_bad_date", what=f"{lost:.2%} of {dates.name} is no such date",
                line="on_bad_date: drop")
        )  # fmt: skip
    decimal = "."
    used = {c for entry in entries.values() for c in entry.columns} | {
        found[key].column for key in ("quantity", "price") if key in found
    }
    for held in table.columns:
        if held.is_text and held.name in used and held.numbers and held.numbers.decimal == ",":
            decimal = ","
    kinds = kinds_of(table, found, entries["amount"].text if "amount" in entries else None)
    gaps += [Gap(where=name, key="kind", what=what, line=line) for what, line in kinds.gaps]
    return Source(
        table=table,
        entries=tuple(entries[key] for key in LOG if key in entries),
        kinds=kinds,
        lookups=lookups,
        where=_where(table, found),
        decimal=decimal,
        gaps=tuple(gaps),
        at=None if dates is None or dates.dates is None else dates.dates.days,
        dates=dates,
    )


def _amount(table: Profile, found: dict[str, Proposal]) -> Entry | None:
    """Propose price x quantity where the table has no amount of its own."""
    price, quantity = found.get("price"), found.get("quantity")
    own = found.get("amount")
    if own is not None and own.confidence >= 0.6:
        return None
    if price is None:
        return None
    sign = table[price.column].numbers
    text = column(price.column)
    if sign is not None and sign.sign:
        text = f"replace({text}, '{sign.sign}', '')"
    if quantity is None:
        return Entry(
            key="amount", text=scalar(price.column) if text[0] == '"' else expression(text),
            confidence=0.6, reason="the price, there being no quantity", columns=(price.column,),
        )  # fmt: skip
    return Entry(
        key="amount",
        text=expression(f"{column(quantity.column)} * {text}"),
        confidence=round(min(price.confidence, quantity.confidence) * 0.95, 3),
        reason="quantity times price, there being no amount",
        columns=(quantity.column, price.column),
        others=() if own is None else (scalar(own.column),),
    )


_CANCELLED = re.compile(r"annul|cancel|refus|reject|void|failed|echou|abandon", re.IGNORECASE)


def _where(table: Profile, found: dict[str, Proposal]) -> Entry | None:
    """Leave out what a column of states calls cancelled."""
    if "status" not in found:
        return None
    held = table[found["status"].column]
    words = [word for word in held.words if _CANCELLED.search(word)]
    if not words:
        return None
    rows = sum(held.words[w] for w in words)
    listed = ", ".join("'" + w.replace("'", "''") + "'" for w in words)
    condition = f"coalesce({column(held.name)}, '') not in ({listed})"
    return Entry(
        key="where",
        text=scalar(condition),
        confidence=0.7,
        reason=f"{rows:,} rows looked at are cancelled",
        columns=(held.name,),
    )


def customerless(table: Profile, found: dict[str, Proposal]) -> Source | None:
    """Draft a source of a table that has dates and amounts, but nobody they belong to."""
    if not {"at"} <= set(found) or not {"amount", "price", "order", "kind"} & set(found):
        return None
    made = source_of(table, found, (), {})
    ids = [c.name for c in table.columns if c.is_id and c.distinct > 1]
    told = f"no column is surely the customer; ids are: {', '.join(ids) or 'none'}"
    gap = Gap(where=table.sample.name, key="customer", what=told, line="customer: <your column>")
    return Source(
        table=table, entries=made.entries, kinds=made.kinds, where=made.where,
        decimal=made.decimal, gaps=(gap, *made.gaps), at=made.at, dates=made.dates,
    )  # fmt: skip
