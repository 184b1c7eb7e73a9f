"""Random dirty raw sources: three files and a customers table, to be cut before they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from reveil.engine.duckdb import DuckDB
from reveil.events.contents import Attribute, Contents
from reveil.events.log import EventLog, open_log
from reveil.events.roles import Role, roles_of
from reveil.events.settings import CustomersSettings, MachineSettings, SourceSettings
from reveil.features.matrix import FeatureSet, feature_set
from reveil.windows import Coverage

COVERAGE = Coverage(start=date(2019, 1, 1), end=date(2021, 7, 1))
CUTOFFS = (date(2020, 2, 29), date(2020, 6, 1), date(2021, 3, 28))
ROLES = roles_of({"garden_tour": Role.ENGAGEMENT, "adjustment": Role.PASSIVE})
DATES = "%d/%m/%Y %H:%M:%S"

CONTACT_KINDS = (
    "email_sent", "email_sent", "email_sent", "email_click", "email_open", "sms_sent", "login",
    "visit", "form", "complaint", "unsubscribe", "cancel_request", "garden_tour", "quote", "bounce",
    "points_earned", "points_spent",
)  # fmt: skip
KINDS = (
    "adjustment", "bounce", "cancel_request", "complaint", "email_click", "email_open",
    "email_sent", "form", "garden_tour", "login", "points_earned", "points_spent", "purchase",
    "quote", "return", "sms_sent", "unsubscribe", "visit",
)  # fmt: skip
COLUMNS = ("amount", "at", "available_at", "campaign", "category", "channel", "customer",
           "is_machine", "item", "offer", "order", "rating")  # fmt: skip
CHANNELS = {"shop": ("shop",), "web": ("Web", "web")}
ATTRIBUTES = (Attribute(name="age"), Attribute(name="region", levels=("north", "south")))
FACTS = ("consent_email_for_open_tracking", "contract_end_s", "since_s")


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Raw tables as a company might export them."""

    lines: pd.DataFrame
    """Lines of orders; at and available_at as timestamps; ids as doubles, some missing."""
    contacts: pd.DataFrame
    """Everything else, one kind a row, dates the French way."""
    customers: pd.DataFrame

    def before(self, cutoff: date) -> Sources:
        """Keep what the same exports would have held at the cutoff's midnight."""
        t = pd.Timestamp(cutoff)

        def known(frame: pd.DataFrame) -> pd.DataFrame:
            late = frame["available_at"]
            return frame[(frame["at"] < t) & (late.isna() | (late < t))]

        people = self.customers[(self.customers["since"] < t) & (self.customers["valid_from"] < t)]
        # A period that still held then had no end yet.
        ended = people["valid_until"].mask(people["valid_until"] >= t)
        return Sources(
            lines=known(self.lines),
            contacts=known(self.contacts),
            customers=people.assign(valid_until=ended),
        )

    def shuffled(self, rng: np.random.Generator) -> Sources:
        """Put the same rows in another order."""
        return Sources(
            lines=self.lines.iloc[rng.permutation(len(self.lines))],
            contacts=self.contacts.iloc[rng.permutation(len(self.contacts))],
            customers=self.customers.iloc[rng.permutation(len(self.customers))],
        )

    def of(self, customers: Sequence[int]) -> Sources:
        """Keep the rows of some customers only."""
        return Sources(
            lines=self.lines[self.lines["customer"].isin(customers)],
            contacts=self.contacts[self.contacts["customer"].isin(customers)],
            customers=self.customers[self.customers["id"].isin(customers)],
        )

    def beside(self, customers: Sequence[int], others: Sources) -> Sources:
        """Keep the rows of some customers, and put others' in the place of everybody else's."""
        kept, rest = self.of(customers), others.without(customers)
        return Sources(
            lines=pd.concat([rest.lines, kept.lines], ignore_index=True),
            contacts=pd.concat([rest.contacts, kept.contacts], ignore_index=True),
            customers=pd.concat([rest.customers, kept.customers], ignore_index=True),
        )

    def without(self, customers: Sequence[int]) -> Sources:
        """Leave out the rows of some customers."""
        return Sources(
            lines=self.lines[~self.lines["customer"].isin(customers)],
            contacts=self.contacts[~self.contacts["customer"].isin(customers)],
            customers=self.customers[~self.customers["id"].isin(customers)],
        )

    def opened(self, db: DuckDB, folder: Path, machines: MachineSettings | None = None) -> EventLog:
        """Write the files and read them as a study does."""
        self.write(folder)
        return read(db, folder, machines)

    def write(self, folder: Path) -> None:
        """Write the files."""
        folder.mkdir(parents=True, exist_ok=True)
        self.lines.to_parquet(folder / "lines.parquet", index=False)
        contacts = self.contacts.copy()
        for column in ("at", "available_at"):
            contacts[column] = contacts[column].dt.strftime(DATES)
        contacts.to_csv(folder / "contacts.csv", index=False)
        self.customers.to_csv(folder / "customers.csv", index=False)


