"""Spark, where one machine is not enough: reads by executors, keeps what is asked for twice.

In:  EngineSettings, places of tables; the session that spark-submit made, where there is one.
Out: lazy tables; Parquet written by the executors. Only what a caller collects reaches the driver.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import ibis.expr.types as ir

from reveil.engine.settings import EngineSettings
from reveil.errors import ReveilError
from reveil.events.reader import reading
from reveil.events.settings import TableSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from reveil.engine.spark_backend import SparkBackend

PROMISES: Mapping[str, str] = {
    # A moment is the same wherever the job runs.
    "spark.sql.session.timeZone": "UTC",
    # What does not fit is an error, as it is for DuckDB, and never wraps around.
    "spark.sql.ansi.enabled": "true",
    # "At" and "at" are two columns, as the study writes them.
    "spark.sql.caseSensitive": "true",
    # A row of a CSV with a field too many is found, whatever column is asked for.
    "spark.sql.csv.parser.columnPruning.enabled": "false",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # Nanoseconds are read as numbers, and made moments when the file is opened.
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # On queries of hundreds of columns it takes minutes and gigabytes, and gains nothing here.
    "spark.sql.constraintPropagation.enabled": "false",
    # Spark writes a plan out for its pages at every step: gigabytes, for such queries.
    "spark.sql.maxPlanStringLength": "10000",
    "spark.sql.ui.explainMode": "simple",
}
"""What the same results need, set in a session of our own: that of the cluster keeps its settings."""


class Spark:
    """A session of Spark, with settings of its own.

    Under `spark-submit` the context is the one it made; else it is started here, on
    `settings.master`.

    Examples
    --------
    >>> from reveil.engine.settings import EngineSettings
    >>> heap(EngineSettings(backend="spark", memory="1.5GB"))
    '1536m'
    """

    def __init__(self, settings: EngineSettings) -> None:
        _require_installed()
        from reveil.engine.spark_backend import SparkBackend  # noqa: PLC0415  (PySpark may be missing)

        self.scratch = Path(tempfile.mkdtemp(prefix="reveil-"))
        self.session = _session(settings, self.scratch)
        self.backend: SparkBackend = SparkBackend().connect(self.session)
        for name, value in PROMISES.items():
            self.session.conf.set(name, value)
        kept: list[DataFrame] = []
        self._kept = kept
        weakref.finalize(self.backend, _forget, kept, self.scratch)

    def read(self, place: TableSettings) -> ir.Table:
        """Open a table lazily, with the position of each row; CSV with every column as text.

        Raises
        ------
        DataError
            When it is missing, empty, or of a type or writing that only DuckDB reads.
        """
        from reveil.engine.spark_files import open_table  # noqa: PLC0415  (PySpark may be missing)

        with reading(place.name), self.backend.told():
            return self._viewed(open_table(self.session, place))

    def frame(self, frame: object) -> ir.Table:
        """Open a data frame of pandas, Polars, Arrow, Ibis or Spark.

        Raises
        ------
        DataError
            When it is empty or none of these.
        """
        from reveil.engine.spark_files import open_frame  # noqa: PLC0415  (PySpark may be missing)

        with reading("the data frame"), self.backend.told():
            return self._viewed(open_frame(self.session, frame))

    def store(self, table: ir.Table, what: str = "a source") -> ir.Table:
        """Compute a table once; executors keep it in memory, and on their disks what is too much.

        Raises
        ------
        DataError
            When a row cannot be converted: a truncated or mixed-up file shows itself here.
        """
        with reading(what), self.backend.told():
            rows = self.backend.spark_frame(table).persist()
            self._kept.append(rows)
            rows.count()
            return self._viewed(rows)

    def write_parquet(self, table: ir.Table, folder: str) -> None:
        """Have the executors write a table as a folder of Parquet files.

        Raises
        ------
        DataError
            When it exists, or cannot be written.
        """
        with reading(folder.rpartition("/")[2]), self.backend.told():
            self.backend.write_parquet(table, folder)

    def _viewed(self, rows: DataFrame) -> ir.Table:
        name = f"reveil_{uuid4().hex}"
        rows.createOrReplaceTempView(name)
        return self.backend.table(name)


def _forget(kept: list[DataFrame], scratch: Path) -> None:
    for rows in kept:
        # The session may be gone before.
        with suppress(Exception):
            rows.unpersist()
    shutil.rmtree(scratch, ignore_errors=True)


def _require_installed() -> None:
    if find_spec("pyspark") is None:
        raise ReveilError(
            "`engine: {backend: spark}` needs PySpark, which is not installed",
            hint='pip install "reveil[spark]"',
        )
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java") if home is None else shutil.which("java", path=f"{home}/bin")
    if java is None and "PYSPARK_GATEWAY_PORT" not in os.environ:
        where = "on the path" if home is None else f"under JAVA_HOME ({home})"
        raise ReveilError(
            f"Spark needs Java, and there is no `java` {where}",
            hint="install a Java 17 or 21 runtime, or set JAVA_HOME to one",
        )


def heap(settings: EngineSettings) -> str:
    """Write the memory of the study as Java wants it."""
    amount, unit = float(settings.memory[:-2]), settings.memory[-2]
    return f"{int(amount * (1024 if unit == 'G' else 1))}m"


def _session(settings: EngineSettings, scratch: Path) -> SparkSession:
    from pyspark.sql import SparkSession  # noqa: PLC0415  (may be missing)

    # It would print the rows that an error is about.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
    # Under spark-submit everything is said already; so it is where a notebook has a session.
    if "PYSPARK_GATEWAY_PORT" in os.environ or SparkSession.getActiveSession() is not None:
        return SparkSession.builder.appName("reveil").getOrCreate().newSession()
    master = settings.master or f"local[{settings.threads}]"
    said = {
        "spark.driver.memory": heap(settings),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
    }
    if re.match(r"local\b", master):
        said |= {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.sql.shuffle.partitions": str(4 * settings.threads),
        }
    else:
        said |= {"spark.executor.memory": heap(settings), "spark.cores.max": str(settings.threads)}
    builder = SparkSession.builder.appName("reveil").master(master)
    for name, value in said.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    # What fails is said by the error, without the rows that Java would print.
    session.sparkContext.setLogLevel("OFF")
    return session.newSession()
