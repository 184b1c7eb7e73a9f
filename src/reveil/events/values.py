"""Values of one column of a source: text and numbers become what the log holds.

In:  a raw column.
Out: text, money, yes or no, a moment on the log's wall clock; null for what cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from reveil.errors import DataError
from reveil.events.clock import Clock

MONEY_UNIT = 10_000
"""Money is held in integer ten-thousandths, so that sums are exact in any order."""

MOST_MONEY = 1e12
"""An amount beyond this is a mistake of the source, and its units would not fit an integer."""


# Functions of the backend that Ibis has no name for.
@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def try_strptime(text: str, pattern: str) -> dt.Timestamp(scale=6):  # type: ignore[valid-type]
    """Read a date as a pattern says it is written; null where it is not."""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def epoch_us(moment: dt.Timestamp("UTC")) -> int:  # type: ignore[valid-type, empty-body]
    """Microseconds since 1970, UTC."""


@ibis.udf.scalar.builtin(name="epoch_us")  # type: ignore[untyped-decorator]
def wall_us(moment: dt.Timestamp(scale=6)) -> int:  # type: ignore[valid-type, empty-body]
    """Microseconds since 1970 of a wall clock, as if it hung in UTC."""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def make_timestamp(microseconds: int) -> dt.Timestamp(scale=6):  # type: ignore[valid-type]
    """Make the moment so many microseconds after 1970, UTC."""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def array_extract(text: str, position: int) -> str:  # type: ignore[empty-body]
    """Take one letter of a text; the last one is -1."""


def text_of(value: ir.Value) -> ir.StringValue:
    """Write a value as text, trimmed; null when it is missing or blank."""
    text = value.cast("string")
    # Taking white space away costs four times as much as looking whether there is any.
    blank = (text < "!") | (array_extract(text, -1) < "!")
    return blank.ifelse(text.strip().nullif(""), text)


def money(number: ir.NumericValue) -> ir.IntegerValue:
    """Count ten-thousandths of the currency; null where no amount could be so large."""
    # Not a number compares as greater than everything.
    plausible = (number.abs() <= MOST_MONEY).ifelse(number, ibis.null("float64"))
    return (plausible * MONEY_UNIT).round().cast("int64")


def seconds_of(moment: ir.TimestampValue) -> ir.IntegerValue:
    """Count whole seconds since 1970; 23:59:59.7 still belongs to its day."""
    return moment.truncate("s").epoch_seconds().cast("int64")


def identifier(value: ir.Value | None) -> ir.StringValue:
    """Write an id as text; null when it is missing or blank.

    A missing id turns a whole column of integers into doubles: 13085.0 is customer 13085.
    """
    assert value is not None
    if not value.type().is_floating():
        return text_of(value)
    whole = value.try_cast("int64")
    text = (whole.cast("float64") == value).ifelse(text_of(whole), text_of(value))
    return value.isnan().ifelse(ibis.null("string"), text)


def spelled(text: ir.StringValue, decimal: str) -> ir.StringValue:
    """Write the text of a number with a decimal point; a mark that no number has where it is none.

    With a decimal comma, dots and spaces group thousands and do nothing else: 12.50 is not
    read, rather than read as 1250.
    """
    text = text.strip()
    if decimal == ".":
        return text
    grouped = text.re_search(r"^[+-]?\d{1,3}([. \x{00A0}\x{202F}]\d{3})*(,\d*)?$")
    plain = text.re_search(r"^[+-]?\d+(,\d*)?$")
    digits = text.re_replace(r"[. \x{00A0}\x{202F}]", "").replace(",", ".")
    return (grouped | plain).ifelse(digits, ibis.literal("?"))


def spelling_of(raw: ir.Table, decimal: str) -> Callable[[ir.StringValue], ir.StringValue] | None:
    """Tell how a table's texts spell numbers; None where a text is a text because somebody said so.

    The columns of a CSV are text because nobody said otherwise.
    """
    # Positions and the like stand beside the columns of a file, under names that no file has.
    kinds = [kind for name, kind in raw.schema().items() if not name.startswith("\u2060")]
    if decimal == "." and not all(kind.is_string() for kind in kinds):
        return None
    return lambda text: spelled(text, decimal)


TRUE = ("true", "t", "yes", "y", "1", "oui", "o", "vrai", "v")
FALSE = ("false", "f", "no", "n", "0", "non", "faux")


def flag(value: ir.Value) -> ir.BooleanValue:
    """Read yes or no, in English or French; null where it is neither."""
    kind = value.type()
    if kind.is_boolean():
        return value
    if kind.is_numeric():
        return ibis.cases((value == 1, True), (value == 0, False))
    word = text_of(value).lower()
    return ibis.cases((word.isin(TRUE), True), (word.isin(FALSE), False))


def moment(
    value: ir.Value, *, where: str, key: str, pattern: str | None, clock: Clock
) -> ir.TimestampValue:
    """Read a date or instant as the log's wall clock shows it; null where it cannot be read.

    A date without a time of day is a day of the calendar: no zone moves it.

    Raises
    ------
    DataError
        When the column holds numbers.
    """
    kind = value.type()
    if kind.is_unknown() and "TIMESTAMPTZ" in str(kind):
        # Nanoseconds with a zone, which Ibis has no name for.
        value = value.cast("timestamp('UTC')")
        kind = value.type()
    if kind.is_numeric():
        raise DataError(
            f"{where} holds numbers ({kind}), a date is required for `{key}`",
            hint="name the date column, or convert it with an expression",
        )
    if kind.is_timestamp() and kind.timezone is not None:
        return _of_instant(value, clock)
    if pattern is not None:
        read = try_strptime(text_of(value), pattern)
        if _DISTANCE.search(pattern):
            # Read as an instant already: its microseconds are those of UTC.
            return make_timestamp(clock.of_instant(wall_us(read)))
        return _of_wall(read, clock) if _TIME_OF_DAY.search(pattern) else read
    if kind.is_string():
        text = text_of(value)
        read = text.try_cast("timestamp(6)")
        if clock.zone != clock.source:
            read = text.re_search(r":\d\d").ifelse(_of_wall(read, clock), read)
        instant = _of_instant(text.try_cast("timestamp('UTC')"), clock)
        return text.re_search(ZONED).ifelse(instant, read)
    read = value.try_cast("timestamp(6)")
    return read if kind.is_date() else _of_wall(read, clock)


_TIME_OF_DAY = re.compile(r"%-?[HIMScXTRs]")
_DISTANCE = re.compile(r"%[zZ]")

ZONED = r":\d\d(\.\d+)? ?([+-]\d\d(:?\d\d)?|[A-Za-z][A-Za-z0-9_+/-]*)$"
"""A time of day with its distance from UTC or its zone, which a plain reading would drop in silence."""


def _of_instant(value: ir.Value, clock: Clock) -> ir.TimestampValue:
    """Read an instant the same way wherever the job runs, whatever the session's time zone."""
    return make_timestamp(clock.of_instant(epoch_us(value)))


def _of_wall(value: ir.TimestampValue, clock: Clock) -> ir.TimestampValue:
    if clock.zone == clock.source:
        return value
    return make_timestamp(clock.of_wall(wall_us(value)))