def settings(folder: Path) -> tuple[list[SourceSettings], CustomersSettings]:
    """Say about these files what a study would."""
    lines = SourceSettings(
        name="lines",
        path=folder / "lines.parquet",
        columns={
            "customer": "customer",
            "at": "at",
            "available_at": "available_at",
            "order": "order",
            "item": "item",
            "category": "category",
            "channel": "channel",
            "amount": {"expression": '"quantity" * "price"'},
        },
        kind={
            "purchase": '"quantity" > 0 and "price" > 0',
            "return": '"quantity" < 0',
            "adjustment": "true",
        },
        where="\"item\" <> 'test'",
    )
    contacts = SourceSettings(
        name="contacts",
        path=folder / "contacts.csv",
        columns={
            "customer": "customer",
            "at": {"column": "at", "format": DATES},
            "available_at": {"column": "available_at", "format": DATES},
            "is_machine": "machine",
            "channel": "channel",
            "campaign": "campaign",
            "offer": "offer",
            "rating": "rating",
            "amount": "points",
        },
        kind={"column": "what", "values": {"tour": "garden_tour"}},
        on_duplicate="drop",
    )
    customers = CustomersSettings(
        path=folder / "customers.csv",
        customer="id",
        since="since",
        valid_from="valid_from",
        valid_until="valid_until",
        consent={"email": {"marketing": "opt_in", "open_tracking": "follow_opens"}},
        usable={"email": "address_ok"},
        contract_end="contract_end",
        attributes={"age": "age", "region": "region"},
    )
    return [lines, contacts], customers


def read(db: DuckDB, folder: Path, machines: MachineSettings | None = None) -> EventLog:
    """Read the files of a folder as a study does."""
    return open_log(db, *settings(folder), COVERAGE, ROLES, machines=machines)


