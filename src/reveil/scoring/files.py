"""Files of one run: tables and texts whose bytes depend on their values alone.

In:  Arrow tables, plain values, texts.
Out: Parquet, CSV, JSON and HTML files in a hidden folder, each with its digest once finished.

`publish` decides when they appear and under which names.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from reveil.errors import DataError

ROW_GROUP = 100_000
"""Rows of a Parquet row group, fixed so that bytes do not depend on how batches arrived."""

RUN_NAMED = re.compile(r"[a-z][a-z0-9_]*-[0-9a-f]{12}\.(parquet|csv|json|html|svg|txt)")

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedFile:
    """A file the manifest vouches for."""

    file: str
    sha256: str
    bytes: int
    rows: int | None


class Publication:
    """The files of one run, while they are being written. Made by `publishing`."""

    def __init__(self, partial: Path) -> None:
        self._partial = partial
        self._rows: dict[str, int | None] = {}

    def parquet(self, name: str, batches: pa.Table | Iterable[pa.Table]) -> None:
        """Write a table, or tables of one schema as they come, as `name`.parquet.

        Row groups hold `ROW_GROUP` rows however the tables arrive, and the schema keeps no
        metadata (pandas would write its index there), so bytes depend on values alone.

        Raises
        ------
        DataError
            When there is no table to take the schema from.
        """
        path = self._new(name, "parquet")
        tables = iter([batches]) if isinstance(batches, pa.Table) else iter(batches)
        first = next(tables, None)
        if first is None:
            raise DataError(f"`{name}` has no table", hint="give an empty table with its columns")
        schema = _bare(first).schema
        rows = 0
        with pq.ParquetWriter(path, schema, compression="zstd", compression_level=3) as writer:
            held = _bare(first)
            for table in tables:
                held = pa.concat_tables([held, _bare(table).cast(schema)])
                while held.num_rows >= ROW_GROUP:
                    rows += _write_group(writer, held.slice(0, ROW_GROUP))
                    held = held.slice(ROW_GROUP)
            while held.num_rows > 0 or rows == 0:
                rows += _write_group(writer, held.slice(0, ROW_GROUP))
                held = held.slice(ROW_GROUP)
                if held.num_rows == 0:
                    break
        self._rows[path.name] = rows

    def csv(self, name: str, table: pa.Table) -> None:
        """Write a flat table as `name`.csv: UTF-8, header, commas, one line feed per row."""
        path = self._new(name, "csv")
        buffer = io.BytesIO()
        pa_csv.write_csv(_bare(table), buffer)
        path.write_bytes(buffer.getvalue())
        self._rows[path.name] = table.num_rows

    def json(self, name: str, value: object) -> None:
        """Write a plain value as `name`.json, keys sorted.

        Raises
        ------
        ValueError
            For NaN or infinity, which JSON does not have.
        """
        self._new(name, "json").write_bytes(json_bytes(value))

    def text(self, name: str, extension: str, text: str) -> None:
        """Write a text, such as an HTML page, as `name`.`extension`."""
        self.pieces(name, extension, [text])

    def pieces(self, name: str, extension: str, texts: Iterable[str]) -> None:
        """Write a text that comes in pieces, so that it never lies in memory as a whole."""
        with self._new(name, extension).open("wb") as file:
            for text in texts:
                file.write(text.encode("utf-8"))

    def _new(self, name: str, extension: str) -> Path:
        file = f"{name}.{extension}"
        if not _NAME.fullmatch(name) or not RUN_NAMED.fullmatch(f"{name}-{'0' * 12}.{extension}"):
            raise ValueError(f"{file!r} is not a lower-case name with a known extension")
        if file in self._rows:
            raise ValueError(f"{file!r} is written twice in one run")
        self._rows[file] = None
        return self._partial / file

    def finished(self) -> Iterator[tuple[Path, PublishedFile]]:
        """Yield each file written, synced to disk, with its digest; in the order of names."""
        for file in sorted(self._rows):
            path = self._partial / file
            sync(path)
            yield (
                path,
                PublishedFile(
                    file=file,
                    sha256=file_sha256(path),
                    bytes=path.stat().st_size,
                    rows=self._rows[file],
                ),
            )


def _bare(table: pa.Table) -> pa.Table:
    """Drop metadata and dictionary encodings, both of which tell how a table was made."""
    fields = [
        pa.field(
            f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type, f.nullable
        )
        for f in table.schema
    ]
    return table.cast(pa.schema(fields)).replace_schema_metadata(None)


def _write_group(writer: pq.ParquetWriter, group: pa.Table) -> int:
    writer.write_table(group.combine_chunks(), row_group_size=ROW_GROUP)
    return int(group.num_rows)


def json_bytes(value: object) -> bytes:
    """Write a plain value as JSON: keys sorted, no NaN."""
    text = json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8") + b"\n"


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    if os.name == "nt" and path.is_dir():  # Windows cannot open a folder
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
