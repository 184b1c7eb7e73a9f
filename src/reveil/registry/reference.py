"""Reference distributions: what each feature looked like in training, to tell drift from.

In:  a frame of feature columns.
Out: per feature the inner decile edges, the share in each bin, the share of nulls.

Only inner edges are kept: a smallest or a largest value would be one customer's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """One feature's distribution.

    Parameters
    ----------
    edges
        Inner edges, ascending, without doubles; a bin is `[edge, next edge)`.
    shares
        Share of the non-null rows in each of the `len(edges) + 1` bins.
    null_share
        Share of the rows that are null.
    rows
        How many rows it was taken from.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]
    null_share: float
    rows: int

    def shares_of(self, values: pd.Series) -> tuple[float, ...]:
        """Share of other non-null values in the same bins; zeros when there are none."""
        known = values.to_numpy(dtype=np.float64)
        known = known[np.isfinite(known)]
        return _shares(known, np.asarray(self.edges))


def reference_of(frame: pd.DataFrame, features: tuple[str, ...]) -> dict[str, Distribution]:
    """Take the distribution of each feature.

    Examples
    --------
    >>> frame = pd.DataFrame({"orders": [1.0, 1.0, 2.0, 3.0, None]})
    >>> d = reference_of(frame, ("orders",))["orders"]
    >>> d.null_share, d.rows, sum(d.shares)
    (0.2, 5, 1.0)
    >>> d.shares_of(pd.Series([0.0, 0.0]))[0]
    1.0
    """
    return {name: _distribution(frame[name]) for name in features}


def _distribution(values: pd.Series) -> Distribution:
    numbers = values.to_numpy(dtype=np.float64)
    known = numbers[np.isfinite(numbers)]
    inner = np.linspace(0.0, 1.0, BINS + 1)[1:-1]
    edges = np.unique(np.quantile(known, inner)) if len(known) else np.zeros(0)
    return Distribution(
        edges=tuple(float(e) for e in edges),
        shares=_shares(known, edges),
        null_share=(len(numbers) - len(known)) / len(numbers) if len(numbers) else 0.0,
        rows=len(numbers),
    )


def _shares(known: NDArray[np.float64], edges: NDArray[np.float64]) -> tuple[float, ...]:
    counts = np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1)
    return tuple(float(c) / max(len(known), 1) for c in counts)
