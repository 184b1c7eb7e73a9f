"""The rival in pandas: as an analyst writes it, a mask and a groupby for each feature.

In:  the log's Parquet, a cutoff.
Out: the matrix as Parquet.

Kinds, channels and customers are categories, and what several features share is computed once.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from feature_rivals.asked import DAY, Run, asked, formulas, seconds

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

    def __init__(self, folder: Path, cutoff: date, days: int) -> None:
        self.end = seconds(cutoff)
        self.people = pd.read_parquet(folder / "customers.parquet")["customer_id"]
        self.events = self.read(folder / "events.parquet", days, ("kind", "channel", "campaign"))
        self.lines = self.read(folder / "lines.parquet", days, ("kind", "item", "category"))
        self.starts = self.events[self.events["is_start"]]

    def read(self, path: Path, days: int, categories: tuple[str, ...]) -> pd.DataFrame:
        """Read what was known at the cutoff, in the observation window."""
        frame = pd.read_parquet(path)
        start = self.end - days * DAY
        frame = frame[(frame["known_s"] < self.end) & (frame["at_s"] >= start)]
        known = pd.CategoricalDtype(self.people)
        frame = frame.assign(customer=frame["customer_id"].astype(known).cat.codes)
        return frame.drop(columns="customer_id").astype(dict.fromkeys(categories, "category"))

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
        starts = self.window(self.starts, a) if a.statistic not in ("lines", "distinct") else None
        match a.statistic:
            case "count":
                return starts.groupby("customer").size()
            case "last":
                return starts.groupby("customer")["at_s"].max()
            case "first":
                return starts.groupby("customer")["at_s"].min()
            case "sum":
                return self.window(self.events, a).groupby("customer")[a.column].sum()
            case "max":
                return self.window(self.events, a).groupby("customer")[a.column].max()
            case "decayed" if a.column is None:
                return self.weights(starts, a.half_life).groupby(starts["customer"]).sum()
            case "decayed":
                frame = self.window(self.events, a)
                worth = self.weights(frame, a.half_life) * frame[a.column]
                return worth.groupby(frame["customer"]).sum()
            case "last_value":
                frame = self.events[self.events["rating"].notna()]
                kept = np.round(frame["rating"] * 1000).astype("int64") + VALUES // 2
                packed = (frame["at_s"] + EPOCH_SHIFT) * VALUES + kept
                return packed.groupby(frame["customer"]).max().astype("Int64")
            case "lines":
                return self.window(self.lines, a).groupby("customer")[a.column].count()
            case "distinct":
                among = self.lines if a.column in ("item", "category") else self.events
                pairs = self.window(among, a)[["customer", a.column]].dropna().drop_duplicates()
                return pairs.groupby("customer").size()
            case "since":
                answers = self.starts[self.starts["kind"].isin(a.after)]
                last = answers.groupby("customer")["at_s"].max()
                answered = starts["customer"].map(last).fillna(0)
                return starts[starts["at_s"] > answered].groupby("customer").size()
        frame = gaps.setdefault(a.kinds, None)
        if frame is None:
            frame = gaps[a.kinds] = self.gaps(a)
        return self.of_gaps(frame, a)

    def of_gaps(self, frame: pd.DataFrame, a: Aggregate) -> pd.Series:
        """Compute what stands on gaps."""
        told = frame[frame["before"].notna()]
        long = told[told["gap"] > (a.longer_days or 0) * DAY]
        match a.statistic:
            case "gap_count":
                return told.groupby("customer").size()
            case "gap_sum":
                return told.groupby("customer")["gap"].sum()
            case "gap_squares":
                return (told["gap"].astype("int64") ** 2).groupby(told["customer"]).sum()
            case "gap_max":
                return told.groupby("customer")["gap"].max()
            case "gap_from":
                return told.groupby("customer")["before"].max()
            case "spell_start":
                starts = pd.concat([frame[frame["before"].isna()], long])
                return starts.groupby("customer")["at_s"].max()
            case "spell_count":
                return long.groupby("customer").size()
            case "spell_from":
                return long.groupby("customer")["before"].max()
        raise AssertionError(a.statistic)


def prepared(folder: Path, out: Path, cutoff: date, observation: int, memory: str) -> Run:
    """Make ready to write the matrix of one cutoff; pandas has no limit of memory to set."""
    features = asked(observation)
    return lambda: write(features, folder, out, cutoff)


def write(features: FeatureSet, folder: Path, out: Path, cutoff: date) -> None:
    """Write the matrix of one cutoff."""
    analyst = Analyst(folder, cutoff, features.observation.days)
    gaps: dict[tuple[str, ...], pd.DataFrame] = {}
    everybody = range(len(analyst.people))
    counted = {a.key: analyst.value(a, gaps).reindex(everybody) for a in features.aggregates}
    counted["cutoff_s"] = pd.Series(analyst.end, index=everybody)
    frame = pd.DataFrame(counted)
    values = formulas(features, Columns(frame), lambda v: v.inner)
    matrix = pd.DataFrame({name: v.astype("Float32") for name, v in values.items()})
    matrix.insert(0, "customer_id", analyst.people)
    matrix.to_parquet(out / "part-0.parquet", index=False, compression="zstd")
