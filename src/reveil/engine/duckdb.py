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

from reveil.engine.files import open_frame, open_table
from reveil.engine.settings import EngineSettings
from reveil.events.reader import reading
from reveil.events.settings import TableSettings

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
        self.scratch = Path(tempfile.mkdtemp(prefix="reveil-"))
        self.backend: Backend = ibis.duckdb.connect(
            threads=settings.threads,
            memory_limit=settings.memory,
            temp_directory=str(self.scratch),
            # A batch job never fetches code at run time.
            autoinstall_known_extensions=False,
        )
        # Tables outlive this object, and may still spill.
        weakref.finalize(self.backend, shutil.rmtree, self.scratch, ignore_errors=True)

    def read(self, place: TableSettings) -> ir.Table:
        """Open a table lazily; CSV with every column as text.

        Raises
        ------
        DataError
            When it is missing, empty, of another type, or cannot be read as its type.
        """
        return open_table(self.backend, place, self.scratch)

    def frame(self, frame: object) -> ir.Table:
        """Open a data frame of pandas, Polars, Arrow or Ibis.

        Raises
        ------
        DataError
            When it is empty or none of these.
        """
        with reading("the data frame"):
            return open_frame(self.backend, frame, self.scratch)

    def store(self, table: ir.Table, what: str = "a source") -> ir.Table:
        """Compute a table once and keep it for the life of the connection.

        Parameters
        ----------
        what
            The file it comes from, for messages.

        Raises
        ------
        DataError
            When a row cannot be converted: a truncated or mixed-up file shows itself here.
        """
        with reading(what):
            return self.backend.create_table(f"kept_{uuid4().hex}", table)
