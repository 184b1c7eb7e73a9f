r"""Dates as people write them, for an engine that reads one way of writing only.

In:  a pattern of a date, as in `%d/%m/%Y`.
Out: patterns of the texts that are such dates, and how each is written in ISO 8601.

A text that is none of them becomes one that is no date, so reading gives null. The rules are
those of DuckDB's `strptime` and casts: a day or month of one digit is read, a day that no month
has is not, two-digit years up to 68 are of this century.

>>> import re
>>> day, *_ = strptime("%d/%m/%Y")
>>> shape = day.shape.replace(r"\z", r"\Z")  # Python before 3.14 writes the end so
>>> re.sub(shape, day.iso.replace("$", "\\"), "1/12/2024")
'002024-12-1 0:0:0'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product

from reveil.errors import StudyError


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """One way of writing a date.

    Parameters
    ----------
    shape
        What such texts match; anything else matches too, without its groups.
    iso
        How it is written in ISO 8601, `$1` being a group of the shape; `@` the number of a
        month that has a name.
    month
        The group with the name of a month.
    later
        Hours to add.
    """

    shape: str
    iso: str
    month: int | None = None
    later: int = 0


NAMED = "([A-Za-z]{3,9})"

PARTS = {
    "d": r"(\d{1,2}+)", "m": r"(\d{1,2}+)", "H": r"(\d{1,2}+)", "M": r"(\d{1,2}+)",
    "S": r"(\d{1,2}+)", "f": r"(\d{1,6}+)", "z": r"([+-]\d\d(?::?\d\d)?)", "b": "([A-Za-z]{3})",
    "B": NAMED, "a": "(?i:mon|tue|wed|thu|fri|sat|sun)",
    "A": "(?i:monday|tuesday|wednesday|thursday|friday|saturday|sunday)",
}  # fmt: skip

YEARS = {
    "Y": ((r"(\d{2,4}+)", "00"), (r"(\d)(?!\d)", "000")),
    "y": ((r"(69|[7-9]\d)", "19"), (r"([0-5]\d|6[0-8])", "20"), (r"(\d)(?!\d)", "200")),
}
"""Shapes of a year, and the digits to put before; Spark wants four to six."""

HOURS = (
    (r"(0?[1-9]|1[01])", "(?i:am)", 0), (r"(12)", "(?i:am)", -12),
    (r"(0?[1-9]|1[01])", "(?i:pm)", 12), (r"(12)", "(?i:pm)", 0),
)  # fmt: skip
"""Shapes of an hour and its half of the day, and the hours to add."""


def strptime(pattern: str) -> tuple[Written, ...]:
    """List the ways of writing a date that a pattern stands for.

    Raises
    ------
    StudyError
        When the pattern asks for what only DuckDB reads.

    Examples
    --------
    >>> strptime("%j")
    Traceback (most recent call last):
    ...
    reveil.errors.StudyError: `format: "%j"` has `%j`, which is not read on Spark
    Hint: use %Y %y %m %b %B %d %H %I %p %M %S %f %z %a %A, or write ISO dates to Parquet first
    """
    tokens = re.findall(r"%-?.|\s+|.", pattern, re.DOTALL)
    year = next((YEARS[t[-1]] for t in tokens if t[0] == "%" and t[-1] in YEARS), (("", "1900"),))
    halves = HOURS if any(t in ("%I", "%-I") for t in tokens) else (("", "", 0),)
    return tuple(
        _written(pattern, tokens, year=one, half=half) for one, half in product(year, halves)
    )


def _written(
    pattern: str, tokens: list[str], *, year: tuple[str, str], half: tuple[str, str, int]
) -> Written:
    (digits, century), (hour, side, later) = year, half
    shape = ""
    place: dict[str, int] = {}
    for token in tokens:
        sign = token[-1]
        if token[0] != "%":
            shape += r"\s+" if token.isspace() else re.escape(token)
            continue
        if sign == "%":
            shape += "%"
            continue
        part = {"Y": digits, "y": digits, "I": hour, "p": side}.get(sign, PARTS.get(sign))
        if not part:
            raise StudyError(
                f'`format: "{pattern}"` has `{token}`, which is not read on Spark',
                hint="use %Y %y %m %b %B %d %H %I %p %M %S %f %z %a %A, "
                "or write ISO dates to Parquet first",
            )
        shape += part
        if part.startswith("(") and not part.startswith("(?"):
            place[sign] = len(place) + 1

    def group(*signs: str, otherwise: str) -> str:
        return next((f"${place[s]}" for s in signs if s in place), otherwise)

    month = place.get("b", place.get("B"))
    iso = (
        f"{century}{group('Y', 'y', otherwise='')}-"
        f"{'@' if month else group('m', otherwise='1')}-{group('d', otherwise='1')} "
        f"{group('H', 'I', otherwise='0')}:{group('M', otherwise='0')}:{group('S', otherwise='0')}"
    )
    iso += f".{group('f', otherwise='')}" if "f" in place else ""
    iso += group("z", otherwise="")
    return Written(shape=_whole(rf"\s*{shape}"), iso=iso, month=month, later=later)


def _whole(shape: str) -> str:
    r"""Match the whole text, or else whatever there is, and then no group."""
    return rf"(?s)^{shape}\s*\z|^.*\z"


_DAY = r"([-/ \\])(\d{1,2})\2(\d{1,2})"
_LAST = r"(?:(?<=\.\d{6})\d*|(?<=:\d{1,2})\.)?"
_SECONDS = rf"(\d{{1,2}}:\d{{1,2}}:\d{{1,2}}(?:\.\d{{1,6}})?){_LAST}"
_MINUTES = r"(\d{1,2}:\d{1,2})"
_NIGHT = r"24(:0{1,2}(?::0{1,2}(?:\.0*)?)?)"
_ZONE = r"(?:Z| ?[+-]\d\d(?::?\d\d)?| [A-Za-z][A-Za-z0-9_+/-]*)?"
_NAMED = r"(Z|[+-]\d\d(?::?\d\d)?| [A-Za-z][A-Za-z0-9_+/-]*)"
_YEARS = ((r"(\d{2,4})", "00"), (r"(\d)", "000"), (r"(\d{5,6})", ""))

ISO_MOMENT = (
    *(
        Written(shape=_whole(rf"{digits}{_DAY}{clock}"), iso=f"{more}$1-$3-$4 {said}")
        for digits, more in _YEARS
        for clock, said in (
            (rf"(?:T| +){_SECONDS}{_ZONE}", "$5"), ("", ""), (rf"(?:T| +){_MINUTES}{_ZONE}", "$5"),
        )
    ),
    # The midnight that ends a day, as some write it.
    Written(shape=_whole(rf"(\d{{4}}){_DAY}(?:T| +){_NIGHT}{_ZONE}"), iso="$1-$3-$4 0$5", later=24),
)  # fmt: skip
"""What a cast to a wall clock reads, dropping a zone."""

ISO_INSTANT = tuple(
    Written(shape=_whole(rf"{digits}{_DAY}(?:T| +){clock}{_NAMED}"), iso=f"{more}$1-$3-$4 {said}$6")
    for digits, more in _YEARS
    for clock, said in ((_SECONDS, "$5"), (_MINUTES, "$5:00"))
)
"""What a cast to an instant reads, of texts that name a zone."""
