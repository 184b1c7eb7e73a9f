"""What each table is: events, customers, a link, a lookup; and what a study would say of it.

In:  profiles of the tables of a folder.
Out: Draft: sources, customers, links, each setting with its confidence and reason; and the gaps,
each with the line to write.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from reveil.events.profile import Column, Profile
from reveil.events.propose_columns import Proposal, propose_columns
from reveil.events.propose_customers import customers_settings
from reveil.events.propose_kinds import Kinds, kinds_of
from reveil.events.propose_words import name_score, tokens
from reveil.events.propose_yaml import column, expression, scalar

LOG = (
    "customer", "at", "order", "item", "category", "channel", "campaign", "offer", "amount",
    "rating", "available_at", "is_machine",
)  # fmt: skip
"""Columns of the log, in the order a study names them."""

PEOPLE = frozenset(
    "customer customers client clients crm adherent adherents member members membre membres "
    "contact contacts user users household households demographic demographics profil profils "
    "subscriber subscribers abonne abonnes account accounts compte comptes person persons".split()
)
LINKS = frozenset(
    "link links lien liens map mapping matching identity identite identites alias aliases xref "
    "correspondance bridge crosswalk cards cartes".split()
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One setting as a study would say it.

    Parameters
    ----------
    text
        Its value, in YAML.
    columns
        The user's columns it stands on.
    others
        Other values that are possible, in YAML.
    """

    key: str
    text: str
    confidence: float
    reason: str
    columns: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def level(self) -> str:
        """The confidence in a word."""
        return "high" if self.confidence >= 0.8 else "medium" if self.confidence >= 0.6 else "low"


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """What only the user can say.

    Parameters
    ----------
    where
        The table, or the part of the study.
    key
        The setting that is missing; of a source's columns, when `line` stands there.
    what
        Why it is not proposed.
    line
        The exact line to write.
    """

    where: str
    key: str
    what: str
    line: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Lookup:
    """A table that brings columns to a source."""

    table: Profile
    mine: str
    theirs: str
    columns: tuple[str, ...]
    match: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A table of events."""

    table: Profile
    entries: tuple[Entry, ...]
    kinds: Kinds
    lookups: tuple[Lookup, ...] = ()
    where: Entry | None = None
    decimal: str = "."
    gaps: tuple[Gap, ...] = ()
    at: pa.Array | None = None
    """The day of each row, where the source itself says it."""
    dates: Column | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """A table of customers, or a link table."""

    table: Profile
    entries: tuple[Entry, ...]
    confidence: float
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What a study would say of the tables of a folder."""

    sources: tuple[Source, ...] = ()
    customers: People | None = None
    links: tuple[People, ...] = ()
    unused: tuple[tuple[Profile, str], ...] = ()
    """Tables that no setting names, and why."""
    gaps: tuple[Gap, ...] = field(default=())

    @property
    def all_gaps(self) -> tuple[Gap, ...]:
        """Those of the sources first."""
        return (*(gap for source in self.sources for gap in source.gaps), *self.gaps)


