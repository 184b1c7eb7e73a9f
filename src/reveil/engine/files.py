"""Files of every kind a company has, opened lazily.

In:  where a table is (TableSettings), a DuckDB connection, a folder for what must be converted.
Out: a lazy table; the columns of a CSV are text, whatever they look like.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from reveil.engine.sqlite import converted, table_of
from reveil.errors import DataError
from reveil.events.reader import reading
from reveil.events.settings import TableSettings

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

SUFFIXES = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".duckdb": "database",
    ".ddb": "database",
    ".sqlite": "database",
    ".sqlite3": "database",
    ".db": "database",
}
KNOWN = ".parquet, .csv, .jsonl, .duckdb and .sqlite"

WHERE = (
    "check `path`; a relative path starts from the folder of the study file, "
    "and ${NAME} is an environment variable"
)


def open_table(backend: Backend, place: TableSettings, scratch: Path) -> ir.Table:
    """Open what a study's `path` says.

    Parameters
    ----------
    scratch
        Folder for a converted copy of what the backend cannot read by itself.

    Raises
    ------
    DataError
        When it is missing, empty, of another type, or cannot be read as its type.
    """
    if place.in_metastore or place.uri is not None:
        raise DataError(
            f"{place.name} is read by Spark only",
            hint="write `engine: {backend: spark}`, or name a file of this machine",
        )
    files = files_of(place)
    for file in files:
        if file.stat().st_size == 0:
            raise empty(file.name)
    kind = one_kind(files, place)
    with reading(place.name):
        match kind:
            case "parquet":
                return _parquet(backend, files, place)
            case "csv":
                return _csv(backend, files, place, scratch)
            case "json":
                return _json(backend, files)
            case _:
                return _database(backend, place, scratch)


def files_of(place: TableSettings) -> list[Path]:
    """List the files of a path: itself, those of a folder, those of a glob; sorted.

    Raises
    ------
    DataError
        When there is none.
    """
    path = place.file
    if path.is_dir():
        found = sorted(f for f in path.rglob("*") if f.is_file() and not _hidden(f, path))
        if not found:
            raise DataError(f"{path} is a folder without files", hint=WHERE)
        return found
    if not path.exists() and has_magic(str(path)):
        root = Path(path.anchor)
        found = sorted(f for f in root.glob(str(path.relative_to(root))) if f.is_file())
        if not found:
            raise DataError(f"no file matches {path}", hint=WHERE)
        return found
    if not path.is_file():
        dangling = path.is_symlink()
        raise DataError(
            f"{path} points to a file that does not exist"
            if dangling
            else f"{path} is not a file or folder"
            if path.exists()
            else f"{path} does not exist",
            hint=WHERE,
        )
    return [path]


def empty(name: str) -> DataError:
    """Say that a file has no byte."""
    return DataError(
        f"{name} is empty; a header and at least one row are required",
        hint="check the export, or remove the source from the study",
    )


def one_kind(files: Sequence[Path], place: TableSettings) -> str:
    """Tell which type all files of a path are of: `parquet`, `csv`, `json` or `database`.

    Raises
    ------
    DataError
        When they are of several types or of one that is not known, or have no tables.
    """
    kinds = {kind_of(file): file for file in files}
    if len(kinds) > 1:
        raise DataError(
            f"{place.file.name} holds files of several types: "
            f"{', '.join(sorted(f.name for f in kinds.values()))}",
            hint="name those of one type with a glob, as in folder/*.csv",
        )
    kind = next(iter(kinds))
    if place.table is not None and kind != "database":
        raise DataError(
            f"{place.file.name} has no tables, but the study asks for `{place.table}`",
            hint="remove `table`",
        )
    return kind


def _hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)


def kind_of(file: Path) -> str:
    """Tell the type of a file by its name."""
    for suffix in reversed(file.suffixes):
        if kind := SUFFIXES.get(suffix.lower()):
            return kind
    raise DataError(
        f"{file.name} is of a type that is not known; {KNOWN} are read",
        hint="convert it, or rename it if the content is one of these",
    )


def _parquet(backend: Backend, files: list[Path], place: TableSettings) -> ir.Table:
    require_one_shape({file: pq.read_schema(file).names for file in files})
    return backend.read_parquet(
        files, union_by_name=len(files) > 1, hive_partitioning=place.file.is_dir()
    )


def _csv(backend: Backend, files: list[Path], place: TableSettings, scratch: Path) -> ir.Table:
    if codecs.lookup(place.encoding).name not in ("utf-8", "ascii", "utf-8-sig"):
        files = [_as_utf8(file, place.encoding, scratch) for file in files]
    # A guessed comment sign or quote would lose rows in silence.
    options = {
        "all_varchar": True, "header": True, "skip": 0, "comment": "", "quote": '"', "escape": '"',
    }  # fmt: skip
    if place.delimiter is not None:
        options["delim"] = place.delimiter
    columns = {file: backend.read_csv(file, **options).columns for file in files}
    for file, names in columns.items():
        if any(name.rpartition("_")[0] in names for name in names):
            _require_names_once(backend.read_csv(file, **{**options, "header": False}), file)
    if len(files) > 1:
        require_one_shape(columns)
    return backend.read_csv(
        files, union_by_name=len(files) > 1, hive_partitioning=place.file.is_dir(), **options
    )


def _require_names_once(headless: ir.Table, file: Path) -> None:
    """Refuse a header with one name twice: DuckDB would call the second `name_1` in silence."""
    (first, *_), names = headless.limit(1).to_pyarrow().to_pylist() or [{}], set()
    for name in filter(None, (str(value or "").strip().lower() for value in first.values())):
        if name in names and not name.replace(".", "").isdigit():
            raise DataError(
                f'two columns of {file.name} are called "{name}"', hint="rename one of them"
            )
        names.add(name)


def require_one_shape(columns: Mapping[Path, Sequence[str]]) -> None:
    """Refuse files that do not have the same columns: a missing one would be empty in silence."""
    (first, wanted), *others = columns.items()
    for file, found in others:
        if set(found) != set(wanted):
            odd = sorted(set(found) ^ set(wanted))
            raise DataError(
                f"{file.name} and {first.name} are read as one table, but only one of them has "
                f"{', '.join(odd[:5])}",
                hint="make them two sources, or give them the same columns",
            )


def _as_utf8(file: Path, encoding: str, scratch: Path) -> Path:
    copy = scratch / f"{uuid4().hex}-{file.name}"
    try:
        with (
            file.open(encoding=encoding, newline="") as old,
            copy.open("w", encoding="utf-8", newline="") as new,
        ):
            while block := old.read(1 << 22):
                new.write(block)
    except UnicodeError as error:
        raise DataError(
            f"{file.name} is not written in {encoding}: "
            f"{error.reason if isinstance(error, UnicodeDecodeError) else 'it cannot be decoded'}",
            hint="say another `encoding`: utf-8, cp1252, latin-1 and utf-16 are usual",
        ) from None
    return copy


def _json(backend: Backend, files: list[Path]) -> ir.Table:
    with files[0].open("rb") as opened:
        is_array = opened.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    form = "array" if is_array else "newline_delimited"
    # Every row is looked at, since a key may first appear late.
    lines = {"format": form, "sample_size": -1}
    guessed = backend.read_json(files, **lines).schema()
    # Only numbers and booleans keep their type: a guessed date may be the wrong way round,
    # and an id may be a number in one row and text in another.
    types = {
        name: str(backend.compiler.type_mapper.to_string(kind))
        if kind.is_numeric() or kind.is_boolean()
        else "VARCHAR"
        for name, kind in guessed.items()
    }
    return backend.read_json(files, columns=types, format=form)


def _database(backend: Backend, place: TableSettings, scratch: Path) -> ir.Table:
    with place.file.open("rb") as opened:
        is_sqlite = opened.read(16) == b"SQLite format 3\0"
    if is_sqlite:
        return backend.read_parquet(converted(place, scratch))
    name = f"file_{uuid4().hex}"
    # Ibis 12 does not quote an apostrophe in a path.
    path = str(place.file).replace("'", "''")
    backend.con.execute(f"attach '{path}' as {name} (read_only)")
    listed = backend.con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = $1 "
        "union all select schema_name, view_name from duckdb_views() "
        "where database_name = $1 and not internal",
        [name],
    ).fetchall()
    present = {table if schema == "main" else f"{schema}.{table}": (schema, table) for schema, table in listed}  # fmt: skip
    schema, table = present[table_of(place, list(present))]
    return backend.table(table, database=(name, schema))


def open_frame(backend: Backend, frame: object, scratch: Path) -> ir.Table:
    """Open a data frame of pandas, Polars, Arrow or Ibis.

    Raises
    ------
    DataError
        When it is none of these, or holds values that no table can.
    """
    if isinstance(frame, ir.Table):
        copy = scratch / f"{uuid4().hex}.parquet"
        frame.to_parquet(copy)
        return backend.read_parquet(copy)
    return ibis.memtable(arrow_of(frame))


def arrow_of(frame: object) -> pa.Table:
    """Take the rows of a data frame of pandas, Polars or Arrow.

    Raises
    ------
    DataError
        When it is empty or none of these.
    """
    if not hasattr(frame, "__arrow_c_stream__") and hasattr(frame, "collect"):
        frame = frame.collect()  # a lazy frame of Polars
    if hasattr(frame, "reset_index"):
        frame = frame.reset_index(drop=True)
    if not hasattr(frame, "__arrow_c_stream__"):
        raise DataError(
            f"a {type(frame).__name__} is not a data frame",
            hint="pandas, Polars, Arrow and Ibis tables are read",
        )
    table = pa.table(frame)
    if table.num_rows == 0:
        raise DataError(
            "the data frame is empty; at least one row is required",
            hint="check the query that made it, or remove the source from the study",
        )
    return pa.table([_plain(column) for column in table.columns], names=table.column_names)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write categories out, and text as the one type of text that every backend reads."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        values = [_plain(pa.chunked_array([chunk.dictionary])) for chunk in column.chunks]
        parts = [
            value.take(chunk.indices) for value, chunk in zip(values, column.chunks, strict=True)
        ]
        return pa.chunked_array(
            [chunk for part in parts for chunk in part.chunks],
            parts[0].type if parts else kind.value_type,
        )
    if pa.types.is_timestamp(kind) and kind.unit == "ns" and kind.tz is not None:
        # Not every backend has them; no moment of a log is finer than a microsecond.
        return column.cast(pa.timestamp("us", kind.tz), safe=False)
    return column.cast(pa.string()) if kind in (pa.string_view(), pa.large_string()) else column
