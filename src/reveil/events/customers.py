"""The customers table: who is known since when, where they may be reached, what they want.

In:  CustomersSettings, a Reader.
Out: a table with one row per customer, or one per customer and period; `held_at` picks the row
     that held at a moment.
"""

from __future__ import annotations

from collections.abc import Iterator

import ibis
import ibis.expr.types as ir

from reveil.errors import DataError
from reveil.events.attributes import days_since, raw_attributes, told_apart
from reveil.events.audit import Finding
from reveil.events.clock import Clock
from reveil.events.contents import ATTRIBUTE
from reveil.events.expressions import row_condition
from reveil.events.identity import CUSTOMERS, Identity, merged_customers, reconciled
from reveil.events.reader import Reader, reading, require_column
from reveil.events.settings import ColumnSettings, CustomersSettings, TableSettings
from reveil.events.values import flag, identifier, moment, seconds_of, spelling_of, text_of

PERIOD = ("valid_from_s", "valid_until_s")


def open_customers(
    reader: Reader, settings: CustomersSettings, clock: Clock, who: Identity, start_s: int
) -> tuple[ir.Table, list[Finding]]:
    """Read the customers table.

    Parameters
    ----------
    clock
        How its dates are read.
    who
        Which of its rows are one customer.
    start_s
        When the coverage begins, in seconds since 1970.

    Returns
    -------
    tuple
        The table, and what is odd about its attributes. Its columns are
        `customer_id, since_s` (seconds since 1970; 0 where nothing says; the first
        `valid_from` where only that does), then as the study
        says: `consent_<channel>` and `consent_<channel>_for_<purpose>`, `usable_<channel>`,
        `wants_<channel>`, `objection`, `in_target` (all true or false), `contract_end_s`,
        `attribute_<name>` (float64, text, or whole seconds of a date), `valid_from_s,
        valid_until_s`, and `written_id` where dated rows are of ids that are
        one customer. No answer is no consent, no working contact point,
        no objection, every channel wanted, still in the market.

    Raises
    ------
    DataError
        When a column is missing, a date or a yes-or-no cannot be read, no row has a
        customer, or a customer has two rows for one period.
    """
    name = settings.path.name
    with reading(name):
        raw = reader.read(settings.path)
        require_column(raw, settings.customer, name)
        columns = {
            **{key: _moment(raw, spec, key, name, clock) for key, spec in _moments(settings)},
            **{
                key: _flag(raw, spec, key, settings.path).fill_null(otherwise)
                for key, spec, otherwise in _flags(settings)
            },
        }
        columns.setdefault("since_s", columns.get("valid_from_s", ibis.literal(0, type="int64")))
        columns |= raw_attributes(raw, settings, clock)
        table = raw.select(customer_id=identifier(raw[settings.customer]), **columns)
        table = reader.store(table.filter(table.customer_id.notnull()))
        _require_one_row_each(table, settings)
        table, findings = told_apart(table, settings, clock, start_s)
        if settings.since is None and settings.valid_from is not None:
            table = table.mutate(since_s=_first_period(table))
        if who.merges:
            table = table.mutate(source=ibis.literal(CUSTOMERS), written_id=table.customer_id)
            table = reconciled(table, who).drop("source")
            if settings.since is None and settings.valid_from is None:
                # Nothing tells which row came later: they are one from the beginning.
                table = _merged(table)
        return reader.store(table), findings


def _first_period(table: ir.Table) -> ir.IntegerValue:
    """When a customer's first period began; a row that no date tells of stays unknown."""
    first = table.valid_from_s.min().over(ibis.window(group_by="customer_id"))
    return table.valid_from_s.isnull().ifelse(ibis.null("int64"), first)


def held_at(customers: ir.Table, end_s: int) -> ir.Table:
    """Pick the row of each customer known before a moment that held then.

    Of two rows that both held, the one that began later. A customer whose last period is
    over is still known, and may be reached nowhere. Where several ids are one customer, their
    rows of the moment are one; of each attribute, what the row says that still holds, then the
    one that began last, then the one of the smallest id. Dates become days before the moment. A
    customer without a date of `since` has always been known.

    Parameters
    ----------
    end_s
        Seconds since 1970.
    """
    known = customers.filter(customers.since_s.fill_null(0) < end_s)
    if "valid_from_s" in known.columns:
        known = _of_the_moment(known, end_s)
    known = days_since(known, end_s)
    if "written_id" in known.columns:
        known = _merged(known)
    return known.drop([c for c in ("holds", *PERIOD) if c in known.columns])


