"""One source: its raw table becomes rows of the log, typed, with what is wrong left visible.

In:  SourceSettings, a Reader.
Out: a lazy table with every column of the log; ids, dates and kinds that could not be read are null.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from reveil.errors import DataError, ReveilError, nearest
from reveil.events.expressions import row_condition, row_expression
from reveil.events.settings import KindColumnSettings, SourceSettings

MONEY_UNIT = 10_000
"""Money is held in integer ten-thousandths, so that sums are exact in any order."""

MOST_MONEY = 1e12
"""An amount beyond this is a mistake of the source, and its units would not fit an integer."""

TEXT_COLUMNS = ("item", "category", "channel", "campaign", "offer")


class Reader(Protocol):
    """What reading needs of a backend."""

    def read(self, path: Path) -> ir.Table:
        """Open a file lazily; CSV with every column as text."""
        ...

    def store(self, table: ir.Table) -> ir.Table:
        """Compute a table once and keep it for the life of the connection."""
        ...


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn a backend's exception into a DataError that shows no value of the data.

    A backend finds a damaged row only when it comes to it, in whatever was asked of it then.

    Parameters
    ----------
    what
        The file, for the message.

    Examples
    --------
    >>> with reading("shop.csv"):
    ...     raise ValueError("could not convert string 'C4711' to DOUBLE")
    Traceback (most recent call last):
    ...
    reveil.errors.DataError: shop.csv cannot be read: could not convert string … to DOUBLE
    Hint: a value is not of the type an expression wants: try_cast instead of cast leaves it empty
    """
    try:
        yield
    except ReveilError:
        raise
    except Exception as error:  # every backend has its own
        said = str(error).strip()
        reason = re.sub(r"'[^']*'|\"[^\"]*\"", "…", said.splitlines()[0] if said else repr(error))
        raise DataError(f"{what} cannot be read: {reason}", hint=_hint(said.lower())) from None


def _hint(said: str) -> str:
    if "out of memory" in said:
        return "raise `engine.memory`"
    if "convert" in said or "out of range" in said:
        return (
            "a value is not of the type an expression wants: "
            "try_cast instead of cast leaves it empty"
        )
    if "unicode" in said or "utf-8" in said or "encod" in said:
        return "save the file as UTF-8"
    return "check that the file is complete and of the type its name says"


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
        hint = nearest(column, raw.columns)
        if len(raw.columns) == 1:
            hint = "all of it was read as one column: every row needs as many fields as the header"
        raise DataError(
            f'{path.name} has no column "{column}"; it has: {", ".join(raw.columns)}', hint=hint
        )


def mapped(raw: ir.Table, source: SourceSettings) -> ir.Table:
    """Rename, type and name the kind of every row; nothing is dropped yet.

    Returns
    -------
    ibis.Table
        `source, customer_id, at, known_at, kind, amount` (ten-thousandths) `, order_id,
        item, category, channel, campaign, offer, rating, is_machine, kept`. A null
        `customer_id`, `at`, `known_at` or `kind` is one that could not be read; `kept`
        is the source's `where`.
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
    known, late = at, value("available_at")
    if late is not None:
        # Nothing written means known at once; something unreadable means nobody knows when.
        arrived = _moment(late, source, "available_at").fill_null(
            _text(late).isnull().ifelse(at, ibis.null("timestamp(6)"))
        )
        known = arrived.notnull().ifelse(ibis.greatest(at, arrived), ibis.null("timestamp(6)"))
    amount, rating, machine = value("amount"), value("rating"), value("is_machine")
    kept = ibis.literal(True)
    if source.where:
        kept = row_condition(source.where, raw, key=f"{source.name}.where").fill_null(False)
    return raw.select(
        source=ibis.literal(source.name),
        customer_id=identifier(value("customer")),
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
    # Not a number compares as greater than everything.
    plausible = (number.abs() <= MOST_MONEY).ifelse(number, ibis.null("float64"))
    return (plausible * MONEY_UNIT).round().cast("int64")


def identifier(value: ir.Value | None) -> ir.StringValue:
    """Write an id as text; null when it is missing or blank.

    A missing id turns a whole column of integers into doubles: 13085.0 is customer 13085.
    """
    assert value is not None
    if not value.type().is_floating():
        return _text(value)
    whole = value.try_cast("int64")
    text = (whole.cast("float64") == value).ifelse(_text(whole), _text(value))
    return value.isnan().ifelse(ibis.null("string"), text)


def _moment(value: ir.Value | None, source: SourceSettings, key: str) -> ir.TimestampValue:
    assert value is not None
    spec = source.columns[key]
    where = f'column "{spec.label}" of {source.path.name}'
    return moment(value, where=where, key=f"columns.{key}", pattern=spec.format)


def moment(value: ir.Value, *, where: str, key: str, pattern: str | None) -> ir.TimestampValue:
    """Read a date or instant; null where it cannot be read.

    Raises
    ------
    DataError
        When the column holds numbers.
    """
    kind = value.type()
    if kind.is_numeric():
        raise DataError(
            f"{where} holds numbers ({kind}), a date is required for `{key}`",
            hint="name the date column, or convert it with an expression",
        )
    if kind.is_timestamp() and kind.timezone is not None:
        return _instant(value)
    if pattern is not None:
        return try_strptime(_text(value), pattern)
    if kind.is_string():
        text = _text(value)
        return text.re_search(_OFFSET).ifelse(
            _instant(text.try_cast("timestamp('UTC')")), text.try_cast("timestamp(6)")
        )
    return value.try_cast("timestamp(6)")


_OFFSET = r":\d\d(\.\d+)? ?(Z|[+-]\d\d(:?\d\d)?)$"
"""A time of day with its distance from UTC, which a plain reading would drop in silence."""


def _instant(value: ir.Value) -> ir.TimestampValue:
    """Make an instant UTC wherever the job runs, whatever the session's time zone."""
    return make_timestamp(epoch_us(value))


def _kind(raw: ir.Table, source: SourceSettings) -> ir.StringValue:
    rule = source.kind
    if isinstance(rule, str):
        return ibis.literal(rule)
    if isinstance(rule, KindColumnSettings):
        word = _text(raw[rule.column])
        named = [(word == own, kind) for own, kind in rule.values.items()]
        return ibis.cases(*named, else_=word) if named else word
    conditions = [
        (row_condition(condition, raw, key=f"{source.name}.kind.{kind}"), kind)
        for kind, condition in rule.items()
    ]
    return ibis.cases(*conditions)
