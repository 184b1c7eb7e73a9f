"""What a study would say of the tables of a folder, as values.

In:  proposals for columns.
Out: Draft and its parts: settings with their confidence and reason, gaps with the line to write.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from reveil.events.proposal.columns import Proposal, level
from reveil.events.proposal.kinds import Kinds
from reveil.events.proposal.profile import Column, Profile
from reveil.events.proposal.yaml import column, expression, scalar


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
        return level(self.confidence)


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


def entry_of(proposal: Proposal, table: Profile) -> Entry:
    """Write a proposal as a study would say it."""
    held = table[proposal.column]
    text = scalar(proposal.column)
    others = tuple(scalar(other) for other in proposal.others)
    if proposal.key in ("at", "available_at", "since") and held.dates is not None:
        dates = held.dates
        forms = [date_text(held, form) for form in dates.formats]
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


def date_text(held: Column, form: str | None) -> str:
    """Write a column of dates, read in one way, as a study would say it."""
    if form is None:
        return scalar(held.name)
    if held.type == "number":  # 20241231
        text = f"cast({column(held.name)} as varchar)"
        return expression(
            f"cast(left({text}, 4) || '-' || substring({text}, 5, 2) || '-' || "
            f"right({text}, 2) as date)"
        )
    return f"{{column: {scalar(held.name)}, format: {scalar(form)}}}"
