"""Many customers and cutoffs on one machine: a chunk of customers at a time, each query written once.

In:  events on DuckDB, the customers of each cutoff, a question as Ibis expressions.
Out: Arrow tables, cutoff by cutoff within a chunk, sorted by customer.

The rows that matter are copied once, in the order of customers, who are numbered in the order
of their ids: so a chunk is a range of rows, grouping needs no large table, and what is found of
a chunk is already sorted. The question is asked of views; from one cutoff to the next only what
they show changes. Nothing that is computed depends on the size of a chunk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import TYPE_CHECKING
from uuid import uuid4

import ibis
import ibis.expr.types as ir
import pyarrow as pa

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

CHUNK = 100_000
"""Customers whose aggregates are in memory at a time: some 200 MB of them."""

TOLD_ID = "\u2060told_id"
"""The customer's id, beside the number that stands for it; no column of a population is called so."""

Tables = Mapping[str, ir.Table]


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is asked of the customers of each cutoff, `customer_id` being a number everywhere.

    Parameters
    ----------
    opened
        What the rows of a table of the log, as copied, say: by its name.
    added
        Tables made once a chunk, from all its rows: by name.
    shown
        What a cutoff sees of a table, one of the log's (`events`, `lines`) or one of `added`.
    asked
        From what the cutoff sees of every table and the cutoff's population, the answer.
    """

    opened: Callable[[str, ir.Table], ir.Table]
    added: Callable[[Tables], Tables]
    shown: Callable[[str, ir.Table, date], ir.Table]
    asked: Callable[[Tables, ir.Table], ir.Table]


@dataclass(frozen=True, slots=True)
class _Space:
    """Names of one use in a DuckDB connection, and what lies behind them."""

    backend: Backend
    mark: str

    def kept(self, name: str, table: ir.Table) -> ir.Table:
        """Compute a table whose rows may lie outside DuckDB."""
        return self.backend.create_table(f"{name}_{self.mark}", table, temp=True)

    def table(self, name: str, sql: str) -> ir.Table:
        return self._made("TABLE", name, sql)

    def view(self, name: str, sql: ir.Table | str) -> ir.Table:
        return self._made("VIEW", name, sql)

    def drop(self) -> None:
        """Drop every table and view of this use."""
        found = self.backend.con.execute(
            "SELECT table_name, table_type FROM information_schema.tables "
            f"WHERE table_name LIKE '%{self.mark}'"
        ).fetchall()
        views = [name for name, kind in found if kind == "VIEW"]
        tables = [name for name, kind in found if kind != "VIEW"]
        for name in views:
            self.backend.raw_sql(f"DROP VIEW {name}")
        for name in tables:
            self.backend.raw_sql(f"DROP TABLE {name}")

    def _made(self, kind: str, name: str, sql: ir.Table | str) -> ir.Table:
        text = sql if isinstance(sql, str) else self.backend.compile(sql)
        self.backend.raw_sql(f"CREATE OR REPLACE TEMP {kind} {name}_{self.mark} AS {text}")
        return self.backend.table(f"{name}_{self.mark}")


def answered(
    log: Tables,
    people: Mapping[date, ir.Table],
    question: Question,
    *,
    customers: int = CHUNK,
) -> Iterator[tuple[date, pa.Table]]:
    """Answer a question for every cutoff, a chunk of customers at a time.

    Parameters
    ----------
    log
        `events` and `lines`, on DuckDB, without the rows and columns that nothing asks for.
    people
        Customers of each cutoff: `customer_id`, and columns to keep.
    customers
        In a chunk.

    Yields
    ------
    tuple
        A cutoff, and its rows in the order of customer ids; chunks come in that order too.
    """
    space = _Space(log["events"].get_backend(), uuid4().hex[:12])
    try:
        yield from _answered(space, log, people, question, customers)
    finally:
        space.drop()


def _answered(
    space: _Space,
    log: Tables,
    people: Mapping[date, ir.Table],
    question: Question,
    customers: int,
) -> Iterator[tuple[date, pa.Table]]:
    met = [space.kept(f"met_{n}", one) for n, one in enumerate(people.values())]
    ids = _numbered(space, met)
    stored = {name: space.kept(f"stored_{name}", _by_number(one, ids)) for name, one in log.items()}
    # Nothing but the order of numbers is kept of the ids from here on.
    peopled = [
        space.kept(f"people_{n}", _by_number(one, ids, told=True)) for n, one in enumerate(met)
    ]
    count = int(ids.count().to_pyarrow().as_py())

    def chunk(table: ir.Table, first: int) -> ir.Table:
        return table.filter(table.customer_id.between(first, first + customers - 1))

    def open_chunk(first: int) -> dict[str, ir.Table]:
        return {
            name: space.view(f"whole_{name}", question.opened(name, chunk(table, first)))
            for name, table in stored.items()
        }

    whole = open_chunk(0)
    recipes = {name: _whole_numbers(space, one) for name, one in question.added(whole).items()}
    added = {name: space.table(f"added_{name}", f"{sql} LIMIT 0") for name, sql in recipes.items()}
    sights = {
        cutoff: {
            name: str(space.backend.compile(question.shown(name, table, cutoff)))
            for name, table in (whole | added).items()
        }
        for cutoff in people
    }
    some = next(iter(sights.values()), {})
    seen = {name: space.view(f"seen_{name}", sql) for name, sql in some.items()}
    asked = None
    for first in range(0, count, customers):
        open_chunk(first)
        for name, sql in recipes.items():
            space.table(f"added_{name}", sql)
        for n, (cutoff, sight) in enumerate(sights.items()):
            for name, sql in sight.items():
                space.view(f"seen_{name}", sql)
            here = space.view("here", chunk(peopled[n], first))
            if asked is None:
                asked = str(space.backend.compile(question.asked(seen, here).order_by(TOLD_ID)))
            yield cutoff, space.backend.con.sql(asked).to_arrow_table()


def _whole_numbers(space: _Space, table: ir.Table) -> str:
    """Compile a table whose whole numbers are of 64 bits, DuckDB adding them up to 128; by customer."""
    columns = ", ".join(
        f'CAST("{name}" AS BIGINT) AS "{name}"' if kind.is_int64() else f'"{name}"'
        for name, kind in table.schema().items()
    )
    return f"SELECT {columns} FROM ({space.backend.compile(table)}) ORDER BY customer_id"


def _numbered(space: _Space, met: Sequence[ir.Table]) -> ir.Table:
    every = reduce(ir.Table.union, (one.select("customer_id") for one in met)).distinct()
    number = ibis.row_number().over(order_by="customer_id").cast("int32")
    return space.kept("ids", every.select("customer_id", number=number))


def _by_number(table: ir.Table, ids: ir.Table, *, told: bool = False) -> ir.Table:
    """Put numbers in the place of ids, in their order; rows of nobody numbered are left out."""
    # Whatever the columns of a population are called.
    columns = {name: table[name] for name in table.columns if name != "customer_id"}
    if told:
        columns[TOLD_ID] = table.customer_id
    rows = table.inner_join(ids, table.customer_id == ids.customer_id)
    return rows.select(customer_id=ids.number, **columns).order_by("customer_id")
