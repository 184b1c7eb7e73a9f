"""Tune: the recipe, or something that beats it on customers it has never seen.

In:  TrainingSet, LearningSettings.
Out: `Tuned`: the candidate, every trial as a table, whether the search was completed.
Knows nothing of test cutoffs: nothing here may look at them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np
import optuna
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from reveil.evaluation.calibration import log_loss
from reveil.learning.calibrate import level
from reveil.learning.candidate import Candidate
from reveil.learning.fit import fit, fit_baseline, fit_members
from reveil.learning.recipe import Recipe
from reveil.learning.settings import LearningSettings
from reveil.learning.training import TrainingSet, checked, customer_draws

FOLDS = 3

Progress = Callable[[int, int, float], None]
"""Called after each trial with trials done, trials wanted, best loss so far."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuned:
    """What tuning found.

    Parameters
    ----------
    candidate
        Fitted with the best recipe on all training customers.
    trials
        One row per trial, first the recipe: its parameters, `loss`, `seconds`.
    best
        The recipe that won; empty for a baseline.
    complete
        False when a timeout or an interruption cut the search short.
    """

    candidate: Candidate
    trials: pd.DataFrame
    best: Mapping[str, float | int]
    complete: bool


def tune(
    data: TrainingSet,
    settings: LearningSettings | None = None,
    *,
    small: bool = False,
    progress: Progress | None = None,
) -> Tuned:
    """Check the data, search `settings.trials` recipes, fit the best.

    A trial is judged by its log loss (squared error of log money for amounts) on the population's
    rows of **whole customers** that were not in that fit: three folds by salted hash of the
    customer. Trial 0 is the recipe itself, so tuning cannot choose worse by its own measure.
    Ctrl-C keeps the best trial so far.

    Parameters
    ----------
    small
        Return the baseline as the model, named as such: for less data than a model needs.

    Raises
    ------
    DataError, TooLittleDataError, LeakageError
        See `checked`.
    """
    settings = settings or LearningSettings()
    checked(data, small=small)
    if small:
        candidate = fit_baseline(data, seed=settings.seed)
        return Tuned(candidate=candidate, trials=pd.DataFrame(), best={}, complete=True)
    data = data.sampled(settings.max_rows, seed=settings.seed)
    learning = len(data.at((*data.split.train, *data.split.valid)))
    recipe, trials, complete = Recipe.for_rows(learning), pd.DataFrame(), True
    if settings.trials:
        recipe, trials = _search(data, recipe, settings, progress)
        complete = len(trials) >= settings.trials
    candidate = fit(
        data, recipe=recipe, seeds=settings.seeds, seed=settings.seed, threads=settings.threads
    )
    return Tuned(candidate=candidate, trials=trials, best=asdict(recipe), complete=complete)


def folds(customers: pd.Series, *, seed: int) -> NDArray[np.int64]:
    """Fold of each row; all rows of a customer share one.

    Examples
    --------
    >>> folds(pd.Series(["a", "b", "a"]), seed=0).tolist()
    [1, 1, 1]
    """
    return (customer_draws(customers, salt=f"fold:{seed}") * FOLDS).astype(np.int64)


def _search(
    data: TrainingSet, recipe: Recipe, settings: LearningSettings, progress: Progress | None
) -> tuple[Recipe, pd.DataFrame]:
    rows: list[dict[str, float | int]] = []

    def objective(trial: optuna.Trial) -> float:
        started = time.perf_counter()
        chosen = _suggest(trial, recipe, amounts=data.is_amount)
        loss = fold_loss(data, chosen, seed=settings.seed, threads=settings.threads)
        spent = round(time.perf_counter() - started, 3)
        rows.append({"trial": trial.number, **asdict(chosen), "loss": loss, "seconds": spent})
        if progress is not None:
            progress(len(rows), settings.trials, min(float(r["loss"]) for r in rows))
        return loss

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=settings.seed, n_startup_trials=8)
    study = optuna.create_study(sampler=sampler)
    study.enqueue_trial(_as_trial(recipe, amounts=data.is_amount))
    try:
        study.optimize(objective, n_trials=settings.trials, timeout=settings.timeout_s)
    except KeyboardInterrupt:
        if not rows:
            raise
    best = min(rows, key=lambda r: (r["loss"], r["trial"]))
    names = asdict(recipe)
    found = replace(recipe, **{k: v for k, v in best.items() if k in names})  # type: ignore[arg-type]
    return found, pd.DataFrame(rows)


def _as_trial(recipe: Recipe, *, amounts: bool) -> dict[str, float | int]:
    names = ("leaves", "min_rows", "rounds", "feature_fraction", "penalty", "btyd_weight")
    return {k: v for k, v in asdict(recipe).items() if k in names[: 5 if amounts else 6]}


def _suggest(trial: optuna.Trial, recipe: Recipe, *, amounts: bool) -> Recipe:
    """Return a trial's recipe. The learning rate stays: rounds trade off against it."""
    low = max(5, recipe.min_rows // 8)
    return replace(
        recipe,
        leaves=trial.suggest_int("leaves", 3, 8 * recipe.leaves, log=True),
        min_rows=trial.suggest_int("min_rows", low, 8 * recipe.min_rows, log=True),
        rounds=trial.suggest_int("rounds", 50, 600, log=True),
        feature_fraction=trial.suggest_float("feature_fraction", 0.2, 1.0),
        penalty=trial.suggest_float("penalty", 0.1, 100.0, log=True),
        btyd_weight=0.0 if amounts else trial.suggest_float("btyd_weight", 0.0, 1.5),
    )


def fold_loss(data: TrainingSet, recipe: Recipe, *, seed: int, threads: int) -> float:
    """Loss of a recipe on customers left out of the fit, three folds, one seed."""
    rows = data.at((*data.split.train, *data.split.valid))
    fold = folds(rows["customer_id"], seed=seed)
    total = count = 0.0
    for k in range(FOLDS):
        out = rows[fold == k]
        out = out[out["state"] == data.population]
        if not len(out):
            continue
        inside = replace(data, frame=rows[fold != k].reset_index(drop=True))
        y = out["y"].to_numpy(dtype=np.float64)
        if data.is_amount:
            announced = fit(inside, recipe=recipe, seeds=1, seed=seed, threads=threads).predict(out)
            each = (np.log1p(np.maximum(y, 0.0)) - np.log1p(announced)) ** 2
            total += float(each.sum())
        else:
            members = fit_members(inside, inside.frame, recipe, seeds=1, seed=seed, threads=threads)
            mine = inside.frame[inside.frame["state"] == data.population]
            shift = level(mine["y"].to_numpy(dtype=np.float64), members.raw(mine))
            total += len(y) * log_loss(y, expit(members.raw(out, threads=threads) + shift))
        count += len(y)
    return total / max(count, 1.0)
