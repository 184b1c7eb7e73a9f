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

from reveil.errors import DataError
from reveil.events.audit import Audit, Finding, worst_first
from reveil.events.checks import audit_source, holes
from reveil.events.roles import Role
from reveil.events.settings import CustomersSettings, SourceSettings
from reveil.events.source import (
    Reader,
    identifier,
    mapped,
    moment,
    open_source,
    reading,
    require_column,
)
from reveil.windows import Coverage

DAY = 86_400


@dataclass(frozen=True, kw_only=True, slots=True)
class EventLog:
    """The events of a study, cleaned.

    Parameters
    ----------
    events
        One row per event: `customer_id, kind, at_s, known_s` (seconds since 1970, UTC),
        `amount` (ten-thousandths), `order_id, channel, campaign, offer, rating, is_start`.
        An order spread over several days has one row a day, the first of them `is_start`.
    lines
        One row per order line that names an item or a category: `customer_id, kind, at_s,
        known_s, item, category`.
    customers
        `customer_id, since_s, consent_<channel>, usable_<channel>`, or None.
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
        end = seconds(cutoff)
        customers = self.customers
        if customers is not None:
            customers = customers.filter(customers.since_s < end)
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
) -> EventLog:
    """Read every source, count what is wrong with it, and join what is right to one log.

    Raises
    ------
    DataError
        When a source is missing, empty, lacks a column, or holds what the study refuses.
    """
    findings: list[Finding] = []
    tables: list[ir.Table] = []
    for source in sources:
        with reading(source.path.name):
            raw = open_source(reader, source)
            rows = mapped(raw, source)
            findings += audit_source(raw, rows, source, coverage, roles)
        tables.append(_readable(rows, coverage, roles))
    clean = reader.store(ibis.union(*tables) if len(tables) > 1 else tables[0])
    findings += holes(clean, coverage)
    kinds = tuple(sorted(clean.select("kind").distinct().to_pyarrow()["kind"].to_pylist()))
    return EventLog(
        events=reader.store(_events(clean)),
        lines=reader.store(_lines(clean)),
        customers=None if customers is None else reader.store(_customers(reader, customers)),
        coverage=coverage,
        roles=roles,
        kinds=kinds,
        columns=tuple(sorted({c for source in sources for c in source.columns})),
        findings=worst_first(findings),
    )


def _readable(rows: ir.Table, coverage: Coverage, roles: Mapping[str, Role]) -> ir.Table:
    inside = (rows.at >= ibis.timestamp(str(coverage.start))) & (
        rows.at < ibis.timestamp(str(coverage.end))
    )
    human = ~rows.is_machine.fill_null(False)
    rows = rows.filter(
        rows.kept, rows.customer_id.notnull(), inside, rows.known_at.notnull(),
        rows.kind.isin(list(roles)), human,
    )  # fmt: skip
    return rows.mutate(at_s=_seconds(rows.at), known_s=_seconds(rows.known_at)).drop(
        "at", "known_at", "kept", "is_machine"
    )


def _seconds(moment: ir.TimestampValue) -> ir.IntegerValue:
    # Cut first: 23:59:59.7 still belongs to its day.
    return moment.truncate("s").epoch_seconds().cast("int64")


def _events(clean: ir.Table) -> ir.Table:
    """Merge the lines of one order and day: whole days, so that no cutoff splits a row."""
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
    return single.union(merged.select(single.columns))


def _lines(clean: ir.Table) -> ir.Table:
    named = clean.filter(clean.item.notnull() | clean.category.notnull())
    return named.select("customer_id", "kind", "at_s", "known_s", "item", "category")


def _customers(reader: Reader, settings: CustomersSettings) -> ir.Table:
    with reading(settings.path.name):
        return _customers_of(reader.read(settings.path), settings)


def _customers_of(raw: ir.Table, settings: CustomersSettings) -> ir.Table:
    flags = {
        **{f"consent_{channel}": column for channel, column in settings.consent.items()},
        **{f"usable_{channel}": column for channel, column in settings.usable.items()},
    }
    since = [settings.since] if settings.since else []
    for column in (settings.customer, *since, *flags.values()):
        require_column(raw, column, settings.path)
    name = settings.path.name
    read: dict[str, ir.Value] = {column: _flag(raw[column]) for column in flags.values()}
    if settings.since:
        known = moment(
            raw[settings.since],
            where=f'column "{settings.since}" of {name}',
            key="customers.since",
            pattern=None,
        )
        read[settings.since] = _seconds(known)
    for column, value in read.items():
        unread = raw.filter(_written(raw[column]), value.isnull())
        if bad := int(unread.count().to_pyarrow().as_py()):
            wanted = "date such as 2011-06-30" if column == settings.since else "true or false"
            raise DataError(
                f'{bad:,} rows of {name} have no {wanted} in column "{column}"',
                hint="write it so in that file; an empty field means not known",
            )
    table = raw.select(
        customer_id=identifier(raw[settings.customer]),
        since_s=read[settings.since] if settings.since else ibis.literal(0, type="int64"),
        **{name: read[column].fill_null(False) for name, column in flags.items()},
    )
    table = table.filter(table.customer_id.notnull())
    ids = table.aggregate(rows=table.count(), distinct=table.customer_id.nunique()).to_pyarrow()
    rows, distinct = ids["rows"][0].as_py(), ids["distinct"][0].as_py()
    if rows == 0:
        raise DataError(
            f'no row of {name} has a customer in column "{settings.customer}"',
            hint="check `customers.customer`",
        )
    if rows != distinct:
        raise DataError(
            f'{settings.path.name} has {rows:,} rows for {distinct:,} values of "{settings.customer}"; '
            "one row per customer is required",
            hint="keep the latest row of each customer in that file",
        )
    return table


def _written(value: ir.Value) -> ir.BooleanValue:
    if value.type().is_floating():
        return value.notnull() & ~value.isnan()
    return value.cast("string").strip().nullif("").notnull()


def _flag(value: ir.Value) -> ir.BooleanValue:
    # Not a number is not known, and would be read as true.
    if value.type().is_floating():
        value = _written(value).ifelse(value, ibis.null("float64"))
    if value.type().is_string():
        value = value.strip()
    return value.try_cast("boolean")
