"""One pass over a source: the facts of its rows, counted by kind and day.

In:  the rows of a source as `noted`.
Out: `Survey`: how many rows have each flaw, how many good ones there are of each kind and day,
how large amounts are, how late rows come; and where the first rows with a flaw stand.

Rows are grouped by their facts, and flaws are read off the groups: each costs nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reveil.events.facts import (
    Flags,
    day_of,
    flaws,
    measures,
    signs,
)
from reveil.events.roles import Role
from reveil.events.settings import SourceSettings
from reveil.windows import Coverage

SHOWN = 3
"""Row numbers of a finding."""

MANY_GROUPS = 2_000_000
"""With more groups of rows than this, `kind` names a column that holds no kinds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What one pass over a source counted.

    Parameters
    ----------
    total
        Rows of the source.
    counts
        Rows by flaw; a flaw that the source cannot have is missing.
    days
        Good rows by kind: one number per day of the coverage.
    amounts
        Purchases with an amount by the power of two, in ten-thousandths, that it reaches.
    lags
        Good rows by the days between happening and being known.
    """

    total: int
    counts: Mapping[str, int]
    days: Mapping[str, NDArray[np.int64]]
    amounts: NDArray[np.int64]
    lags: NDArray[np.int64]

    def share(self, flaw: str, of: int) -> float:
        """Rows with a flaw over some number of rows."""
        return self.counts.get(flaw, 0) / of if of else 0.0


def survey(
    kept: ir.Table,
    rows: ir.Table,
    source: SourceSettings,
    coverage: Coverage,
    roles: Mapping[str, Role],
) -> Survey:
    """Group rows by their facts, and count the groups.

    Parameters
    ----------
    kept
        As `noted`, stored.
    rows
        The mapped rows they came from, for the names of their marks.
    """
    names = list(signs(rows, source))
    frame = _grouped(kept, source, coverage)
    if len(frame) >= MANY_GROUPS and not isinstance(source.kind, str):
        kinds = kept.kind.isin(list(roles)).ifelse(kept.kind, "?")
        frame = _grouped(kept.mutate(kind=kept.kind.isnull().ifelse("", kinds)), source, coverage)
    mask = frame["mask"].astype("int64")
    frame = frame.assign(**{n: mask // (1 << place) % 2 == 1 for place, n in enumerate(names)})
    n = frame["n"].to_numpy(np.int64)
    found = flaws(frame, source, coverage, roles)
    counts = {name: int(n[flag.to_numpy(bool)].sum()) for name, flag in found.items()}
    good = frame[found["good"]]
    bought = frame[found["bought"]] if "bought" in found else good.head(0)
    return Survey(
        total=int(n.sum()),
        counts=counts,
        days=_days(good, source, coverage),
        amounts=_histogram(bought, "power"),
        lags=_histogram(good, "lag"),
    )


def _grouped(kept: ir.Table, source: SourceSettings, coverage: Coverage) -> pd.DataFrame:
    keyed = kept.select(mask=kept["mask"], **measures(kept, source, coverage))
    grouped = keyed.group_by(list(keyed.columns)).aggregate(n=keyed.count()).limit(MANY_GROUPS)
    frame: pd.DataFrame = grouped.to_pyarrow().to_pandas()
    return frame


def _days(
    good: pd.DataFrame, source: SourceSettings, coverage: Coverage
) -> dict[str, NDArray[np.int64]]:
    kinds = good["kind"] if "kind" in good else pd.Series(str(source.kind), index=good.index)
    found = {}
    for kind, rows in good.groupby(kinds, sort=True):
        counted = np.bincount(
            rows["day"].to_numpy(np.int64) - day_of(coverage.start),
            weights=rows["n"],
            minlength=coverage.days,
        )
        found[str(kind)] = counted.astype(np.int64)
    return found


def _histogram(rows: pd.DataFrame, key: str) -> NDArray[np.int64]:
    if key not in rows:
        return np.zeros(1, np.int64)
    rows = rows[rows[key] >= 0]
    counted = np.bincount(rows[key].to_numpy(np.int64), weights=rows["n"], minlength=1)
    return counted.astype(np.int64)


def positions(of: ir.Table, flags: Flags, wanted: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Look up, in one pass, the first row numbers with each of some flaws.

    Parameters
    ----------
    of
        As `facts`; the flags are of its rows.

    Returns
    -------
    dict
        Flaw -> at most three row numbers, counted from 1.
    """
    if not wanted:
        return {}
    # No filter before: Spark would work the flags out once more for it.
    places = [flags[name].ifelse(place, ibis.null("int64")) for place, name in enumerate(wanted)]
    each = of.select("position", place=ibis.array(places).unnest())
    each = each.filter(each.place.notnull())
    by_place = ibis.window(group_by="place", order_by="position")
    first = each.mutate(rank=ibis.row_number().over(by_place))
    rows = first.filter(first["rank"] < SHOWN).order_by("place", "position").to_pyarrow()
    found: dict[str, list[int]] = {name: [] for name in wanted}
    for row in rows.to_pylist():
        found[wanted[row["place"]]].append(row["position"])
    return {name: tuple(rows) for name, rows in found.items()}