def propose(tables: Sequence[Profile]) -> Draft:
    """Decide what every table is, and what a study would say of it."""
    found = {id(table): propose_columns(table) for table in tables}
    people: list[Profile] = []
    events: list[Profile] = []
    links: list[People] = []
    others: list[Profile] = []
    for table in tables:
        columns = found[id(table)]
        link = _link(table, columns)
        if link is not None:
            links.append(link)
        elif "customer" not in columns:
            others.append(table)
        elif _is_people(table, columns):
            people.append(table)
        else:
            events.append(table)
    people.sort(key=lambda t: -t.sample.rows)
    customers = None
    unused: list[tuple[Profile, str]] = []
    if people:
        proposal = found[id(people[0])]["customer"]
        entries = tuple(
            Entry(key=key, text=text, confidence=sure, reason=why, columns=(name,))
            for key, text, sure, why, name in customers_settings(people[0], proposal.column)
        )
        customers = People(
            table=people[0],
            entries=(_entry_of(proposal, people[0]), *entries),
            confidence=0.9 if _named_people(people[0]) else 0.7,
            reason="one row per customer",
        )
        unused += [(t, "one row per customer, but customers are one table") for t in people[1:]]
    sources = []
    looked_up: set[int] = set()
    dated = [t for t in others if "at" in found[id(t)] or True]
    for table in events:
        lookups, brought = _lookups(table, found[id(table)], dated, found)
        if "at" not in found[id(table)] and "at" not in brought:
            if not (set(found[id(table)]) & {"amount", "order", "kind", "campaign", "offer"}):
                unused.append((table, "has customers, but no date"))
                continue
        looked_up |= {id(lookup.table) for lookup in lookups}
        sources.append(_source(table, found[id(table)], lookups, brought))
    gaps: list[Gap] = []
    for table in others:
        if id(table) in looked_up:
            continue
        gap = _customerless(table, found[id(table)])
        if gap is not None and not sources:
            sources.append(gap)
        else:
            unused.append((table, _why_unused(table, found[id(table)])))
    if not sources:
        gaps.append(
            Gap(where="sources", key="sources", what="no table has a customer and a date",
                line="- {name: orders, path: orders.csv, kind: purchase, columns: {customer: id, at: date}}")
        )  # fmt: skip
    sources.sort(key=lambda s: (s.kinds.main != "purchase", -s.table.sample.rows))
    return Draft(
        sources=tuple(sources),
        customers=customers,
        links=tuple(links),
        unused=tuple(unused),
        gaps=tuple(gaps),
    )


def _named_people(table: Profile) -> bool:
    return bool(PEOPLE & set(tokens(table.sample.name)))


def _is_people(table: Profile, columns: dict[str, Proposal]) -> bool:
    customer = table[columns["customer"].column]
    single = customer.share_distinct > 0.98 and customer.filled > 1
    if not single:
        # A customer may have a row per period of validity.
        return _named_people(table) and any(
            name_score("valid_from", c.name) >= 0.9 and c.dates for c in table.columns
        )
    doings = {"amount", "order", "kind", "item", "campaign", "offer", "quantity"} & set(columns)
    return _named_people(table) or "at" not in columns or not doings


def _link(table: Profile, columns: dict[str, Proposal]) -> People | None:
    """Tell a table that says which customer an id stands for."""
    ids = [c for c in table.columns if c.is_id and c.distinct > 1]
    if not 2 <= len(ids) <= 3 or len(table.columns) > 4 or any(c.dates for c in table.columns):
        return None
    scores = {c.name: name_score("customer", c.name) for c in ids}
    both = sum(s >= 0.5 for s in scores.values()) >= 2
    if not both and not LINKS & set(tokens(table.sample.name)):
        return None
    theirs = next((c for c in ids if c.share_distinct > 0.98), None)
    rest = [c for c in ids if c is not theirs]
    if theirs is None or not rest:
        return None
    customer = max(rest, key=lambda c: scores[c.name])
    if scores[customer.name] < 0.3 and not both:
        return None
    said = "each of its values stands for one customer"
    return People(
        table=table,
        entries=(
            Entry(key="id", text=scalar(theirs.name), confidence=0.6, reason=said,
                  columns=(theirs.name,)),
            Entry(key="customer", text=scalar(customer.name), confidence=0.6,
                  reason="several ids may share one", columns=(customer.name,)),
        ),
        confidence=0.6,
        reason="two ids and nothing else",
    )  # fmt: skip


def _lookups(
    table: Profile,
    mine: dict[str, Proposal],
    others: Sequence[Profile],
    found: dict[int, dict[str, Proposal]],
) -> tuple[tuple[Lookup, ...], dict[str, Entry]]:
    """Find tables with one row per value of a column of ours, and what they would bring."""
    lookups: list[Lookup] = []
    brought: dict[str, Entry] = {}
    for other in others:
        theirs = found[id(other)]
        for key in other.columns:
            ours = next((c for c in table.columns if tokens(c.name) == tokens(key.name)), None)
            if ours is None or not _is_key(key, other):
                continue
            match = _share_within(ours, key)
            if match < 0.5:
                continue
            wanted: dict[str, Entry] = {}
            for name in ("at", "category", "item", "channel", "offer"):
                proposal = theirs.get(name)
                taken = name in mine or name in brought
                clash = proposal is not None and proposal.column in table.names
                if proposal is None or taken or clash or proposal.column == key.name:
                    continue
                entry = _entry_of(proposal, other)
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


