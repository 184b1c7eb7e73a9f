"""The rival in SQL: the features as somebody who knows DuckDB and this log writes them by hand.

In:  the log's Parquet, a cutoff.
Out: the matrix as Parquet, and the statements that made it.

Rows that matter are copied once into a narrow table: kinds as small integers in an order in
which every role is a range, dates as the class of window they fall in, and customers close
together by a hash of their id, so that grouping needs no large table. Then one wide pass, one
window pass for all gaps, and small passes for different values. No FILTER: it is three to five times
dearer in DuckDB. A large log is done by ranges of the hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import ibis
from feature_rivals.asked import DAY, Job, Run, asked, seconds

from reveil.engine.aggregate import EPOCH_SHIFT, VALUES, Aggregate
from reveil.features.matrix import FeatureSet

KINDS = (
    "email_click", "login", "visit", "purchase", "return", "purchase later", "return later",
    "email_sent", "sms_sent", "complaint", "unsubscribe", "email_open",
)  # fmt: skip
"""Engagement is 0 to 2, activity 0 to 4, money 3 to 6; `later` rows of an order are no order."""

CHANNELS = ("email", "phone", "store", "web")
BUCKETS = 1024
CUSTOMERS_AT_ONCE = 1_500_000
OF_STARTS = ("count", "last", "first", "decayed")


def range_of(kinds: Sequence[str], *, later: bool) -> str:
    """Write that a row is of some kinds, with or without later rows of orders."""
    wanted = {KINDS.index(kind) for kind in kinds}
    if later:
        wanted |= {KINDS.index(f"{k} later") for k in kinds if f"{k} later" in KINDS}
    codes = sorted(wanted)
    if codes == list(range(len(KINDS))):
        return "true"
    if codes[-1] - codes[0] == len(codes) - 1 and len(codes) > 1:
        return f"k <= {codes[-1]}" if codes[0] == 0 else f"k between {codes[0]} and {codes[-1]}"
    return " or ".join(f"k = {code}" for code in codes)


def weight(end: int, half_life: int) -> str:
    """Write the weight of a row's day, as a double that is a whole number."""
    age = f"({end // DAY - 1} - at_s // {DAY})"
    rate = "0.6931471805599453"
    return (
        f"round(exp(-{rate} / {half_life} * ({age} % 28)) * 1048576) * "
        f"round(exp(-{rate} * 28 / {half_life} * ({age} // 28)) * 1048576)"
    )


