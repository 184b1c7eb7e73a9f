"""The probe: invented rows with the scores they had at training, to prove a reload.

In:  a candidate, the reference distributions.
Out: rows drawn from the bins' edges, nulls included, and their scores.

No row is a customer's: each column is drawn by itself, from inner deciles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reveil.learning.candidate import Candidate
from reveil.registry.reference import Distribution

ROWS = 64
TOLERANCE = 1e-12
"""Between machines the last bit of an exponential may differ; anything more is another model."""

_WITHOUT_REFERENCE = (0.0, 1.0, 10.0, 100.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """Invented rows, features in the candidate's order, null as None; and their scores."""

    rows: tuple[tuple[float | None, ...], ...]
    scores: tuple[float, ...]

    def frame(self, features: tuple[str, ...]) -> pd.DataFrame:
        """Return the rows as float64 columns."""
        return pd.DataFrame(list(self.rows), columns=list(features), dtype=np.float64)


def probe_of(candidate: Candidate, reference: Mapping[str, Distribution]) -> Probe:
    """Draw the rows, always the same for the same reference, and score them."""
    rng = np.random.default_rng(0)
    columns = {}
    for name in candidate.features:
        known = reference.get(name)
        values = rng.choice(np.asarray((known and known.edges) or _WITHOUT_REFERENCE), ROWS)
        null = rng.random(ROWS) < max(known.null_share if known else 0.0, 0.05)
        columns[name] = np.where(null, np.nan, values)
    frame = pd.DataFrame(columns, columns=list(candidate.features))
    return Probe(
        rows=tuple(
            tuple(None if np.isnan(v) else float(v) for v in row) for row in frame.to_numpy()
        ),
        scores=tuple(float(p) for p in candidate.predict(frame)),
    )


def reload_difference(candidate: Candidate, probe: Probe) -> float:
    """Return the largest difference between the scores now and those at training."""
    now = candidate.predict(probe.frame(candidate.features))
    return float(np.max(np.abs(now - np.asarray(probe.scores)), initial=0.0))
