"""Corruptions of places: databases, links, folders, globs, names that lead elsewhere or nowhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from corrupt_files import parquet
from corruptions import corruption, only, put, shop, source, text

Said = dict[str, Any] | None


@corruption("a database file is no database", code=1, says="shop.duckdb")
def no_database(folder: Path) -> Said:
    put(folder, b"not a database" * 500, "shop.duckdb")
    return only(path={"file": "shop.duckdb", "table": "ventes"})


@corruption(
    "a SQLite file is damaged after its first bytes", code=1, says="shop.sqlite cannot be read"
)
def damaged_sqlite(folder: Path) -> Said:
    put(folder, b"SQLite format 3\0" + b"\xff" * 4_000, "shop.sqlite")
    return only(path={"file": "shop.sqlite", "table": "ventes"})


def _database(folder: Path) -> None:
    import sqlite3  # noqa: PLC0415

    connection = sqlite3.connect(folder / "shop.sqlite")
    shop().to_sql("ventes", connection, index=False)
    connection.close()


@corruption(
    "a table that the database does not have",
    code=1,
    says="holds the tables ventes.*did you mean `ventes`",
)
def unknown_table(folder: Path) -> Said:
    _database(folder)
    return only(path={"file": "shop.sqlite", "table": "vente"})


@corruption(
    "a database without saying which table", code=1, says="does not say which.*\n?.*table: ventes"
)
def table_not_said(folder: Path) -> Said:
    _database(folder)
    return only(path="shop.sqlite")


@corruption("the file does not exist", code=1, says="shop.csv does not exist")
def missing_file(folder: Path) -> Said:
    return None


@corruption("a link to a file that is gone", code=1, says="points to a file that does not exist")
def link_to_nowhere(folder: Path) -> Said:
    (folder / "shop.csv").symlink_to(folder / "gone.csv")
    return None


@corruption("a link that leads to itself", code=1, says="shop.csv")
def link_to_itself(folder: Path) -> Said:
    (folder / "shop.csv").symlink_to(folder / "shop.csv")
    return None


@corruption("a folder with a link to itself inside", code=0, says='"rows": 1431')
def folder_that_holds_itself(folder: Path) -> Said:
    put(folder, text(), "data/shop.csv")
    (folder / "data" / "again").symlink_to(folder / "data")
    return only(path="data")


@corruption("a folder without files", code=1, says="folder without files")
def empty_folder(folder: Path) -> Said:
    (folder / "data").mkdir()
    return only(path="data")


@corruption("a glob that no file matches", code=1, says="no file matches")
def empty_glob(folder: Path) -> Said:
    return only(path="sales-*.csv")


@corruption("two files of a glob have different columns", code=1, says="only one of them has")
def files_of_different_shapes(folder: Path) -> Said:
    put(folder, text(), "s-1.csv")
    put(folder, text(shop().rename(columns={"montant": "prix"})), "s-2.csv")
    return only(path="s-*.csv")


@corruption("files of two types lie in one folder", code=1, says="files of several types")
def files_of_several_types(folder: Path) -> Said:
    put(folder, text(), "data/a.csv")
    put(folder, parquet(folder), "data/b.parquet")
    return only(path="data")


@corruption("the path has spaces, accents and quotes", code=0, says='"rows": 1431')
def path_with_spaces_and_accents(folder: Path) -> Said:
    put(folder, text(), "données d'été [2024]/l'été à  Zoë.csv")
    return only(path="données d'été [2024]/l'été à  Zoë.csv")


@corruption("nobody may read the file", code=1, says="shop.csv")
def unreadable_file(folder: Path) -> Said:
    put(folder, text())
    (folder / "shop.csv").chmod(0)
    if os.access(folder / "shop.csv", os.R_OK):  # root may read everything
        (folder / "shop.csv").unlink()
        (folder / "shop.csv").mkfifo() if hasattr(Path, "mkfifo") else os.mkfifo(
            folder / "shop.csv"
        )
    return None


@corruption(
    "the path needs an environment variable that is not set", code=1, says="REVEIL_NO_SUCH_PLACE"
)
def variable_not_set(folder: Path) -> Said:
    return only(path="${REVEIL_NO_SUCH_PLACE}/shop.csv")


@corruption(
    "the column of the dates was renamed",
    code=1,
    says='has no column "jour".*\n?.*did you mean `jours`',
)
def renamed_column(folder: Path) -> Said:
    put(folder, text(shop().rename(columns={"jour": "jours"})))
    return None


@corruption("column names are padded with spaces", code=0, says='"rows": 1431')
def padded_header(folder: Path) -> Said:
    put(folder, text(shop().rename(columns={"jour": " jour "})))
    return None


@corruption(
    "two sources read one file under one name", code=1, says="two sources are called `shop`"
)
def sources_of_one_name(folder: Path) -> Said:
    put(folder, text())
    return {"sources": [source(), source()]}
