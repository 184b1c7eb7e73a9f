"""What reading needs of a backend, and what a backend's failures mean to the user.

In:  a place, a backend's exception.
Out: a lazy table; or a DataError that shows no value of the data.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import ibis.expr.types as ir

from reveil.errors import DataError, ReveilError, nearest
from reveil.events.settings import TableSettings


class Reader(Protocol):
    """What reading needs of a backend."""

    def read(self, place: TableSettings) -> ir.Table:
        """Open a table lazily; CSV with every column as text."""
        ...

    def frame(self, frame: object) -> ir.Table:
        """Open a data frame."""
        ...

    def store(self, table: ir.Table, what: str = ...) -> ir.Table:
        """Compute a table once and keep it for the life of the connection."""
        ...


BUGS = (
    AssertionError, AttributeError, IndexError, KeyError, NameError, TypeError, UnboundLocalError,
)  # fmt: skip
"""What Python raises at a mistake in code. Backends derive their own from some of these."""

CODE = ("reveil", "ibis.expr", "ibis.common")
"""Where such a mistake is ours: here, and where Ibis writes what we ask, seeing no data."""


def is_bug(error: Exception) -> bool:
    """Tell a mistake of this package from what a backend says of a file.

    Examples
    --------
    >>> is_bug(ValueError("not a date"))
    False
    """
    if type(error) not in BUGS:
        return False
    *_, (last, _) = traceback.walk_tb(error.__traceback__)
    module = str(last.f_globals.get("__name__", ""))
    return any(module == code or module.startswith(f"{code}.") for code in CODE)


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn a backend's exception into a DataError that shows no value of the data.

    A backend finds a damaged row only when it comes to it, in whatever was asked of it then. A
    mistake of this package keeps its traceback: the user's file has no part in it.

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
        if is_bug(error):
            raise
        said = str(error).strip()
        reason = re.sub(r"['\"].*['\"]", "…", said.splitlines()[0] if said else repr(error))
        raise DataError(f"{what} cannot be read: {reason}", hint=_hint(said.lower())) from None


def _hint(said: str) -> str:
    if "sniffing" in said or "malformed row" in said:
        return "rows differ in their fields, quotes or line ends: save the file as CSV anew"
    if "out of memory" in said:
        return "raise `engine.memory`"
    if "convert" in said or "out of range" in said:
        return (
            "a value is not of the type an expression wants: "
            "try_cast instead of cast leaves it empty"
        )
    if "unicode" in said or "utf-8" in said or "encod" in said:
        return "say how it is written, as in `path: {file: ..., encoding: cp1252}`"
    return "check that the file is complete and of the type its name says"


LOOKS_LIKE_A_VALUE = re.compile(
    r"[-+]?\d+[.,]\d+|\d{1,4}([/.-])\d{1,2}\1\d{1,4}([ T].*)?|.*@.*|[A-Za-z]{0,3}[-_]?\d{3,}"
)
"""A decimal number, a date, an address, an id: what columns are not called."""


def require_column(raw: ir.Table, column: str, table: str) -> None:
    """Refuse a table without the column the study names."""
    if column not in raw.columns:
        if any(LOOKS_LIKE_A_VALUE.fullmatch(name) for name in raw.columns):
            # Names are the first row, which may hold a customer's id.
            raise DataError(
                f'{table} has no column "{column}", and its first row looks like data',
                hint="give the file a header with the names of its columns",
            )
        hint = nearest(column, raw.columns)
        if len(raw.columns) == 1:
            hint = (
                "all of it was read as one column: every row needs as many fields as the header, "
                'and another separator is said as in `path: {file: ..., delimiter: "|"}`'
            )
        raise DataError(f'{table} has no column "{column}"; it has: {_few(raw.columns)}', hint=hint)


def _few(names: Sequence[str]) -> str:
    names = [name for name in names if not name.startswith("\u2060")]
    shown = ", ".join(name[:60] for name in names[:20])
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20:,} more"
