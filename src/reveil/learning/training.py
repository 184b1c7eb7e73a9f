"""The rows a model learns from and is judged on, checked before anything is learned.

In:  a training frame (one row per customer and cutoff), a purged split, feature declarations.
Out: `TrainingSet`; errors with numbers when it cannot be learned from.
Knows nothing of algorithms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from reveil.errors import DataError, LeakageError, TooLittleDataError
from reveil.evaluation.ranking import auc
from reveil.features.declare import Feature
from reveil.learning.candidate import Population
from reveil.windows import Split

Floats = NDArray[np.float64]
Part = Literal["train", "valid", "test"]

MIN_CUSTOMERS = 500
MIN_OUTCOMES = 100
LEAK_AUC = 0.98
LEAK_ROWS = 20_000
AMOUNTS = ("margin_if_returns", "value")


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingSet:
    """A frame, the split of its cutoffs, and who the score is for.

    Parameters
    ----------
    frame
        `customer_id`, `cutoff` (datetime64), `state`, one float32 column per feature, `y`.
        One row for **everyone who ever ordered**, active and inactive, at every cutoff of the
        split. `y` is 1 for whoever acts in the outcome window, whatever the target; for amounts
        it is the margin, and rows are returners only.
    label
        `attrition`, `reactivation` or `margin_if_returns`: the target.
    population
        Whose scores are judged and calibrated. Learning uses everyone: on a small base that was
        worth .027 AUC of reactivation (pooled against inactives alone).
    complement
        True when the target is that `y` does *not* happen (attrition).
    share
        Share of customers kept by `sampled`.
    """

    frame: pd.DataFrame
    split: Split
    features: tuple[Feature, ...]
    label: str
    population: Population
    complement: bool = False
    share: float = 1.0

    @property
    def names(self) -> tuple[str, ...]:
        """Feature columns in order."""
        return tuple(f.name for f in self.features)

    @property
    def is_amount(self) -> bool:
        """Whether `y` is money instead of 0 or 1."""
        return self.label in AMOUNTS

    def at(self, cutoffs: Iterable[date]) -> pd.DataFrame:
        """Everyone's rows at some cutoffs."""
        wanted = [pd.Timestamp(c) for c in cutoffs]
        return self.frame[self.frame["cutoff"].isin(wanted)].reset_index(drop=True)

    def judged(self, on: Part = "test") -> pd.DataFrame:
        """Return the population's rows in a part of the split."""
        cutoffs: tuple[date, ...] = getattr(self.split, on)
        rows = self.at(cutoffs)
        return rows[rows["state"] == self.population].reset_index(drop=True)

    def outcome(self, rows: pd.DataFrame) -> Floats:
        """Return the target's truth: `y`, or 1 - y when the target is the complement."""
        y = rows["y"].to_numpy(dtype=np.float64)
        return 1.0 - y if self.complement else y

    def sampled(self, max_rows: int, *, seed: int = 0) -> TrainingSet:
        """Keep whole customers, at random by salted hash, so that about `max_rows` rows remain."""
        if len(self.frame) <= max_rows:
            return self
        share = max_rows / len(self.frame)
        keep = customer_draws(self.frame["customer_id"], salt=f"sample:{seed}") < share
        frame = self.frame[keep].reset_index(drop=True)
        return replace(self, frame=frame, share=self.share * share)


def customer_draws(customers: pd.Series, *, salt: str) -> Floats:
    """One number in [0, 1) per row that depends on the customer and the salt alone.

    Examples
    --------
    >>> customer_draws(pd.Series(["a", "b", "a"]), salt="fold").round(3)
    array([0.635, 0.776, 0.635])
    """
    codes, names = pd.factorize(customers)
    digests = (blake2b(f"{salt}|{name}".encode(), digest_size=7).digest() for name in names)
    draws = np.array([int.from_bytes(d, "big") / 2**56 for d in digests], dtype=np.float64)
    return draws[codes]


def checked(data: TrainingSet, *, small: bool = False) -> TrainingSet:
    """Return the data if a believable model can come of it.

    Parameters
    ----------
    small
        Accept less than the required volume; the caller then fits the baseline.

    Raises
    ------
    DataError
        Missing or infinite columns, a customer twice at a cutoff, an outcome that is not 0 or 1.
    TooLittleDataError
        Fewer than 500 customers, or 100 outcomes on either side, in training; no outcome to judge
        by at a test cutoff.
    LeakageError
        A single feature that all but knows the outcome (AUC > .98).
    """
    _check_shape(data)
    _check_outcome(data)
    if not small:
        _check_volume(data)
    _check_leaks(data)
    return data


