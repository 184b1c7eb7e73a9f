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
        weakref.finalize(self, shutil.rmtree, spill, ignore_errors=True)
        self.backend: Backend = ibis.duckdb.connect(
            threads=settings.threads,
            memory_limit=settings.memory,
            temp_directory=spill,
            # A batch job never fetches code at run time.
            autoinstall_known_extensions=False,
        )

    def read(self, path: Path) -> ir.Table:
        """Open a Parquet, CSV or JSON lines file lazily; text formats with every column as text.

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
        try:
            if ".parquet" in suffixes:
                return self.backend.read_parquet(path)
            if ".csv" in suffixes:
                return self.backend.read_csv(path, all_varchar=True, header=True)
            if ".jsonl" in suffixes or ".ndjson" in suffixes:
                return self.backend.read_json(path)
        except Exception as error:  # every backend has its own exceptions for a bad file
            raise DataError(
                f"{path.name} cannot be read: {_first_line(error)}",
                hint="check that the file is complete and of the type its name says",
            ) from error
        raise DataError(
            f"{path.name} is of a type that is not known; .parquet, .csv and .jsonl are read",
            hint="convert it, or rename it if the content is one of these",
        )

    def store(self, table: ir.Table) -> ir.Table:
        """Compute a table once and keep it for the life of the connection.

        Raises
        ------
        DataError
            When a row cannot be converted: a truncated or mixed-up file shows itself here.
        """
        try:
            return self.backend.create_table(f"kept_{uuid4().hex}", table)
        except Exception as error:
            raise DataError(
                f"a source cannot be read to its end: {_first_line(error)}",
                hint="check that the file is complete and of the type its name says",
            ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
