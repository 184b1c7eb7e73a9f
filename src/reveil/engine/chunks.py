"""Many customers and cutoffs on one machine: a chunk of customers at a time, each query written once.

In:  an EventLog on DuckDB, the customers of each cutoff, a question as Ibis expressions.
Out: Arrow tables, cutoff by cutoff within a chunk, sorted by customer.

The rows that matter are copied once, in the order of customers, who are numbered in the order
of their ids: so a chunk is a range of rows, grouping needs no large table, and what is found of
a chunk is already sorted. Nothing that is computed depends on the size of a chunk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from typing import TYPE_CHECKING
from uuid import uuid4

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from reveil.events.log import EventLog

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

CHUNK = 100_000
"""Customers whose aggregates are in memory at a time: some 200 MB of them."""

TOLD_ID = "told_id"


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """A range of customers, and the log of these alone.

    Parameters
    ----------
    log
        Their events and lines, and what the customers table says; `customer_id` is a number.
    people
        The population of each cutoff, likewise.
    """

    log: EventLog
    people: Mapping[date, ir.Table]


Shared = Callable[[Chunk], Mapping[str, ir.Table]]
Asked = Callable[[Chunk, Mapping[str, ir.Table], date], ir.Table]


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """Rows of a log in the order of customers, inside DuckDB; dropped when closed.

    Parameters
    ----------
    chunk
        The tables that the views of the present chunk stand for.
    views
        Each view beside the table it shows a range of.
    customers
        How many are numbered.
    """

    backend: Backend
    chunk: Chunk
    views: Mapping[str, str]
    customers: int

    def show(self, first: int, last: int) -> None:
        """Let the views show the customers numbered `first` to `last`."""
        for view, table in self.views.items():
            self.backend.raw_sql(
                f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM {table} "
                f"WHERE customer_id BETWEEN {first} AND {last}"
            )

    def close(self) -> None:
        """Drop the views and the tables."""
        for view, table in self.views.items():
            self.backend.raw_sql(f"DROP VIEW IF EXISTS {view}")
            self.backend.raw_sql(f"DROP TABLE IF EXISTS {table}")


def stored(log: EventLog, people: Mapping[date, ir.Table]) -> Store:
    """Copy the rows of some customers, in the order of their ids.

    Parameters
    ----------
    log
        Rows and columns that nothing asks for should be left out of it before.
    people
        Customers of each cutoff: `customer_id`, and columns to keep.
    """
    backend: Backend = log.events.get_backend()
    mark = uuid4().hex[:12]
    tables: dict[str, str] = {}

    def kept(name: str, table: ir.Table) -> ir.Table:
        backend.create_table(f"stored_{name}_{mark}", table, temp=True)
        return backend.table(f"stored_{name}_{mark}")

    ids = reduce(ir.Table.union, (one.select("customer_id") for one in people.values())).distinct()
    numbered = kept(
        "ids",
        ids.order_by("customer_id").select(
            "customer_id", number=ibis.row_number().over(order_by="customer_id").cast("int32")
        ),
    )

    def shown(name: str, table: ir.Table, *, told: bool = False) -> ir.Table:
        rows = table.inner_join(numbered, "customer_id")
        columns = {c: rows[c] for c in table.columns if c != "customer_id"}
        if told:
            columns[TOLD_ID] = rows.customer_id
        kept(name, rows.select(customer_id=rows.number, **columns).order_by("customer_id"))
        view = f"shown_{name}_{mark}"
        tables[view] = f"stored_{name}_{mark}"
        backend.raw_sql(f"CREATE TEMP VIEW {view} AS SELECT * FROM {tables[view]}")
        return backend.table(view)

    chunk = Chunk(
        log=replace(
            log,
            events=shown("events", log.events),
            lines=shown("lines", log.lines),
            customers=None if log.customers is None else shown("customers", log.customers),
        ),
        people={
            cutoff: shown(f"people_{n}", one, told=True)
            for n, (cutoff, one) in enumerate(people.items())
        },
    )
    count = int(numbered.count().to_pyarrow().as_py())
    backend.raw_sql(f"DROP TABLE stored_ids_{mark}")
    return Store(backend=backend, chunk=chunk, views=tables, customers=count)


def answered(
    store: Store, shared: Shared, asked: Asked, *, customers: int = CHUNK
) -> Iterator[tuple[date, pa.Table]]:
    """Answer a question for every chunk and cutoff.

    Parameters
    ----------
    shared
        Tables that every cutoff of a chunk uses: computed once a chunk.
    asked
        The question at one cutoff: one row per customer of its population.
    customers
        In a chunk.

    Yields
    ------
    tuple
        A cutoff, and its rows in the order of customer ids; chunks come in that order too.
    """
    backend, mark = store.backend, uuid4().hex[:12]
    once = {}
    tables = {}
    for name, table in shared(store.chunk).items():
        once[name] = f"CREATE OR REPLACE TEMP TABLE {name}_{mark} AS {backend.compile(table)}"
        backend.raw_sql(once[name] + " LIMIT 0")
        tables[name] = backend.table(f"{name}_{mark}")
    queries = {
        cutoff: str(backend.compile(asked(store.chunk, tables, cutoff).order_by(TOLD_ID)))
        for cutoff in store.chunk.people
    }
    try:
        for first in range(0, store.customers, customers):
            store.show(first, first + customers - 1)
            for sql in once.values():
                backend.raw_sql(sql)
            for cutoff, sql in queries.items():
                yield cutoff, backend.con.sql(sql).to_arrow_table()
    finally:
        for name in once:
            backend.raw_sql(f"DROP TABLE IF EXISTS {name}_{mark}")