class Query:
    """The statements for one cutoff of one log."""

    def __init__(self, features: FeatureSet, folder: Path, cutoff: date) -> None:
        self.features = features
        self.folder = folder
        self.end = seconds(cutoff)
        self.days = features.observation.days
        every = features.aggregates
        bounds = {a.start_days for a in every} | {a.end_days for a in every} | {self.days}
        self.edges = sorted(b for b in bounds if b and b <= self.days)
        self.half_lives = sorted({a.half_life for a in every if a.half_life})

    def of(self, *statistics: str) -> list[Aggregate]:
        """Those of the aggregates with some statistics."""
        return [a for a in self.features.aggregates if a.statistic in statistics]

    def window(self, a: Aggregate) -> list[str]:
        """Write that a row's class of age lies in an aggregate's window."""
        found = []
        if a.start_days is not None and a.start_days < self.days:
            found.append(f"a <= {self.edges.index(a.start_days)}")
        if a.end_days:
            found.append(f"a > {self.edges.index(a.end_days)}")
        return found

    def condition(self, a: Aggregate) -> str:
        """Write which rows an aggregate counts."""
        found = [f"({range_of(a.kinds, later=a.statistic not in OF_STARTS or bool(a.column))})"]
        found += self.window(a)
        if a.channels is not None:
            found.append(f"c = {CHANNELS.index(a.channels[0])}")
        if a.naming is not None:
            found.append("offered" if a.naming == "offer" else f"{a.naming} is not null")
        return " and ".join(f for f in found if f != "(true)") or "true"

    def folded(self, a: Aggregate) -> str:
        """Write one aggregate of the wide pass.

        Conditions are counted, or multiplied into the value as 0 or 1: a CASE costs two to four
        times as much. Doubles hold whole numbers below 2**53, so their sums are exact.
        """
        where = f"({self.condition(a)})"
        kept = f"round(rating * 1000)::bigint + {VALUES // 2}"
        packed = f"(at_s + {EPOCH_SHIFT}) * {VALUES} + {kept}"
        worth = f"w{a.half_life}" + (" * amount" if a.column else "")
        return {
            "count": f"count_if{where}",
            "sum": f"sum({where}::double * amount)",
            "max": f"max(case when {where} then {a.column} end)",
            "last": f"nullif(max({where}::double * second), 0)::bigint",
            "first": f"{self.end} - nullif(max({where}::double * ago), 0)::bigint",
            "distinct": f"bit_count(bit_or({where}::utinyint * (1 << c)::utinyint))",
            "decayed": f"sum({where}::double * {worth})",
            "last_value": f"max(case when {where} then {packed} end)",
        }[a.statistic]

    def enriched(self) -> list[str]:
        """Copy the rows that matter, customers close together."""
        codes = " ".join(f"when '{k}' then {n}" for n, k in enumerate(KINDS) if " " not in k)
        later = KINDS.index("purchase later") - KINDS.index("purchase")
        ages = " ".join(
            f"when at_s >= {self.end - edge * DAY} then {n}" for n, edge in enumerate(self.edges)
        )
        channels = " ".join(f"when '{c}' then {n}" for n, c in enumerate(CHANNELS))
        seen = f"known_s < {self.end} and at_s >= {self.end - self.days * DAY}"
        bucket = f"(hash(customer_id) % {BUCKETS})::usmallint"
        return [
            f"""create table e as
            select customer_id, {bucket} as b,
                (case kind {codes} end + if(is_start, 0, {later}))::utinyint as k,
                case {ages} end::utinyint as a, case channel {channels} end::utinyint as c,
                at_s, amount, hash(campaign) as campaign, offer is not null as offered, rating
            from read_parquet('{self.folder}/events.parquet')
            where {seen} and (kind <> 'email_open' or rating is not null)
            order by b""",
            f"""create table l as
            select customer_id, {bucket} as b, case {ages} end::utinyint as a, item, category
            from read_parquet('{self.folder}/lines.parquet')
            where {seen} and kind = 'purchase'
            order by b""",
        ]

    def wide(self) -> str:
        """Write the wide pass: everything that needs no other row of the customer."""
        wanted = self.of("count", "sum", "max", "last", "first", "decayed", "last_value")
        wanted += [a for a in self.of("distinct") if a.column == "channel"]
        weights = "".join(
            f", case when k <= 6 then {weight(self.end, h)} end as w{h}" for h in self.half_lives
        )
        folds = ", ".join(f'{self.folded(a)} as "{a.key}"' for a in wanted)
        return (
            f"select customer_id, {folds} from (select * replace (amount::double as amount), "
            f"at_s::double as second, ({self.end} - at_s)::double as ago{weights} from e where {{part}}) "
            "group by 1"
        )

    def gaps(self) -> str:
        """Write the pass over activity in order of time, and the last answers of each customer."""
        sets = sorted({a.kinds for a in self.of("gap_count", "gap_sum", "spell_start")})
        befores, told = [], []
        for n, kinds in enumerate(sets):
            is_of = range_of(kinds, later=False)
            befores.append(f"case when {is_of} then at_s end as at_{n}")
            befores.append(
                f"case when {is_of} then lag(case when {is_of} then at_s end ignore nulls) over w end"
                f" as before_{n}"
            )
        for a in self.of(
            "gap_count", "gap_sum", "gap_squares", "gap_max", "gap_from",
            "spell_start", "spell_count", "spell_from",
        ):  # fmt: skip
            n = sets.index(a.kinds)
            gap = f"(at_{n} - before_{n})"
            long = f"{gap} > {(a.longer_days or 0) * DAY}"
            fold = {
                "gap_count": f"count(before_{n})",
                "gap_sum": f"sum({gap})::bigint",
                "gap_squares": f"sum({gap} * {gap})::bigint",
                "gap_max": f"max({gap})",
                "gap_from": f"max(before_{n})",
                "spell_start": f"max(case when before_{n} is null or {long} then at_{n} end)",
                "spell_count": f"count(case when {long} then 1 end)",
                "spell_from": f"max(case when {long} then before_{n} end)",
            }[a.statistic]
            told.append(f'{fold} as "{a.key}"')
        for n, after in enumerate(self.afters()):
            told.append(
                f"max(case when {range_of(after, later=False)} then at_s end) as answer_{n}"
            )
        return f"""select customer_id, {", ".join(told)} from (
                select customer_id, k, at_s, {", ".join(befores)} from e where k <= 4 and {{part}}
                window w as (partition by customer_id order by at_s)
            ) group by 1"""

    def afters(self) -> list[tuple[str, ...]]:
        """List the sets of kinds that answer a contact."""
        return sorted({a.after for a in self.of("since")})

    def since(self) -> str:
        """Write how many contacts came after the last answer."""
        told = []
        for a in self.of("since"):
            answer = f"answer_{self.afters().index(a.after)}"
            told.append(
                f"count(case when ({range_of(a.kinds, later=False)}) and at_s > coalesce({answer}, 0)"
                f' then 1 end) as "{a.key}"'
            )
        return f"""select customer_id, {", ".join(told)}
            from (select * from e where k in (7, 8) and {{part}}) left join g using (customer_id)
            group by 1"""

    def distinct(self, column: str) -> str:
        """Write how many different values of a column."""
        wanted = [a for a in self.of("distinct") if a.column == column]
        lined = [a for a in self.of("lines") if a.column == column]
        sets = sorted({a.kinds for a in wanted})
        source = "e" if column == "campaign" else "l"
        inner, outer, sides = [], [], []
        for n, kinds in enumerate(sets):
            side = f"({range_of(kinds, later=True)})" if source == "e" else "true"
            sides.append(side)
            inner.append(f"min(case when {side} then a end) as last_{n}")
        for a in wanted:
            seen = " and ".join(self.window(a)).replace("a ", f"last_{sets.index(a.kinds)} ")
            counted = f"case when {seen} then 1 end" if seen else f"last_{sets.index(a.kinds)}"
            outer.append(f'count({counted}) as "{a.key}"')
        if lined:
            inner.append("count(*) as lines")
            outer += [f'sum(lines)::bigint as "{a.key}"' for a in lined]
        return f"""select customer_id, {", ".join(outer)} from (
                select customer_id, {column}, {", ".join(inner)} from {source}
                where {column} is not null and ({" or ".join(sides)}) and {{part}} group by 1, 2
            ) group by 1"""

    def formulas(self) -> str:
        """Write the last step: features from aggregates."""
        kind = {"decayed": "float64", "sum": "float64"}
        schema = {a.key: kind.get(a.statistic, "int64") for a in self.features.aggregates}
        counted = ibis.table(
            {"customer_id": "string", "cutoff_s": "int64", **schema}, name="counted"
        )
        values = {name: v.cast("float32") for name, v in self.features.values.items()}
        return str(ibis.to_sql(counted.select("customer_id", **values), dialect="duckdb"))

    def matrix(self) -> str:
        """Write the features of some customers, from the small tables `g`."""
        columns = sorted({str(a.column) for a in self.of("distinct")} - {"channel"})
        parts = [self.wide(), self.since(), *(self.distinct(column) for column in columns)]
        joins = " ".join(
            f"left join ({part}) j{n} using (customer_id)" for n, part in enumerate(parts)
        )
        return f"""with counted as (
                select *, {self.end}::bigint as cutoff_s
                from (select customer_id from read_parquet('{self.folder}/customers.parquet')
                    where {{people}}) p
                left join g using (customer_id) {joins}
            ) {self.formulas()}"""


