"""What lies in a folder: its files grouped into tables, and a sample of each.

In:  a folder, or a file.
Out: samples: where a table is, as a study says it; columns as Arrow; how many rows. And what
could not be read, with the reason.

Big files are looked at in blocks spread over them, and by their own statistics.
"""

from __future__ import annotations

import os
import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from reveil.errors import DataError
from reveil.events.proposal.profile_text import csv_sample, json_sample
from reveil.events.proposal.words import kind_named
from reveil.events.settings import TableSettings

FORMATS = {
    ".parquet": "parquet", ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "json",
    ".ndjson": "json", ".duckdb": "database", ".ddb": "database", ".sqlite": "database",
    ".sqlite3": "database", ".db": "database",
}  # fmt: skip
"""Files that a study can name, by the end of their name."""

MOST_FILES = 5_000
WHOLE_ROWS = 2_000_000
"""A table of so many rows is read whole; of a larger one, blocks."""
BUDGET = 256 << 20
"""Bytes read of all files together, about; when they are spent, little of each more file."""
LEAST = 1 << 18
BLOCKS = 5
BLOCK_ROWS = 40_000
TABLE_ROWS = 200_000
"""Rows looked at in a table of a database."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Some or all rows of a table.

    Parameters
    ----------
    name
        Of the source that would read it: letters, digits and underscores.
    place
        Where it is, as a study would say it.
    table
        The rows looked at; columns of a CSV are text.
    rows
        How many the table has; an estimate unless `exact`.
    bounds
        Least and greatest value of columns whose file says so.
    notes
        What a person should know about the file.
    header
        False where the first row of a CSV reads as data; `table` is empty then.
    """

    name: str
    place: TableSettings
    table: pa.Table
    rows: int
    exact: bool = True
    files: int = 1
    bounds: dict[str, tuple[object, object]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    header: bool = True

    @property
    def whole(self) -> bool:
        """Is every row of the table here?"""
        return self.exact and bool(self.table.num_rows == self.rows)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unread:
    """A file that was left out, and why."""

    file: Path
    reason: str


def look_into(
    folder: Path, *, skip: Iterable[Path] = ()
) -> tuple[list[Sample], list[Path], list[Unread]]:
    """Find the tables of a folder and sample them.

    Returns
    -------
    samples, databases, unread
        `databases` are files of DuckDB, which only an engine can open.

    Raises
    ------
    DataError
        When there is no such folder or it holds no file.
    """
    if not folder.exists():
        raise DataError(f"{folder} does not exist", hint="name the folder that holds your files")
    root = folder if folder.is_dir() else folder.parent
    # Not Path.resolve, which fails on a link that leads to itself.
    left_out = {os.path.realpath(path) for path in skip}
    found = sorted(_files(folder)) if folder.is_dir() else [folder]
    found = [file for file in found if os.path.realpath(file) not in left_out]
    if len(found) > MOST_FILES:
        raise DataError(
            f"{folder} holds more than {MOST_FILES:,} files",
            hint="name the folder with the exports themselves",
        )
    samples: list[Sample] = []
    databases: list[Path] = []
    unread: list[Unread] = []
    readable: list[Sample] = []
    left = BUDGET
    for file in found:
        try:
            # A quarter of what is left: the last file gets its share as well.
            most = max(LEAST, left // 4)
            left -= min(file.stat().st_size, most) if file.is_file() else 0
            match _format_of(file):
                case "database" if _is_sqlite(file):
                    samples += _sqlite(file)
                case "database":
                    databases.append(file)
                case form:
                    readable.append(_sample(file, form, most))
        except DataError as error:
            unread.append(Unread(file=file, reason=error.message))
        except Exception as error:  # whatever a damaged file makes a reader say
            reason = re.sub(r"'[^']*'|\"[^\"]*\"", "…", str(error).splitlines()[0][:120])
            unread.append(Unread(file=file, reason=f"cannot be read: {reason}"))
    samples += _grouped(readable, found, root)
    if not found:
        raise DataError(f"{folder} holds no file", hint="name the folder with the exports")
    named = {s.place.file for s in samples}
    unread = [u for u in unread if u.file not in named]
    return _named_apart(sorted(samples, key=lambda s: str(s.place.file))), databases, unread


def source_name(text: str) -> str:
    """Make a name for a source of what its file is called.

    Examples
    --------
    >>> source_name("Ventes 2024 (définitif)"), source_name("2024-01")
    ('ventes_2024_definitif', 'table_2024_01')
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return name if name[:1].isalpha() else f"table_{name}".rstrip("_")


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith((".", "_")):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _files(path)
        else:
            yield path


def _format_of(file: Path) -> str:
    if not file.is_file():
        raise DataError("is a link that leads to no file" if file.is_symlink() else "is no file")
    for suffix in reversed(file.suffixes):
        if form := FORMATS.get(suffix.lower()):
            if file.stat().st_size == 0:
                raise DataError("is empty")
            return form
    if file.suffix.lower() in (".xlsx", ".xls", ".ods"):
        raise DataError("is a spreadsheet: save each sheet as CSV")
    if file.suffix.lower() == ".json":
        raise DataError("is JSON: one object per line is read, in a file named .jsonl")
    raise DataError("is of a type that is not read")


def _sample(file: Path, form: str, most: int) -> Sample:
    name = source_name(file.name.split(".")[0])
    place = TableSettings(file=file)
    if form == "parquet":
        return _parquet(file, Sample(name=name, place=place, table=pa.table({}), rows=0), most)
    if form == "json":
        table, rows, exact = json_sample(file, most)
        return Sample(name=name, place=place, table=table, rows=rows, exact=exact)
    read = csv_sample(file, most)
    place = TableSettings(
        file=file,
        delimiter=None if read.delimiter == "," else read.delimiter,
        encoding=read.encoding,
    )
    return Sample(
        name=name, place=place, table=read.table, rows=read.rows, exact=read.exact,
        notes=read.notes, header=read.header,
    )  # fmt: skip


def _parquet(file: Path, empty: Sample, most: int) -> Sample:
    opened = pq.ParquetFile(file, memory_map=True)
    facts = opened.metadata
    flat = [f.name for f in opened.schema_arrow if not pa.types.is_nested(f.type)]
    if facts.num_rows == 0:
        raise DataError("has no row")
    bounds: dict[str, tuple[object, object]] = {}
    if facts.num_rows <= WHOLE_ROWS and file.stat().st_size <= most:
        table = opened.read(columns=flat, use_threads=False)
    else:
        groups = sorted({i * (facts.num_row_groups - 1) // (BLOCKS - 1) for i in range(BLOCKS)})
        share = BLOCK_ROWS * BLOCKS // len(groups) if most > LEAST else 1_000
        blocks = [
            next(opened.iter_batches(share, row_groups=[g], columns=flat, use_threads=False))
            for g in groups
        ]
        table = pa.Table.from_batches(blocks)
        bounds = _bounds(facts)
    return replace(empty, table=table, rows=facts.num_rows, bounds=bounds)


def _bounds(facts: pq.FileMetaData) -> dict[str, tuple[object, object]]:
    found: dict[str, tuple[object, object]] = {}
    for i in range(facts.num_columns):
        groups = [facts.row_group(g).column(i) for g in range(facts.num_row_groups)]
        stats = [g.statistics for g in groups if g.is_stats_set and g.statistics.has_min_max]
        if stats and len(stats) == len(groups):
            ends = [s.min for s in stats], [s.max for s in stats]
            found[groups[0].path_in_schema] = min(ends[0]), max(ends[1])
    return found


def _is_sqlite(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(16) == b"SQLite format 3\0"


def _sqlite(file: Path) -> list[Sample]:
    samples = []
    address = f"{file.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True)
    try:
        listed = connection.execute(
            "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
        ).fetchall()
        for (table,) in listed:
            quoted = '"' + table.replace('"', '""') + '"'
            rows = connection.execute(f"select count(*) from {quoted}").fetchall()[0][0]
            if rows == 0:
                continue
            step = max(1, rows // TABLE_ROWS)
            # Every n-th row where rows have numbers, which is nearly always.
            where = f" where rowid % {step} = 0" if step > 1 else ""
            cursor = connection.execute(f"select * from {quoted}{where} limit {TABLE_ROWS}")
            names = [described[0] for described in cursor.description]
            values = list(zip(*cursor.fetchall(), strict=True))
            columns = [_of_one_type(v) for v in values]
            samples.append(
                Sample(
                    name=source_name(table),
                    place=TableSettings(file=file, table=table),
                    table=pa.table(columns, names=names),
                    rows=rows,
                )
            )
    finally:
        connection.close()
    return samples


def _of_one_type(values: Iterable[object]) -> pa.Array:
    held = list(values)
    types = {type(v) for v in held if v is not None}
    if types <= {int, float}:
        return pa.array(held, pa.float64() if float in types else pa.int64())
    return pa.array([None if v is None or isinstance(v, bytes) else str(v) for v in held])


def _grouped(samples: list[Sample], present: list[Path], root: Path) -> list[Sample]:
    """Make files of one shape one table: parts of a folder `key=value`, or `sales_2024*.csv`."""
    shapes: dict[tuple[object, ...], list[Sample]] = {}
    for sample in samples:
        file = sample.place.file
        shape = (
            _hive_root(file, root) or file.parent,
            file.suffix,
            tuple(sorted(sample.table.column_names)),
            sample.place.delimiter,
            sample.place.encoding,
            sample.header,
        )
        shapes.setdefault(shape, []).append(sample)
    tables: list[Sample] = []
    for (folder, *_), alike in shapes.items():
        assert isinstance(folder, Path)
        parted = [s for s in alike if _hive_root(s.place.file, root)]
        if parted:
            alone = {f for f in present if f.is_relative_to(folder)} == {
                s.place.file for s in parted
            }
            if alone:
                tables.append(_one(parted, folder, source_name(folder.name)))
                continue
        by_stem: dict[str, list[Sample]] = {}
        same_type = [
            f for f in present if f.parent == folder and f.suffix == alike[0].place.file.suffix
        ]
        one_shape = len(same_type) == len(alike) and not any(kind_named(s.name) for s in alike)
        for sample in alike:
            stem = "" if one_shape else re.sub(r"[\d\W_]+", "", sample.place.file.stem.lower())
            by_stem.setdefault(stem, []).append(sample)
        for stem, group in by_stem.items():
            pattern = _pattern([s.place.file.name for s in group])
            caught = [f for f in same_type if fnmatchcase(f.name, pattern)]
            if len(group) == 1 or len(caught) != len(group):
                tables += group
            else:
                tables.append(_one(group, folder / pattern, source_name(stem or folder.name)))
    return tables


def _hive_root(file: Path, root: Path) -> Path | None:
    """Return the folder above the first `key=value` of a path."""
    for position, part in enumerate(file.relative_to(root).parts[:-1]):
        if re.fullmatch(r"\w+=[^/]*", part):
            return root.joinpath(*file.relative_to(root).parts[:position])
    return None


def _pattern(names: list[str]) -> str:
    start = _common(names)
    end = _common([name[::-1] for name in names])[::-1]
    end = end[max(0, len(start) + len(end) - min(map(len, names))) :]
    return f"{start}*{end}"


def _common(names: list[str]) -> str:
    """Return how all names begin."""
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in alike)


def _one(group: list[Sample], place: Path, name: str) -> Sample:
    first = group[0]
    chosen = group
    if sum(s.table.num_rows for s in group) > WHOLE_ROWS:
        chosen = [group[i * (len(group) - 1) // 7] for i in range(8)] if len(group) > 8 else group
    distinct = list({str(s.place.file): s for s in chosen}.values())
    tables = [s.table.select(first.table.column_names) for s in distinct]
    for key in _keys(first.place.file):
        values = [_keys(s.place.file).get(key, "") for s in distinct]
        tables = [
            t.append_column(key, pa.array([v] * t.num_rows))
            for t, v in zip(tables, values, strict=True)
        ]
    table = pa.concat_tables(tables, promote_options="permissive")
    return replace(
        first,
        name=name,
        place=first.place.model_copy(update={"file": place}),
        table=table,
        rows=sum(s.rows for s in group),
        exact=all(s.exact for s in group),
        files=len(group),
        bounds={},
        notes=tuple(dict.fromkeys(note for s in group for note in s.notes)),
    )


def _keys(file: Path) -> dict[str, str]:
    return dict(p.split("=", 1) for p in file.parts[:-1] if re.fullmatch(r"\w+=[^/]*", p))


def _named_apart(samples: list[Sample]) -> list[Sample]:
    seen: dict[str, int] = {}
    apart = []
    for sample in samples:
        seen[sample.name] = seen.get(sample.name, 0) + 1
        again = seen[sample.name]
        apart.append(sample if again == 1 else replace(sample, name=f"{sample.name}_{again}"))
    return apart
