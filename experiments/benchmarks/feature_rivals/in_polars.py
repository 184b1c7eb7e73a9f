"""The rival in Polars: lazy frames, the streaming engine, the same features.

In:  the log's Parquet, a cutoff.
Out: the matrix as Parquet.

Written as one who knows Polars does: one narrow frame of the rows that matter, kinds and
channels as small integers, one wide group_by of columns prepared before it, one sort for all gaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import reduce
from pathlib import Path

import polars as pl
from feature_rivals.asked import DAY, Job, Run, asked, formulas, seconds
from feature_rivals.in_sql import CHANNELS, KINDS, OF_STARTS

from reveil.engine.aggregate import EPOCH_SHIFT, VALUES, Aggregate
from reveil.features.matrix import FeatureSet


class Column:
    """A Polars expression under the names that formulas use."""

    def __init__(self, inner: pl.Expr) -> None:
        self.inner = inner

    def cast(self, kind: str) -> Column:
        """Convert, rounding towards zero."""
        return Column(self.inner.cast({"float64": pl.Float64, "int64": pl.Int64}[kind]))

    def fill_null(self, value: object) -> Column:
        """Put a value where there is none."""
        return Column(self.inner.fill_null(_bare(value)))

    def nullif(self, value: object) -> Column:
        """Put null in the place of a value."""
        return Column(pl.when(self.inner != _bare(value)).then(self.inner))

    def clip(self, *, lower: object) -> Column:
        """Raise to a least value."""
        return Column(self.inner.clip(lower_bound=_bare(lower)))

    def ifelse(self, yes: object, no: object) -> Column:
        """Choose; what is unknown is no."""
        return Column(pl.when(self.inner).then(_bare(yes)).otherwise(_bare(no)))

    def sqrt(self) -> Column:
        """Take the square root."""
        return Column(self.inner.sqrt())


def _bare(value: object) -> object:
    return value.inner if isinstance(value, Column) else value


def _lend(name: str) -> None:
    def of(self: Column, other: object) -> Column:
        return Column(getattr(self.inner, name)(_bare(other)))

    setattr(Column, name, of)


for _name in (
    "__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__truediv__",
    "__rtruediv__", "__floordiv__", "__mod__", "__gt__", "__ge__", "__lt__", "__le__", "__and__",
    "__or__",
):  # fmt: skip
    _lend(_name)


class Columns:
    """Columns of the counted frame."""

    def __getitem__(self, key: str) -> Column:
        """Find one by name."""
        return Column(pl.col(key))


class Query:
    """The lazy frames for one cutoff of one log."""

    def __init__(self, features: FeatureSet, folder: Path, cutoff: date) -> None:
        self.features = features
        self.folder = folder
        self.end = seconds(cutoff)
        self.days = features.observation.days

    def of(self, *statistics: str) -> list[Aggregate]:
        """Those of the aggregates with some statistics."""
        return [a for a in self.features.aggregates if a.statistic in statistics]

    def seen(self) -> pl.Expr:
        """Keep what was known at the cutoff, in the observation window."""
        start = self.end - self.days * DAY
        return (pl.col("known_s") < self.end) & (pl.col("at_s") >= start)

    def rows(self) -> pl.LazyFrame:
        """Keep the rows that matter, narrow."""
        codes = {k: n for n, k in enumerate(KINDS) if " " not in k}
        later = KINDS.index("purchase later") - KINDS.index("purchase")
        code = pl.col("kind").replace_strict(codes, return_dtype=pl.UInt8)
        shift = pl.when("is_start").then(0).otherwise(later).cast(pl.UInt8)
        channels = {c: n for n, c in enumerate(CHANNELS)}
        return (
            pl.scan_parquet(self.folder / "events.parquet")
            .filter(
                self.seen() & ((pl.col("kind") != "email_open") | pl.col("rating").is_not_null())
            )
            .select(
                "customer_id", "at_s", "amount", "rating",
                (code + shift).alias("k"),
                pl.col("channel").replace_strict(channels, return_dtype=pl.UInt8).alias("c"),
                pl.col("offer").is_not_null().alias("offered"),
                pl.col("campaign").hash().alias("campaign"),
            )
        )  # fmt: skip

    def among(self, kinds: Sequence[str], *, later: bool) -> pl.Expr | None:
        """Say that a row is of some kinds; None for all."""
        wanted = {KINDS.index(kind) for kind in kinds}
        if later:
            wanted |= {KINDS.index(f"{k} later") for k in kinds if f"{k} later" in KINDS}
        codes = sorted(wanted)
        if len(codes) == len(KINDS):
            return None
        k = pl.col("k")
        if codes == list(range(codes[0], codes[-1] + 1)):
            if len(codes) == 1:
                return k == codes[0]
            return k <= codes[-1] if codes[0] == 0 else k.is_between(codes[0], codes[-1])
        return reduce(lambda one, other: one | other, [k == code for code in codes])

    def window(self, a: Aggregate, at: str = "at_s") -> list[pl.Expr]:
        """Say that a row lies in an aggregate's window."""
        found = []
        if a.start_days is not None and a.start_days < self.days:
            found.append(pl.col(at) >= self.end - a.start_days * DAY)
        if a.end_days:
            found.append(pl.col(at) < self.end - a.end_days * DAY)
        return found

    def condition(self, a: Aggregate) -> pl.Expr:
        """Say which rows an aggregate counts."""
        kinds = self.among(a.kinds, later=a.statistic not in OF_STARTS or bool(a.column))
        found = [*([] if kinds is None else [kinds]), *self.window(a)]
        if a.channels is not None:
            found.append(pl.col("c") == CHANNELS.index(a.channels[0]))
        if a.naming is not None:
            named = pl.col("offered") if a.naming == "offer" else pl.col(a.naming).is_not_null()
            found.append(named)
        if a.statistic == "last_value":
            found.append(pl.col("rating").is_not_null())
        return reduce(lambda one, other: one & other, found)

    def weight(self, half_life: int) -> pl.Expr:
        """Weigh a row's day, as a double that is a whole number."""
        age = self.end // DAY - 1 - pl.col("at_s") // DAY
        rate = -0.6931471805599453 / half_life
        near = (((age % 28) * rate).exp() * 1048576).round()
        return near * (((age // 28) * (28 * rate)).exp() * 1048576).round()

    def folded(self, a: Aggregate) -> pl.Expr:
        """Fold one aggregate of the wide pass."""
        where = self.condition(a)
        match a.statistic:
            case "count":
                value = where.sum()
            case "sum":
                value = pl.when(where).then(a.column).sum()
            case "max":
                value = pl.when(where).then(a.column).max()
            case "last":
                value = pl.when(where).then("at_s").max()
            case "first":
                value = pl.when(where).then("at_s").min()
            case "distinct":
                came = [(where & (pl.col("c") == n)).any() for n in range(len(CHANNELS))]
                value = pl.sum_horizontal(one.cast(pl.Int64) for one in came)
            case "decayed":
                weight = pl.col(f"w{a.half_life}")
                worth = weight * pl.col("amount") if a.column else weight
                value = pl.when(where).then(worth).sum()
            case _:
                kept = (pl.col("rating") * 1000).round().cast(pl.Int64) + VALUES // 2
                value = ((pl.col("at_s") + EPOCH_SHIFT) * VALUES + kept).max()
        return value

    def wide(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Compute everything that needs no other row of the customer."""
        wanted = self.of("count", "sum", "max", "last", "first", "decayed", "last_value")
        wanted += [a for a in self.of("distinct") if a.column == "channel"]
        halves = sorted({a.half_life for a in wanted if a.half_life})
        weighed = rows.with_columns(
            pl.when(pl.col("k") <= 6).then(self.weight(h)).alias(f"w{h}") for h in halves
        )
        return weighed.group_by("customer_id").agg(self.folded(a).alias(a.key) for a in wanted)

    def gaps(self, rows: pl.LazyFrame) -> list[pl.LazyFrame]:
        """Sort activity once, and look at the row before in each set of kinds."""
        every = self.of(
            "gap_count", "gap_sum", "gap_squares", "gap_max", "gap_from",
            "spell_start", "spell_count", "spell_from",
        )  # fmt: skip
        activity = rows.filter(pl.col("k") <= 4).select("customer_id", "at_s", "k")
        ordered = activity.sort("customer_id", "at_s").collect(engine="streaming").lazy()
        frames = []
        for kinds in sorted({a.kinds for a in every}):
            same = pl.col("customer_id") == pl.col("customer_id").shift(1)
            of = self.among(kinds, later=False)
            assert of is not None
            told = ordered.filter(of).with_columns(
                pl.when(same).then(pl.col("at_s").shift(1)).alias("before")
            )
            told = told.with_columns((pl.col("at_s") - pl.col("before")).alias("gap"))
            mine = [a for a in every if a.kinds == kinds]
            frames.append(told.group_by("customer_id").agg(self._gap(a).alias(a.key) for a in mine))
        return frames

    def _gap(self, a: Aggregate) -> pl.Expr:
        gap, before = pl.col("gap"), pl.col("before")
        long = gap > (a.longer_days or 0) * DAY
        return {
            "gap_count": gap.count(),
            "gap_sum": pl.when(gap.count() > 0).then(gap.sum()),
            "gap_squares": pl.when(gap.count() > 0).then((gap * gap).sum()),
            "gap_max": gap.max(),
            "gap_from": before.max(),
            "spell_start": pl.when(before.is_null() | long).then("at_s").max(),
            "spell_count": long.sum(),
            "spell_from": pl.when(long).then("before").max(),
        }[a.statistic]

    def since(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Count the contacts after the last answer."""
        wanted = self.of("since")
        afters = sorted({a.after for a in wanted})
        answers = (
            rows.filter(pl.col("k") <= 4)
            .group_by("customer_id")
            .agg(
                pl.when(self.among(after, later=False)).then("at_s").max().alias(f"answer_{n}")
                for n, after in enumerate(afters)
            )
        )
        joined = (
            rows.filter(pl.col("k").is_between(7, 8))
            .select("customer_id", "at_s", "k")
            .join(answers, on="customer_id", how="left")
        )
        return joined.group_by("customer_id").agg(
            (
                self.among(a.kinds, later=False)
                & (pl.col("at_s") > pl.col(f"answer_{afters.index(a.after)}").fill_null(0))
            )
            .sum()
            .alias(a.key)
            for a in wanted
        )

    def distinct(self, rows: pl.LazyFrame, column: str) -> pl.LazyFrame:
        """Count different values of a column."""
        wanted = [a for a in self.of("distinct") if a.column == column]
        lined = [a for a in self.of("lines") if a.column == column]
        sets = sorted({a.kinds for a in wanted})
        if column == "campaign":
            sides = [self.among(kinds, later=True) for kinds in sets]
            inner = [
                pl.when(side).then("at_s").max().alias(f"last_{n}") for n, side in enumerate(sides)
            ]
            rows = rows.filter(pl.col("campaign").is_not_null() & (pl.col("k").is_in([0, 7])))
        else:
            rows = (
                pl.scan_parquet(self.folder / "lines.parquet")
                .filter(self.seen() & (pl.col("kind") == "purchase"))
                .filter(pl.col(column).is_not_null())
            )
            inner = [pl.col("at_s").max().alias("last_0"), pl.len().alias("lines")]
        values = rows.group_by("customer_id", column).agg(inner)
        outer = []
        for a in wanted:
            last = f"last_{sets.index(a.kinds)}"
            seen = [pl.col(last).is_not_null(), *self.window(a, last)]
            outer.append(reduce(lambda one, other: one & other, seen).sum().alias(a.key))
        outer += [pl.col("lines").sum().alias(a.key) for a in lined]
        return values.group_by("customer_id").agg(outer)

    def matrix(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Join the parts to the population, and write the formulas."""
        columns = sorted({str(a.column) for a in self.of("distinct")} - {"channel"})
        parts = [self.wide(rows), *self.gaps(rows), self.since(rows)]
        parts += [self.distinct(rows, column) for column in columns]
        frame = pl.scan_parquet(self.folder / "customers.parquet")
        for part in parts:
            frame = frame.join(part, on="customer_id", how="left")
        # Polars sums nothing to 0, and the engine to null.
        values = formulas(self.features, Columns(), lambda v: v.inner)
        return frame.with_columns(pl.lit(self.end, pl.Int64).alias("cutoff_s")).select(
            "customer_id", *(v.cast(pl.Float32).alias(name) for name, v in values.items())
        )


def prepared(job: Job) -> Run:
    """Make ready to write the matrix of one cutoff."""
    query = Query(asked(job.observation), job.folder, job.cutoffs[-1])

    def run() -> None:
        rows = query.rows().collect(engine="streaming").lazy()
        query.matrix(rows).sink_parquet(
            job.out / "part-0.parquet", engine="streaming", compression="zstd"
        )

    return run