def prepared(job: Job) -> Run:
    """Write the text for the matrix of one cutoff: it would be there, written by hand."""
    query = Query(asked(job.observation), job.folder, job.cutoffs[-1])
    enriched, gaps, matrix = query.enriched(), query.gaps(), query.matrix()

    def run() -> None:
        connection = duckdb.connect(
            config={
                "threads": 2,
                "memory_limit": job.memory,
                "temp_directory": str(job.out / "spill"),
            }
        )
        connection.execute("set enable_progress_bar = false; set preserve_insertion_order = false")
        for statement in enriched:
            connection.execute(statement)
        people = f"select count(*) from read_parquet('{job.folder}/customers.parquet')"
        (customers,) = connection.execute(people).fetchone() or (0,)
        parts = -(-customers // CUSTOMERS_AT_ONCE)
        for n in range(parts):
            low, high = n * BUCKETS // parts, (n + 1) * BUCKETS // parts - 1
            part = "true" if parts == 1 else f"b between {low} and {high}"
            some = part.replace("b ", f"hash(customer_id) % {BUCKETS} ", 1)
            connection.execute(f"create or replace table g as {gaps.format(part=part)}")
            connection.execute(
                f"copy ({matrix.format(part=part, people=some)}) "
                f"to '{job.out}/part-{n}.parquet' (format parquet, compression zstd)"
            )

    return run
