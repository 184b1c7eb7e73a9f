"""DuckDB, the embedded default: opens files, keeps tables, stays inside its memory."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import ibis
import ibis.expr.types as ir

from reveil.engine.settings import EngineSettings
from reveil.errors import DataError
from reveil.events.source import reading

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend


class DuckDB:
    """A private in-memory database that spills to a temporary folder.

    Examples
    --------
    >>> from reveil.engine.settings import EngineSettings
    >>> db = DuckDB(EngineSettings(threads=1))
    >>> db.backend.name
    'duckdb'
    """

    def __init__(self, settings: EngineSettings) -> None:
        spill = tempfile.mkdtemp(prefix="reveil-")
        self.backend: Backend = ibis.duckdb.connect(
            threads=settings.threads,
            memory_limit=settings.memory,
            temp_directory=spill,
            # A batch job never fetches code at run time.
            autoinstall_known_extensions=False,
        )
        # Tables outlive this object, and may still spill.
        weakref.finalize(self.backend, shutil.rmtree, spill, ignore_errors=True)

    def read(self, path: Path) -> ir.Table:
        """Open a Parquet, CSV or JSON lines file lazily; CSV with every column as text.

        Raises
        ------
        DataError
            When the file is missing, empty, of another type, or cannot be read as its type.
        """
        if not path.is_file():
            raise DataError(
                f"{path} does not exist" if not path.exists() else f"{path} is not a file",
                hint="check `path`; a relative path starts from the folder of the study file, "
                "and ${NAME} is an environment variable",
            )
        if path.stat().st_size == 0:
            raise DataError(
                f"{path.name} is empty; a header and at least one row are required",
                hint="check the export, or remove the source from the study",
            )
        suffixes = [s.lower() for s in path.suffixes]
        with reading(path.name):
            if ".parquet" in suffixes:
                return self.backend.read_parquet(path)
            if ".csv" in suffixes:
                # A guessed comment sign or quote would lose rows in silence.
                return self.backend.read_csv(
                    path, all_varchar=True, header=True, skip=0, comment="", quote='"', escape='"'
                )
            if ".jsonl" in suffixes or ".ndjson" in suffixes:
                return self._read_json(path)
        raise DataError(
            f"{path.name} is of a type that is not known; .parquet, .csv and .jsonl are read",
            hint="convert it, or rename it if the content is one of these",
        )

    def _read_json(self, path: Path) -> ir.Table:
        # Every row is looked at, since a key may first appear late.
        lines = {"format": "newline_delimited", "sample_size": -1}
        guessed = self.backend.read_json(path, **lines).schema()
        # Only numbers and booleans keep their type: a guessed date may be the wrong way round,
        # and an id may be a number in one row and text in another.
        types = {
            name: str(self.backend.compiler.type_mapper.to_string(kind))
            if kind.is_numeric() or kind.is_boolean()
            else "VARCHAR"
            for name, kind in guessed.items()
        }
        return self.backend.read_json(path, columns=types, format="newline_delimited")

    def store(self, table: ir.Table) -> ir.Table:
        """Compute a table once and keep it for the life of the connection.

        Raises
        ------
        DataError
            When a row cannot be converted: a truncated or mixed-up file shows itself here.
        """
        with reading("a source"):
            return self.backend.create_table(f"kept_{uuid4().hex}", table)
