"""What a column holds: how full it is, how often it repeats, whether it reads as numbers or dates.

In:  the sample of a table.
Out: one profile per column. No value of the data, but the words of columns that have few.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from reveil.events.profile_files import Sample

FEW = 40
"""A column of so many different values may be one of words: kinds, channels, states."""

LOOKED_AT = 20_000
"""Different values whose spelling is looked at, spread over all of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbers:
    """How a column reads as numbers.

    Parameters
    ----------
    share
        Of its filled rows, those that are numbers.
    decimal
        How they are written, where they are text; `,` only when seen.
    whole, negative, zero
        Shares of the numbers.
    """

    share: float
    decimal: str
    whole: float
    negative: float
    zero: float
    low: float
    high: float
    sign: str = ""
    """A currency sign that stands beside some."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dates:
    """How a column reads as dates.

    Parameters
    ----------
    formats
        The ways to read it, most likely first; None is ISO 8601 or a date type. Two of them:
        nothing in the values tells which.
    share
        Of its filled rows, those that are dates.
    evidence
        Why it is read so, in words.
    days
        The day of each row by the first format, null where there is none.
    """

    formats: tuple[str | None, ...]
    share: float
    evidence: str
    low: date
    high: date
    days: pa.Array
    has_time: bool
    stored: bool
    """Is it of a date type, rather than text or a number?"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """What a column holds.

    Parameters
    ----------
    rows, filled
        Rows looked at, and those with a value.
    distinct
        Different values among them.
    words
        Value -> rows, where there are few different values and they are words.
    personal
        Holds mail addresses, telephone numbers or the like.
    """

    name: str
    type: str
    rows: int
    filled: int
    distinct: int
    values: pa.Array
    numbers: Numbers | None = None
    dates: Dates | None = None
    words: dict[str, int] = field(default_factory=dict)
    personal: bool = False
    flags: tuple[str, ...] = ()
    """The words for yes, where the column answers yes or no."""

    @property
    def is_text(self) -> bool:
        """Is it stored as text?"""
        return self.type == "text"

    @property
    def share_filled(self) -> float:
        """Of the rows looked at."""
        return self.filled / self.rows if self.rows else 0.0

    @property
    def share_distinct(self) -> float:
        """Different values over filled rows: 1 where none repeats."""
        return self.distinct / self.filled if self.filled else 0.0

    @property
    def is_id(self) -> bool:
        """Could its values name things? Text or whole numbers, no dates, no fractions."""
        if self.dates is not None or self.personal or self.type in ("boolean", "other"):
            return False
        if self.numbers is not None and self.numbers.share > 0.9:
            return self.numbers.whole == 1 and self.numbers.negative == 0
        return self.filled > 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """A table, column by column."""

    sample: Sample
    columns: tuple[Column, ...]

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """Of its columns."""
        return tuple(column.name for column in self.columns)


def profile(sample: Sample) -> Profile:
    """Look at every column of a sample.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from reveil.events.settings import TableSettings
    >>> table = pa.table({"client": ["A", "B", "A"], "date": ["13/02/2024", "01/03/2024", "02/03/2024"]})
    >>> shop = Sample(name="shop", place=TableSettings(file="shop.csv"), table=table, rows=3)
    >>> profile(shop)["date"].dates.formats
    ('%d/%m/%Y',)
    """
    table = sample.table
    return Profile(
        sample=sample,
        columns=tuple(_column(name, table[i]) for i, name in enumerate(table.column_names)),
    )


def _column(name: str, chunks: pa.ChunkedArray) -> Column:
    values = chunks.combine_chunks()
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], chunks.type)
    kind = values.type
    if pa.types.is_dictionary(kind):
        values, kind = values.cast(kind.value_type), kind.value_type
    if pa.types.is_large_string(kind) or kind == pa.string_view():
        values, kind = values.cast(pa.string()), pa.string()
    if pa.types.is_decimal(kind):
        values, kind = values.cast(pa.float64()), pa.float64()
    if pa.types.is_floating(kind):
        values = pc.if_else(pc.is_nan(values), None, values)
    if pa.types.is_string(kind):
        values = pc.utf8_trim_whitespace(values)
        values = pc.if_else(pc.equal(values, ""), None, values)
    filled = len(values) - values.null_count
    shape = Column(
        name=name,
        type=_type(kind),
        rows=len(values),
        filled=filled,
        distinct=pc.count_distinct(values).as_py() if not pa.types.is_nested(kind) else 0,
        values=values,
    )
    if not filled or shape.type == "other":
        return shape
    if shape.type == "date":
        return replace(shape, dates=_stored_dates(values))
    if shape.type == "boolean":
        return replace(shape, flags=("true",), words=_words(values.cast(pa.string())))
    if shape.type == "number":
        numbers = _numbers_of(values.cast(pa.float64()), share=1.0, decimal=".")
        few = shape.distinct <= FEW and numbers.whole == 1
        words = _words(values.cast(pa.int64()).cast(pa.string())) if few else {}
        return replace(
            shape, numbers=numbers, dates=_written_days(values), words=words, flags=_flags(words)
        )
    return _text_column(shape)


def _text_column(shape: Column) -> Column:
    values = shape.values
    different = values.unique().drop_null()
    step = -(-len(different) // LOOKED_AT) or 1
    spread = different.take(pa.array(range(0, len(different), step))).to_pylist()
    personal = sum(bool(_PERSONAL.fullmatch(v)) for v in spread) > len(spread) * 0.3
    words = _words(values) if shape.distinct <= FEW and not personal else {}
    return replace(
        shape,
        numbers=None if personal else _spelled_numbers(values, spread),
        dates=None if personal else _spelled_dates(values, spread),
        words=words,
        personal=personal,
        flags=_flags(words),
    )


_PERSONAL = re.compile(
    r"[^@\s]+@[^@\s]+\.\w+"  # a mail address
    r"|\+\d[\d .()-]{7,}|0\d([ .-]?\d\d){4}"  # a telephone number
)

_YES = ("true", "oui", "yes", "vrai", "o", "y", "1")
_NO = ("false", "non", "no", "faux", "n", "0")


def _flags(words: dict[str, int]) -> tuple[str, ...]:
    """Return the words for yes, where all words answer yes or no."""
    low = {w.lower() for w in words}
    if not words or not low <= {*_YES, *_NO}:
        return ()
    return tuple(sorted(low & set(_YES)))


def _type(kind: pa.DataType) -> str:
    if pa.types.is_string(kind):
        return "text"
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return "number"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "date"
    return "other"


def _words(values: pa.Array) -> dict[str, int]:
    counted = pc.value_counts(values.drop_null()).to_pylist()
    found = {c["values"]: c["counts"] for c in counted if len(c["values"]) <= 60}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _numbers_of(numbers: pa.Array, *, share: float, decimal: str) -> Numbers:
    there = numbers.drop_null()
    n = len(there)
    ends = pc.min_max(there).as_py()

    def part(flags: pa.Array) -> float:
        return float(pc.sum(flags).as_py() or 0) / n

    return Numbers(
        share=share,
        decimal=decimal,
        whole=part(pc.equal(pc.floor(there), there)),
        negative=part(pc.less(there, 0.0)),
        zero=part(pc.equal(there, 0.0)),
        low=ends["min"],
        high=ends["max"],
    )


_NUMBER = re.compile(r"[-+]?\d{1,3}([ \u00a0\u202f]\d{3})+([.,]\d+)?|[-+]?\d+([.,]\d+)?")


def _spelled_numbers(values: pa.Array, spread: list[str]) -> Numbers | None:
    plain = [v.replace("€", "").replace("$", "").replace("£", "").strip() for v in spread]
    if sum(bool(_NUMBER.fullmatch(v)) for v in plain) < len(plain) * 0.9:
        return None
    decimal = "," if any(re.search(r",\d{1,2}$|,\d{4,}$", v) for v in plain) else "."
    text = pc.replace_substring_regex(values, r"[ \x{00a0}\x{202f}€$£]", "")
    text = pc.replace_substring(text, ",", ".") if decimal == "," else text
    good = pc.match_substring_regex(text, r"^[-+]?\d+(\.\d+)?$")
    numbers = pc.if_else(good, text, None).cast(pa.float64())
    filled = len(values) - values.null_count
    there = len(numbers) - numbers.null_count
    if not there:
        return None
    sign = next((s for s in "€$£" if any(s in v for v in spread)), "")
    return replace(_numbers_of(numbers, share=there / filled, decimal=decimal), sign=sign)


def _stored_dates(values: pa.Array) -> Dates:
    has_time = pa.types.is_timestamp(values.type)
    if has_time:
        midnight = pc.equal(pc.floor_temporal(values, unit="day"), values)
        has_time = not (pc.min(midnight).as_py() or False)
    # Year 9999 for "no end" does not fit nanoseconds, and needs not.
    days = values.cast(pa.date32(), safe=False)
    return _dates((None,), days, values, "a date type", has_time=has_time, stored=True)


_SPELLED = re.compile(
    r"(?P<a>\d{1,2})(?P<sep>[/.-])(?P<b>\d{1,2})(?P=sep)(?P<year>\d{4}|\d{2})"
    r"(?P<time>[ T]\d{1,2}:\d{2}(?P<sec>:\d{2})?(?P<half> ?[APap][Mm])?)?"
)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?)? ?(Z|[+-]\d{2}(:?\d{2})?)?")
_YEAR_FIRST = re.compile(r"\d{4}(?P<sep>[/.])\d{1,2}(?P=sep)\d{1,2}(?P<time> \d{1,2}:\d{2}(?P<sec>:\d{2})?)?")


def _spelled_dates(values: pa.Array, spread: list[str]) -> Dates | None:
    if sum(bool(_ISO.fullmatch(v)) for v in spread) >= len(spread) * 0.9:
        days = _read(pc.utf8_slice_codeunits(values, 0, 10), "%Y-%m-%d")
        has_time = any(len(v) > 10 for v in spread)
        return _dates((None,), days, values, "written as 2024-12-31", has_time=has_time)
    for found in (_compact(values, spread), _year_first(values, spread)):
        if found is not None:
            return found
    matched = [m for v in spread if (m := _SPELLED.fullmatch(v))]
    if len(matched) < len(spread) * 0.9:
        return None
    shapes = Counter(
        (m["sep"], len(m["year"]), bool(m["time"]), bool(m["sec"]), bool(m["half"]),
         "T" in (m["time"] or ""))
        for m in matched
    )  # fmt: skip
    (sep, years, time, second, half, letter), _ = shapes.most_common(1)[0]
    clock = ("T" if letter else " ") + ("%I:%M" if half else "%H:%M") if time else ""
    clock += (":%S" if second else "") + (" %p" if half else "")
    year = "%Y" if years == 4 else "%y"
    day_first = f"%d{sep}%m{sep}{year}{clock}"
    month_first = f"%m{sep}%d{sep}{year}{clock}"
    over = [sum(int(m[part]) > 12 for m in matched) for part in ("a", "b")]
    if over[0] and over[1]:
        best, other = (day_first, month_first) if over[0] >= over[1] else (month_first, day_first)
        said = f"day and month stand in either order: {over[0]:,} values one way, {over[1]:,} the other"
        return _dates((best, other), _read(values, best), values, said, has_time=time)
    if over[0] or over[1]:
        chosen = day_first if over[0] else month_first
        said = f"{max(over):,} values can only be read so"
        return _dates((chosen,), _read(values, chosen), values, said, has_time=time)
    ordered = [_in_order(_read(values, way)) for way in (day_first, month_first)]
    said = f"no day above 12 in {len(spread):,} different values"
    both = (day_first, month_first)
    if max(ordered) >= 0.98 and min(ordered) < 0.9:
        best = both[ordered.index(max(ordered))]
        said += ", but only so do the rows stand in the order of time"
        return _dates((best,), _read(values, best), values, said, has_time=time)
    return _dates(both, _read(values, day_first), values, said, has_time=time)


def _compact(values: pa.Array, spread: list[str]) -> Dates | None:
    if sum(bool(re.fullmatch(r"(19|20)\d{6}", v)) for v in spread) < len(spread) * 0.99:
        return None
    days = _read(values, "%Y%m%d")
    if days.null_count > values.null_count + len(values) * 0.01:
        return None
    return _dates(("%Y%m%d",), days, values, "written as 20241231", has_time=False)


def _year_first(values: pa.Array, spread: list[str]) -> Dates | None:
    matched = [m for v in spread if (m := _YEAR_FIRST.fullmatch(v))]
    if len(matched) < len(spread) * 0.9:
        return None
    m = matched[0]
    pattern = f"%Y{m['sep']}%m{m['sep']}%d"
    pattern += (" %H:%M" + (":%S" if m["sec"] else "")) if m["time"] else ""
    days = _read(values, pattern)
    return _dates((pattern,), days, values, "the year stands first", has_time=bool(m["time"]))


def _written_days(values: pa.Array) -> Dates | None:
    """Read whole numbers such as 20241231 as days."""
    ends = pc.min_max(values).as_py()
    if not (19_000_101 <= ends["min"] and ends["max"] <= 20_991_231):
        return None
    text = values.cast(pa.int64()).cast(pa.string())
    return _compact(text, text.unique().drop_null().slice(0, LOOKED_AT).to_pylist())


def _read(values: pa.Array, pattern: str) -> pa.Array:
    moments = pc.strptime(values, format=pattern, unit="s", error_is_null=True)
    return moments.cast(pa.date32())


def _in_order(days: pa.Array) -> float:
    """Of the steps from one day to another, the share that go forward."""
    numbers = days.drop_null().cast(pa.int32())
    if len(numbers) < 20:
        return 0.0
    steps = pc.subtract(numbers.slice(1), numbers.slice(0, len(numbers) - 1))
    moves = steps.filter(pc.not_equal(steps, 0))
    if len(moves) < 10:
        return 0.0
    return float(pc.sum(pc.greater(moves, 0)).as_py()) / len(moves)


def _dates(
    formats: tuple[str | None, ...],
    days: pa.Array,
    values: pa.Array,
    evidence: str,
    *,
    has_time: bool,
    stored: bool = False,
) -> Dates | None:
    there = days.drop_null()
    filled = len(values) - values.null_count
    if not len(there):
        return None
    ends = pc.min_max(there.cast(pa.int32())).as_py()
    low, high = (
        pa.scalar(min(max(n, -700_000), 2_900_000), pa.int32()).cast(pa.date32()).as_py()
        for n in (ends["min"], ends["max"])
    )
    return Dates(
        formats=formats,
        share=len(there) / filled,
        evidence=evidence,
        low=low,
        high=high,
        days=days,
        has_time=has_time,
        stored=stored,
    )
