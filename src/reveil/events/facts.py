"""Small facts about every row of a source, and what they say is wrong with it.

In:  the raw table of a source, its mapped rows.
Out: `noted`: the rows worth keeping, each with its flaws; `flaws`, of rows or of groups of rows
with the same facts, which read alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import reduce

import ibis
import ibis.expr.types as ir

from reveil.events.lookups import MATCH, ROW
from reveil.events.roles import Role
from reveil.events.settings import SourceSettings
from reveil.events.source import TEXT_COLUMNS, RowOf
from reveil.events.values import ZONED, seconds_of, text_of
from reveil.windows import Coverage

FIRST_REAL_DAY = date(1971, 1, 1)
"""Dates before it stand for no date: year 1, 1900, the first day of a computer's calendar."""

FAR = timedelta(days=366)
"""A date so far after the coverage is no date of an event."""

LATEST_LAG = 4_000
"""Days; a row that comes later counts as this late."""

EXACT = 2.0**53
"""Whole numbers beyond it share a double with their neighbours."""

NO_DAY = -1_000_000
NO_AMOUNT, ZERO, NEGATIVE = -3, -2, -1
NO_LAG = -1
DAY_S = 86_400
EPOCH = date(1970, 1, 1)

Flags = Mapping[str, ir.BooleanValue]


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


def signs(rows: ir.Table, source: SourceSettings) -> dict[str, ir.BooleanValue]:
    """Say what is true or false of each mapped row; never null."""
    found: dict[str, ir.BooleanValue] = {
        "missing customer": rows["missing customer"]
        if "missing customer" in rows.columns
        else rows.customer_id.isnull()
    }
    if "is_machine" in source.columns:
        found["machine"] = rows.is_machine
    for key in ("amount", "rating", "is_machine"):
        if (mark := f"written {key}") in rows.columns:
            found[f"unreadable {key}"] = rows[mark] & rows[key].isnull()
    for mark in ("dotted", "thousands", "zoned", "unzoned", "rounded", "unmatched"):
        if mark in rows.columns:
            found[mark] = rows[mark]
    return {name: sign.fill_null(False) for name, sign in found.items()}


def measures(rows: ir.Table, source: SourceSettings, coverage: Coverage) -> dict[str, ir.Value]:
    """Say when each row was, of what kind and how large; never null."""
    first, last = day_of(FIRST_REAL_DAY) - 1, day_of(coverage.end + FAR)
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
        **signs(rows, source),
        **measures(rows, source, coverage),
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
        Those of `COLUMNS` that the source fills, `good`, `mask`: what is worth keeping, so
        that the file is read once.
    """
    of = facts(rows.filter(rows.kept) if source.where else rows, source, coverage)
    names = signed(of)
    bits = [of[name].cast("int32") * (1 << place) for place, name in enumerate(names)]
    return of.select(
        *(name for name in COLUMNS if name not in _constants(source)),
        good=flaws(of, source, coverage, roles)["good"],
        mask=reduce(lambda a, b: a + b, bits).cast("int32"),
    )


def good_rows(kept: ir.Table, source: SourceSettings) -> ir.Table:
    """Take the good rows of what `noted` wrote, with all of `COLUMNS`."""
    constants = _constants(source)
    known = {"known_s": kept.at_s} if "available_at" not in source.columns else {}
    values = {**{n: kept[n] for n in kept.columns if n in COLUMNS}, **constants, **known}
    return kept.filter(kept.good).select(**{name: values[name] for name in COLUMNS})


def _constants(source: SourceSettings) -> dict[str, ir.Scalar]:
    """Give the columns that are the same in every row: kept, they would only fill memory."""
    found: dict[str, ir.Scalar] = {"source": ibis.literal(source.name)}
    if isinstance(source.kind, str):
        found["kind"] = ibis.literal(source.kind)
    for name, key in {**dict.fromkeys(TEXT_COLUMNS), "order_id": "order"}.items():
        if (key or name) not in source.columns:
            found[name] = ibis.null("string")
    for name, kind in (("amount", "int64"), ("rating", "float64")):
        if name not in source.columns:
            found[name] = ibis.null(kind)
    if "available_at" not in source.columns:
        found["known_s"] = ibis.null("int64")
    return found


def signed(of: ir.Table) -> list[str]:
    """Name the facts that are true or false, in the order of their bits."""
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
    start, end, none = day_of(coverage.start), day_of(coverage.end), of.day == NO_DAY
    kept = ~of["filtered"] if "filtered" in of.columns else of.day >= NO_DAY
    readable = kept & ~of["missing customer"] & ~none
    good = readable & (of.day >= start) & (of.day < end)
    found: dict[str, ir.BooleanValue] = {
        "missing customer": kept & of["missing customer"],
        "unreadable date": kept & none,
        "placeholder date": readable & (of.day < day_of(FIRST_REAL_DAY)),
        "before the coverage": readable & (of.day < start) & (of.day >= day_of(FIRST_REAL_DAY)),
        "after the coverage": readable & (of.day >= end) & (of.day < day_of(coverage.end + FAR)),
        "future date": readable & (of.day >= day_of(coverage.end + FAR)),
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
        bought, returned = (
            good & is_kind(of, source, "purchase"),
            good & is_kind(of, source, "return"),
        )
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


def is_kind(of: ir.Table, source: SourceSettings, kind: str) -> ir.BooleanValue:
    """Say whether rows are of a kind."""
    if "kind" in of.columns:
        return of.kind == kind
    return of.day >= NO_DAY if source.kind == kind else of.day < NO_DAY


def day_of(day: date) -> int:
    """Count days since 1970."""
    return (day - EPOCH).days
