"""What each table is: events, customers, a link, a lookup; and what a study would say of it.

In:  profiles of the tables of a folder.
Out: Draft: sources, customers, links, each setting with its confidence and reason; and the gaps,
each with the line to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reveil.events.proposal.columns import Proposal, propose_columns
from reveil.events.proposal.customers import customers_attributes, customers_settings
from reveil.events.proposal.draft import Draft, Entry, Gap, People, Source, date_text, entry_of
from reveil.events.proposal.profile import Profile
from reveil.events.proposal.source import customerless, is_key, lookups_of, share_within, source_of
from reveil.events.proposal.words import LINKS, PEOPLE, name_score, tokens
from reveil.events.proposal.yaml import scalar

NO_SOURCE = Gap(
    where="sources",
    key="sources",
    what="no table has a customer and a date",
    line="- {name: orders, path: orders.csv, kind: purchase, columns: {customer: id, at: date}}",
)


def propose(tables: Sequence[Profile]) -> Draft:
    """Decide what every table is, and what a study would say of it.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from reveil.events.proposal.profile import profile
    >>> from reveil.events.proposal.profile_files import Sample
    >>> from reveil.events.settings import TableSettings
    >>> rows = pa.table({"client": ["A", "B", "A"], "jour": ["2024-03-01"] * 3, "ttc": [1.5, 2.5, 3.5]})
    >>> shop = Sample(name="ventes", place=TableSettings(file="ventes.csv"), table=rows, rows=3)
    >>> [source.kinds.main for source in propose([profile(shop)]).sources]
    ['purchase']
    """
    bare = [table for table in tables if not table.sample.header]
    found = [(table, propose_columns(table)) for table in tables if table.sample.header]
    links = {id(t): link for t, c in found if (link := _link(t, c)) is not None}
    found = [(t, _by_link(t, c, links.values())) for t, c in found if id(t) not in links]
    people = [(t, c) for t, c in found if "customer" in c and _is_people(t, c)]
    people.sort(key=lambda each: -each[0].sample.rows)
    events = [(t, c) for t, c in found if "customer" in c and not _is_people(t, c)]
    others = [(t, c) for t, c in found if "customer" not in c]
    sources: list[Source] = []
    unused = [(t, "one row per customer, but customers are one table") for t, _ in people[1:]]
    for table, said in events:
        lookups, brought = lookups_of(table, said, others)
        doings = {"amount", "order", "kind", "campaign", "offer"} & set(said)
        if "at" in said or "at" in brought or doings:
            sources.append(source_of(table, said, lookups, brought))
        else:
            unused.append((table, "has customers, but no date"))
    looked_up = {id(lookup.table) for source in sources for lookup in source.lookups}
    for table, said in others:
        if id(table) in looked_up:
            continue
        nobodys = None if sources else customerless(table, said)
        if nobodys is not None:
            sources.append(nobodys)
        else:
            unused.append((table, _why_unused(table, said)))
    if people and _says_nothing(people[0], events):
        told = (
            "one row per customer, but neither dates nor consent, and many customers are not there"
        )
        unused.append((people.pop(0)[0], told))
    unused += [(table, "has no header: its first row reads as data") for table in bare]
    sources.sort(key=lambda s: (s.kinds.main != "purchase", -s.table.sample.rows))
    gaps = [_headerless(table) for table in bare]
    gaps += _undated(people[0][0]) if people else []
    if not sources and not bare:
        gaps.append(NO_SOURCE)
    return Draft(
        sources=tuple(sources),
        customers=_people(*people[0]) if people else None,
        links=tuple(links.values()),
        unused=tuple(unused),
        gaps=(*gaps, *_unbought(sources)),
    )


def _headerless(table: Profile) -> Gap:
    """Ask for names of columns; what stands in their place may be a customer's."""
    return Gap(
        where="sources",
        key="sources",
        what=f"the first row of {table.sample.place.name} reads as data: give the file a header "
        "with the names of its columns, then run `reveil init` again",
        line=f"- {{name: {scalar(table.sample.name)}, path: <your file>, kind: <kind>, "
        "columns: {customer: <your column>, at: <your column>}}",
    )


def _says_nothing(
    people: tuple[Profile, dict[str, Proposal]],
    events: Sequence[tuple[Profile, dict[str, Proposal]]],
) -> bool:
    """Tell a customers table that would only make strangers of the customers it lacks."""
    table, columns = people
    mine = table[columns["customer"].column]
    if any(customers_settings(table, mine.name)) or not events:
        return False
    return any(share_within(t[c["customer"].column], mine) < 0.95 for t, c in events)


def _unbought(sources: Sequence[Source]) -> tuple[Gap, ...]:
    """Ask what is coming back where nothing is a purchase."""
    seen = [kind for source in sources for kind in source.kinds.seen]
    if not sources or "purchase" in seen:
        return ()
    return (
        Gap(where="labels", key="labels", what="no purchase was found: what is coming back?",
            line=f"labels: {{returns_on: [{seen[0] if seen else '<kind>'}]}}"),
    )  # fmt: skip


def _people(table: Profile, columns: dict[str, Proposal]) -> People:
    customer = columns["customer"]
    held = table[customer.column]
    # That no value comes twice speaks for a table of customers, and against one of events.
    sure = max(customer.confidence, name_score("customer", held.name))
    customer = replace(
        customer,
        confidence=sure,
        reason=f"named so, {held.distinct:,} values over {held.filled:,} rows",
    )
    entries = (
        Entry(key=key, text=text, confidence=sure, reason=why, columns=(name,))
        for key, text, sure, why, name in (
            *customers_settings(table, customer.column),
            *customers_attributes(table, customer.column),
        )
    )
    return People(
        table=table, entries=(entry_of(customer, table), *entries), reason="one row per customer"
    )


def _by_link(
    table: Profile, columns: dict[str, Proposal], links: Iterable[People]
) -> dict[str, Proposal]:
    """Take as the customer an id that a link table knows, where nothing is surely it."""
    if "customer" in columns and columns["customer"].confidence >= 0.6:
        return columns
    for link in links:
        theirs = link.table[link.entries[0].columns[0]]
        ours = next((c for c in table.columns if tokens(c.name) == tokens(theirs.name)), None)
        if ours is not None and share_within(ours, theirs) > 0.5:
            kept = {key: p for key, p in columns.items() if p.column != ours.name}
            said = f"{link.table.sample.name} says which customer each of its values stands for"
            mine = Proposal(key="customer", column=ours.name, confidence=0.6, reason=said)
            return {**kept, "customer": mine}
    return columns


def _undated(table: Profile) -> list[Gap]:
    """Name the ways to read since when a customer is known, where the values do not tell."""
    for held in table.columns:
        if held.dates and len(held.dates.formats) > 1 and name_score("since", held.name) >= 0.7:
            return [
                Gap(where="customers", key="since", what=f"{held.name}: {held.dates.evidence}",
                    line=f"since: {date_text(held, form)}")
                for form in held.dates.formats
            ]  # fmt: skip
    return []


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
        reason="two ids and nothing else",
    )  # fmt: skip


def _why_unused(table: Profile, found: dict[str, Proposal]) -> str:
    if "at" not in found:
        keys = [c for c in table.columns if is_key(c, table)]
        if not keys:
            return "no customer, no date, and no column with one row per value"
        return "no customer, no date; no table of events shares its key"
    return "has dates, but no customer"
