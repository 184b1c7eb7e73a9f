"""Corruptions of dates, of the days that a log covers, and of when its rows were known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from corruptions import DAYS, SECRET, changed, corruption, only, put, shop, source, text

Said = dict[str, Any] | None
CLEAN = '"rows": 1431'


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
