"""Corruptions of the tables beside the events, and of the study itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from corruptions import SECRET, corruption, only, put, shop, text

Said = dict[str, Any]
CLIENTS = sorted(set(shop()["client"]))


# --- customers -----------------------------------------------------------------------------------


def people(folder: Path, **columns: Any) -> pd.DataFrame:
    put(folder, text())
    return pd.DataFrame({"id": CLIENTS} | columns)


def customers(folder: Path, frame: pd.DataFrame, **said: Any) -> Said:
    put(folder, text(frame), "clients.csv")
    return {"customers": {"path": "clients.csv", "customer": "id"} | said}


@corruption("a customer has two rows", code=1, says="clients.csv has 63 rows for 60 values")
def customer_twice(folder: Path) -> Said:
    frame = people(folder)
    return customers(folder, pd.concat([frame, frame.head(3)]))


@corruption(
    "two rows of a customer begin on one day", code=1, says="one row per customer and period"
)
def customer_twice_in_a_period(folder: Path) -> Said:
    frame = people(folder, depuis="2023-01-01")
    return customers(folder, pd.concat([frame, frame.head(3)]), valid_from="depuis")


@corruption("two periods of a customer overlap", code=0, says="overlapping periods")
def overlapping_periods(folder: Path) -> Said:
    one = people(folder, depuis="2023-01-01", jusqua="2024-06-01")
    two = people(folder, depuis="2024-01-01", jusqua="2025-06-01")
    both = pd.concat([one, two])
    return customers(folder, both, valid_from="depuis", valid_until="jusqua")


@corruption("a period ends before it begins", code=0, says="period that ends before it begins")
def periods_the_wrong_way_round(folder: Path) -> Said:
    frame = people(folder, depuis="2024-06-01", jusqua="2024-01-01")
    return customers(folder, frame, valid_from="depuis", valid_until="jusqua")


@corruption(
    "consent is written in words nobody knows", code=1, says="no true or false in column .*optin"
)
def unknown_words_of_consent(folder: Path) -> Said:
    return customers(folder, people(folder, optin="peut-être"), consent={"email": "optin"})


@corruption("the column of a consent is missing", code=1, says="has no column .*optin")
def missing_consent(folder: Path) -> Said:
    return customers(folder, people(folder), consent={"email": "optin"})


@corruption("no customer of the events is in the table", code=1, says="customer without attributes")
def customers_of_another_shop(folder: Path) -> Said:
    frame = people(folder)
    return customers(folder, frame.assign(id="autre" + frame["id"]))


@corruption(
    "half of the customers are missing from the table", code=0, says="customer without attributes"
)
def customers_half_missing(folder: Path) -> Said:
    return customers(folder, people(folder).iloc[::2])


@corruption("customers became known after their first order", code=0, says="events before since")
def since_after_the_first_order(folder: Path) -> Said:
    return customers(folder, people(folder, depuis="2024-06-01"), since="depuis")


@corruption(
    "since when customers are known cannot be read", code=1, says="no date .* in column .*depuis"
)
def unreadable_since(folder: Path) -> Said:
    return customers(folder, people(folder, depuis="01/06/2024"), since="depuis")


@corruption("no address works", code=0, says="no contact point")
def no_address_works(folder: Path) -> Said:
    return customers(folder, people(folder, mel="non"), usable={"email": "mel"})


@corruption("the customers table is empty", code=1, says="clients.csv")
def empty_customers(folder: Path) -> Said:
    return customers(folder, people(folder).head(0))


# --- links and lookups -----------------------------------------------------------------------------


def links(folder: Path, frame: pd.DataFrame, **said: Any) -> Said:
    put(folder, text())
    put(folder, text(frame), "liens.csv")
    link = {"path": "liens.csv", "id": "carte", "customer": "personne"} | said
    return {"identity": {"links": [link]}}


@corruption("a link table has two customers for an id", code=1, says="liens.csv")
def link_with_two_answers(folder: Path) -> Said:
    frame = pd.DataFrame({"carte": CLIENTS[:2] * 2, "personne": ["p1", "p2", "p3", "p4"]})
    return links(folder, frame)


@corruption("links lead in a circle", code=0, says="link followed once")
def links_in_a_circle(folder: Path) -> Said:
    return links(folder, pd.DataFrame({"carte": CLIENTS, "personne": CLIENTS[1:] + CLIENTS[:1]}))


@corruption("the link table lacks its column", code=1, says='liens.csv has no column "personne"')
def link_without_its_column(folder: Path) -> Said:
    return links(folder, pd.DataFrame({"carte": CLIENTS, "client": CLIENTS}))


@corruption("no id has a link", code=0, says="id without link")
def links_of_nobody(folder: Path) -> Said:
    return links(folder, pd.DataFrame({"carte": ["x1"], "personne": ["p1"]}))


def lookup(folder: Path, frame: pd.DataFrame) -> Said:
    put(folder, text(shop().assign(rayon="r1")))
    put(folder, text(frame), "rayons.csv")
    lookups = [{"path": "rayons.csv", "key": "rayon"}]
    return only(lookups=lookups, columns={"category": "nom"})


@corruption("a lookup has a key twice", code=1, says="keys of rayons.csv stand in several rows")
def lookup_with_a_key_twice(folder: Path) -> Said:
    return lookup(folder, pd.DataFrame({"rayon": ["r1", "r1"], "nom": ["a", "b"]}))


@corruption("a lookup knows no key of the events", code=0, says="lookup without match")
def lookup_without_match(folder: Path) -> Said:
    return lookup(folder, pd.DataFrame({"rayon": ["r2"], "nom": ["a"]}))


# --- the study --------------------------------------------------------------------------------------

STUDY = """\
name: shop
sources:
  - name: shop
    path: shop.csv
    columns: {customer: client, at: jour}
    kind: purchase
