"""Corruptions of values: ids, dates, amounts, kinds as systems and spreadsheets leave them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from corruptions import DAYS, SECRET, changed, corruption, only, put, rows, shop, source, text

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


# --- dates -------------------------------------------------------------------------------------


def dates(write: object) -> str:
    return changed(jour=write)


def some(value: str) -> str:
    """Write a healthy shop, one date in fifty of another kind."""
    return dates(lambda d: d.where(d.index % 50 > 0, value))


@corruption("dates in year 1", code=0, says="placeholder date")
def year_one(folder: Path) -> Said:
    put(folder, some("0001-01-01"))
    return None


@corruption("dates on the first day of a computer's calendar", code=0, says="placeholder date")
def first_of_1970(folder: Path) -> Said:
    put(folder, some("1970-01-01 00:00:00"))
    return None


@corruption("dates in year 9999", code=0, says="future date")
def year_9999(folder: Path) -> Said:
    put(folder, some("9999-12-31"))
    return None


@corruption("dates beyond what the engine can hold", code=1, says="no readable date")
def year_294999(folder: Path) -> Said:
    put(folder, some("294999-01-01"))
    return None


@corruption(
    "dates on the 31st of February", code=1, says='no readable date in column "jour".*31/02/2024'
)
def thirty_first_of_february(folder: Path) -> Said:
    put(
        folder,
        dates(
            lambda d: (
                pd.to_datetime(d).dt.strftime("%d/%m/%Y").where(d.index % 50 > 0, "31/02/2024")
            )
        ),
    )
    return only(columns={"at": {"column": "jour", "format": "%d/%m/%Y"}})


@corruption("French dates without their format", code=1, says="format: .*%d/%m/%Y")
def french_dates_unsaid(folder: Path) -> Said:
    put(folder, dates(lambda d: pd.to_datetime(d).dt.strftime("%d/%m/%Y")))
    return None


@corruption(
    "French dates read as American ones, the unreadable dropped",
    code=1,
    says="day and month swapped",
)
def french_dates_read_as_american(folder: Path) -> Said:
    put(folder, dates(lambda d: pd.to_datetime(d).dt.strftime("%d/%m/%Y")))
    at = {"column": "jour", "format": "%m/%d/%Y"}
    return only(columns={"at": at}, on_bad_date="drop")


@corruption(
    "two-digit years under a four-digit format",
    code=1,
    says="placeholder date.*no row left|no row left.*placeholder date",
)
def two_digit_years(folder: Path) -> Said:
    put(folder, dates(lambda d: pd.to_datetime(d).dt.strftime("%d/%m/%y")))
    return only(columns={"at": {"column": "jour", "format": "%d/%m/%Y"}})


@corruption("dates as seconds since 1970, in text", code=1, says="looks like seconds since 1970")
def epoch_seconds_in_text(folder: Path) -> Said:
    put(folder, dates(lambda d: pd.to_datetime(d).astype("datetime64[s]").astype("int64")))
    return None


@corruption(
    "dates as seconds since 1970, as numbers",
    code=1,
    says="holds numbers .int64., a date is required",
)
def epoch_seconds_as_numbers(folder: Path) -> Said:
    frame = shop()
    frame["jour"] = pd.to_datetime(frame["jour"]).astype("datetime64[s]").astype("int64")
    frame.to_parquet(folder / "shop.parquet")
    return only(path="shop.parquet")


@corruption(
    "dates as the day numbers of a spreadsheet",
    code=1,
    says="looks like the day numbers of a spreadsheet",
)
def spreadsheet_days(folder: Path) -> Said:
    put(folder, dates(lambda d: (pd.to_datetime(d) - pd.Timestamp("1899-12-30")).dt.days))
    return None


@corruption("dates written 20240131", code=1, says="%Y%m%d")
def compact_dates(folder: Path) -> Said:
    put(folder, dates(lambda d: d.str.replace("-", "")))
    return None


@corruption("some times say their distance from UTC, some do not", code=0, says="mixed time zones")
def zones_beside_none(folder: Path) -> Said:
    put(folder, dates(lambda d: (d + " 10:00:00").where(d.index % 2 == 0, d + " 10:00:00+02:00")))
    return None


@corruption("a moment in a zone that does not exist", code=1, says="no such time zone")
def unknown_zone(folder: Path) -> Said:
    put(folder, text())
    return {"timezone": "Europe/Pariss"}


@corruption("some dates are 0000-00-00", code=1, says="no readable date")
def zero_dates(folder: Path) -> Said:
    put(folder, some("0000-00-00"))
    return None


@corruption("some dates are empty", code=1, says="no readable date")
def empty_dates(folder: Path) -> Said:
    put(folder, some(""))
    return None


@corruption("all dates are equal", code=0, says="many rows on one day")
def one_day(folder: Path) -> Said:
    put(folder, dates("2024-06-01"))
    return None


@corruption("a migration gave half of the orders its own date", code=0, says="many rows on one day")
def migration_day(folder: Path) -> Said:
    put(folder, dates(lambda d: d.where(d.index % 2 == 0, "2023-06-01")))
    return None


@corruption("a month is missing", code=0, says="longest: 30 days from 2023-09-01")
def coverage_hole(folder: Path) -> Said:
    frame = shop()
    put(folder, text(frame[~frame["jour"].str.startswith("2023-09")]))
    return None


@corruption("the coverage ends a year after the data", code=1, says="kind stopped")
def coverage_beyond_the_data(folder: Path) -> Said:
    put(folder, text())
    return {"coverage": {"start": "2023-01-01", "end": "2026-01-01"}}


@corruption("the coverage starts a year before the data", code=0, says="source starts late")
def coverage_before_the_data(folder: Path) -> Said:
    put(folder, text())
    return {"coverage": {"start": "2022-01-01", "end": "2025-01-01"}}


@corruption("no date lies in the coverage", code=1, says="no row left")
def outside_the_coverage(folder: Path) -> Said:
    put(folder, text())
    return {"coverage": {"start": "2013-01-01", "end": "2015-01-01"}}


@corruption("one of two sources stopped in the middle", code=0, says="source stopped")
def stopped_source(folder: Path) -> Said:
    frame = shop(seed=8).assign(commande=lambda f: "w" + f["commande"])
    put(folder, text())
    put(folder, text(frame[frame["jour"] < "2024-03-01"]), "web.csv")
    return {"sources": [source(), source(name="web", path="web.csv")]}


def _visits(frame: pd.DataFrame, folder: Path) -> dict[str, Any]:
    visits = pd.DataFrame(
        {"client": f"{SECRET}0001", "jour": DAYS.strftime("%Y-%m-%d"), "quoi": "visit"}
    )
    put(folder, text(pd.concat([frame.assign(quoi="purchase"), visits])))
    return only(kind={"column": "quoi"})


@corruption("one kind has a hole, its source has none", code=0, says='"column": "purchase"')
def hole_of_one_kind(folder: Path) -> Said:
    frame = shop()
    return _visits(frame[~frame["jour"].str.startswith("2023-09")], folder)


@corruption("orders stop two months before the end, visits go on", code=1, says="kind stopped")
def orders_that_stop(folder: Path) -> Said:
    frame = shop()
    return _visits(frame[frame["jour"] < "2024-11-01"], folder)


def _late(folder: Path, value: object) -> dict[str, Any]:
    put(folder, text(shop().assign(charge=value)))
    return only(columns={"available_at": "charge"})


@corruption("rows are known sixty days after they happened", code=0, says="99% within 60 days")
def late_rows(folder: Path) -> Said:
    late = (pd.to_datetime(shop()["jour"]) + pd.Timedelta(days=60)).dt.strftime("%Y-%m-%d")
    return _late(folder, late)


@corruption(
    "when rows were known cannot be read", code=1, says='no readable date in column "charge"'
)
def unreadable_available_at(folder: Path) -> Said:
    return _late(folder, "bientôt")


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
