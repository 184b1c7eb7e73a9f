"""The recipe: what the members of a blend are fitted with, sized to the rows.

In:  a number of rows.
Out: `Recipe`, and LightGBM's words for it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """What the members are fitted with.

    Parameters
    ----------
    btyd_weight
        Weight of the BTYD log-odds against 1 for the trees; 0 leaves it out.

    Examples
    --------
    >>> Recipe.for_rows(20_000).leaves, Recipe.for_rows(100_000).leaves
    (4, 8)
    """

    leaves: int
    min_rows: int
    rate: float = 0.03
    rounds: int = 150
    feature_fraction: float = 0.5
    bagging: float = 0.8
    penalty: float = 10.0
    btyd_weight: float = 0.35

    @classmethod
    def for_rows(cls, rows: int) -> Recipe:
        """Size the trees to what the rows can carry."""
        leaves = 4 if rows < 50_000 else 8 if rows < 400_000 else 16
        rounds = 150 if rows < 400_000 else 200
        return cls(leaves=leaves, min_rows=max(20, rows // 100), rounds=rounds)

    def booster_params(self, seed: int, threads: int) -> dict[str, float | int | str | bool]:
        """Return LightGBM's words for it. Row order and threads must not move a split."""
        return {
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.min_rows,
            "learning_rate": self.rate,
            "feature_fraction": self.feature_fraction,
            "bagging_fraction": self.bagging,
            "bagging_freq": 1,
            "lambda_l2": self.penalty,
            "deterministic": True,
            "force_row_wise": True,
            "feature_pre_filter": False,
            "seed": seed,
            "num_threads": threads,
            "verbose": -1,
        }
