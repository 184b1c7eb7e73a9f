"""One source: its raw table becomes rows of the log, typed, with what is wrong left visible.

In:  SourceSettings, a Reader.
Out: a lazy table with every column of the log; ids, dates and kinds that could not be read are null.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from reveil.errors import DataError, nearest
from reveil.events.expressions import row_expression
from reveil.events.settings import KindColumnSettings, SourceSettings

MONEY_UNIT = 10_000
"""Money is held in integer ten-thousandths, so that sums are exact in any order."""

TEXT_COLUMNS = ("item", "category", "channel", "campaign", "offer")


class Reader(Protocol):
    """What reading needs of a backend."""

    def read(self, path: Path) -> ir.Table:
        """Open a file lazily; text formats with every column as text."""
        ...

    def store(self, table: ir.Table) -> ir.Table:
        """Compute a table once and keep it for the life of the connection."""
        ...


def open_source(reader: Reader, source: SourceSettings) -> ir.Table:
    """Open the raw table of a source and check that the study's columns are there.

    Raises
    ------
    DataError
        When the file is missing, unreadable, empty, or lacks a column.
    """
    raw = reader.read(source.path)
    wanted = {c.column for c in source.columns.values() if c.column}
    if isinstance(source.kind, KindColumnSettings):
        wanted.add(source.kind.column)
    for column in sorted(wanted):
        require_column(raw, column, source.path)
    return raw


def require_column(raw: ir.Table, column: str, path: Path) -> None:
    """Refuse a table without the column the study names."""
    if column not in raw.columns:
        raise DataError(
            f'{path.name} has no column "{column}"; it has: {", ".join(raw.columns)}',
            hint=nearest(column, raw.columns),
        )


def mapped(raw: ir.Table, source: SourceSettings) -> ir.Table:
    """Rename, type and name the kind of every row; nothing is dropped yet.

    Returns
    -------
    ibis.Table
        `source, customer_id, at, known_at, kind, amount` (ten-thousandths) `, order_id,
        item, category, channel, campaign, offer, rating, is_machine, kept`. A null
        `customer_id`, `at` or `kind` is one that could not be read; `kept` is the
        source's `where`.
    """

    def value(key: str) -> ir.Value | None:
        spec = source.columns.get(key)
        if spec is None:
            return None
        if spec.expression is not None:
            return row_expression(spec.expression, raw, key=f"{source.name}.columns.{key}")
        return raw[spec.column]

    def text(key: str) -> ir.StringValue:
        found = value(key)
        return ibis.null("string") if found is None else _text(found)

    at = _moment(value("at"), source, "at")
    late = value("available_at")
    known = at if late is None else ibis.greatest(at, _moment(late, source, "available_at"))
    amount, rating, machine = value("amount"), value("rating"), value("is_machine")
    kept = ibis.literal(True)
    if source.where:
        kept = row_expression(source.where, raw, key=f"{source.name}.where").fill_null(False)
    return raw.select(
        source=ibis.literal(source.name),
        customer_id=_identifier(value("customer")),
        at=at,
        known_at=known,
        kind=_kind(raw, source),
        amount=ibis.null("int64") if amount is None else _money(amount),
        order_id=text("order"),
        **{key: text(key) for key in TEXT_COLUMNS},
        rating=ibis.null("float64") if rating is None else rating.try_cast("float64"),
        is_machine=ibis.null("boolean") if machine is None else machine.try_cast("boolean"),
        kept=kept,
    )


# Functions of the backend that Ibis has no name for.
@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def try_strptime(text: str, pattern: str) -> dt.Timestamp(scale=6):  # type: ignore[valid-type]
    """Read a date as a pattern says it is written; null where it is not."""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def epoch_us(moment: dt.Timestamp("UTC")) -> int:  # type: ignore[valid-type, empty-body]
    """Microseconds since 1970, UTC."""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def make_timestamp(microseconds: int) -> dt.Timestamp(scale=6):  # type: ignore[valid-type]
    """Make the moment so many microseconds after 1970, UTC."""


def _text(value: ir.Value) -> ir.StringValue:
    return value.cast("string").strip().nullif("")


def _money(value: ir.Value) -> ir.IntegerValue:
    number = value.try_cast("float64")
    finite = (number.isnan() | number.isinf()).ifelse(ibis.null("float64"), number)
    return (finite * MONEY_UNIT).round().cast("int64")


def _identifier(value: ir.Value | None) -> ir.StringValue:
    assert value is not None
    if value.type().is_floating():
        # A missing id turns a whole column of integers into doubles: 13085.0 is customer 13085.
        value = value.isnan().ifelse(ibis.null("int64"), value.try_cast("int64"))
    return _text(value)


def _moment(value: ir.Value | None, source: SourceSettings, key: str) -> ir.TimestampValue:
    assert value is not None
    spec = source.columns[key]
    kind = value.type()
    if kind.is_numeric():
        raise DataError(
            f'column "{spec.label}" of {source.path.name} holds numbers ({kind}), '
            f"a date is required for `columns.{key}`",
            hint="name the date column, or convert it with an expression",
        )
    if kind.is_timestamp() and kind.timezone is not None:
        # An instant becomes UTC wherever the job runs, whatever the session's time zone.
        return make_timestamp(epoch_us(value))
    if spec.format is not None:
        return try_strptime(_text(value), spec.format)
    return value.try_cast("timestamp(6)")


def _kind(raw: ir.Table, source: SourceSettings) -> ir.StringValue:
    rule = source.kind
    if isinstance(rule, str):
        return ibis.literal(rule)
    if isinstance(rule, KindColumnSettings):
        word = _text(raw[rule.column])
        named = [(word == own, kind) for own, kind in rule.values.items()]
        return ibis.cases(*named, else_=word) if named else word
    conditions = [
        (row_expression(condition, raw, key=f"{source.name}.kind.{kind}"), kind)
        for kind, condition in rule.items()
    ]
    return ibis.cases(*conditions)
