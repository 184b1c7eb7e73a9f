"""The gate: may this challenger become champion?

In:  how champion and challenger scored the same customers, and the rules.
Out: `Decision`: promote or not, and a row per check with what was observed and required.

Pure: nothing is stored, printed or moved here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from reveil.evaluation.bootstrap import intervals, paired_difference
from reveil.evaluation.interval import Interval
from reveil.registry.probe import TOLERANCE
from reveil.registry.settings import GateSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Exam:
    """One model's scores on test customers, and what is known about the model.

    Parameters
    ----------
    model
        What to call it: name and version.
    amount
        Whether it foretells money and not a probability.
    cutoffs
        Test cutoff of each row, shape (rows,), datetime64[D].
    customers, y, scores
        Customer, outcome or amount, and the model's score; shape (rows,).
    recency
        Score of the recency rule for the same rows; higher means more likely. Not used for
        amounts.
    learned_until
        First day after the last outcome that its training or calibration saw.
    label
        Fingerprint of the definition of its outcome.
    full_year
        Whether it was calibrated on cutoffs of a whole year.
    reload_difference
        Largest difference between its scores now and when it was trained, on its probe.
    artifact_verified
        Whether its files were verified against their checksums.
    missing_features
        Features of the model that the frame does not have.

    Raises
    ------
    ValueError
        When the arrays differ in length.
    """

    model: str
    amount: bool
    cutoffs: NDArray[np.datetime64]
    customers: NDArray[np.str_]
    y: NDArray[np.float64]
    scores: NDArray[np.float64]
    recency: NDArray[np.float64]
    learned_until: date
    label: str
    full_year: bool
    reload_difference: float
    artifact_verified: bool
    missing_features: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        arrays = (self.cutoffs, self.customers, self.y, self.scores, self.recency)
        if len({len(a) for a in arrays}) != 1:
            raise ValueError("an exam's arrays differ in length")


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One rule, what was seen, what it asks for.

    Parameters
    ----------
    hard
        Whether failing it refuses; otherwise it only warns.
    """

    rule: str
    observed: Interval | str
    required: str
    passed: bool
    hard: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The gate's answer.

    Parameters
    ----------
    first
        Whether the rules of a first promotion applied: no champion, or another label.
    """

    promote: bool
    checks: tuple[Check, ...]
    first: bool = field(default=True)

    @property
    def refusals(self) -> tuple[Check, ...]:
        """Hard checks that failed."""
        return tuple(c for c in self.checks if c.hard and not c.passed)

    @property
    def warnings(self) -> tuple[Check, ...]:
        """Other checks that failed."""
        return tuple(c for c in self.checks if not c.hard and not c.passed)


def decide(
    champion: Exam | None, challenger: Exam, rules: GateSettings, *, seed: int = 0
) -> Decision:
    """Judge a challenger, against the champion where there is one.

    Without a champion, or when the definition of the outcome changed, the challenger must have
    enough data, beat the recency rule and be calibrated. Against a champion it must besides be
    no worse than the stated margins on the same customers, and better in at least one figure.
    Differences are paired by customer and carry 95 % intervals; "no worse" asks the whole
    interval to lie within the margin's side, "better" asks it to lie above 0.

    Parameters
    ----------
    champion, challenger
        Scored on the same rows. The cutoffs must lie after the last outcome of both.
    seed
        Of the bootstrap.

    Returns
    -------
    Decision
        Deterministic in its arguments.

    References
    ----------
    Efron, Tibshirani (1993), An introduction to the bootstrap, for the paired intervals.
    """
    checks = [*_integrity(challenger), *_volumes(challenger, rules)]
    if not all(c.passed for c in checks):  # figures on too few rows would only mislead
        return Decision(promote=False, checks=tuple(checks), first=champion is None)
    first = champion is None or champion.label != challenger.label
    if champion is not None and first:
        checks.append(
            Check(rule="same label as the champion", observed="another definition",
                  required="else first-promotion rules", passed=False, hard=False)
        )  # fmt: skip
    if challenger.amount:
        checks += _bias(challenger, rules, seed)
    else:
        checks += _quality(challenger, rules, seed)
    if champion is not None and not first:
        checks += _fairness(champion, challenger)
        if all(c.passed for c in checks if c.hard):
            checks += _duel(champion, challenger, rules, seed)
    return Decision(
        promote=all(c.passed for c in checks if c.hard), checks=tuple(checks), first=first
    )


def _integrity(exam: Exam) -> list[Check]:
    finite = int(np.sum(np.isfinite(exam.scores)))
    in_range = exam.amount or bool(np.all((exam.scores >= 0) & (exam.scores <= 1)))
    earliest = exam.cutoffs.min().astype("datetime64[D]").astype(date) if len(exam.y) else None
    missing = exam.missing_features
    return [
        Check(rule="artifact verified", required="every checksum",
              observed="verified" if exam.artifact_verified else "not verified",
              passed=exam.artifact_verified),
        Check(rule="reload reproduces scores", required=f"difference of at most {TOLERANCE:g}",
              observed=f"{exam.reload_difference:.3g}", passed=exam.reload_difference <= TOLERANCE),
        Check(rule="schema", required="every feature of the model",
              observed=f"missing: {', '.join(missing[:5])}" if missing else "complete",
              passed=not missing),
        Check(rule="scores are valid", observed=f"{finite:,} of {len(exam.scores):,} finite",
              required="all finite" if exam.amount else "all finite and within [0, 1]",
              passed=finite == len(exam.scores) and in_range),
        Check(rule="judged out of time", observed=f"first test cutoff {earliest}",
              required=f"not before {exam.learned_until}, the end of what it learned from",
              passed=earliest is not None and earliest >= exam.learned_until),
    ]  # fmt: skip


def _volumes(exam: Exam, rules: GateSettings) -> list[Check]:
    rows, positives = len(exam.y), int(np.sum(exam.y > 0))
    # Every row of an amount is an outcome: somebody who came back.
    least = rules.min_outcomes if exam.amount else rules.min_rows
    checks = [
        Check(rule="test rows", observed=f"{rows:,}", required=f"at least {least:,}",
              passed=rows >= least),
        Check(rule="test outcomes", observed=f"{positives:,}",
              required=f"at least {rules.min_outcomes:,}", passed=positives >= rules.min_outcomes),
    ]  # fmt: skip
    if not exam.amount:
        without = rows - positives
        checks.append(
            Check(rule="test rows without the outcome", observed=f"{without:,}",
                  required=f"at least {rules.min_outcomes:,}",
                  passed=without >= rules.min_outcomes)
        )  # fmt: skip
    return checks


def _quality(exam: Exam, rules: GateSettings, seed: int) -> list[Check]:
    over = paired_difference(exam.y, exam.scores, exam.recency, exam.customers, "auc", seed=seed)
    found = intervals(
        exam.y, exam.scores, exam.customers,
        ["calibration_slope", "observed_over_expected"], seed=seed,
    )  # fmt: skip
    slope, level = found["calibration_slope"], found["observed_over_expected"]
    return [
        Check(rule="beats the recency rule (AUC difference)", observed=over,
              required="lower bound above 0", passed=over.low > 0),
        Check(rule="calibration slope", observed=slope, required=_between(rules.slope),
              passed=_inside(slope, rules.slope)),
        # One season's level is a fact about the season: it judges only a model that saw a year.
        Check(rule="observed over expected", observed=level,
              required=_between(rules.observed_over_expected)
              + ("" if exam.full_year else " (warns only: not a full year of cutoffs)"),
              passed=_inside(level, rules.observed_over_expected), hard=exam.full_year),
    ]  # fmt: skip


def _bias(exam: Exam, rules: GateSettings, seed: int) -> list[Check]:
    found = intervals(exam.y, exam.scores, exam.customers, ["bias", "gini"], seed=seed)
    bias, gini = found["bias"], found["gini"]
    return [
        Check(rule="foretold over true amount", observed=bias, required=_between(rules.bias),
              passed=_inside(bias, rules.bias)),
        Check(rule="ranks amounts (Gini)", observed=gini, required="lower bound above 0",
              passed=gini.low > 0),
    ]  # fmt: skip


def _fairness(champion: Exam, challenger: Exam) -> list[Check]:
    same = (
        np.array_equal(champion.customers, challenger.customers)
        and np.array_equal(champion.cutoffs, challenger.cutoffs)
        and np.array_equal(champion.y, challenger.y)
    )
    earliest = challenger.cutoffs.min().astype("datetime64[D]").astype(date)
    return [
        Check(rule="same customers, cutoffs and outcomes", required="identical rows",
              observed="identical" if same else "they differ", passed=same),
        Check(rule="the champion is judged out of time too",
              observed=f"first test cutoff {earliest}",
              required=f"not before {champion.learned_until}",
              passed=earliest >= champion.learned_until),
    ]  # fmt: skip


def _duel(champion: Exam, challenger: Exam, rules: GateSettings, seed: int) -> list[Check]:
    """Compare figure by figure; the sign is turned so that above 0 is better."""
    if challenger.amount:
        figures = [("decile_error", rules.decile_error_margin, -1.0), ("gini", rules.auc_margin, 1)]
    else:
        figures = [
            ("auc", rules.auc_margin, 1.0),
            ("lift_at_10", rules.lift_margin, 1.0),
            ("brier", rules.brier_margin, -1.0),
        ]
    checks, better = [], []
    for metric, margin, sign in figures:
        found = paired_difference(
            challenger.y, challenger.scores, champion.scores, challenger.customers, metric,
            seed=seed,
        )  # fmt: skip
        gain = found if sign > 0 else Interval(
            estimate=-found.estimate, low=-found.high, high=-found.low
        )  # fmt: skip
        what = metric if sign > 0 else f"{metric}, sign turned"
        checks.append(
            Check(rule=f"no worse than the champion ({what})", observed=gain,
                  required=f"lower bound at least {-margin:g}", passed=gain.low >= -margin)
        )  # fmt: skip
        if gain.low > 0:
            better.append(metric)
    checks.append(
        Check(rule="better than the champion in at least one",
              observed=", ".join(better) or "none", required="one lower bound above 0",
              passed=bool(better))
    )  # fmt: skip
    return checks


def _between(bounds: tuple[float, float]) -> str:
    return f"between {bounds[0]:g} and {bounds[1]:g}"


def _inside(observed: Interval, bounds: tuple[float, float]) -> bool:
    """Whether the figure lies within, or sampling alone could have put it outside."""
    return observed.exists and observed.low <= bounds[1] and observed.high >= bounds[0]
