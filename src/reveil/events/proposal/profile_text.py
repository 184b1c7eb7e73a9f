"""Text files: how they are encoded and divided, and a sample of their rows.

In:  a CSV or JSON lines file.
Out: its columns as Arrow, its encoding and delimiter, how many rows it has.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from reveil.errors import DataError
from reveil.events.reader import LOOKS_LIKE_A_VALUE

DELIMITERS = (",", ";", "\t", "|")
WHOLE_BYTES = 48 << 20
"""A text of this size is read whole, if there are not many; of a longer one, blocks."""
BLOCK_BYTES = 1 << 20
BLOCKS = 12
JSON_ROWS = 50_000
LONGEST_LINE = 1 << 16


@dataclass(frozen=True, kw_only=True, slots=True)
class CsvSample:
    """What a CSV looks like.

    Parameters
    ----------
    rows
        Rows of the file; an estimate unless `exact`.
    notes
        What a person should know.
    """

    table: pa.Table
    rows: int
    exact: bool
    delimiter: str
    encoding: str
    notes: tuple[str, ...] = ()
    header: bool = True
    """False where the first row reads as data: then no row is read, and no name kept."""


def csv_sample(file: Path, most: int = WHOLE_BYTES) -> CsvSample:
    """Find how a CSV is written, and read some or all of its rows as text.

    Parameters
    ----------
    most
        Bytes to read.

    Raises
    ------
    DataError
        When it has no header, no row, or is no text.
    """
    blocks, size = _blocks(file, min(most, WHOLE_BYTES))
    encoding = encoding_of(blocks)
    text = [block.decode(encoding, "replace").removeprefix("\ufeff") for block in blocks]
    if "\0" in text[0][:10_000]:
        raise DataError("is no text")
    head = text[0][: LONGEST_LINE * 4]
    delimiter = delimiter_of(head)
    names = next(csv.reader(io.StringIO(head), delimiter=delimiter), [])
    if not any(name.strip() for name in names):
        raise DataError("has no header")
    first = list(csv.reader(head.splitlines()[:200], delimiter=delimiter))[1:]
    if looks_like_data(names, first):
        return CsvSample(
            table=pa.table({}), rows=0, exact=False, delimiter=delimiter, encoding=encoding,
            header=False,
        )  # fmt: skip
    notes = []
    if twice := sorted(n for n, count in Counter(names).items() if count > 1):
        notes.append(f"two columns are called {', '.join(twice)}")
    body = _after_first_line(text[0])
    whole = len(blocks) == 1
    pieces = [body, *(_inner_lines(t) for t in text[1:])]
    if not whole:
        pieces[0] = pieces[0].rpartition("\n")[0]
    odd = 0

    def left_out(_: object) -> str:
        nonlocal odd
        odd += 1
        return "skip"

    read = [
        _columns(piece, _unlike(names), delimiter, left_out) for piece in pieces if piece.strip()
    ]
    if not read or not sum(t.num_rows for t in read):
        raise DataError("has a header and no row")
    table = pa.concat_tables(read)
    rows = table.num_rows
    if odd:
        notes.append(f"{odd:,} rows have more or fewer fields than the header")
    if not whole:
        rows = round(size * rows / sum(len(p.encode(encoding, "replace")) for p in pieces))
    return CsvSample(
        table=table, rows=rows, exact=whole, delimiter=delimiter, encoding=encoding,
        notes=tuple(notes),
    )  # fmt: skip


def encoding_of(blocks: list[bytes]) -> str:
    """Find how text is encoded, by its mark or by what decodes.

    Examples
    --------
    >>> encoding_of(["été".encode("utf-8")]), encoding_of(["été".encode("cp1252")])
    ('utf-8', 'cp1252')
    >>> encoding_of(["été".encode("utf-16")])
    'utf-16'
    """
    head = blocks[0][:4]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8"
    start = blocks[0][:2000]
    for encoding, zero in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if zero and zero.count(0) > len(zero) * 0.6:
            return encoding
    try:
        for block in blocks:
            # A block may begin and end within a character.
            inner = block if len(blocks) == 1 else block.partition(b"\n")[2].rpartition(b"\n")[0]
            inner.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    try:
        for block in blocks:
            block.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def delimiter_of(head: str) -> str:
    r"""Find what divides fields: what divides most lines as it divides the first.

    Examples
    --------
    >>> delimiter_of("client;prix\nA;1,50\nB;2,00\n")
    ';'
    """
    lines = head.splitlines()[:200]
    lines = lines[:-1] if len(lines) == 200 else lines
    best, found = (0.0, 0), ","
    for delimiter in DELIMITERS:
        rows = [len(r) for r in csv.reader(lines, delimiter=delimiter) if r]
        if not rows or rows[0] < 2:
            continue
        score = (round(sum(n == rows[0] for n in rows) / len(rows), 1), rows[0])
        if score > best:
            best, found = score, delimiter
    return found


def looks_like_data(names: Sequence[str], rows: Sequence[Sequence[str]] = ()) -> bool:
    """Tell a row of values from a row of names, as the reader of a study does.

    Parameters
    ----------
    names
        The first row.
    rows
        Some that follow. A name such as `ca_2023` is written as ids are; it is one only where
        its column holds others like it.

    Examples
    --------
    >>> looks_like_data(["A17", "oui", "jean@example.org"]), looks_like_data(["client", "jour"])
    (True, False)
    >>> looks_like_data(["C0000"], [["C0001"]]), looks_like_data(["ca_2023"], [["12.5"]])
    (True, False)
    """
    plain = [name.strip() for name in names]
    for position, name in enumerate(plain):
        if not LOOKS_LIKE_A_VALUE.fullmatch(name):
            continue
        alike = (_shape(row[position].strip()) for row in rows if position < len(row))
        if not name.isidentifier() or _shape(name) in alike:
            return True
    return sum(name != "" and not any(map(str.isalpha, name)) for name in plain) > len(plain) / 2


def _shape(text: str) -> str:
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", text))


def json_sample(file: Path, most: int = WHOLE_BYTES) -> tuple[pa.Table, int, bool]:
    """Read some or all rows of JSON lines.

    Parameters
    ----------
    most
        Bytes to read.

    Returns
    -------
    table, rows, exact

    Raises
    ------
    DataError
        When a line is not an object.
    """
    blocks, size = _blocks(file, min(most, WHOLE_BYTES))
    text = [b.decode("utf-8", "replace").removeprefix("\ufeff") for b in blocks]
    if len(text) > 1:
        text = [text[0].rpartition("\n")[0], *(_inner_lines(t) for t in text[1:])]
    lines = [line for t in text for line in t.splitlines() if line.strip()]
    exact, total = len(blocks) == 1, len(lines)
    if not exact:
        total = round(size * len(lines) / sum(len(t.encode()) for t in text))
    step = -(-len(lines) // JSON_ROWS) or 1
    objects = []
    for number, line in enumerate(lines[::step]):
        try:
            value = json.loads(line)
        except json.JSONDecodeError:
            raise DataError(f"line {number * step + 1} is not JSON") from None
        if not isinstance(value, dict):
            raise DataError("is JSON, but not one object per line")
        objects.append(value)
    names = list(dict.fromkeys(key for one in objects for key in one))
    return pa.table({n: _column([o.get(n) for o in objects]) for n in names}), total, exact


def _column(values: list[object]) -> pa.Array:
    types = {type(v) for v in values if v is not None}
    if types == {bool}:
        return pa.array(values, pa.bool_())
    if types and types <= {int, float}:
        return pa.array(values, pa.float64() if float in types else pa.int64())
    return pa.array(
        [v if isinstance(v, str) else None if v is None else json.dumps(v) for v in values]
    )


def _blocks(file: Path, most: int) -> tuple[list[bytes], int]:
    """Read a file whole when it is short, else its first bytes and blocks spread over the rest."""
    size = file.stat().st_size
    if file.suffix.lower() == ".gz":
        with gzip.open(file) as packed:
            head = packed.read(most)
            more = packed.read(1)
        # How long it is unpacked, nobody knows before unpacking it.
        return [head, b""] if more else [head], max(size * 5, len(head))
    with file.open("rb") as opened:
        if size <= most:
            return [opened.read()], size
        blocks = []
        length = min(BLOCK_BYTES, most // BLOCKS)
        for i in range(BLOCKS):
            # Even positions, so that two-byte characters stay whole.
            opened.seek((size - length) * i // (BLOCKS - 1) // 2 * 2)
            blocks.append(opened.read(length))
        return blocks, size


def _after_first_line(text: str) -> str:
    quotes = 0
    for line in re.finditer(r"[^\n]*\n", text):
        quotes += line[0].count('"')
        if quotes % 2 == 0:
            return text[line.end() :]
    return ""


def _inner_lines(text: str) -> str:
    return text.partition("\n")[2].rpartition("\n")[0]


def _unlike(names: list[str]) -> list[str]:
    """Name a repeated or missing column apart, as a reader would."""
    seen: Counter[str] = Counter()
    apart = []
    for position, name in enumerate(names):
        seen[name] += 1
        plain = name or f"column{position}"
        apart.append(plain if seen[name] == 1 else f"{plain}_{seen[name] - 1}")
    return apart


def _columns(
    text: str, names: list[str], delimiter: str, left_out: Callable[[object], str]
) -> pa.Table:
    return pyarrow.csv.read_csv(
        io.BytesIO(text.encode("utf-8", "replace")),
        read_options=pyarrow.csv.ReadOptions(
            column_names=names, use_threads=False, block_size=64 << 20
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, invalid_row_handler=left_out
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=True, null_values=[""],
        ),
    )  # fmt: skip
