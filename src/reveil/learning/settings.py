"""Settings of learning, as the study file states them.

In:  the `learning` part of a study file.
Out: `LearningSettings`.
Imports pydantic only, so that reading a study stays fast.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class LearningSettings(BaseModel):
    """How much to spend on learning. The defaults are meant to be good without any tuning.

    Parameters
    ----------
    trials
        Optuna trials; 0 takes the recipe as it is. The reproducible measure of effort.
    timeout_s
        Stop tuning after so many seconds; the result is then marked incomplete.
    seeds
        Boosters that are averaged, equal but for their random draws.
    max_rows
        Above so many rows customers are sampled, each with all their cutoffs.
    seed
        Where every random draw starts.
    threads
        For speed only; the model is the same.

    Examples
    --------
    >>> LearningSettings().trials
    0
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    trials: int = Field(default=0, ge=0)
    timeout_s: float | None = Field(default=None, gt=0)
    seeds: int = Field(default=3, ge=1, le=20)
    max_rows: int = Field(default=2_000_000, ge=10_000)
    seed: int = Field(default=0, ge=0)
    threads: int = Field(default=2, ge=1)
