"""Corruptions of values: ids, amounts, kinds as systems and spreadsheets leave them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from corruptions import SECRET, changed, corruption, only, put, rows, shop, source, text

Said = dict[str, Any] | None
CLEAN = '"rows": 1431'


def ids(write: object) -> str:
    """Write a healthy shop with other ids."""
    return changed(client=write)


# --- ids ---------------------------------------------------------------------------------------


@corruption(
    "some ids are missing, so that the others became 13085.0", code=0, says="missing customer"
)
def ids_not_a_number(folder: Path) -> Said:
    frame = shop()
    frame["client"] = frame["client"].str[-4:].astype(float).where(frame.index % 50 > 0)
    frame.to_parquet(folder / "shop.parquet")
    return only(path="shop.parquet")


@corruption("some ids are blank", code=0, says="missing customer")
def blank_ids(folder: Path) -> Said:
    put(folder, rows(["  ,2024-01-01,1,x", ",2024-01-01,1,y"]))
    return None


@corruption("no id is left", code=1, says="no row of shop.csv has a customer")
def no_ids(folder: Path) -> Said:
    put(folder, ids(""))
    return None


@corruption("a spreadsheet wrote the ids as 1.23E+11", code=1, says="id in scientific notation")
def ids_in_scientific_notation(folder: Path) -> Said:
    put(folder, ids(lambda c: c.str[-4:].astype(int).map(lambda n: f"{1.2e11 + n * 1e9:.2E}")))
    return None


@corruption(
    "ids of 17 digits are held as doubles", code=1, says="id beyond the precision of its column"
)
def ids_beyond_a_double(folder: Path) -> Said:
    frame = shop()
    frame["client"] = 9e16 + frame["client"].str[-4:].astype(float) * 16
    frame.to_parquet(folder / "shop.parquet")
    return only(path="shop.parquet")


@corruption("ids begin with = + - or @", code=0, says="id written as a formula")
def formulas_as_ids(folder: Path) -> Said:
    put(folder, ids(lambda c: "=HYPERLINK(" + c + ")"))
    return None


@corruption("ids hold control characters", code=0, says="id with invisible characters")
def control_characters(folder: Path) -> Said:
    put(folder, rows([f"{SECRET}\x07\x1b[31m1,2024-01-01,1,x"]))
    return None


@corruption(
    "ids hold marks that turn the writing direction", code=0, says="id with invisible characters"
)
def right_to_left_marks(folder: Path) -> Said:
    put(folder, rows([f"{SECRET}\u202e1000,2024-01-01,1,x", f"{SECRET}\u200b0001,2024-01-01,1,y"]))
    return None


@corruption("ids are emoji and Arabic words", code=0, says='"rows": 1433')
def emoji_and_arabic_ids(folder: Path) -> Said:
    put(folder, rows(["🦊🦊,2024-01-01,1,x", "زبون,2024-01-01,1,y"]))
    return None


@corruption("an id has 100,000 characters", code=0, says="id of great length")
def very_long_id(folder: Path) -> Said:
    put(folder, rows([f"{SECRET}{'x' * 100_000},2024-01-01,1,x"]))
    return None


@corruption("some rows write the ids in small letters", code=0, says="ids that differ by case")
def case_of_ids(folder: Path) -> Said:
    put(folder, ids(lambda c: c.where(c.index % 2 == 0, c.str.lower())))
    return None


@corruption(
    "one export lost the leading zeros of the ids", code=0, says="ids that differ by leading zeros"
)
def leading_zeros_lost(folder: Path) -> Said:
    put(folder, ids(lambda c: c.str[-4:].where(c.index % 2 == 0, c.str[-4:].str.lstrip("0"))))
    return None


@corruption("half of the sales are on an id for passers-by", code=0, says="one id with most events")
def id_of_passers_by(folder: Path) -> Said:
    put(folder, ids(lambda c: c.where(c.index % 2 == 0, f"{SECRET}-COMPTOIR")))
    return None


@corruption(
    "all events are of one customer", code=0, says='"prospect": 0|"active": 1|"customers": 1'
)
def one_customer(folder: Path) -> Said:
    put(folder, ids(f"{SECRET}0001"))
    return None


@corruption("there is one event", code=0, says='"rows": 1,')
def one_event(folder: Path) -> Said:
    put(folder, text(shop().tail(1)))
    return None


@corruption("`customer` names the column of the dates", code=1, says="id that looks like a date")
def customer_names_the_dates(folder: Path) -> Said:
    put(folder, text())
    return only(columns={"customer": "jour"})


@corruption("`at` names the column of the ids", code=1, says="no readable date")
def at_names_the_ids(folder: Path) -> Said:
    put(folder, text())
    return only(columns={"at": "client"})


@corruption("`kind` names the column of the ids", code=1, says="kinds that nobody declared")
def kind_names_the_ids(folder: Path) -> Said:
    put(folder, text())
    return only(kind={"column": "client"})


@corruption(
    "two sources number their customers apart, with the same numbers",
    code=0,
    says="id in several sources",
)
def clashing_ids(folder: Path) -> Said:
    put(folder, text())
    put(folder, text(shop(seed=8).assign(commande=lambda f: "w" + f["commande"])), "web.csv")
    return {"sources": [source(), source(name="web", path="web.csv")]}


@corruption("two sources use one order number twice", code=0, says="order in several sources")
def clashing_orders(folder: Path) -> Said:
    put(folder, text())
    put(folder, text(), "web.csv")
    return {"sources": [source(), source(name="web", path="web.csv")]}


# --- amounts -----------------------------------------------------------------------------------


def amounts(write: object) -> str:
    return changed(montant=write)


def one_in(n: int, value: object) -> str:
    """Write a healthy shop, one amount in n another."""
    return amounts(lambda a: a.where(a.index % n > 0, value))


@corruption("some purchases have negative amounts", code=0, says="negative purchase")
def negative_amounts(folder: Path) -> Said:
    put(folder, amounts(lambda a: a.where(a.index % 50 > 0, -a)))
    return None


@corruption("returns have positive amounts", code=0, says="positive return")
def positive_returns(folder: Path) -> Said:
    put(folder, text())
    return only(kind={"return": "commande like 'o1%'", "purchase": "true"})


@corruption("one amount is a million times the others", code=0, says="absurd amount")
def absurd_amount(folder: Path) -> Said:
    put(folder, one_in(2_000, 45_000_000.0))
    return None


@corruption("an amount is 1e30", code=0, says="unreadable amount")
def amount_beyond_measure(folder: Path) -> Said:
    put(folder, one_in(2_000, "1e30"))
    return None


@corruption("some amounts are inf", code=0, says="unreadable amount")
def infinite_amounts(folder: Path) -> Said:
    frame = shop()
    frame.loc[frame.index % 50 == 0, "montant"] = np.inf
    frame.to_parquet(folder / "shop.parquet")
    return only(path="shop.parquet")


@corruption("some amounts are not a number", code=0, says="purchase without amount")
def amounts_not_a_number(folder: Path) -> Said:
    frame = shop()
    frame.loc[frame.index % 50 == 0, "montant"] = np.nan
    frame.to_parquet(folder / "shop.parquet")
    return only(path="shop.parquet")


@corruption(
    "amounts have a decimal comma, and nobody said so", code=1, says="unreadable amount.*decimal"
)
def decimal_comma_unsaid(folder: Path) -> Said:
    put(folder, amounts(lambda a: a.map(lambda x: f"{x:.2f}".replace(".", ","))))
    return None


@corruption("dots group thousands, and nobody said so", code=0, says="thousands read as decimals")
def dots_between_thousands(folder: Path) -> Said:
    put(folder, amounts(lambda a: (a * 100).map(lambda x: f"{round(x):,}".replace(",", "."))))
    return None


@corruption("the study says decimal comma of amounts with a dot", code=1, says="unreadable amount")
def decimal_comma_said_in_vain(folder: Path) -> Said:
    put(folder, text())
    return only(path={"file": "shop.csv", "decimal": ","})


@corruption("amounts carry a currency sign", code=1, says="unreadable amount")
def currency_signs(folder: Path) -> Said:
    put(folder, amounts(lambda a: a.map(lambda x: f"{x} €")))
    return None


@corruption("negative amounts stand in brackets", code=0, says="unreadable amount")
def amounts_in_brackets(folder: Path) -> Said:
    put(folder, one_in(50, "(12.50)"))
    return None


@corruption("amounts are empty", code=0, says="purchase without amount")
def empty_amounts(folder: Path) -> Said:
    put(folder, amounts(""))
    return None


# --- kinds, expressions, repeated rows -----------------------------------------------------------


def kinds(folder: Path, write: object) -> dict[str, Any]:
    frame = shop()
    frame["quoi"] = np.where(frame.index % 50 > 0, "purchase", write)
    put(folder, text(frame))
    return only(kind={"column": "quoi"})


@corruption(
    "a kind with a typo", code=1, says="a kind nobody declared: purchse.*did you mean `purchase`"
)
def kind_with_a_typo(folder: Path) -> Said:
    return kinds(folder, "purchse")


@corruption("a kind in capitals", code=1, says="a kind nobody declared: Purchase")
def kind_in_capitals(folder: Path) -> Said:
    return kinds(folder, "Purchase")


@corruption("some kinds are empty", code=0, says="no kind")
def kind_missing(folder: Path) -> Said:
    return kinds(folder, "")


@corruption("`where` leaves nothing", code=1, says="`where` leaves none of the 1,431 rows")
def where_leaves_nothing(folder: Path) -> Said:
    put(folder, text())
    return only(where="montant > 1000000")


@corruption("an expression reads a file", code=1, says="not a computation on one row")
def expression_that_reads_a_file(folder: Path) -> Said:
    put(folder, text())
    return only(where="(select count(*) from read_csv('/etc/passwd')) > 0")


@corruption("an expression names an unknown column", code=1, says="names the column")
def expression_of_an_unknown_column(folder: Path) -> Said:
    put(folder, text())
    return only(columns={"amount": {"expression": '"prix" * 2'}})


@corruption("an expression converts what cannot be converted", code=1, says="try_cast")
def expression_that_cannot_convert(folder: Path) -> Said:
    put(folder, text())
    return only(columns={"amount": {"expression": "cast(client as double)"}})


@corruption("the flag of machines holds other words", code=0, says="unreadable is_machine")
def unreadable_machine_flags(folder: Path) -> Said:
    put(folder, text(shop().assign(robot="peut-être")))
    return only(columns={"is_machine": "robot"})


@corruption("ratings are words", code=0, says="unreadable rating")
def unreadable_ratings(folder: Path) -> Said:
    put(folder, text(shop().assign(note="bien")))
    return only(columns={"rating": "note"})


@corruption("the same export is there twice", code=0, says="repeated row")
def file_twice(folder: Path) -> Said:
    put(folder, text(), "s-1.csv")
    put(folder, text(), "s-2.csv")
    return only(path="s-*.csv", columns={"order": None})


@corruption(
    "rows stand twice where the study refuses it",
    code=1,
    says="1,431 of 2,862 rows .* equal to another",
)
def refused_repeated_rows(folder: Path) -> Said:
    put(folder, text(pd.concat([shop(), shop()])))
    return only(on_duplicate="refuse")


@corruption("rows stand twice and the study drops them", code=0, says="one of each is kept")
def dropped_repeated_rows(folder: Path) -> Said:
    put(folder, text(pd.concat([shop(), shop()])))
    return only(on_duplicate="drop")
