"""The event log: what every later stage reads.

In:  mapped sources.
Out: EventLog: one row per event (the lines of one order are one purchase), the lines
themselves, the customers table, the stated coverage, what the audit found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import ibis
import ibis.expr.types as ir

from reveil.errors import DataError, nearest
from reveil.events.audit import Audit, Finding, refuse, worst_first
from reveil.events.checks import SourceAudit, audit_source
from reveil.events.clock import Clock
from reveil.events.coverage import stopped_kinds
from reveil.events.customers import held_at, open_customers
from reveil.events.facts import marks
from reveil.events.identity import CUSTOMERS, Identity, open_identity, reconciled
from reveil.events.lookalikes import audit_identity
from reveil.events.lookups import ROW
from reveil.events.machines import without_machines
from reveil.events.people import audit_customers, audit_orders, audit_people, people_of
from reveil.events.reader import Reader, reading
from reveil.events.roles import Role
from reveil.events.settings import (
    CustomersSettings,
    IdentitySettings,
    MachineSettings,
    SourceSettings,
)
from reveil.events.source import mapped, open_source
from reveil.windows import Coverage

DAY = 86_400


@dataclass(frozen=True, kw_only=True, slots=True)
class EventLog:
    """The events of a study, cleaned.

    Parameters
    ----------
    events
        One row per event: `customer_id, kind, at_s, known_s` (seconds since 1970 on the study's
        wall clock), `amount` (ten-thousandths), `order_id, channel, campaign, offer, rating,
        is_start`.
        An order spread over several days has one row a day, the first of them `is_start`.
    lines
        One row per order line that names an item or a category: `customer_id, kind, at_s,
        known_s, item, category`.
    customers
        What `open_customers` returns, or None.
    coverage
        The dates between which the log is complete.
    roles
        The role of every kind the study knows.
    kinds, columns
        The kinds the log holds and the optional columns its sources fill, sorted.
    findings
        What the audit found, worst first.
    """

    events: ir.Table
    lines: ir.Table
    customers: ir.Table | None
    coverage: Coverage
    roles: Mapping[str, Role]
    kinds: tuple[str, ...]
    columns: tuple[str, ...]
    findings: tuple[Finding, ...]

    def audit(self) -> Audit:
        """Return what was wrong with the data; shows itself as a table in a notebook."""
        return Audit(findings=self.findings)

    def before(self, cutoff: date) -> EventLog:
        """Return the log as it was known at a cutoff: later rows never happened."""
        return self.known_before(seconds(cutoff))

    def known_before(self, end: int) -> EventLog:
        """Return the log as it was known at a moment, in seconds since 1970."""
        customers = None if self.customers is None else held_at(self.customers, end)
        return replace(
            self,
            events=self.events.filter(self.events.known_s < end),
            lines=self.lines.filter(self.lines.known_s < end),
            customers=customers,
        )


def seconds(day: date) -> int:
    """Seconds from 1970-01-01 to the midnight that starts a day.

    Examples
    --------
    >>> from datetime import date
    >>> seconds(date(1970, 1, 2))
    86400
    """
    return (day - date(1970, 1, 1)).days * DAY


def open_log(
    reader: Reader,
    sources: Sequence[SourceSettings],
    customers: CustomersSettings | None,
    coverage: Coverage,
    roles: Mapping[str, Role],
    *,
    identity: IdentitySettings | None = None,
    machines: MachineSettings | None = None,
    timezone: str = "UTC",
    frames: Mapping[str, object] | None = None,
) -> EventLog:
    """Read every source, count what is wrong with it, and join what is right to one log.

    Parameters
    ----------
    identity
        Who is who across sources; every id is somebody of their own without it.
    machines
        How opens and clicks of machines are told; None leaves those of no flag in.
    timezone
        Whose wall clock the log shows.
    frames
        Data frames in the place of sources, by name.

    Raises
    ------
    DataError
        When a source is missing, empty, lacks a column, or holds what the study refuses.
    """
    who = (
        Identity()
        if identity is None
        else open_identity(reader, identity, [source.name for source in sources])
    )
    findings: list[Finding] = [*who.findings]
    audits: list[SourceAudit] = []
    _require_named(frames or {}, sources)
    for source in sources:
        clock = Clock(zone=timezone, source=source.timezone or timezone, coverage=coverage)
        with reading(source.label):
            raw = open_source(reader, source, frames)
            once = _distinct(raw) if source.on_duplicate == "drop" else raw
            rows = mapped(once, source, clock, marks(once, source))
            audits.append(audit_source(reader, raw, rows, source, coverage=coverage, roles=roles))
    refuse([error for audit in audits for error in audit.refused])
    findings += [finding for audit in audits for finding in audit.findings]
    findings += stopped_kinds(audits, coverage)
    tables = [reconciled(audit.rows, who) for audit in audits]
    clean = ibis.union(*tables) if len(tables) > 1 else tables[0]
    if who.merges:
        clean = reader.store(clean)
    if machines is not None:
        clean, found = without_machines(reader, clean, machines)
        findings += found
    kinds = tuple(sorted(clean.select("kind").distinct().to_pyarrow()["kind"].to_pylist()))
    people = None
    if customers is not None:
        here = Clock(zone=timezone, source=timezone, coverage=coverage)
        people, found = open_customers(reader, customers, here, who, seconds(coverage.start))
        findings += found
    met = reader.store(people_of(clean, [source.name for source in sources]))
    findings += audit_people(met)
    if sum("order" in source.columns for source in sources) > 1:
        findings += audit_orders(clean)
    if customers is not None and people is not None:
        findings += audit_customers(met, people, customers)
    findings += audit_identity(_ids(met, people), who)
    return EventLog(
        events=_events(reader, clean),
        lines=_lines(clean),
        customers=people,
        coverage=coverage,
        roles=roles,
        kinds=kinds,
        columns=tuple(sorted({c for source in sources for c in source.columns})),
        findings=worst_first(findings),
    )


def _ids(met: ir.Table, people: ir.Table | None) -> ir.Table:
    ids = met.select("source", "customer_id")
    if people is not None:
        ids = ids.union(
            people.select("customer_id", source=ibis.literal(CUSTOMERS)).select(
                "source", "customer_id"
            )
        )
    return ids.distinct()


def _require_named(frames: Mapping[str, object], sources: Sequence[SourceSettings]) -> None:
    names = [source.name for source in sources]
    for name in frames:
        if name not in names:
            raise DataError(f"no source of the study is called `{name}`", hint=nearest(name, names))


def _distinct(raw: ir.Table) -> ir.Table:
    """Keep the first of equal rows, which keeps its position."""
    columns = [name for name in raw.columns if name != ROW]
    if ROW not in raw.columns:
        raw = raw.mutate(**{ROW: ibis.row_number() + 1})
    return raw.group_by(columns).aggregate(**{ROW: raw[ROW].min()})


def _events(reader: Reader, clean: ir.Table) -> ir.Table:
    """Merge the lines of one order and day: whole days, so that no cutoff splits a row.

    Only orders are copied: most rows of a log are no part of one.
    """
    facts = ("channel", "campaign", "offer")
    single = clean.filter(clean.order_id.isnull()).select(
        "customer_id", "kind", "at_s", "known_s", "amount", "order_id", *facts, "rating",
        is_start=ibis.literal(True),
    )  # fmt: skip
    lines = clean.filter(clean.order_id.notnull()).mutate(
        day=clean.at_s // DAY, known_day=clean.known_s // DAY
    )
    merged = lines.group_by("customer_id", "kind", "order_id", "day", "known_day").aggregate(
        at_s=lines.at_s.min(),
        known_s=lines.known_s.max(),
        amount=lines.amount.sum().cast("int64"),
        rating=lines.rating.max(),
        **{name: lines[name].min() for name in facts},
    )
    first = ibis.window(group_by=["customer_id", "kind", "order_id"], order_by=["known_day", "day"])
    merged = merged.mutate(is_start=ibis.row_number().over(first) == 0)
    return single.union(reader.store(merged.select(single.columns)))


def _lines(clean: ir.Table) -> ir.Table:
    named = clean.filter(clean.item.notnull() | clean.category.notnull())
    return named.select("customer_id", "kind", "at_s", "known_s", "item", "category")
