"""Drift: has a distribution moved more than chance moves it?

In:  counts by bin, then and now.
Out: PSI, the size chance alone explains, and whether to raise the alarm.
Knows nothing of features: bins are the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtri

NOTABLE = 0.1
"""Conventional PSI from which a change matters in practice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """Population stability index, and what it must exceed to mean something.

    Parameters
    ----------
    psi
        Sum over bins of (now - then) * log(now / then), in shares.
    threshold
        The larger of `NOTABLE` and what 999 in 1,000 samples of these sizes stay under without
        any drift.
    """

    psi: float
    threshold: float

    @property
    def alarms(self) -> bool:
        """Whether the change is both notable and more than noise."""
        return self.psi > self.threshold


def drift(then: ArrayLike, now: ArrayLike) -> Drift:
    """Compare two counts over the same bins.

    Without drift PSI is (1/n + 1/m) times a chi-square of k - 1 degrees: at 500 rows and ten bins
    it often passes .1 by chance, which is why the threshold knows n and m. Half a row is added to
    every bin so that an empty one has a logarithm.

    Parameters
    ----------
    then, now
        Rows per bin, same length; bins empty in both are left out.

    Raises
    ------
    ValueError
        When the lengths differ or one side has no rows.

    References
    ----------
    Yurdakul, Naranjo (2020), Statistical properties of the population stability index.
    Journal of Risk Model Validation 14(4).

    Examples
    --------
    >>> d = drift([5000, 5000], [2000, 8000])
    >>> round(d.psi, 3), round(d.threshold, 3), d.alarms
    (0.416, 0.1, True)
    >>> drift([50, 50], [38, 62]).alarms
    False
    """
    a, b = np.asarray(then, dtype=np.float64), np.asarray(now, dtype=np.float64)
    if a.shape != b.shape or not a.sum() or not b.sum():
        raise ValueError(f"need rows in the same bins, got {a.shape} ({a.sum():.0f} rows) "
                         f"and {b.shape} ({b.sum():.0f} rows)")  # fmt: skip
    used = (a + b) > 0
    a, b = a[used], b[used]
    n, m, k = a.sum(), b.sum(), len(a)
    p, q = (a + 0.5) / (n + 0.5 * k), (b + 0.5) / (m + 0.5 * k)
    psi = float(np.sum((q - p) * np.log(q / p)))
    noise = float(chdtri(k - 1, 0.001) * (1 / n + 1 / m)) if k > 1 else 0.0
    return Drift(psi=psi, threshold=max(NOTABLE, noise))
