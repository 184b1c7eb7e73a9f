"""Tables of SQLite files, and which table of a database a study means.

In:  where a table is (TableSettings), a folder for the copy.
Out: a Parquet file of it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from reveil.errors import DataError, nearest
from reveil.events.settings import TableSettings

BATCH = 50_000
"""Rows converted at a time."""


def table_of(place: TableSettings, present: list[str]) -> str:
    """Choose the table of a database that the study names.

    Raises
    ------
    DataError
        When it names none, or one that is not there.
    """
    has = f"{place.file.name} holds the tables {', '.join(sorted(present)) or '(none)'}"
    if place.table is None:
        raise DataError(
            f"{has}; the study does not say which",
            hint=f"add `table: {min(present, default='orders')}`",
        )
    if place.table not in present:
        raise DataError(f"{has}, not `{place.table}`", hint=nearest(place.table, present))
    return place.table


def converted(place: TableSettings, scratch: Path) -> Path:
    """Copy a table of SQLite to Parquet: what DuckDB needs for it is not part of its package.

    Parameters
    ----------
    scratch
        Folder for the copy.

    Raises
    ------
    DataError
        When the study names no table, or one that is not there.
    """
    connection = sqlite3.connect(f"file:{_quoted_path(place.file)}?mode=ro", uri=True)
    try:
        listed = connection.execute(
            "select name from sqlite_master where type in ('table', 'view')"
        ).fetchall()
        table = table_of(place, [name for (name,) in listed]).replace('"', '""')
        described = connection.execute(f'select name from pragma_table_info("{table}")')
        names = [name for (name,) in described.fetchall()]
        types = _sqlite_types(connection, table, names)
        schema = pa.schema([(name, types[name]) for name in names])
        # SQLite keeps a type per value: a column that mixes them is text.
        chosen = ", ".join(
            _quoted(name) if schema.field(name).type != pa.string() else f"cast({_quoted(name)} as text)"
            for name in names
        )  # fmt: skip
        copy = scratch / f"{uuid4().hex}.parquet"
        with pq.ParquetWriter(copy, schema) as writer:
            cursor = connection.execute(f'select {chosen} from "{table}"')
            while rows := cursor.fetchmany(BATCH):
                columns = zip(*rows, strict=True)
                arrays = [
                    pa.array(values, field.type)
                    for values, field in zip(columns, schema, strict=True)
                ]
                writer.write_batch(pa.record_batch(arrays, schema=schema))
    finally:
        connection.close()
    return copy


def _sqlite_types(
    connection: sqlite3.Connection, table: str, names: list[str]
) -> dict[str, pa.DataType]:
    counts = ", ".join(
        f"sum(typeof({_quoted(n)}) = 'integer'), sum(typeof({_quoted(n)}) = 'real'), "
        f"count({_quoted(n)})"
        for n in names
    )
    counted = connection.execute(f'select {counts} from "{table}"').fetchone()
    types: dict[str, pa.DataType] = {}
    for position, name in enumerate(names):
        whole, real, filled = (value or 0 for value in counted[3 * position : 3 * position + 3])
        if filled and whole == filled:
            types[name] = pa.int64()
        elif filled and whole + real == filled:
            types[name] = pa.float64()
        else:
            types[name] = pa.string()
    return types


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _quoted_path(path: Path) -> str:
    return path.absolute().as_uri().removeprefix("file://")