def dirty_sources(seed: int, customers: int = 60) -> Sources:
    """Draw sources full of what breaks point-in-time features.

    Orders spread over several days and over cutoffs, order numbers shared by customers,
    returns before purchases, ties, events at a cutoff's very midnight, late rows, machine
    rows, test rows, rows without a customer, dates outside the coverage.
    """
    rng = np.random.default_rng(seed)
    midnights = [pd.Timestamp(c) + pd.Timedelta(days=int(d)) for c in CUTOFFS for d in (-28, 0, 0)]

    def moments(n: int) -> pd.Series:
        days = (COVERAGE.end - COVERAGE.start).days + 20
        at = pd.Timestamp(COVERAGE.start) - pd.Timedelta(days=10)
        at = at + pd.to_timedelta(rng.integers(0, days * 86_400, n), unit="s")
        at = pd.Series(at.as_unit("us"))
        near = rng.random(n) < 0.15
        at[near] = rng.choice(np.array(midnights, dtype="datetime64[us]"), near.sum())
        at[rng.random(n) < 0.05] = at.iloc[0]
        return at

    def late(at: pd.Series, share: float) -> pd.Series:
        delay = pd.to_timedelta(rng.integers(-5, 60 * 86_400, len(at)), unit="s")
        arrived = (at + delay).astype("datetime64[us]")
        arrived[rng.random(len(at)) > share] = pd.NaT
        at_midnight = rng.random(len(at)) < 0.02
        arrived[at_midnight] = np.datetime64(midnights[1], "us")
        return arrived

    orders = customers * 6
    n = customers * 14
    order = rng.integers(0, orders, n)
    began, buyer = moments(orders), rng.integers(0, customers, orders)
    spread = rng.choice(
        [0, 60, 3_600, 86_400, 3 * 86_400, 40 * 86_400], n, p=[0.4, 0.2, 0.1, 0.1, 0.1, 0.1]
    )
    at = began.to_numpy()[order] + spread.astype("timedelta64[s]")
    lines = pd.DataFrame(
        {
            # An order number may be used by two customers.
            "customer": np.where(
                rng.random(n) < 0.95, buyer[order], (buyer[order] + 1) % customers
            ),
            "at": pd.Series(at).astype("datetime64[us]"),
            "order": pd.Series(order // 2).map("no {}".format).where(rng.random(n) < 0.9, None),
            "item": [f"item {i}" if i else "test" for i in rng.integers(0, 25, n)],
            "category": rng.choice(["a", "b", "c", None], n),
            "channel": rng.choice(["web", "Web", "shop", None], n),
            "quantity": rng.choice([-2, -1, 1, 1, 2, 5, 0], n),
            "price": rng.integers(0, 9_999, n) / 100,
        }
    )
    lines["customer"] = lines["customer"].astype(float).mask(rng.random(n) < 0.03)
    lines["available_at"] = late(lines["at"], 0.3)

    m = customers * 16
    what = rng.choice(CONTACT_KINDS, m)
    contacts = pd.DataFrame(
        {
            "customer": pd.Series(rng.integers(0, customers, m)).astype("Int64"),
            "at": moments(m),
            "what": np.where(what == "garden_tour", "tour", what),
            "machine": rng.choice(["true", "false", ""], m, p=[0.1, 0.2, 0.7]),
            "channel": rng.choice(["web", "Web", "shop", "fax", ""], m),
            "campaign": rng.choice(["spring", "summer", ""], m),
            "offer": rng.choice(["ten percent", ""], m, p=[0.3, 0.7]),
            "rating": rng.choice(["", "", "1", "2.5", "4.75"], m),
            "points": np.where(
                np.char.startswith(what.astype(str), "points"), rng.integers(1, 500, m), 0
            ),
        }
    )
    contacts["customer"] = contacts["customer"].mask(rng.random(m) < 0.03)
    contacts["available_at"] = late(contacts["at"], 0.2).dt.floor("s")
    contacts["at"] = contacts["at"].dt.floor("s")
    # Some sends are clicked within a second, some rows stand twice.
    sent = contacts[(contacts["what"] == "email_sent") & (rng.random(m) < 0.1)]
    hasty = sent.assign(what="email_click", at=sent["at"] + pd.Timedelta(seconds=1))
    twice = contacts[rng.random(m) < 0.03]
    contacts = pd.concat([contacts, hasty, twice], ignore_index=True)

    return Sources(lines=lines, contacts=contacts, customers=_people(rng, customers + 10))


def _people(rng: np.random.Generator, customers: int) -> pd.DataFrame:
    """Draw one to three periods of each customer, gaps between some, ends at a cutoff for others."""
    known = rng.permutation(customers)
    since = pd.Timestamp(COVERAGE.start) + pd.to_timedelta(
        rng.integers(0, COVERAGE.days, customers), unit="D"
    )
    rows = pd.DataFrame({"id": known, "since": since})
    periods = rows.loc[rng.integers(0, customers, 2 * customers)].reset_index(drop=True)
    wait = pd.to_timedelta(rng.integers(1, COVERAGE.days, len(periods)), unit="D")
    periods["valid_from"] = (periods["since"] + wait).astype("datetime64[us]")
    edge = rng.random(len(periods)) < 0.2
    at = np.array([pd.Timestamp(c) for c in CUTOFFS], dtype="datetime64[us]")
    periods.loc[edge, "valid_from"] = rng.choice(at, edge.sum())
    people = pd.concat([rows.assign(valid_from=rows["since"]), periods], ignore_index=True)
    people = people.drop_duplicates(["id", "valid_from"]).sort_values(["id", "valid_from"])
    until = people.groupby("id")["valid_from"].shift(-1)
    early = people["valid_from"] + pd.Timedelta(days=30)
    cut = rng.random(len(people))
    people["valid_until"] = until.mask(cut < 0.3, early).mask(cut > 0.8)
    n = len(people)
    people["opt_in"] = rng.random(n) < 0.6
    people["address_ok"] = rng.random(n) < 0.8
    people["follow_opens"] = rng.random(n) < 0.7
    ends = people["valid_from"] + pd.to_timedelta(rng.integers(-100, 700, n), unit="D")
    people["contract_end"] = ends.where(rng.random(n) < 0.7)
    ages = pd.Series(rng.integers(18, 90, n), index=people.index).astype(str)
    # Late in the log somebody writes a word among the numbers.
    late = people["valid_from"] > pd.Timestamp(CUTOFFS[1])
    people["age"] = ages.where(rng.random(n) < 0.8, "").mask(late & (cut < 0.2), "n.c.")
    people["region"] = rng.choice(["north", "south", "east", ""], n)
    return people.iloc[rng.permutation(n)].reset_index(drop=True)


OBSERVATION = timedelta(days=364)


def catalogue(observation: timedelta = OBSERVATION) -> FeatureSet:
    """Write every feature there is for such a log, and those of a user's own family."""
    contents = Contents(
        kinds={kind: ROLES[kind] for kind in KINDS},
        columns=COLUMNS,
        channels=CHANNELS,
        attributes=ATTRIBUTES,
        facts=FACTS,
    )
    return feature_set(
        contents,
        observation=observation,
        active_by=("email_click", "purchase", "visit"),
        limit_days=56,
        modules=("garden_features",),
        include=("opens",),
    )
