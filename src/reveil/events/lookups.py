"""Lookups: tables with one row per key that add columns to the rows of a source.

In:  the raw table of a source, LookupSettings.
Out: the raw table with more columns and as many rows, each knowing its position.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from reveil.errors import DataError
from reveil.events.reader import Reader, require_column
from reveil.events.settings import LookupSettings
from reveil.events.values import identifier

ROW = "\u2060row number of the source"
"""Column with the position of a row, where a join would lose it."""

MATCH = "\u2060match in lookup "
"""Beginning of a column that says whether a row's key stands in a table."""

KEY = "\u2060key of lookup "
"""Beginning of a column to join by."""


def looked_up(reader: Reader, raw: ir.Table, lookup: LookupSettings, source: str) -> ir.Table:
    """Add the columns of a table with one row per key.

    Raises
    ------
    DataError
        When a key or column is missing, a key has several rows, or a name is taken.
    """
    table, name = reader.read(lookup.path), lookup.path.name
    if ROW in table.columns:
        table = table.drop(ROW)
    for mine, theirs in lookup.keys.items():
        require_column(raw, mine, source)
        require_column(table, theirs, name)
    keys = list(lookup.keys.values())
    added = (
        [c for c in table.columns if c not in keys] if lookup.columns is None else lookup.columns
    )
    # A backend may not tell names apart that differ by capitals only.
    taken = {column.casefold() for column in raw.columns}
    for column in added:
        require_column(table, column, name)
        if column.casefold() in taken:
            raise DataError(
                f'both {source} and {name} have a column "{column}"',
                hint=f"say which columns of {name} to add: `columns: [...]`",
            )
    # Names that no file has, whatever was joined before.
    place = sum(column.startswith(MATCH) for column in raw.columns)
    match = f"{MATCH}{place}"
    on = {theirs: f"{KEY}{place} {part}" for part, theirs in enumerate(keys)}
    table = table.select(
        **{on[k]: identifier(table[k]) for k in keys},
        **{c: table[c] for c in added},
        **{match: ibis.literal(True)},
    )
    table = table.filter(*(table[key].notnull() for key in on.values()))
    counted = table.group_by(list(on.values())).aggregate(rows=table.count())
    if doubled := int(counted.filter(counted.rows > 1).count().to_pyarrow().as_py()):
        raise DataError(
            f"{doubled:,} keys of {name} stand in several rows; one row per key is required",
            hint="a lookup adds columns to each event: keep one row of each key",
        )
    if ROW not in raw.columns:
        raw = raw.mutate(**{ROW: ibis.row_number() + 1})
    table = reader.store(table)
    keyed = raw.mutate(
        **{on[theirs]: identifier(raw[mine]) for mine, theirs in lookup.keys.items()}
    )
    joined = keyed.left_join(table, list(on.values()))
    return joined.select(*raw.columns, *added, match)
