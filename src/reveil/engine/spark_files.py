"""Files, folders, URIs and tables of a metastore, opened by Spark as DuckDB opens files.

In:  where a table is (TableSettings), a session.
Out: a Spark data frame with the position of each row; the columns of a CSV are text.

What Spark would read otherwise, and silently, is refused with what to do about it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as fn
from pyspark.sql import types as t

from reveil.engine.files import arrow_of, empty, files_of, one_kind, require_one_shape
from reveil.errors import DataError
from reveil.events.lookups import ROW
from reveil.events.settings import TableSettings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DELIMITERS = ",;\t|"

DAMAGED = "\ufffd"
"""What a byte that is no UTF-8 is read as."""

FILE, BLOCK, PART, PLACE = (f"\u2060{name}" for name in ("file", "block", "part", "place"))


def open_table(session: SparkSession, place: TableSettings) -> DataFrame:
    """Open what a study's `path` says.

    Raises
    ------
    DataError
        When it is missing, empty, of another type, or of a writing that only DuckDB reads.
    """
    if place.in_metastore:
        return _numbered(_positioned(session.table(str(place.table))))
    files = files_of(place) if place.uri is None else _listed(session, place.uri)
    if place.uri is None:
        for file in files:
            if Path(file).stat().st_size == 0:
                raise empty(Path(file).name)
    match one_kind([Path(file) for file in files], place):
        case "parquet":
            rows = _parquet(session, files, place)
        case "csv":
            rows = _csv(session, files, place)
        case "json":
            rows = _json(session, files, place)
        case _:
            raise DataError(
                f"{place.name} is a database file, which Spark does not read",
                hint="write the table to Parquet first, as in DuckDB: "
                "copy orders to 'orders.parquet'",
            )
    return _numbered(rows)


def _listed(session: SparkSession, uri: str) -> list[str]:
    """List the files of a URI as its file system does: itself, of a folder, of a glob."""
    gateway: Any = session.sparkContext
    path = gateway._jvm.org.apache.hadoop.fs.Path(uri)
    system = path.getFileSystem(gateway._jsc.hadoopConfiguration())
    found: list[str] = []
    for status in system.globStatus(path) or ():
        if not status.isDirectory():
            found.append(str(status.getPath().toString()))
            continue
        root = str(status.getPath().toString())
        files = system.listFiles(status.getPath(), True)
        while files.hasNext():
            file = str(files.next().getPath().toString())
            if not any(p.startswith((".", "_")) for p in file.removeprefix(root).split("/")):
                found.append(file)
    if not found:
        raise DataError(f"{uri} does not exist, or holds no file", hint="check `path`")
    return sorted(found)


def _read(
    session: SparkSession, form: str, files: Sequence[str | Path], place: TableSettings,
    schema: t.StructType | None = None, **options: Any,
) -> DataFrame:  # fmt: skip
    reader = session.read.format(form).options(**options)
    if place.uri is None and place.file.is_dir():
        reader = reader.option("basePath", str(place.file))
    elif place.uri is not None and not re.search(r"[*?\[{]|\.\w+$", place.uri):
        reader = reader.option("basePath", place.uri)
    if schema is not None:
        reader = reader.schema(schema)
    # A path is a path: [ and * mean nothing in it.
    return reader.load([re.sub(r"([\[\]{}*?\\])", r"\\\1", str(file)) for file in files])


def _parquet(session: SparkSession, files: Sequence[str | Path], place: TableSettings) -> DataFrame:
    if place.uri is None:
        schemas = {Path(file): pq.read_schema(file) for file in files}
        require_one_shape({file: schema.names for file, schema in schemas.items()})
        rows = _read(session, "parquet", files, place)
        return _in_microseconds(_positioned(rows), next(iter(schemas.values())))
    shapes = {Path(file): session.read.parquet(str(file)).columns for file in files}
    require_one_shape(shapes)
    return _positioned(_read(session, "parquet", files, place))


def _in_microseconds(rows: DataFrame, schema: pa.Schema) -> DataFrame:
    """Make moments of the numbers that nanoseconds are read as, rounded as DuckDB rounds them."""
    for field in schema:
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns":
            moment = fn.timestamp_micros(fn.expr(f"(`{field.name}` + 500) div 1000"))
            kind = "timestamp" if field.type.tz else "timestamp_ntz"
            rows = rows.withColumn(field.name, moment.cast(kind))
    return rows


def _csv(session: SparkSession, files: Sequence[str | Path], place: TableSettings) -> DataFrame:
    if codecs.lookup(place.encoding).name not in ("utf-8", "ascii", "utf-8-sig"):
        raise DataError(
            f"{place.name} is written in {place.encoding}, and Spark reads CSV in UTF-8",
            hint=f"write it anew, as in `iconv -f {place.encoding} -t utf-8`, or as Parquet",
        )
    # A field may hold a line end: a file is read by one executor, several files by several.
    options: dict[str, Any] = {
        "sep": place.delimiter or _delimiter(session, files[0], place),
        "quote": '"', "escape": '"', "multiLine": True, "mode": "FAILFAST", "encoding": "UTF-8",
        "nullValue": "", "emptyValue": "", "ignoreLeadingWhiteSpace": False,
        "ignoreTrailingWhiteSpace": False, "maxCharsPerColumn": -1,
    }  # fmt: skip
    shapes: dict[tuple[str, ...], list[str | Path]] = {}
    for file in files:
        shapes.setdefault(_header(session, file, options), []).append(file)
    require_one_shape({Path(named[0]): names for names, named in shapes.items()})
    parts = []
    for names, named in shapes.items():
        schema = t.StructType([t.StructField(name, t.StringType()) for name in names])
        rows = _read(session, "csv", named, place, schema, header=True, **options)
        parts.append(_undamaged(_positioned(rows), names))
    whole, *others = parts
    for other in others:
        whole = whole.unionByName(other)
    return whole


def _delimiter(session: SparkSession, file: str | Path, place: TableSettings) -> str:
    first = session.read.text(str(file)).head()
    line = re.sub('"[^"]*"', "", "" if first is None else str(first[0]))
    found = [sign for sign in DELIMITERS if sign in line]
    if len(found) > 1:
        raise DataError(
            f"the header of {place.name} holds {' and '.join(map(repr, found))}",
            hint=f'say which separates its fields: `path: {{file: ..., delimiter: "{found[0]}"}}`',
        )
    return found[0] if found else ","


def _header(session: SparkSession, file: str | Path, options: dict[str, Any]) -> tuple[str, ...]:
    row = session.read.options(**options).csv(str(file), header=False).head()
    if row is None:
        raise empty(Path(file).name)
    names = [f"column{n}" if value is None else str(value) for n, value in enumerate(row)]
    seen: set[str] = set()
    for name in (name.strip().lower() for name in names):
        if name in seen and not name.replace(".", "").isdigit():
            raise DataError(
                f'two columns of {Path(file).name} are called "{name}"', hint="rename one of them"
            )
        seen.add(name)
    if len(set(names)) < len(names):
        raise DataError(
            f"{Path(file).name} has no header: its first row says something twice",
            hint="give the file a header with the names of its columns",
        )
    return tuple(names)


def _undamaged(rows: DataFrame, names: Sequence[str]) -> DataFrame:
    """Fail at a byte that is no UTF-8, which Spark would replace by a sign."""
    said = fn.raise_error(fn.lit("reveil: invalid unicode: its bytes are not UTF-8")).cast("string")
    checked = [
        fn.when(fn.contains(rows[f"`{name}`"], fn.lit(DAMAGED)), said)
        .otherwise(rows[f"`{name}`"])
        .alias(name)
        for name in names
    ]
    others = [rows[f"`{name}`"] for name in rows.columns if name not in names]
    return rows.select(*checked, *others)


def _json(session: SparkSession, files: Sequence[str | Path], place: TableSettings) -> DataFrame:
    first = session.read.text(str(files[0])).filter("trim(value) <> ''").head()
    options: dict[str, Any] = {
        "mode": "FAILFAST", "encoding": "UTF-8",
        "multiLine": first is not None and str(first[0]).lstrip("\ufeff \t").startswith("["),
    }  # fmt: skip
    guessed = _read(session, "json", files, place, **options).schema
    # Only numbers and booleans keep their type, as in DuckDB: a guessed date may be the wrong
    # way round, and an id may be a number in one row and text in another.
    kinds = (t.LongType, t.IntegerType, t.DoubleType, t.BooleanType)
    schema = t.StructType(
        [
            t.StructField(f.name, f.dataType if isinstance(f.dataType, kinds) else t.StringType())
            for f in guessed.fields
        ]
    )
    return _positioned(_read(session, "json", files, place, schema, **options))


def _positioned(rows: DataFrame) -> DataFrame:
    """Note where in which file each row stands, as far as Spark knows."""
    try:
        rows = rows.select(
            "*",
            fn.col("_metadata.file_path").alias(FILE),
            fn.col("_metadata.file_block_start").alias(BLOCK),
        )
    except AnalysisException:
        # No file: a view, or a table of another data base.
        rows = rows.select("*", fn.lit("").alias(FILE), fn.lit(0).cast("long").alias(BLOCK))
    return rows


def _numbered(rows: DataFrame) -> DataFrame:
    """Count rows from 1 in the order of the files, without sorting any.

    Rows of one block of a file follow one another in one task. So a row's position is its
    place in the task, less that of the block's first row, plus the rows of the blocks before:
    the blocks are few. Spark leaves all of it out where nobody asks for positions.
    """
    columns = [f"`{name}`" for name in rows.columns if name not in (FILE, BLOCK)]
    placed = rows.select(
        "*", fn.spark_partition_id().alias(PART), fn.monotonically_increasing_id().alias(PLACE)
    )
    keys = [FILE, BLOCK, PART]
    blocks = placed.groupBy(*keys).agg(
        fn.min(PLACE).alias("\u2060first"), fn.count(fn.lit(1)).alias("\u2060rows")
    )
    before = Window.orderBy(*keys).rowsBetween(Window.unboundedPreceding, -1)
    blocks = blocks.select(
        *[fn.col(key).alias(f"{key} of") for key in keys],
        "\u2060first",
        fn.coalesce(fn.sum("\u2060rows").over(before), fn.lit(0)).alias("\u2060before"),
    )
    same = [placed[key] == blocks[f"{key} of"] for key in keys]
    whole = placed.join(fn.broadcast(blocks), same, "left")
    position = fn.col(PLACE) - fn.col("\u2060first") + fn.col("\u2060before") + 1
    return whole.select(*columns, position.alias(ROW))


def open_frame(session: SparkSession, frame: object) -> DataFrame:
    """Open a data frame of pandas, Polars, Arrow, Ibis or Spark.

    Raises
    ------
    DataError
        When it is empty or none of these.
    """
    if isinstance(frame, DataFrame):
        return _numbered(_positioned(frame))
    arrow = frame.to_pyarrow() if isinstance(frame, ir.Table) else arrow_of(frame)
    arrow = pa.table([_in_us(column) for column in arrow.columns], names=arrow.column_names)
    arrow = arrow.append_column(ROW, pa.array(range(1, arrow.num_rows + 1), pa.int64()))
    return session.createDataFrame(arrow)


def _in_us(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        return column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return column