def _check_shape(data: TrainingSet) -> None:
    frame = data.frame
    missing = [c for c in ("customer_id", "cutoff", "state", "y", *data.names) if c not in frame]
    if missing:
        raise DataError(
            f"the training frame lacks {len(missing)} columns: {', '.join(missing[:5])}",
            hint="build the features, states and labels for the same cutoffs and join them",
        )
    twice = int(frame.duplicated(["customer_id", "cutoff"]).sum())
    if twice:
        raise DataError(
            f"{twice} of {len(frame)} rows repeat a customer at the same cutoff",
            hint="keep one row per customer and cutoff",
        )
    for name in data.names:
        infinite = int(np.isinf(frame[name].to_numpy(dtype=np.float64)).sum())
        if infinite:
            raise DataError(
                f"feature `{name}` is infinite in {infinite} of {len(frame)} rows",
                hint="let it be null where its denominator is 0, and say what null means",
            )


def _check_outcome(data: TrainingSet) -> None:
    y = data.frame["y"]
    if not pd.api.types.is_numeric_dtype(y):
        raise DataError(
            f"the label of {data.label} holds {y.dtype} values; numbers are required",
            hint="map it to 1 for the event and 0 for its absence",
        )
    values = y.to_numpy(dtype=np.float64)
    unlabelled = int((~np.isfinite(values)).sum())
    if unlabelled:
        raise DataError(
            f"{unlabelled} of {len(values)} rows have no outcome",
            hint="label every eligible customer: silence is 0, not null",
        )
    other = 0 if data.is_amount else int((~np.isin(values, (0.0, 1.0))).sum())
    if other:
        raise DataError(
            f"{other} of {len(values)} outcomes of {data.label} are neither 0 nor 1",
            hint="use 1 for the event and 0 for its absence",
        )


def _check_volume(data: TrainingSet) -> None:
    rows = data.judged("train")
    customers = int(rows["customer_id"].nunique())
    hint = "choose a shorter horizon, bring more history, or accept the baseline with `--small`"
    if data.is_amount:
        paid = int((data.at(data.split.train)["y"] > 0).sum())
        if paid < MIN_OUTCOMES:
            raise TooLittleDataError(
                f"{paid} returns with a margin to learn {data.label} from; "
                f"at least {MIN_OUTCOMES} are required",
                hint=hint,
            )
        return
    if customers < MIN_CUSTOMERS:
        raise TooLittleDataError(
            f"{customers} {data.population} customers at {len(data.split.train)} training cutoffs; "
            f"{data.label} requires at least {MIN_CUSTOMERS}",
            hint=hint,
        )
    for part in ("train", "test"):
        if not getattr(data.split, part):
            continue
        judged = data.judged("train" if part == "train" else "test")
        yes = int(data.outcome(judged).sum())
        no = len(judged) - yes
        least = MIN_OUTCOMES if part == "train" else 1
        if min(yes, no) < least:
            raise TooLittleDataError(
                f"{part}: {yes} {data.population} rows with {data.label} and {no} without; "
                f"at least {least} of each are required",
                hint=hint,
            )


def _check_leaks(data: TrainingSet) -> None:
    rows = data.at(data.split.train)
    if len(rows) > LEAK_ROWS:
        rows = rows.iloc[:: -(-len(rows) // LEAK_ROWS)]
    y = rows["y"].to_numpy(dtype=np.float64)
    if len(y) < MIN_OUTCOMES or y.min() == y.max():
        return
    for name in data.names:
        x = np.nan_to_num(rows[name].to_numpy(dtype=np.float64), nan=-1e30)
        if x.min() == x.max():
            continue
        if data.is_amount:
            found, figure = abs(float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])), "correlation"
        else:
            one = auc(y, x)
            found, figure = max(one, 1.0 - one), "AUC"
        if found > LEAK_AUC:
            raise LeakageError(
                f"feature `{name}` alone predicts {data.label} with {figure} {found:.3f}; "
                f"above {LEAK_AUC} it has seen the outcome",
                hint="check that it only reads what was known before the cutoff, or leave it out",
            )
