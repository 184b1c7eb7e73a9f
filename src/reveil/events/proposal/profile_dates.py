"""How a column reads as dates: by its type, or by how its text is written.

In:  the values of a column.
Out: Dates: the ways to read it, two where nothing tells which; the day of each row.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

LOOKED_AT = 20_000
"""Different values whose spelling is looked at, spread over all of them."""


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


def stored_dates(values: pa.Array) -> Dates | None:
    """Read a column of a date type; None when it holds none."""
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
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?)? ?(Z|[+-]\d{2}(:?\d{2})?)?"
)
_YEAR_FIRST = re.compile(
    r"\d{4}(?P<sep>[/.])\d{1,2}(?P=sep)\d{1,2}(?P<time> \d{1,2}:\d{2}(?P<sec>:\d{2})?)?"
)


def spelled_dates(values: pa.Array, spread: list[str]) -> Dates | None:
    """Read a column of text; None when it does not hold dates.

    Parameters
    ----------
    spread
        Different values, spread over all of them.

    Examples
    --------
    >>> text = pa.array(["13/02/2024", "01/03/2024"])
    >>> spelled_dates(text, text.to_pylist()).formats
    ('%d/%m/%Y',)
    >>> text = pa.array(["03/04/2024", "01/03/2024"])
    >>> spelled_dates(text, text.to_pylist()).formats
    ('%d/%m/%Y', '%m/%d/%Y')
    """
    for read in (_iso, _compact, _year_first, _in_either_order):
        found = read(values, spread)
        if found is not None:
            return found
    return None


def _iso(values: pa.Array, spread: list[str]) -> Dates | None:
    if sum(bool(_ISO.fullmatch(v)) for v in spread) < len(spread) * 0.9:
        return None
    days = _read(pc.utf8_slice_codeunits(values, 0, 10), "%Y-%m-%d")
    has_time = any(len(v) > 10 for v in spread)
    return _dates((None,), days, values, "written as 2024-12-31", has_time=has_time)


def _in_either_order(values: pa.Array, spread: list[str]) -> Dates | None:
    """Read 03/04/2024, and tell the day from the month where the values do."""
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
    ways = (f"%d{sep}%m{sep}{year}{clock}", f"%m{sep}%d{sep}{year}{clock}")
    days = [_read(values, way) for way in ways]
    over = [sum(int(m[part]) > 12 for m in matched) for part in ("a", "b")]
    best = 0 if over[0] >= over[1] else 1
    sure = not (over[0] and over[1])
    if not sure:
        said = f"day and month stand in either order: {max(over):,} values one way, {min(over):,} the other"
    elif any(over):
        said = f"{max(over):,} values can only be read so"
    else:
        ordered = [_in_order(read) for read in days]
        best = ordered.index(max(ordered))
        sure = max(ordered) >= 0.999 and min(ordered) < 0.98
        said = f"no day above 12 in {len(spread):,} different values"
        said += ", but only so do the rows stand in the order of time" if sure else ""
    formats = (ways[best],) if sure else (ways[best], ways[1 - best])
    return _dates(formats, days[best], values, said, has_time=time)


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


def written_days(values: pa.Array) -> Dates | None:
    """Read whole numbers such as 20241231 as days."""
    ends = pc.min_max(values).as_py()
    if ends["min"] < 19_000_101 or ends["max"] > 20_991_231:
        return None
    text = values.cast(pa.int64()).cast(pa.string())
    return _compact(text, text.unique().drop_null().slice(0, LOOKED_AT).to_pylist())


def _read(values: pa.Array, pattern: str) -> pa.Array:
    moments = pc.strptime(values, format=pattern, unit="s", error_is_null=True)
    return moments.cast(pa.date32())


def _in_order(days: pa.Array) -> float:
    """Of the steps from one day to another, the share that go one way."""
    numbers = days.drop_null().cast(pa.int32())
    if len(numbers) < 20:
        return 0.0
    steps = pc.subtract(numbers.slice(1), numbers.slice(0, len(numbers) - 1))
    moves = steps.filter(pc.not_equal(steps, 0))
    if len(moves) < 10:
        return 0.0
    forward = float(pc.sum(pc.greater(moves, 0)).as_py()) / len(moves)
    return max(forward, 1 - forward)


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
