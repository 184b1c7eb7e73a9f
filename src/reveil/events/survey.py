"""One pass over a source: small facts about every row, counted by kind and day.

In:  the raw table of a source, its mapped rows.
Out: `Survey`: how many rows have each flaw, how many good ones there are of each kind and day,
how large amounts are, how late rows come; and where the first rows with a flaw stand.

Rows are grouped by their facts, and flaws are read off the groups: each costs nothing more.
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
from reveil.events.values import ZONED, seconds_of, text_of
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

MANY_GROUPS = 2_000_000
"""With more groups of rows than this, `kind` names a column that holds no kinds."""

NO_DAY = -1_000_000
NO_AMOUNT, ZERO, NEGATIVE = -3, -2, -1
NO_LAG = -1
DAY_S = 86_400
EPOCH = date(1970, 1, 1)

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
        found["unzoned"] = text.contains(":") & ~text.re_search(ZONED)
    if customer.type().is_string():
        # Blank text begins with a blank, and those come before "!": few rows need more.
        blank = text_of(customer).isnull()
        found["missing customer"] = customer.isnull() | (customer < "!").ifelse(blank, False)
    if customer.type().is_floating():
        found["rounded"] = ~customer.isnan() & (customer.abs() >= EXACT)
    matches = [raw[column].isnull() for column in raw.columns if column.startswith(MATCH)]
    if matches:
        found["unmatched"] = ibis.or_(*matches)
    return found


COLUMNS = (
    "source", "customer_id", "kind", "amount", "order_id", "item", "category", "channel",
    "campaign", "offer", "rating", "at_s", "known_s",
)  # fmt: skip
"""Of a row of the log, before lines of an order become one event."""


def _signs(rows: ir.Table, source: SourceSettings) -> dict[str, ir.BooleanValue]:
    """Say what is true or false of each mapped row; never null."""
    signs: dict[str, ir.BooleanValue] = {
        "missing customer": rows["missing customer"]
        if "missing customer" in rows.columns
        else rows.customer_id.isnull()
    }
    if "is_machine" in source.columns:
        signs["machine"] = rows.is_machine
    for key in ("amount", "rating", "is_machine"):
        if (mark := f"written {key}") in rows.columns:
            signs[f"unreadable {key}"] = rows[mark] & rows[key].isnull()
    for mark in ("dotted", "thousands", "zoned", "unzoned", "rounded", "unmatched"):
        if mark in rows.columns:
            signs[mark] = rows[mark]
    return {name: sign.fill_null(False) for name, sign in signs.items()}


def _measures(rows: ir.Table, source: SourceSettings, coverage: Coverage) -> dict[str, ir.Value]:
    """Say when each row was, of what kind and how large; never null."""
    first, last = _day(FIRST_REAL_DAY) - 1, _day(coverage.end + FAR)
    day = (rows.at_s // DAY_S).clip(first, last).cast("int64")
    found: dict[str, ir.Value] = {"day": rows.at_s.notnull().ifelse(day, NO_DAY)}
    if not isinstance(source.kind, str):
        found["kind"] = rows.kind.fill_null("")
    if "amount" in source.columns:
        found["power"] = ibis.cases(
            (rows.amount.isnull(), NO_AMOUNT),
            (rows.amount == 0, ZERO),
            (rows.amount < 0, NEGATIVE),
            else_=rows.amount.cast("float64").log2().floor().cast("int64"),
        )
    if "available_at" in source.columns:
        lag = ibis.least((rows.known_s - rows.at_s) // DAY_S, LATEST_LAG).cast("int64")
        found["lag"] = (rows.known_s.notnull() & rows.at_s.notnull()).ifelse(lag, NO_LAG)
    return found


def facts(rows: ir.Table, source: SourceSettings, coverage: Coverage) -> ir.Table:
    """Say of each mapped row its position and the little that its flaws depend on.

    Returns
    -------
    ibis.Table
        The columns of the log; `position`; `day` since 1970, cut to what is just outside
        sense; `kind`, `power` and `lag` where the source has them; what is true or false.
    """
    rows = rows.mutate(at_s=seconds_of(rows.at), known_s=seconds_of(rows.known_at))
    filtered = {"filtered": ~rows.kept} if source.where else {}
    found = {
        **filtered,
        **_signs(rows, source),
        **_measures(rows, source, coverage),
    }
    position = rows[ROW] if ROW in rows.columns else ibis.row_number() + 1
    return rows.select(
        **{name: rows[name] for name in COLUMNS if name not in found}, **found, position=position
    )


def noted(
    rows: ir.Table, source: SourceSettings, coverage: Coverage, roles: Mapping[str, Role]
) -> ir.Table:
    """Write on each row that `where` leaves whether it is good, and its flaws as bits.

    Returns
    -------
    ibis.Table
        `COLUMNS`, `good`, `mask`: what is worth keeping, so that the file is read once.
    """
    of = facts(rows.filter(rows.kept) if source.where else rows, source, coverage)
    names = _signed(of)
    bits = [of[name].cast("int32") * (1 << place) for place, name in enumerate(names)]
    return of.select(
        *COLUMNS,
        good=flaws(of, source, coverage, roles)["good"],
        mask=reduce(lambda a, b: a + b, bits).cast("int32"),
    )


def _signed(of: ir.Table) -> list[str]:
    return [n for n in of.columns if n != "filtered" and of[n].type().is_boolean()]


def flaws(
    of: ir.Table, source: SourceSettings, coverage: Coverage, roles: Mapping[str, Role]
) -> dict[str, ir.BooleanValue]:
    """Read off the facts of rows what is wrong with them.

    Parameters
    ----------
    of
        As `facts`; or, as a data frame, groups of rows with the same facts, which read alike.

    Returns
    -------
    dict
        Flaw -> true or false; `good` is no flaw: the log takes the row.
    """
    start, end, none = _day(coverage.start), _day(coverage.end), of.day == NO_DAY
    kept = ~of["filtered"] if "filtered" in of.columns else of.day >= NO_DAY
    readable = kept & ~of["missing customer"] & ~none
    good = readable & (of.day >= start) & (of.day < end)
    found: dict[str, ir.BooleanValue] = {
        "missing customer": kept & of["missing customer"],
        "unreadable date": kept & none,
        "placeholder date": readable & (of.day < _day(FIRST_REAL_DAY)),
        "before the coverage": readable & (of.day < start) & (of.day >= _day(FIRST_REAL_DAY)),
        "after the coverage": readable & (of.day >= end) & (of.day < _day(coverage.end + FAR)),
        "future date": readable & (of.day >= _day(coverage.end + FAR)),
    }
    if "filtered" in of.columns:
        found["filtered"] = of["filtered"]
    if "kind" in of.columns:
        known = of.kind.isin(list(roles))
        found["no kind"] = readable & (of.kind == "")
        found["unknown kind"] = readable & (of.kind != "") & ~known
        good &= known
    if "lag" in of.columns:
        found["unreadable available_at"] = kept & ~none & (of.lag == NO_LAG)
        good &= of.lag != NO_LAG
    if "machine" in of.columns:
        found["machine"] = readable & of["machine"]
        good &= ~of["machine"]
    for mark in ("unreadable amount", "unreadable rating", "unreadable is_machine", "dotted", "thousands"):  # fmt: skip
        if mark in of.columns:
            found[mark] = readable & of[mark]
    if "power" in of.columns:
        bought, returned = good & _is(of, source, "purchase"), good & _is(of, source, "return")
        empty = (of.power == NO_AMOUNT) | (of.power == ZERO)
        if "unreadable amount" in of.columns:
            empty &= ~of["unreadable amount"]
        found["amount"] = good & (of.power != NO_AMOUNT)
        found["bought"] = bought
        found["purchase without amount"] = bought & empty
        found["negative purchase"] = bought & (of.power == NEGATIVE)
        found["positive return"] = returned & (of.power >= 0)
    if "zoned" in of.columns:
        found["zoned"], found["unzoned"] = good & of["zoned"], good & of["unzoned"]
    if "rounded" in of.columns:
        found["id beyond the precision of its column"] = kept & of["rounded"]
    if "unmatched" in of.columns:
        found["lookup without match"] = kept & of["unmatched"]
    return found | {"good": good}


def _is(of: ir.Table, source: SourceSettings, kind: str) -> ir.BooleanValue:
    if "kind" in of.columns:
        return of.kind == kind
    return of.day >= NO_DAY if source.kind == kind else of.day < NO_DAY


def survey(
    kept: ir.Table,
    rows: ir.Table,
    source: SourceSettings,
    coverage: Coverage,
    roles: Mapping[str, Role],
) -> Survey:
    """Group rows by their facts, and count the groups.

    Parameters
    ----------
    kept
        As `noted`, stored.
    rows
        The mapped rows they came from, for the names of their marks.
    """
    names = list(_signs(rows, source))
    frame = _grouped(kept, source, coverage)
    if len(frame) >= MANY_GROUPS and not isinstance(source.kind, str):
        kinds = kept.kind.isin(list(roles)).ifelse(kept.kind, "?")
        frame = _grouped(kept.mutate(kind=kept.kind.isnull().ifelse("", kinds)), source, coverage)
    mask = frame["mask"].astype("int64")
    frame = frame.assign(**{n: mask // (1 << place) % 2 == 1 for place, n in enumerate(names)})
    n = frame["n"].to_numpy(np.int64)
    found = flaws(frame, source, coverage, roles)
    counts = {name: int(n[flag.to_numpy(bool)].sum()) for name, flag in found.items()}
    good = frame[found["good"]]
    bought = frame[found["bought"]] if "bought" in found else good.head(0)
    return Survey(
        total=int(n.sum()),
        counts=counts,
        days=_days(good, source, coverage),
        amounts=_histogram(bought, "power"),
        lags=_histogram(good, "lag"),
    )


def _grouped(kept: ir.Table, source: SourceSettings, coverage: Coverage) -> pd.DataFrame:
    keyed = kept.select(mask=kept["mask"], **_measures(kept, source, coverage))
    grouped = keyed.group_by(list(keyed.columns)).aggregate(n=keyed.count()).limit(MANY_GROUPS)
    frame: pd.DataFrame = grouped.to_pyarrow().to_pandas()
    return frame


def _days(
    good: pd.DataFrame, source: SourceSettings, coverage: Coverage
) -> dict[str, NDArray[np.int64]]:
    kinds = good["kind"] if "kind" in good else pd.Series(str(source.kind), index=good.index)
    found = {}
    for kind, rows in good.groupby(kinds, sort=True):
        counted = np.bincount(
            rows["day"].to_numpy(np.int64) - _day(coverage.start),
            weights=rows["n"],
            minlength=coverage.days,
        )
        found[str(kind)] = counted.astype(np.int64)
    return found


def _histogram(rows: pd.DataFrame, key: str) -> NDArray[np.int64]:
    if key not in rows:
        return np.zeros(1, np.int64)
    rows = rows[rows[key] >= 0]
    counted = np.bincount(rows[key].to_numpy(np.int64), weights=rows["n"], minlength=1)
    return counted.astype(np.int64)


@ibis.udf.agg.builtin(name="min")  # type: ignore[untyped-decorator]
def _least(position: int, n: int) -> dt.Array[dt.int64]:
    """Return the smallest few numbers, ascending."""


def positions(of: ir.Table, flags: Flags, wanted: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Look up, in one pass, the first row numbers with each of some flaws.

    Parameters
    ----------
    of
        As `facts`; the flags are of its rows.

    Returns
    -------
    dict
        Flaw -> at most three row numbers, counted from 1.
    """
    if not wanted:
        return {}
    numbered = of.select(
        "position", **{f"is {place}": flags[name] for place, name in enumerate(wanted)}
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


def _day(day: date) -> int:
    return (day - EPOCH).days
