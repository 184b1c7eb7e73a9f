"""Random dirty raw sources: three files and a customers table, to be cut before they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from reveil.engine.duckdb import DuckDB
from reveil.events.log import EventLog, open_log
from reveil.events.roles import Role, roles_of
from reveil.events.settings import CustomersSettings, SourceSettings
from reveil.windows import Coverage

COVERAGE = Coverage(start=date(2019, 1, 1), end=date(2021, 7, 1))
CUTOFFS = (date(2020, 2, 29), date(2020, 6, 1), date(2021, 3, 28))
ROLES = roles_of({"garden_tour": Role.ENGAGEMENT, "adjustment": Role.PASSIVE})
DATES = "%d/%m/%Y %H:%M:%S"

CONTACT_KINDS = (
    "email_sent", "email_sent", "email_sent", "email_click", "email_open", "sms_sent", "login",
    "visit", "form", "complaint", "unsubscribe", "cancel_request", "garden_tour", "quote", "bounce",
)  # fmt: skip


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

        since = self.customers["since"]
        return Sources(
            lines=known(self.lines),
            contacts=known(self.contacts),
            customers=self.customers[since < t],
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

    def opened(self, db: DuckDB, folder: Path) -> EventLog:
        """Write the files and read them as a study does."""
        self.write(folder)
        return read(db, folder)

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
            "offer": "offer",
        },
        kind={"column": "what", "values": {"tour": "garden_tour"}},
    )
    customers = CustomersSettings(
        path=folder / "customers.csv",
        customer="id",
        since="since",
        consent={"email": "opt_in"},
        usable={"email": "address_ok"},
    )
    return [lines, contacts], customers


def read(db: DuckDB, folder: Path) -> EventLog:
    """Read the files of a folder as a study does."""
    return open_log(db, *settings(folder), COVERAGE, ROLES)


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
            "channel": rng.choice(["web", "shop", None], n),
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
            "channel": rng.choice(["web", "shop", ""], m),
            "offer": rng.choice(["ten percent", ""], m, p=[0.3, 0.7]),
        }
    )
    contacts["customer"] = contacts["customer"].mask(rng.random(m) < 0.03)
    contacts["available_at"] = late(contacts["at"], 0.2).dt.floor("s")
    contacts["at"] = contacts["at"].dt.floor("s")

    known = rng.permutation(customers + 10)
    since = pd.Timestamp(COVERAGE.start) + pd.to_timedelta(
        rng.integers(0, COVERAGE.days, len(known)), unit="D"
    )
    people = pd.DataFrame(
        {
            "id": known,
            "since": since,
            "opt_in": rng.random(len(known)) < 0.6,
            "address_ok": rng.random(len(known)) < 0.8,
        }
    )
    return Sources(lines=lines, contacts=contacts, customers=people)


OBSERVATION = timedelta(days=364)

__all__ = ["COVERAGE", "CUTOFFS", "OBSERVATION", "ROLES", "Sources", "dirty_sources", "read"]