coverage: {start: 2023-01-01, end: 2025-01-01}
"""


@corruption("the study is indented with tabs", code=1, says="study.yaml is not readable YAML")
def tabs_in_the_study(folder: Path) -> str:
    return STUDY.replace("    path", "\tpath")


@corruption("the study says a key twice", code=1, says="says `coverage` twice")
def key_twice_in_the_study(folder: Path) -> str:
    return STUDY + "coverage: {start: 2022-01-01, end: 2025-01-01}\n"


@corruption("a setting is of another type", code=1, says="`coverage.start` is 'soon'")
def wrong_type_in_the_study(folder: Path) -> str:
    return STUDY.replace("2023-01-01", "soon")


@corruption("a date of the study does not exist", code=1, says="study.yaml is not readable YAML")
def impossible_date_in_the_study(folder: Path) -> str:
    return STUDY.replace("2023-01-01", "2023-02-31")


@corruption(
    "a setting is mistyped", code=1, says="`sorces` is not a known setting.*did you mean `sources`"
)
def mistyped_setting(folder: Path) -> str:
    return STUDY.replace("sources", "sorces")


@corruption("the study is empty", code=1, says="holds no settings")
def empty_study(folder: Path) -> str:
    return ""


@corruption("the study is a list", code=1, says="holds no settings")
def study_is_a_list(folder: Path) -> str:
    return "- name: shop\n"


@corruption("the study is no text", code=1, says="study.yaml is not readable YAML")
def binary_study(folder: Path) -> bytes:
    return bytes(range(256))


@corruption("the study would run Python", code=1, says="study.yaml is not readable YAML")
def study_that_runs_python(folder: Path) -> str:
    return STUDY + "currency: !!python/object/apply:os.system ['true']\n"


@corruption("the study refers to itself a billion times", code=1, says="study.yaml")
def study_that_swells(folder: Path) -> str:
    lines = ['a0: &a0 ["x", "x"]'] + [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)
    ]
    return STUDY + "\n".join(lines) + "\n"


@corruption("the coverage ends before it starts", code=1, says="before it starts")
def coverage_the_wrong_way_round(folder: Path) -> str:
    return STUDY.replace("end: 2025-01-01", "end: 2022-01-01")


@corruption(
    "the coverage is shorter than the windows", code=1, says="days of log|are required|horizon"
)
def coverage_too_short(folder: Path) -> str:
    return STUDY.replace("end: 2025-01-01", "end: 2023-02-01")


@corruption(
    "the audit refuses a check that does not exist",
    code=1,
    says="not a check.*did you mean `late row`",
)
def unknown_check(folder: Path) -> str:
    return STUDY + "audit: {refuse: [late rows]}\n"


@corruption("the audit refuses what is found", code=1, says="missing customer.*error")
def refused_check(folder: Path) -> Said:
    put(folder, text() + ",2024-01-01,1,x\n")
    return {"audit": {"refuse": ["missing customer"]}}


@corruption("the audit accepts an error it knows", code=0, says="kind stopped")
def accepted_check(folder: Path) -> Said:
    frame = shop()
    put(folder, text(frame[frame["jour"] < "2024-11-01"]))
    return {"audit": {"accept": ["kind stopped"]}}


@corruption("an encoding that does not exist", code=1, says="no such encoding")
def unknown_encoding(folder: Path) -> Said:
    put(folder, text())
    return only(path={"file": "shop.csv", "encoding": "windows-français"})


@corruption("activity counts a kind that does not exist", code=1, says="did you mean `purchase`")
def unknown_kind_of_activity(folder: Path) -> Said:
    put(folder, text())
    return {"activity": {"any_of": ["purchases"], "within": "180 days"}}


@corruption("a customer id stands in the study's filter", code=0, says='"filtered"')
def id_in_the_study(folder: Path) -> Said:
    put(folder, text())
    return only(where=f"client <> '{SECRET}0001'")
