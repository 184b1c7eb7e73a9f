"""What a column holds: how full it is, how often it repeats, whether it reads as numbers or dates.

In:  the sample of a table.
Out: one profile per column. No value of the data, but the words of columns that have few.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from reveil.events.proposal.profile_dates import (
    LOOKED_AT,
    Dates,
    spelled_dates,
    stored_dates,
    written_days,
)
from reveil.events.proposal.profile_files import Sample

FEW = 40
"""A column of so many different values may be one of words: kinds, channels, states."""


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
        return replace(shape, dates=stored_dates(values))
    if shape.type == "boolean":
        return replace(shape, flags=("true",), words=_words(values.cast(pa.string())))
    if shape.type == "number":
        numbers = _numbers_of(values.cast(pa.float64()), share=1.0, decimal=".")
        few = shape.distinct <= FEW and numbers.whole == 1
        words = _words(values.cast(pa.int64()).cast(pa.string())) if few else {}
        return replace(
            shape, numbers=numbers, dates=written_days(values), words=words, flags=_flags(words)
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
        dates=None if personal else spelled_dates(values, spread),
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
