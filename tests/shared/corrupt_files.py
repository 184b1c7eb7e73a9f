"""Corruptions of files: what a disk, a transfer, an export or a wrong name does to them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
from corruptions import SECRET, corruption, only, put, rows, shop, text

Said = dict[str, Any] | None


def parquet(folder: Path, frame: pd.DataFrame | None = None) -> bytes:
    path = folder / "whole.parquet"
    (shop() if frame is None else frame).to_parquet(path, index=False)
    content = path.read_bytes()
    path.unlink()
    return content


@corruption(
    "the second half of a Parquet file is missing", code=1, says="shop.parquet cannot be read"
)
def truncated_parquet(folder: Path) -> Said:
    content = parquet(folder)
    put(folder, content[: len(content) // 2], "shop.parquet")
    return only(path="shop.parquet")


@corruption(
    "the last bytes of a Parquet file are random", code=1, says="shop.parquet cannot be read"
)
def garbage_in_the_footer(folder: Path) -> Said:
    content = parquet(folder)
    put(folder, content[:-40] + b"\xa5" * 40, "shop.parquet")
    return only(path="shop.parquet")


@corruption(
    "the pages of a Parquet file are overwritten", code=1, says="shop.parquet cannot be read"
)
def damaged_pages(folder: Path) -> Said:
    content = bytearray(parquet(folder))
    content[400:9_000] = b"\xff" * 8_600
    put(folder, bytes(content), "shop.parquet")
    return only(path="shop.parquet")


@corruption("a Parquet file is called shop.csv", code=1, says="shop.csv")
def parquet_called_csv(folder: Path) -> Said:
    put(folder, parquet(folder))
    return None


@corruption("a CSV file is called shop.parquet", code=1, says="shop.parquet cannot be read")
def csv_called_parquet(folder: Path) -> Said:
    put(folder, text(), "shop.parquet")
    return only(path="shop.parquet")


@corruption("a spreadsheet file is given as it is", code=1, says="of a type that is not known")
def spreadsheet(folder: Path) -> Said:
    put(folder, b"PK\x03\x04", "shop.xlsx")
    return only(path="shop.xlsx")


@corruption("gzip content is called shop.csv", code=1, says="shop.csv")
def gzip_called_csv(folder: Path) -> Said:
    put(folder, gzip.compress(text().encode()))
    return None


@corruption("the file has no byte", code=1, says="shop.csv is empty")
def empty_file(folder: Path) -> Said:
    put(folder, "")
    return None


@corruption("the file holds line ends only", code=1, says="shop.csv")
def blank_file(folder: Path) -> Said:
    put(folder, "\n\n\n")
    return None


@corruption("the header has no row below it", code=1, says="shop.csv is empty; at least one row")
def header_only(folder: Path) -> Said:
    put(folder, text().splitlines()[0] + "\n")
    return None


@corruption("the header is missing", code=1, says="its first row looks like data")
def no_header(folder: Path) -> Said:
    # What the error lists as columns is the first row, so it may hold no id.
    put(folder, "".join(f"{line}\n" for line in text().splitlines()[1:]))
    return None


@corruption(
    "one column name stands twice in the header",
    code=1,
    says='two columns of shop.csv are called "jour"',
)
def duplicate_header(folder: Path) -> Said:
    frame = shop()
    frame.insert(2, "autre", frame["jour"])
    put(folder, text(frame).replace("autre", "jour", 1))
    return None


@corruption(
    "two exports are pasted together, header and all", code=1, says="1 of .* no readable date"
)
def header_in_the_middle(folder: Path) -> Said:
    put(folder, text() + text())
    return None


@corruption("the last row is a total", code=0, says="missing customer")
def total_at_the_end(folder: Path) -> Said:
    put(folder, rows([",2024-12-31,73210.50,"]))
    return None


@corruption(
    "the study says a delimiter that the file does not use", code=1, says='has no column "client"'
)
def wrong_delimiter(folder: Path) -> Said:
    put(folder, text())
    return only(path={"file": "shop.csv", "delimiter": ";"})


@corruption("fields stand between bars, and nobody said so", code=0, says='"rows": 1431')
def bars_between_fields(folder: Path) -> Said:
    put(folder, text(sep="|"))
    return None


@corruption(
    "half of the file is UTF-8, half Windows", code=1, says="shop.csv cannot be read.*\n.*encoding"
)
def mixed_encodings(folder: Path) -> Said:
    put(folder, text().encode() + f"é{SECRET}1,2024-01-01,1,x\n".encode("cp1252"))
    return None


@corruption("the file is UTF-16, and nobody said so", code=1, says="shop.csv")
def utf16_unsaid(folder: Path) -> Said:
    put(folder, text().encode("utf-16"))
    return None


@corruption(
    "the study says UTF-16 of a UTF-8 file",
    code=1,
    says="shop.csv is not written in utf-16|no column",
)
def utf16_said_in_vain(folder: Path) -> Said:
    put(folder, text())
    return only(path={"file": "shop.csv", "encoding": "utf-16"})


@corruption("a byte-order mark stands before the header", code=0, says='"rows": 1431')
def byte_order_mark(folder: Path) -> Said:
    put(folder, text().encode("utf-8-sig"))
    return None


@corruption("a NUL byte stands in a field that is not used", code=0, says='"rows": 1432')
def nul_bytes(folder: Path) -> Said:
    put(folder, rows([f"{SECRET}1,2024-01-01,1,o\x00"]))
    return None


@corruption("a NUL byte stands in an id", code=0, says="id with invisible characters")
def nul_byte_in_an_id(folder: Path) -> Said:
    put(folder, rows([f"{SECRET}\x001,2024-01-01,1,o"]))
    return None


@corruption("lines end with a carriage return alone", code=0, says='"rows": 1431')
def carriage_returns(folder: Path) -> Said:
    put(folder, text().replace("\n", "\r"))
    return None


@corruption("some lines end with CR LF, some with LF", code=1, says="save the file as CSV anew")
def mixed_line_ends(folder: Path) -> Said:
    first, *others = text().splitlines()
    lines = [f"{line}\r\n" if n % 2 else f"{line}\n" for n, line in enumerate(others)]
    put(folder, first + "\n" + "".join(lines))
    return None


@corruption("a row has a field too many", code=1, says="as many fields as the header")
def row_too_long(folder: Path) -> Said:
    put(folder, rows([f"{SECRET}1,2024-01-01,12,50,o"]))
    return None


@corruption("a row has two fields too few", code=1, says="as many fields as the header")
def row_too_short(folder: Path) -> Said:
    put(folder, rows([f"{SECRET}1,2024-01-01"]))
    return None


@corruption(
    "a quote is opened in the middle and never closed", code=1, says="shop.csv cannot be read"
)
def quote_never_closed(folder: Path) -> Said:
    lines = text().splitlines(keepends=True)
    lines.insert(700, f'"{SECRET}1,2024-01-01,1,o\n')
    put(folder, "".join(lines))
    return None


@corruption("a comment stands above the header", code=1, says="shop.csv")
def comment_above_the_header(folder: Path) -> Said:
    put(folder, "# export of last night\n" + text())
    return None


@corruption("blank lines stand between the rows", code=0, says='"rows": 1431')
def blank_lines(folder: Path) -> Said:
    put(folder, text().replace("\n", "\n\n"))
    return None


@corruption(
    "a field that is not used has 10,000,000 characters", code=1, says="shop.csv cannot be read"
)
def field_of_ten_million(folder: Path) -> Said:
    put(folder, rows([f"{SECRET}1,2024-01-01,1,{'x' * 10_000_000}"]))
    return None


@corruption("the table has 10,000 columns", code=0, says='"rows": 40')
def ten_thousand_columns(folder: Path) -> Said:
    frame = shop().iloc[:: len(shop()) // 40 + 1].reset_index(drop=True)
    frame = frame.reindex(range(40), method="ffill")
    wide = pd.DataFrame(0, index=frame.index, columns=[f"c{n}" for n in range(10_000)])
    put(folder, text(pd.concat([frame, wide], axis=1)))
    return None


@corruption("JSON lines are one array", code=0, says='"rows": 1431')
def json_array(folder: Path) -> Said:
    put(folder, shop().to_json(orient="records"), "shop.jsonl")
    return only(path="shop.jsonl")


@corruption("a JSON value is an object", code=1, says="no readable date")
def nested_json(folder: Path) -> Said:
    lines = [json.dumps(r | {"jour": {"d": r["jour"]}}) for r in shop().to_dict("records")]
    put(folder, "\n".join(lines), "shop.jsonl")
    return only(path="shop.jsonl")


@corruption("a JSON line is cut", code=1, says="shop.jsonl cannot be read")
def broken_json(folder: Path) -> Said:
    put(folder, shop().to_json(orient="records", lines=True)[:-30], "shop.jsonl")
    return only(path="shop.jsonl")


@corruption("an id is a number in some JSON lines, text in others", code=0, says='"rows": 1433')
def json_of_mixed_types(folder: Path) -> Said:
    more = (
        f'{{"client": 17, "jour": "2024-01-01"}}\n{{"client": "{SECRET}", "jour": "2024-01-01"}}\n'
    )
    put(folder, shop().to_json(orient="records", lines=True) + more, "shop.jsonl")
    return only(path="shop.jsonl")
