"""One pass over a source: every row's flaws as bits of one number, counted by kind and day.

In:  the raw table of a source, its mapped rows.
Out: `Survey`: how many rows have each flaw, how many good ones there are of each kind and day,
how large amounts are, how late rows come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reveil.events.lookups import MATCH, ROW
from reveil.events.roles import Role
from reveil.events.settings import SourceSettings
from reveil.events.source import RowOf
from reveil.events.values import ZONED, text_of
from reveil.windows import Coverage

SHOWN = 3
"""Row numbers of a finding."""

FIRST_REAL_DAY = date(1971, 1, 1)
"""Dates before it stand for no date: year 1, 1900, the first day of a computer's calendar."""

FAR = timedelta(days=366)
"""A date so far after the coverage is no date of an event."""

LATEST_LAG = 4_000
"""Days; a row that comes later counts as this late."""

EXACT = 2.0**53
"""Whole numbers beyond it share a double with their neighbours."""

Flags = Mapping[str, ir.BooleanValue]


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What one pass over a source counted.

    Parameters
    ----------
    total
        Rows of the source.
    counts
        Rows by flaw; a flaw that the source cannot have is missing.
    days
        Good rows by kind: one number per day of the coverage.
    amounts
        Purchases with an amount by the power of two, in ten-thousandths, that it reaches.
    lags
        Good rows by the days between happening and being known.
    """

    total: int
    counts: Mapping[str, int]
    days: Mapping[str, NDArray[np.int64]]
    amounts: NDArray[np.int64]
    lags: NDArray[np.int64]

    def share(self, flaw: str, of: int) -> float:
        """Rows with a flaw over some number of rows."""
        return self.counts.get(flaw, 0) / of if of else 0.0


def marks(raw: ir.Table, source: SourceSettings) -> dict[str, ir.Value]:
    """Note of each raw row what its mapped values no longer tell.

    Returns
    -------
    dict
        Columns for `mapped` to carry along: what was written where nothing could be read,
        which moments say their distance from UTC, ids too long for a double.
    """
    row = RowOf(raw=raw, source=source)
    found: dict[str, ir.Value] = {}
    for key in ("amount", "rating", "is_machine"):
        value = row.value(key)
        if value is None or value.type().is_boolean() or value.type().is_integer():
            continue
        found[f"written {key}"] = (
            value.notnull() & ~value.isnan()
            if value.type().is_floating()
            else text_of(value).notnull()
        )
        if key == "amount" and value.type().is_string():
            dotted = text_of(value).contains(".")
            found["dotted"] = dotted
            found["thousands"] = dotted & text_of(value).re_search(r"^[+-]?[1-9]\d{0,2}(\.\d{3})+$")
    at, customer = row.value("at"), row.value("customer")
    assert at is not None
    assert customer is not None
    if at.type().is_string() and source.columns["at"].format is None:
        text = text_of(at)
        found["zoned"] = text.re_search(ZONED)
        found["clocked"] = text.contains(":")
    if customer.type().is_floating():
        found["rounded"] = ~customer.isnan() & (customer.abs() >= EXACT)
    matches = [raw[column].isnull() for column in raw.columns if column.startswith(MATCH)]
    if matches:
        found["unmatched"] = ibis.or_(*matches)
    return found


def flaws(
    rows: ir.Table, source: SourceSettings, coverage: Coverage, roles: Mapping[str, Role]
) -> tuple[ir.BooleanValue, Flags]:
    """Say of each mapped row whether it is good for the log, and what is wrong with it."""
    start, end = ibis.timestamp(str(coverage.start)), ibis.timestamp(str(coverage.end))
    real, far = ibis.timestamp(str(FIRST_REAL_DAY)), ibis.timestamp(str(coverage.end + FAR))
    kept, at = rows.kept, rows.at
    readable = kept & rows.customer_id.notnull() & at.notnull()
    inside = readable & (at >= start) & (at < end)
    found: dict[str, ir.BooleanValue] = {
        "missing customer": kept & rows.customer_id.isnull(),
        "unreadable date": kept & at.isnull(),
        "placeholder date": readable & (at < real),
        "before the coverage": readable & (at < start) & (at >= real),
        "after the coverage": readable & (at >= end) & (at < far),
        "future date": readable & (at >= far),
    }
    good = inside
    if source.where:
        found["filtered"] = ~kept
    if "available_at" in source.columns:
        found["unreadable available_at"] = kept & at.notnull() & rows.known_at.isnull()
        good &= rows.known_at.notnull()
    if not isinstance(source.kind, str):
        found["no kind"] = readable & rows.kind.isnull()
        found["unknown kind"] = readable & rows.kind.notnull() & ~rows.kind.isin(list(roles))
        good &= rows.kind.isin(list(roles))
    if "is_machine" in source.columns:
        machine = rows.is_machine.fill_null(False)
        found["machine"] = readable & machine
        good &= ~machine
    for key in ("amount", "rating", "is_machine"):
        if (mark := f"written {key}") in rows.columns:
            found[f"unreadable {key}"] = readable & rows[mark] & rows[key].isnull()
    if "amount" in source.columns:
        bought, returned = good & (rows.kind == "purchase"), good & (rows.kind == "return")
        unread = found.get("unreadable amount", ibis.literal(False))
        found["amount"] = good & rows.amount.notnull()
        found["purchase without amount"] = bought & ~unread & (rows.amount.fill_null(0) == 0)
        found["negative purchase"] = bought & (rows.amount < 0)
        found["positive return"] = returned & (rows.amount > 0)
    for mark in ("dotted", "thousands"):
        if mark in rows.columns:
            found[mark] = readable & rows[mark]
    if "zoned" in rows.columns:
        zoned = rows["zoned"]
        found["zoned"] = inside & zoned
        found["unzoned"] = inside & ~zoned & rows["clocked"]
    if "rounded" in rows.columns:
        found["id beyond the precision of its column"] = kept & rows["rounded"]
    if "unmatched" in rows.columns:
        found["lookup without match"] = kept & rows["unmatched"]
    return good, {name: flag.fill_null(False) for name, flag in found.items()}


def survey(
    rows: ir.Table, good: ir.BooleanValue, flags: Flags, source: SourceSettings, coverage: Coverage
) -> Survey:
    """Count the flaws of a source in one pass over it."""
    good = good.fill_null(False)
    bits = [flag.cast("int64") * (1 << place) for place, flag in enumerate(flags.values())]
    keys: dict[str, ir.Value] = {
        "mask": reduce(lambda a, b: a + b, bits),
        # Seconds from start to end of a day are whole: no cast rounds a moment into the next.
        "day": good.ifelse((rows.at.truncate("D").epoch_seconds() // 86_400).cast("int64"), -1),
    }
    if not isinstance(source.kind, str):
        keys["kind"] = good.ifelse(rows.kind, ibis.null("string"))
    if "amount" in source.columns:
        paid = good & (rows.kind == "purchase") & (rows.amount > 0)
        keys["power"] = paid.ifelse(rows.amount.cast("float64").log2().floor(), -1).cast("int64")
    if "available_at" in source.columns:
        lag = (rows.known_at.epoch_seconds() - rows.at.epoch_seconds()) // 86_400
        keys["lag"] = good.ifelse(ibis.least(lag, LATEST_LAG), 0).cast("int64")
    keyed = rows.select(**keys)
    frame = keyed.group_by(list(keys)).aggregate(n=keyed.count()).to_pyarrow().to_pandas()
    n = frame["n"].to_numpy(np.int64)
    mask = frame["mask"].to_numpy(np.int64) if len(frame) else np.zeros(0, np.int64)
    counts = {name: int(n[(mask >> place) & 1 == 1].sum()) for place, name in enumerate(flags)}
    return Survey(
        total=int(n.sum()),
        counts=counts,
        days=_days(frame, source, coverage),
        amounts=_histogram(frame, "power", n),
        lags=_histogram(frame[frame["day"] >= 0], "lag", None),
    )


def _days(
    frame: pd.DataFrame, source: SourceSettings, coverage: Coverage
) -> dict[str, NDArray[np.int64]]:
    first = (coverage.start - date(1970, 1, 1)).days
    good = frame[frame["day"] >= 0]
    kinds = good["kind"] if "kind" in good else pd.Series(str(source.kind), index=good.index)
    found = {}
    for kind, rows in good.groupby(kinds, sort=True):
        counted = np.bincount(
            rows["day"].to_numpy(np.int64) - first, weights=rows["n"], minlength=coverage.days
        )
        found[str(kind)] = counted.astype(np.int64)
    return found


def _histogram(frame: pd.DataFrame, key: str, n: NDArray[np.int64] | None) -> NDArray[np.int64]:
    if key not in frame:
        return np.zeros(1, np.int64)
    n = frame["n"].to_numpy(np.int64) if n is None else n
    at = frame[key].to_numpy(np.int64)
    return np.bincount(at[at >= 0], weights=n[at >= 0], minlength=1).astype(np.int64)


@ibis.udf.agg.builtin(name="min")  # type: ignore[untyped-decorator]
def _least(position: int, n: int) -> dt.Array[dt.int64]:
    """Return the smallest few numbers, ascending."""


def positions(rows: ir.Table, flags: Flags, wanted: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Look up, in one pass, the first row numbers with each of some flaws.

    Returns
    -------
    dict
        Flaw -> at most three row numbers, counted from 1.
    """
    if not wanted:
        return {}
    position = rows[ROW] if ROW in rows.columns else ibis.row_number() + 1
    numbered = rows.select(
        position=position, **{f"is {place}": flags[n] for place, n in enumerate(wanted)}
    )
    first = numbered.aggregate(
        **{
            f"first {place}": _least(numbered.position, SHOWN, where=numbered[f"is {place}"])
            for place in range(len(wanted))
        }
    ).to_pyarrow()
    return {
        name: tuple(first[f"first {place}"][0].as_py() or ()) for place, name in enumerate(wanted)
    }
