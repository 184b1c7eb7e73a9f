"""The rival in pandas: as an analyst writes it, a mask and a groupby for each feature.

In:  the log's Parquet, a cutoff.
Out: the matrix as Parquet.

Customers and kinds are text, as they were read; or, once somebody saw how slow that is, categories
(`pandas-categories`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from feature_rivals.asked import DAY, Job, Run, asked, formulas, seconds

from reveil.engine.aggregate import EPOCH_SHIFT, VALUES, Aggregate
from reveil.features.matrix import FeatureSet


class Column:
    """A nullable pandas column under the names that formulas use."""

    def __init__(self, inner: pd.Series) -> None:
        self.inner = inner

    def cast(self, kind: str) -> Column:
        """Convert to a nullable number."""
        return Column(self.inner.astype({"float64": "Float64", "int64": "Int64"}[kind]))

    def fill_null(self, value: object) -> Column:
        """Put a value where there is none."""
        return Column(self.inner.fillna(_bare(value)))

    def nullif(self, value: object) -> Column:
        """Put null in the place of a value."""
        return Column(self.inner.mask((self.inner == _bare(value)).fillna(False)))

    def clip(self, *, lower: float) -> Column:
        """Raise to a least value."""
        return Column(self.inner.clip(lower=lower))

    def ifelse(self, yes: object, no: object) -> Column:
        """Choose; what is unknown is no."""
        chosen = pd.Series(pd.NA, index=self.inner.index, dtype="Float64")
        sure = self.inner.fillna(False).astype(bool)
        for where, value in ((sure, _bare(yes)), (~sure, _bare(no))):
            if isinstance(value, pd.Series):
                chosen = chosen.mask(where, value.astype("Float64"))
            elif value is not None:
                chosen = chosen.mask(where, float(value))
        return Column(chosen)

    def sqrt(self) -> Column:
        """Take the square root."""
        return Column(self.inner**0.5)


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

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame

    def __getitem__(self, key: str) -> Column:
        """Find one by name; whole numbers that may be missing."""
        series = self.frame[key]
        return Column(series.astype("Float64" if series.dtype.kind == "f" else "Int64"))


class Analyst:
    """The frames an analyst keeps, and a number for each customer when asked."""

    def __init__(self, job: Job, *, categories: bool) -> None:
        self.end = seconds(job.cutoffs[-1])
        self.start = self.end - job.observation * DAY
        self.people = pd.read_parquet(job.folder / "customers.parquet")["customer_id"]
        self.keys = pd.RangeIndex(len(self.people)) if categories else pd.Index(self.people)
        self.categories = categories
        self.events = self.read(job.folder / "events.parquet", "channel", "campaign")
        self.lines = self.read(job.folder / "lines.parquet", "item", "category")
        self.starts = self.events[self.events["is_start"]]

    def read(self, path: Path, *texts: str) -> pd.DataFrame:
        """Read what was known at the cutoff, in the observation window."""
        frame = pd.read_parquet(path).rename(columns={"customer_id": "customer"})
        frame = frame[(frame["known_s"] < self.end) & (frame["at_s"] >= self.start)]
        if not self.categories:
            return frame
        numbers = frame["customer"].astype(pd.CategoricalDtype(self.people)).cat.codes
        return frame.assign(customer=numbers).astype(dict.fromkeys(("kind", *texts), "category"))

    def window(self, frame: pd.DataFrame, a: Aggregate) -> pd.DataFrame:
        """Keep the rows that an aggregate counts."""
        mask = frame["kind"].isin(a.kinds)
        if a.start_days is not None:
            mask &= frame["at_s"] >= self.end - a.start_days * DAY
        if a.end_days:
            mask &= frame["at_s"] < self.end - a.end_days * DAY
        if a.channels is not None:
            mask &= frame["channel"].isin(a.channels)
        if a.naming is not None:
            mask &= frame[a.naming].notna()
        return frame[mask]

    def weights(self, frame: pd.DataFrame, half_life: int) -> pd.Series:
        """Weigh calendar days."""
        age = self.end // DAY - 1 - frame["at_s"] // DAY
        rate = -0.6931471805599453 / half_life
        near = np.round(np.exp(rate * (age % 28)) * 1048576)
        return near * np.round(np.exp(rate * 28 * (age // 28)) * 1048576)

    def gaps(self, a: Aggregate) -> pd.DataFrame:
        """Put beside each event the second of the one before."""
        frame = self.starts[self.starts["kind"].isin(a.kinds)].sort_values(["customer", "at_s"])
        before = frame.groupby("customer")["at_s"].shift()
        return frame.assign(before=before, gap=frame["at_s"] - before)

    def value(self, a: Aggregate, gaps: dict[tuple[str, ...], pd.DataFrame]) -> pd.Series:
        """Compute one aggregate, a number for each customer that has one."""
        among = self.lines if a.column in ("item", "category") else self.events
        starts = self.window(self.starts, a) if a.column is None else self.window(among, a)
        at_s = starts.groupby("customer")["at_s"]
        match a.statistic:
            case "count":
                value = starts.groupby("customer").size()
            case "last":
                value = at_s.max()
            case "first":
                value = at_s.min()
            case "sum":
                value = starts.groupby("customer")[a.column].sum()
            case "max":
                value = starts.groupby("customer")[a.column].max()
            case "decayed":
                weight = self.weights(starts, a.half_life)
                worth = weight if a.column is None else weight * starts[a.column]
                value = worth.groupby(starts["customer"]).sum()
            case "last_value":
                rated = starts[starts[a.column].notna()]
                kept = np.round(rated[a.column] * 1000).astype("int64") + VALUES // 2
                packed = (rated["at_s"] + EPOCH_SHIFT) * VALUES + kept
                value = packed.groupby(rated["customer"]).max().astype("Int64")
            case "lines":
                value = starts.groupby("customer")[a.column].count()
            case "distinct":
                pairs = starts[["customer", a.column]].dropna().drop_duplicates()
                value = pairs.groupby("customer").size()
            case "since":
                answers = self.starts[self.starts["kind"].isin(a.after)]
                answered = starts["customer"].map(answers.groupby("customer")["at_s"].max())
                value = starts[starts["at_s"] > answered.fillna(0)].groupby("customer").size()
            case _:
                if a.kinds not in gaps:
                    gaps[a.kinds] = self.gaps(a)
                value = self.of_gaps(gaps[a.kinds], a)
        return value

    def of_gaps(self, frame: pd.DataFrame, a: Aggregate) -> pd.Series:
        """Compute what stands on gaps."""
        told = frame[frame["before"].notna()]
        long = told[told["gap"] > (a.longer_days or 0) * DAY]
        starts = pd.concat([frame[frame["before"].isna()], long])
        squares = told["gap"].astype("int64") ** 2
        return {
            "gap_count": lambda: told.groupby("customer").size(),
            "gap_sum": told.groupby("customer")["gap"].sum,
            "gap_squares": lambda: squares.groupby(told["customer"]).sum(),
            "gap_max": told.groupby("customer")["gap"].max,
            "gap_from": told.groupby("customer")["before"].max,
            "spell_start": starts.groupby("customer")["at_s"].max,
            "spell_count": lambda: long.groupby("customer").size(),
            "spell_from": long.groupby("customer")["before"].max,
        }[a.statistic]()


def prepared(job: Job) -> Run:
    """Make ready to write the matrix of one cutoff."""
    features = asked(job.observation)
    return lambda: write(features, job)


def write(features: FeatureSet, job: Job) -> None:
    """Write the matrix of one cutoff."""
    analyst = Analyst(job, categories=job.how == "categories")
    gaps: dict[tuple[str, ...], pd.DataFrame] = {}
    counted = {a.key: analyst.value(a, gaps).reindex(analyst.keys) for a in features.aggregates}
    counted["cutoff_s"] = pd.Series(analyst.end, index=analyst.keys)
    values = formulas(features, Columns(pd.DataFrame(counted)), lambda v: v.inner)
    matrix = pd.DataFrame({name: v.astype("Float32") for name, v in values.items()})
    matrix.insert(0, "customer_id", analyst.people.to_numpy())
    matrix.to_parquet(job.out / "part-0.parquet", index=False, compression="zstd")
