"""The Ibis backend of Spark as reveil needs it: its own SQL, instants that are instants, safe errors.

In:  Ibis expressions.
Out: Spark data frames, Arrow tables; failures in words that show no row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, cast
from uuid import uuid4

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.schema as sch
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.pyspark import Backend
from ibis.backends.pyspark.datatypes import PySparkType
from ibis.formats.pyarrow import PyArrowData
from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql.types import TimestampType

from reveil.engine.spark_sql import SparkSQL

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Ibis knows the options of a backend once it has been asked for.
_ = ibis.pyspark


class SparkFailureError(Exception):
    """What Spark said, without the rows it said it of."""


class SparkBackend(Backend):
    """Ibis on Spark."""

    compiler = SparkSQL()

    def get_schema(
        self, table_name: str, *, catalog: str | None = None, database: str | None = None
    ) -> sch.Schema:
        """Tell the columns of a view; a timestamp with a zone has one here."""
        fields = self._session.table(table_name).schema.fields
        return sch.Schema(
            {
                f.name: dt.Timestamp(timezone="UTC")
                if isinstance(f.dataType, TimestampType)
                else PySparkType.to_ibis(f.dataType)
                for f in fields
            }
        )

    def spark_frame(self, expr: ir.Expr) -> DataFrame:
        """Say an expression in Spark's own terms, lazily."""
        self._run_pre_execute_hooks(expr)
        return cast("DataFrame", self._session.sql(self.compile(expr.as_table())))

    def to_pyarrow(self, expr: ir.Expr, /, **_said: object) -> pa.Table:
        """Collect a result: counts and the like."""
        table = expr.as_table()
        with self.told():
            rows = self.spark_frame(expr).toArrow()
        return expr.__pyarrow_result__(PyArrowData.convert_table(rows, table.schema()))

    def kept(self, table: ir.Table) -> ir.Table:
        """Compute a table; executors keep it until it is forgotten."""
        rows = self.spark_frame(table).persist()
        rows.count()
        name = f"reveil_{uuid4().hex}"
        rows.createOrReplaceTempView(name)
        return self.table(name)

    def written(self, table: ir.Table, folder: str) -> ir.Table:
        """Have the executors write a table, and read it from there: what made it is forgotten."""
        self.spark_frame(table).write.parquet(folder)
        name = f"reveil_{uuid4().hex}"
        self._session.read.parquet(folder).createOrReplaceTempView(name)
        return self.table(name)

    def remove(self, folder: str) -> None:
        """Remove a folder, of whatever file system, if it is there."""
        jvm = self._session.sparkContext._jvm
        path = jvm.org.apache.hadoop.fs.Path(folder)
        path.getFileSystem(self._session._jsc.hadoopConfiguration()).delete(path, True)

    def forget(self, table: ir.Table) -> None:
        """Let go of a table that was kept."""
        self._session.table(table.get_name()).unpersist()
        self._session.catalog.dropTempView(table.get_name())

    def write_parquet(
        self,
        table: ir.Table,
        folder: str,
        *,
        mode: Literal["error", "append"] = "error",
        whole: bool = True,
    ) -> None:
        """Have the executors write a table as a folder of Parquet files.

        Rows are spread by a hash of the customer, so that one customer's are in one file, and
        sorted within a file.

        Parameters
        ----------
        folder
            A path or a URI.
        mode
            Whether it must not exist, or gets more files.
        whole
            Whether `_SUCCESS` says so at the end.
        """
        rows = self.spark_frame(table)
        keys = [name for name in ("cutoff", "customer_id") if name in rows.columns]
        rows = rows.repartition("customer_id").sortWithinPartitions(*keys)
        written = rows.write.mode(mode).option("compression", "zstd")
        marks = str(whole).lower()
        written.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", marks).parquet(folder)

    def counted(self, folder: str, column: str) -> dict[object, int]:
        """Count the rows of a folder of Parquet files by the values of a column."""
        rows = self._session.read.parquet(folder).groupBy(column).count()
        return {row[0]: int(row[1]) for row in rows.collect()}

    @contextmanager
    def told(self) -> Iterator[None]:
        """Say what Spark says without the rows, paths and stack it says it with."""
        try:
            yield
        except (PySparkException, Py4JError) as error:
            raise SparkFailureError(_said(error)) from None


SAYS = (
    ("MALFORMED_RECORD_IN_PARSING", "malformed row: its fields are not those of the header"),
    ("Malformed JSON", "malformed row: it is no JSON"),
    ("MalformedCSV", "malformed row"),
    ("OutOfMemoryError", "out of memory"),
    ("is not a Parquet file", "it is no Parquet file, or a part of it is missing"),
    ("CANNOT_READ_FILE_FOOTER", "it is no Parquet file, or a part of it is missing"),
    (
        "Illegal Parquet type",
        "it holds a type that Spark does not read; write moments in microseconds",
    ),
    (
        "PARQUET_TYPE_ILLEGAL",
        "it holds a type that Spark does not read; write moments in microseconds",
    ),
    ("PARQUET_COLUMN_DATA_TYPE_MISMATCH", "its files hold different types in one column"),
    ("CAST_INVALID_INPUT", "could not convert a value"),
    ("CAST_OVERFLOW", "a value is out of range"),
    ("ARITHMETIC_OVERFLOW", "a result is out of range"),
    ("BINARY_ARITHMETIC_OVERFLOW", "a result is out of range"),
    ("DIVIDE_BY_ZERO", "a number is divided by zero"),
    ("REMAINDER_BY_ZERO", "a number is divided by zero"),
    ("PATH_ALREADY_EXISTS", "it exists already"),
    ("PATH_NOT_FOUND", "it does not exist"),
    ("TABLE_OR_VIEW_NOT_FOUND", "the metastore has no such table"),
    ("Permission denied", "permission denied"),
)
"""Part of what Spark says -> what is told."""


def _said(error: Exception) -> str:
    whole = str(error)
    if isinstance(error, Py4JJavaError):
        whole += str(error.java_exception)
    # What reveil itself has Spark say of a row.
    if own := re.search(r"reveil: ([^\n\[]*?)(?: SQLSTATE|\n|$)", whole):
        return own[1].strip()
    for part, said in SAYS:
        if part in whole:
            return said
    condition = error.getCondition() if isinstance(error, PySparkException) else None
    if condition in ("FAILED_READ_FILE.NO_HINT", "FAILED_READ_FILE", None):
        return "Spark failed on a part of it"
    return f"Spark says {condition}"
