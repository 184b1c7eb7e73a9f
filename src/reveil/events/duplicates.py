"""Rows that stand twice in a source.

In:  the raw table of a source, its kept rows.
Out: a finding, or an error where the study refuses them.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from reveil.errors import DataError
from reveil.events.audit import Finding, State
from reveil.events.lookups import ROW
from reveil.events.settings import SourceSettings
from reveil.events.source import RowOf

EXACTLY = 2_000_000
"""Rows up to which every repeated row is counted; above, those of one customer in 16."""

SAMPLE = 16
"""One customer in so many: those of one hexadecimal digit."""

WIDE = 500
"""Columns up to which rows are compared in all of them; above, in those of the study."""


def repeated_rows(
    raw: ir.Table, kept: ir.Table, source: SourceSettings, total: int
) -> tuple[list[Finding], DataError | None]:
    """Count rows equal to another in every column."""
    table = raw.drop(ROW) if ROW in raw.columns else raw
    if len(table.columns) > WIDE:
        table = table.select(sorted({c.column for c in source.columns.values() if c.column}))
    each = SAMPLE if total > EXACTLY and source.on_duplicate == "keep" else 1
    if source.on_duplicate == "keep":
        # Rows equal in every column are equal in those of the log, which are at hand; where the
        # log has all columns, an estimate asks no more.
        mine = kept.drop("good", "mask")
        repeated = each * _excess(mine, mine.customer_id, each)
        if not repeated:
            return [], None
    used = {spec.column for spec in source.columns.values()} | {getattr(source.kind, "column", "")}
    if each == 1 or set(table.columns) - used:
        repeated = each * _excess(table, RowOf(raw=raw, source=source).value("customer"), each)
    if not repeated:
        return [], None
    if source.on_duplicate == "refuse":
        return [], DataError(
            f"{repeated:,} of {total:,} rows of {source.label} are equal to another in every column",
            hint="check the export, or keep one of each with `on_duplicate: drop`",
        )
    about = ("about, counted on a sixteenth; ", "environ, compté sur un seizième ; ")
    start_en, start_fr = about if each > 1 else ("", "")
    if source.on_duplicate == "drop":
        state: State = "info"
        en, fr, line = "one of each is kept", "une de chaque est gardée", ""
    elif "order" in source.columns:
        state, line = "info", ""
        en = "kept: lines of one order may repeat"
        fr = "gardées : les lignes d’une commande peuvent se répéter"
    else:
        state, line = "warning", "on_duplicate: drop"
        en, fr = "kept; check the export", "gardées ; vérifier l’export"
    finding = Finding(
        check="repeated row", state=state, source=source.name, column="", rows=repeated,
        fix=start_en + en, fix_fr=start_fr + fr, line=line,
    )  # fmt: skip
    return [finding], None


def _excess(table: ir.Table, customer: ir.Value | None, each: int) -> int:
    """Count the rows equal to an earlier one, among those of one customer in `each`.

    Rows are told apart by a hash of 64 bits: of a hundred million, none is taken for another.
    """
    assert customer is not None
    if each > 1:
        # One digit of a hash that every engine has.
        table = table.filter(customer.cast("string").hexdigest("md5").right(1) == "0")
    rows = table.select(row=ibis.struct({name: table[name] for name in table.columns}).hash())
    counted = rows.aggregate(rows=rows.count(), different=rows.row.nunique()).to_pyarrow()
    return int(counted["rows"][0].as_py() - counted["different"][0].as_py())
