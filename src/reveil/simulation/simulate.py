"""Simulate a customer base, and write it as Parquet.

In:  SimulationSettings.
Out: SimulatedBase: events, customers, contacts, and the truth; the same tables as files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from reveil.simulation import parameters as p
from reveil.simulation.arrays import end_to_end, first_of
from reveil.simulation.email import react
from reveil.simulation.life import State, walk
from reveil.simulation.offers import Contacts
from reveil.simulation.people import People, draw_people
from reveil.simulation.purchases import fill_baskets, serve
from reveil.simulation.rows import (
    NULL,
    Rows,
    campaign_code,
    campaign_names,
    customer_ids,
    events_table,
    rows,
    running_orders,
    spell,
    timestamps,
)
from reveil.simulation.settings import Calendar, Concern, SimulationSettings, Streams, streams
from reveil.simulation.truth import truth_table


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatedBase:
    """A log and the truth behind it; every instant is naive, every amount in money units.

    Attributes
    ----------
    events
        One row per order line and per other event: customer_id, at, kind, amount (negative
        in returns), order_id, item, category, channel, campaign, offer, rating, is_machine.
        Sorted by at, customer_id; inside `[start, end)`.
    customers
        customer_id, created_on, country, acquisition, and as known at the log's end
        consent_email, consent_print, usable_email, usable_print.
    contacts
        Offers sent and random controls: customer_id, campaign, offer, channel, at, treated.
    truth
        Latent traits per customer, see `truth.truth_table`.
    contact_truth
        Both potential outcomes of each contact: P(order within 28 days) if treated, if held out.
    """

    settings: SimulationSettings
    events: pa.Table
    customers: pa.Table
    contacts: pa.Table
    truth: pa.Table
    contact_truth: pa.Table


@dataclass(frozen=True, kw_only=True, slots=True)
class _Block:
    people: People
    state: State
    log: Rows
    contacts: Contacts
    orders: int


def simulate(settings: SimulationSettings) -> SimulatedBase:
    """Simulate a base: the same settings give the same tables, byte for byte.

    A customer's life depends on the seed and the dates, not on how many others there are
    (order numbers do: they run through the whole base).

    Examples
    --------
    >>> from datetime import date
    >>> base = simulate(
    ...     SimulationSettings(customers=50, start=date(2024, 1, 1), end=date(2024, 7, 1))
    ... )
    >>> base.customers.num_rows, base.events.column_names[:3]
    (50, ['customer_id', 'at', 'kind'])
    """
    calendar = Calendar.of(settings)
    blocks: list[_Block] = []
    placed = 0
    for number in range(-(-settings.customers // p.BLOCK)):
        block = _block(calendar, streams(settings.seed, number), number * p.BLOCK, placed)
        placed += block.orders
        blocks.append(block)
    log = np.concatenate([block.log for block in blocks])
    log = log[
        (log["at"] >= calendar.log_start)
        & (log["at"] < calendar.log_end)
        & (log["customer"] < settings.customers)
    ]
    people = first_of([block.people for block in blocks], settings.customers)
    state = first_of([block.state for block in blocks], settings.customers)
    names = campaign_names(calendar)
    contacts, contact_truth = _contacts(
        end_to_end([block.contacts for block in blocks]), calendar, settings.customers, names
    )
    return SimulatedBase(
        settings=settings,
        events=events_table(running_orders(log), names),
        customers=_customers(people, state, calendar),
        contacts=contacts,
        truth=truth_table(people, state.died, calendar),
        contact_truth=contact_truth,
    )


def write(base: SimulatedBase, folder: Path) -> None:
    """Write `events`, `customers`, `contacts`, `truth`, `contact_truth` as Parquet files.

    Each file appears whole or not at all. The same base gives the same bytes.

    Examples
    --------
    >>> import tempfile
    >>> from datetime import date
    >>> dates = {"start": date(2024, 1, 1), "end": date(2024, 2, 5)}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(simulate(SimulationSettings(customers=20, **dates)), Path(folder))
    ...     sorted(path.stem for path in Path(folder).iterdir())
    ['contact_truth', 'contacts', 'customers', 'events', 'truth']
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("events", "customers", "contacts", "truth", "contact_truth"):
        part = folder / f".{name}.parquet.part"
        pq.write_table(getattr(base, name), part, compression="zstd")
        part.replace(folder / f"{name}.parquet")


def _block(calendar: Calendar, random: Streams, first: int, placed: int) -> _Block:
    """Live the lives of one block; `first` and `placed` number its customers and orders."""
    people = draw_people(random[Concern.PEOPLE], calendar, p.BLOCK)
    state, diary = walk(people, calendar, random, until=calendar.weeks)
    orders, visits = end_to_end(diary.orders), end_to_end(diary.visits)
    mails = end_to_end(diary.mails)
    alive = np.isinf(state.died)
    died = np.where(alive, calendar.log_end, calendar.seconds(np.where(alive, 0.0, state.died)))
    log = np.concatenate(
        [
            fill_baskets(random[Concern.BASKETS], people, orders, calendar),
            serve(random[Concern.SERVICE], orders, calendar),
            react(random[Concern.REACTIONS], people, died, mails, calendar=calendar),
            rows("visit", visits.customer, calendar.seconds(visits.when), channel="web"),
        ]
    )
    log["customer"] += first
    log["order"][log["order"] != NULL] += placed
    contacts = end_to_end(diary.contacts)
    contacts = replace(contacts, customer=contacts.customer + first)
    return _Block(
        people=people, state=state, log=log, contacts=contacts, orders=len(orders.customer)
    )


def _contacts(
    contacts: Contacts, calendar: Calendar, count: int, names: list[str]
) -> tuple[pa.Table, pa.Table]:
    order = np.lexsort((contacts.customer, contacts.week))
    order = order[contacts.customer[order] < count]
    week = contacts.week[order]
    key = {
        "customer_id": customer_ids(contacts.customer[order]),
        "campaign": spell(campaign_code(week, offer=True), names),
        "offer": spell(contacts.offer[order], p.OFFERS),
    }
    sent = pa.table(
        {
            **key,
            "channel": spell(contacts.on_paper[order].astype(np.int8), ("email", "print")),
            "at": timestamps(calendar.mondays(week) + p.CAMPAIGN_SECONDS),
            "treated": contacts.treated[order],
        }
    )
    truth = pa.table(
        {
            **key,
            "p_if_treated": contacts.p_if_treated[order],
            "p_if_held_out": contacts.p_if_held_out[order],
        }
    )
    return sent, truth


def _customers(people: People, state: State, calendar: Calendar) -> pa.Table:
    created = calendar.seconds(people.joined).astype("datetime64[s]").astype("datetime64[D]")
    return pa.table(
        {
            "customer_id": customer_ids(np.arange(people.count)),
            "created_on": pa.array(created, pa.date32()),
            "country": spell(people.country, p.COUNTRIES),
            "acquisition": spell(people.acquisition, p.ACQUISITIONS),
            "consent_email": state.email,
            "consent_print": people.consent_print,
            "usable_email": state.email_usable,
            "usable_print": state.print_usable,
        }
    )