def _of_the_moment(known: ir.Table, end_s: int) -> ir.Table:
    """Keep one row of each id, and say whether it still holds."""
    known = known.filter(known.valid_from_s.fill_null(0) < end_s)
    holds = ibis.literal(True)
    if "valid_until_s" in known.columns:
        holds = known.valid_until_s.fill_null(end_s) >= end_s
    known = known.mutate(holds=holds.cast("int8"))
    best = ibis.window(
        group_by="written_id" if "written_id" in known.columns else "customer_id",
        order_by=[ibis.desc(known.holds), ibis.desc(known.valid_from_s.fill_null(0))],
    )
    known = known.mutate(place=ibis.row_number().over(best))
    known = known.filter(known.place == 0).drop("place")
    reach = [c for c in known.columns if c.startswith(("consent_", "usable_"))]
    return known.mutate(**{c: known[c] & (known.holds == 1) for c in reach})


def _merged(known: ir.Table) -> ir.Table:
    """Make one row of those that are one customer."""
    if any(c.startswith(ATTRIBUTE) for c in known.columns):
        first = [ibis.desc(known.holds)] if "holds" in known.columns else []
        began = (
            known.valid_from_s.fill_null(0) if "valid_from_s" in known.columns else known.since_s
        )
        order = ibis.window(
            group_by="customer_id", order_by=[*first, ibis.desc(began), known.written_id]
        )
        known = known.mutate(place=ibis.row_number().over(order))
    gone = [c for c in ("holds", "written_id", *PERIOD) if c in known.columns]
    return merged_customers(known.drop(gone))


def _moments(settings: CustomersSettings) -> Iterator[tuple[str, ColumnSettings]]:
    for key in ("since", "valid_from", "valid_until", "contract_end"):
        if (spec := getattr(settings, key)) is not None:
            yield f"{key}_s", spec


def _flags(settings: CustomersSettings) -> Iterator[tuple[str, ColumnSettings, bool]]:
    """Column of the log, where it is said, what no answer means."""
    for channel, said in settings.consent.items():
        if isinstance(said, ColumnSettings):
            yield f"consent_{channel}", said, False
        else:
            for purpose, spec in said.items():
                yield f"consent_{channel}_for_{purpose}", spec, False
    for channel, spec in settings.usable.items():
        yield f"usable_{channel}", spec, False
    for channel, spec in settings.wants.items():
        yield f"wants_{channel}", spec, True
    if settings.objection is not None:
        yield "objection", settings.objection, False
    if settings.in_target is not None:
        yield "in_target", settings.in_target, True


def _moment(
    raw: ir.Table, spec: ColumnSettings, key: str, name: str, clock: Clock
) -> ir.IntegerValue:
    said = f"customers.{key.removesuffix('_s')}"
    if spec.column is None:
        raise DataError(
            f"`{said}` is an expression, a column is required", hint=f"name a column of {name}"
        )
    require_column(raw, spec.column, name)
    where = f'column "{spec.column}" of {name}'
    value = raw[spec.column]
    read = seconds_of(moment(value, where=where, key=said, pattern=spec.format, clock=clock))
    _require_readable(raw, read, spec.column, wanted="date such as 2011-06-30", name=name)
    return read


def _flag(raw: ir.Table, spec: ColumnSettings, key: str, place: TableSettings) -> ir.BooleanValue:
    name = place.name
    if spec.expression is not None:
        spelling = spelling_of(raw, place.decimal)
        return row_condition(spec.expression, raw, key=f"customers.{key}", spelling=spelling)
    require_column(raw, spec.label, name)
    value = raw[spec.label]
    read = flag(value)
    _require_readable(raw, read, spec.label, wanted="true or false", name=name)
    return read


def _require_readable(
    raw: ir.Table, read: ir.Value, column: str, *, wanted: str, name: str
) -> None:
    value = raw[column]
    written = text_of(value).notnull()
    if value.type().is_floating():
        written &= ~value.isnan()
    if bad := int(raw.filter(written, read.isnull()).count().to_pyarrow().as_py()):
        raise DataError(
            f'{bad:,} rows of {name} have no {wanted} in column "{column}"',
            hint="write it so in that file; an empty field means not known",
        )


def _require_one_row_each(table: ir.Table, settings: CustomersSettings) -> None:
    name = settings.path.name
    keys = ["customer_id", *(c for c in PERIOD[:1] if c in table.columns)]
    ids = table.aggregate(
        rows=table.count(), distinct=table.select(keys).distinct().count().as_scalar()
    ).to_pyarrow()
    rows, distinct = ids["rows"][0].as_py(), ids["distinct"][0].as_py()
    if rows == 0:
        raise DataError(
            f'no row of {name} has a customer in column "{settings.customer}"',
            hint="check `customers.customer`",
        )
    if rows == distinct:
        return
    if len(keys) > 1:
        raise DataError(
            f'{name} has {rows:,} rows for {distinct:,} pairs of "{settings.customer}" and '
            "`valid_from`; one row per customer and period is required",
            hint="keep the latest row of each pair in that file",
        )
    raise DataError(
        f'{name} has {rows:,} rows for {distinct:,} values of "{settings.customer}"; '
        "one row per customer is required",
        hint="keep the latest row of each customer in that file, "
        "or say since when each row holds: `valid_from`",
    )
