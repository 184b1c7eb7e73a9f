"""The checks of a source: what is wrong with its rows, how much of it, where, and what to do.

In:  a source as mapped to the log, the stated coverage.
Out: findings; or a DataError where the study refuses what was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise

import ibis
import ibis.expr.types as ir

from reveil.errors import DataError, nearest
from reveil.events.audit import Finding, State
from reveil.events.roles import Role
from reveil.events.settings import SourceSettings
from reveil.windows import Coverage

LONG_HOLE_DAYS = 14


def audit_source(
    raw: ir.Table,
    rows: ir.Table,
    source: SourceSettings,
    coverage: Coverage,
    roles: Mapping[str, Role],
) -> list[Finding]:
    """Count what is wrong with one source.

    Raises
    ------
    DataError
        When the source is empty, or holds something the study refuses.
    """
    start, end = ibis.timestamp(str(coverage.start)), ibis.timestamp(str(coverage.end))
    kept = rows.kept
    readable = kept & rows.customer_id.notnull() & rows.at.notnull()
    known = rows.kind.isin(list(roles))
    problems = {
        "filtered": ~kept,
        "missing customer": kept & rows.customer_id.isnull(),
        "unreadable date": kept & rows.at.isnull(),
        "unreadable available_at": kept & rows.at.notnull() & rows.known_at.isnull(),
        "before the coverage": readable & (rows.at < start),
        "after the coverage": readable & (rows.at >= end),
        "no kind": readable & rows.kind.isnull(),
        "unknown kind": readable & rows.kind.notnull() & ~known,
        "machine": readable & rows.is_machine.fill_null(False),
        "purchase without amount": readable
        & (rows.kind == "purchase")
        & (rows.amount.fill_null(0) <= 0),
    }
    counted = rows.aggregate(
        **{name: rows.count(where=flag) for name, flag in problems.items()}, rows=rows.count()
    ).to_pyarrow()
    count = {name: int(counted[name][0].as_py()) for name in problems}
    total = int(counted["rows"][0].as_py())
    if total == 0:
        raise DataError(
            f"{source.path.name} is empty; at least one row is required",
            hint="check the export, or remove the source from the study",
        )
    where = source.where or ""
    customer, at = source.columns["customer"].label, source.columns["at"].label

    def first(name: str) -> tuple[int, ...]:
        numbered = rows.mutate(position=ibis.row_number() + 1)
        flagged = numbered.filter(problems[name].fill_null(False)).order_by("position").limit(3)
        return tuple(flagged.to_pyarrow()["position"].to_pylist())

    for key, name in (("at", "unreadable date"), ("available_at", "unreadable available_at")):
        if count[name] and source.on_bad_date == "refuse":
            _refuse_dates(
                raw, source=source, key=key, positions=first(name), bad=count[name], total=total
            )
    if count["missing customer"] and source.on_missing_customer == "refuse":
        at_rows = ", ".join(map(str, first("missing customer")))
        raise DataError(
            f"{count['missing customer']:,} of {total:,} rows of {source.path.name} have no customer "
            f'in column "{customer}". First at rows {at_rows}.',
            hint="accept the loss with `on_missing_customer: drop`",
        )
    if count["filtered"] == total:
        raise DataError(
            f"`where` leaves none of the {total:,} rows of {source.path.name}: {where}",
            hint="check the condition; text is compared in single quotes, columns stand in double quotes",
        )
    if count["missing customer"] == total - count["filtered"]:
        raise DataError(
            f'no row of {source.path.name} has a customer in column "{customer}"',
            hint="check `columns.customer`",
        )
    if count["unknown kind"]:
        _refuse_kinds(rows, source, roles, count["unknown kind"])
    findings = [Finding(check="rows", state="ok", source=source.name, column="", rows=total)]

    def add(name: str, state: State, column: str, fix: str) -> None:
        if count[name]:
            findings.append(
                Finding(
                    check=name,
                    state=state,
                    source=source.name,
                    column=column,
                    rows=count[name],
                    positions=first(name),
                    fix=fix,
                )
            )

    lost: State = "warning" if count["missing customer"] > total * 0.05 else "info"
    add("filtered", "info", where, "left out by `where`")
    add("missing customer", lost, customer, "dropped: nobody to attribute them to")
    add("unreadable date", "warning", at, "dropped, as `on_bad_date: drop` says")
    if "available_at" in source.columns:
        late = source.columns["available_at"].label
        add("unreadable available_at", "warning", late, "dropped, as `on_bad_date: drop` says")
    add("before the coverage", "warning", at, f"dropped; coverage starts on {coverage.start}")
    add("after the coverage", "warning", at, f"dropped; coverage ends before {coverage.end}")
    add("no kind", "warning", "kind", "dropped: no condition of `kind` names them")
    add("machine", "info", "is_machine", "left out: done by a machine, not by the customer")
    amount = source.columns.get("amount")
    if amount is not None:
        add(
            "purchase without amount",
            "warning",
            amount.label,
            "kept; check how amounts are written, or name these rows otherwise in `kind`",
        )
    repeated = total - int(rows.distinct().count().to_pyarrow().as_py())
    if repeated:
        order = "order" in source.columns
        findings.append(
            Finding(
                check="repeated row",
                state="info" if order else "warning",
                source=source.name,
                column="",
                rows=repeated,
                fix="kept: lines of one order may repeat" if order else "kept; check the export",
            )
        )
    return findings


def _refuse_dates(
    raw: ir.Table,
    *,
    source: SourceSettings,
    key: str,
    positions: tuple[int, ...],
    bad: int,
    total: int,
) -> None:
    at = source.columns[key]
    samples = ""
    if at.column is not None:
        text = raw.mutate(position=ibis.row_number() + 1)
        text = text.filter(text.position.isin(positions)).order_by("position")
        found = text.select(value=text[at.column].cast("string")).to_pyarrow()["value"].to_pylist()
        samples = ": " + ", ".join(f'"{value or ""}"' for value in found)
    pattern = at.format or "%d/%m/%Y"
    raise DataError(
        f'{bad:,} of {total:,} rows of {source.path.name} have no readable date in column "{at.label}".\n'
        f"First at rows {', '.join(map(str, positions))}{samples}.",
        hint=f'set `{key}: {{column: {at.label}, format: "{pattern}"}}` as the dates are written, '
        "or accept the loss with `on_bad_date: drop`.",
    )


def _refuse_kinds(
    rows: ir.Table, source: SourceSettings, roles: Mapping[str, Role], bad: int
) -> None:
    unknown = rows.filter(rows.kept, rows.kind.notnull(), ~rows.kind.isin(list(roles)))
    named = unknown.select("kind").distinct().order_by("kind").limit(5).to_pyarrow()
    kinds = named["kind"].to_pylist()
    raise DataError(
        f"{bad:,} rows of {source.path.name} are of a kind nobody declared: {', '.join(kinds)}",
        hint=f"give each a role, as in `kinds: {{{kinds[0]}: engagement}}`, "
        f"or another name ({nearest(kinds[0], roles)})",
    )


def holes(clean: ir.Table, coverage: Coverage) -> list[Finding]:
    """Find, per source, the days of the coverage without any event."""
    days = clean.select("source", day=clean.at_s // 86_400).distinct().to_pyarrow()
    present: dict[str, set[int]] = {}
    for name, day in zip(days["source"].to_pylist(), days["day"].to_pylist(), strict=True):
        present.setdefault(name, set()).add(day)
    epoch = date(1970, 1, 1)
    first = (coverage.start - epoch).days
    findings = []
    for name, seen in sorted(present.items()):
        missing = [d for d in range(first, first + coverage.days) if d not in seen]
        if not missing:
            continue
        length, start = _longest_run(missing)
        begins = epoch + timedelta(days=start)
        findings.append(
            Finding(
                check="days without events",
                state="warning" if length > LONG_HOLE_DAYS else "info",
                source=name,
                column="",
                rows=len(missing),
                fix=f"longest: {length} days from {begins}; if the log is incomplete there, "
                "narrow the coverage",
            )
        )
    return findings


def _longest_run(days: list[int]) -> tuple[int, int]:
    best = (1, days[0])
    start = days[0]
    for before, day in pairwise(days):
        if day != before + 1:
            start = day
        best = max(best, (day - start + 1, start), key=lambda run: run[0])
    return best