def _is_key(key: Column, table: Profile) -> bool:
    whole = table.sample.whole or key.share_distinct == 1
    return key.is_id and key.filled == key.rows and key.distinct == key.rows and whole


def _share_within(ours: Column, key: Column) -> float:
    """Of the different values of ours, the share that the key has."""
    values = ours.values.unique().drop_null().cast(pa.string())
    if not len(values):
        return 0.0
    return float(pc.mean(pc.is_in(values, value_set=key.values.cast(pa.string()))).as_py())


def _entry_of(proposal: Proposal, table: Profile) -> Entry:
    held = table[proposal.column]
    text = scalar(proposal.column)
    others = tuple(scalar(other) for other in proposal.others)
    if proposal.key in ("at", "available_at", "since") and held.dates is not None:
        dates = held.dates
        forms = [_date_text(held, form) for form in dates.formats]
        text, others = forms[0], (*forms[1:], *others)
    if proposal.key == "amount" and held.numbers is not None and held.numbers.sign:
        text = expression(f"replace({column(held.name)}, '{held.numbers.sign}', '')")
    return Entry(
        key=proposal.key,
        text=text,
        confidence=proposal.confidence,
        reason=proposal.reason,
        columns=(proposal.column,),
        others=others,
    )


def _date_text(held: Column, form: str | None) -> str:
    if form is None:
        return scalar(held.name)
    if held.type == "number":  # 20241231
        text = f"cast({column(held.name)} as varchar)"
        return expression(
            f"cast(left({text}, 4) || '-' || substring({text}, 5, 2) || '-' || "
            f"right({text}, 2) as date)"
        )
    return f"{{column: {scalar(held.name)}, format: {scalar(form)}}}"


def _source(
    table: Profile,
    found: dict[str, Proposal],
    lookups: tuple[Lookup, ...],
    brought: dict[str, Entry],
) -> Source:
    name = table.sample.name
    gaps: list[Gap] = []
    entries = {key: _entry_of(p, table) for key, p in found.items() if key in LOG}
    amount = _amount(table, found)
    if amount is not None:
        entries["amount"] = amount
    entries = {**brought, **entries}
    dates = table[found["at"].column] if "at" in found else None
    if dates is not None and dates.dates is not None and len(dates.dates.formats) > 1:
        ways = entries.pop("at")
        gaps += [
            Gap(where=name, key="at", what=f"{dates.name}: {dates.dates.evidence}", line=f"at: {way}")
            for way in (ways.text, *ways.others[: len(dates.dates.formats) - 1])
        ]
    elif "at" not in entries:
        gaps.append(Gap(where=name, key="at", what="no column of dates", line="at: <your column>"))
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


def _customerless(table: Profile, found: dict[str, Proposal]) -> Source | None:
    """Draft a source of a table that has dates and amounts, but nobody they belong to."""
    if not {"at"} <= set(found) or not {"amount", "price", "order", "kind"} & set(found):
        return None
    made = _source(table, found, (), {})
    ids = [c.name for c in table.columns if c.is_id and c.distinct > 1]
    told = f"no column is surely the customer; ids are: {', '.join(ids) or 'none'}"
    gap = Gap(where=table.sample.name, key="customer", what=told, line="customer: <your column>")
    return Source(
        table=table, entries=made.entries, kinds=made.kinds, where=made.where,
        decimal=made.decimal, gaps=(gap, *made.gaps), at=made.at, dates=made.dates,
    )  # fmt: skip


def _why_unused(table: Profile, found: dict[str, Proposal]) -> str:
    if "at" not in found:
        keys = [c for c in table.columns if _is_key(c, table)]
        if not keys:
            return "no customer, no date, and no column with one row per value"
        return "no customer, no date; no table of events shares its key"
    return "has dates, but no customer"
