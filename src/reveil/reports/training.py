"""The training report: is the model better than the rules one would use without it?

In:  `TrainingReport`, a language.
Out: one HTML page; its first line per target says whether the model beats the recency rule.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import date

from reveil.evaluation.interval import Interval
from reveil.features.declare import Language
from reveil.reports import curves, plots
from reveil.reports.formats import DASH, Formats
from reveil.reports.render import render
from reveil.reports.values import Contender, CutoffResult, Difference, TargetResult, TrainingReport
from reveil.reports.words import Words

BETTER = {
    "auc": "higher",
    "average_precision": "higher",
    "lift_at_10": "higher",
    "log_loss": "lower",
    "brier": "lower",
    "observed_over_expected": "one",
    "gini": "higher",
    "spearman": "higher",
    "decile_error": "lower",
    "bias": "zero",
}
"""Metrics in the order of the table, and which way is better."""

DIGITS = {"lift_at_10": 2, "observed_over_expected": 2}
CHANCE = {"auc": 0.5, "gini": 0.0}
TOP = 0.1
"""Share of customers the gains curve is read at, as in lift_at_10."""

DRIVERS_SHOWN = 10
AGREES = (0.9, 1.1)
"""Observed over expected in which a forecast is called right."""


def training_report(values: TrainingReport, language: Language) -> str:
    """Write the training report.

    Parameters
    ----------
    values
        What `pipeline.train` found, per target.
    language
        `en` or `fr`.

    Returns
    -------
    str
        HTML, self-contained; equal values give equal bytes.

    Examples
    --------
    >>> page = training_report(TrainingReport(study="Shop", currency="EUR", targets=()), "fr")
    >>> "Rapport d’apprentissage" in page
    True
    """
    return render("training.html", language, training_page(values, language))


def training_page(values: TrainingReport, language: Language) -> dict[str, object]:
    """Put the values into the words and figures the template shows."""
    words, formats = Words(language=language), Formats(language=language, currency=values.currency)
    return {
        "title": f"{values.study} · {words('page.training')}",
        "study": values.study,
        "fingerprint": values.fingerprint,
        "targets": [_target(target, words, formats) for target in values.targets],
        "limits": [
            (words(f"limits.{side}"), [words(f"limits.{side}.{k}") for k in keys])
            for side, keys in (
                ("measured", ("time", "level", "interval")),
                ("unmeasured", ("effect", "cause", "future")),
            )
        ],
    }


def honest_sentence(result: TargetResult, language: Language) -> str:
    """Say whether the model beats the recency rule, with the interval of the difference.

    Examples
    --------
    >>> from datetime import date, timedelta
    >>> from reveil.windows import Split, Windows
    >>> split = Split(train=(date(2011, 2, 9),), valid=(), test=(date(2011, 6, 1),),
    ...               windows=Windows(observation=timedelta(364), horizon=timedelta(90)))
    >>> gain = Interval(estimate=0.071, low=0.049, high=0.093)
    >>> said = honest_sentence(TargetResult(
    ...     target="reactivation", kind="boosted", split=split, train_rows=9, train_customers=9,
    ...     train_positives=1, by_cutoff=(), comparison=Difference(
    ...         metric="auc", against="recency", model=0.702, difference=gain)), "en")
    >>> print(said.replace(chr(160), " "))
    The model beats the recency rule: AUC 0.702, a gain of +0.071 [+0.049, +0.093].
    """
    words, formats = Words(language=language), Formats(language=language)
    start = [words("verdict.baseline")] if result.kind == "baseline" else []
    if result.comparison is None:
        return " ".join([*start, words("verdict.none")])
    gain = result.comparison
    sentence = words(
        f"verdict.{gain.verdict}",
        against=words.known("contender", gain.against),
        when=words("verdict.when", cutoff=formats.day(gain.cutoff)) if gain.cutoff else "",
        metric=words.known("metric", gain.metric),
        model=formats.number(gain.model, 3),
        difference=formats.number(gain.difference.estimate, 3, signed=True),
        bounds=formats.bounds(gain.difference, signed=True),
    )
    return " ".join([*start, sentence])


def _target(result: TargetResult, words: Words, formats: Formats) -> dict[str, object]:
    verdict = result.comparison.verdict if result.comparison else "none"
    metrics = [m for m in BETTER if any(m in s.estimates for s in result.segments)]
    image = b64encode(result.beeswarm.encode()).decode() if result.beeswarm else ""
    return {
        "name": words(f"target.{result.target}"),
        "meaning": words(
            f"meaning.{result.target}", horizon=formats.number(result.split.windows.horizon.days)
        ),
        "sentence": honest_sentence(result, words.language),
        "tone": {"beats": "good", "unclear": "", "worse": "bad", "none": ""}[verdict],
        "mark": words(f"verdict.mark.{verdict}"),
        "others": _others(result.other_comparisons, words, formats),
        "facts": _facts(result, words, formats),
        "tables": [_table(cutoff, result.target, words, formats) for cutoff in result.by_cutoff],
        "figures": _figures(result, words, formats),
        "beeswarm": image,
        "segment_metrics": [words(f"metric.{m}") for m in metrics],
        "segments": [
            {
                "label": segment.label,
                "rows": formats.number(segment.rows),
                "share": formats.percent(segment.positives / max(segment.rows, 1), 1),
                "cells": [_cell(segment.estimates, m, formats) for m in metrics],
            }
            for segment in result.segments
        ],
        "limits": list(result.limits),
    }


def _others(differences: tuple[Difference, ...], words: Words, formats: Formats) -> str:
    if not differences:
        return ""
    said = [
        words(
            "verdict.other",
            metric=words.known("metric", d.metric),
            difference=formats.number(d.difference.estimate, 3, signed=True),
            bounds=formats.bounds(d.difference, signed=True),
            against=words.known("contender", d.against),
        )
        for d in differences
    ]
    return words("verdict.others", list=", ".join(said))


def _facts(result: TargetResult, words: Words, formats: Formats) -> list[tuple[str, str]]:
    split, windows = result.split, result.split.windows
    rows = words(
        "fact.rows.amount" if result.target == "margin_if_returns" else "fact.rows.event",
        rows=formats.number(result.train_rows),
        customers=formats.number(result.train_customers),
        positives=formats.number(result.train_positives),
        share=formats.percent(result.train_positives / max(result.train_rows, 1), 1),
    )
    said = words(
        "fact.window_days",
        observation=formats.number(windows.observation.days),
        gap=formats.number(windows.gap.days),
        horizon=formats.number(windows.horizon.days),
    )
    judged = tuple(c.cutoff for c in result.by_cutoff) or split.test
    facts = [
        ("learned", rows),
        ("learned_at", _cutoffs(split.train, words, formats)),
        ("valid_at", _cutoffs(split.valid, words, formats)),
        ("judged_at", _cutoffs(judged, words, formats)),
        ("windows", said),
    ]
    return [(words(f"fact.{key}"), fact) for key, fact in facts if fact]


def _cutoffs(cutoffs: tuple[date, ...], words: Words, formats: Formats) -> str:
    if len(cutoffs) <= 2:
        return ", ".join(formats.day(cutoff) for cutoff in cutoffs)
    first, last = formats.day(min(cutoffs)), formats.day(max(cutoffs))
    return words("fact.cutoffs", n=len(cutoffs), first=first, last=last)


def _cell(estimates: Mapping[str, Interval], metric: str, formats: Formats) -> dict[str, str]:
    found = estimates.get(metric)
    if found is None or not found.exists:
        return {"figure": DASH, "bounds": ""}
    digits = DIGITS.get(metric, 3)
    bounds = "" if found.low == found.high else formats.bounds(found, digits)
    return {"figure": formats.number(found.estimate, digits), "bounds": bounds}


def _table(result: CutoffResult, target: str, words: Words, formats: Formats) -> dict[str, object]:
    metrics = [m for m in BETTER if any(m in c.estimates for c in result.contenders)]
    return {
        "title": words("table.cutoff", cutoff=formats.day(result.cutoff)),
        "rows_said": words(
            "table.rows",
            rows=formats.number(result.rows),
            positives=formats.number(result.positives),
            events=words(f"events.{target}"),
            share=formats.percent(result.positives / max(result.rows, 1), 1),
        ),
        "contenders": [words.heading("contender", c.name) for c in result.contenders],
        "rows": [
            {
                "name": words(f"metric.{metric}"),
                "hint": words(f"better.{BETTER[metric]}"),
                "cells": [_cell(c.estimates, metric, formats) for c in result.contenders],
            }
            for metric in metrics
        ],
    }


def _figures(result: TargetResult, words: Words, formats: Formats) -> list[dict[str, object]]:
    made = [
        _intervals(result, words, formats),
        _gains(result, words, formats),
        _reliability(result, words, formats),
        _drivers(result, words, formats),
        _timeline(result, words, formats),
    ]
    return [figure for figure in made if figure is not None]


def _intervals(result: TargetResult, words: Words, formats: Formats) -> dict[str, object] | None:
    metric = "gini" if result.target == "margin_if_returns" else "auc"
    judged = [(cutoff, found) for cutoff in result.by_cutoff if (found := _found(cutoff, metric))]
    if not judged:
        return None
    best = sum(
        max(found, key=lambda c: c.estimates[metric].estimate) is cutoff.contenders[0]
        for cutoff, found in judged
    )
    title = words(
        "plot.intervals.best", metric=words(f"metric.{metric}"), best=best, all=len(judged)
    )
    groups = [
        (
            formats.day(cutoff.cutoff),
            [
                curves.Row(
                    label=words.heading("contender", c.name),
                    interval=c.estimates[metric],
                    is_model=c is cutoff.contenders[0],
                )
                for c in found
            ],
        )
        for cutoff, found in judged
    ]
    svg = curves.intervals(groups, formats=formats, title=title, reference=CHANCE[metric])
    return {"title": title, "note": words("plot.intervals.note"), "svg": svg}


def _found(cutoff: CutoffResult, metric: str) -> list[Contender]:
    return [c for c in cutoff.contenders if metric in c.estimates and c.estimates[metric].exists]


def _gains(result: TargetResult, words: Words, formats: Formats) -> dict[str, object] | None:
    if not result.gains:
        return None
    top = formats.percent(TOP)
    found = formats.percent(curves.captured_at(result.gains[0], TOP))
    title = words(f"plot.gains.{result.target}", k=top, captured=found)
    svg = curves.gains(
        [(words.heading("contender", g.name), g) for g in result.gains if g.name != "random"],
        words=(
            words("plot.gains.x"),
            words(f"plot.gains.y.{result.target}"),
            words("plot.gains.key", k=top),
            words.heading("contender", "random"),
        ),
        formats=formats,
        title=title,
        share=TOP,
    )
    return {"title": title, "note": "", "svg": svg}


def _reliability(result: TargetResult, words: Words, formats: Formats) -> dict[str, object] | None:
    if not result.reliability:
        return None
    predicted = sum(b.predicted * b.rows for b in result.reliability)
    observed = sum(b.observed.estimate * b.rows for b in result.reliability)
    ratio = observed / predicted if predicted else 0.0
    verdict = "high" if ratio < AGREES[0] else "low" if ratio > AGREES[1] else "agree"
    title = words(
        f"plot.reliability.{verdict}",
        predicted=formats.number(predicted),
        observed=formats.number(observed),
    )
    svg = curves.reliability(
        result.reliability,
        words=tuple(words(f"plot.reliability.{k}") for k in ("x", "y", "line")),  # type: ignore[arg-type]
        formats=formats,
        title=title,
    )
    return {"title": title, "note": "", "svg": svg}


def _drivers(result: TargetResult, words: Words, formats: Formats) -> dict[str, object] | None:
    if not result.drivers:
        return None
    title = words("plot.drivers", meaning=result.drivers[0].meaning)
    svg = plots.driver_bars(result.drivers[:DRIVERS_SHOWN], formats=formats, title=title)
    return {"title": title, "note": words("plot.drivers.note"), "svg": svg}


def _timeline(result: TargetResult, words: Words, formats: Formats) -> dict[str, object] | None:
    split = result.split
    if not split.cutoffs:
        return None
    title = words("plot.timeline.none")
    learned = (*split.train, *split.valid)
    if learned and split.test:
        between = min(split.test) - max(split.windows.outcome_end(c) for c in learned)
        title = words("plot.timeline", days=formats.number(between.days))
    keys = ("train", "valid", "test", "observation", "gap", "horizon")
    svg = curves.timeline(
        split,
        words=tuple(words(f"plot.timeline.{k}") for k in keys),  # type: ignore[arg-type]
        formats=formats,
        title=title,
    )
    return {"title": title, "note": words("plot.timeline.note"), "svg": svg}
