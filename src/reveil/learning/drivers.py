"""Drivers: why a customer has this score, in words a CRM team reads.

In:  Candidate, rows, the features' declarations.
Out: up to three reasons per customer; global importance; shap's beeswarm as SVG.
Knows nothing of offers.

Features that share a signal say the same thing, so their contributions are added before
the strongest groups are chosen: three reasons are three things. Reasons are associations. Contacts
are confounded by past targeting and are never given as a reason.
"""

from __future__ import annotations

import io
import string
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reveil.features.declare import Feature, Language
from reveil.features.words import signal_words
from reveil.learning.candidate import BTYD_TERM, SEASON_TERM, Candidate, matrix
from reveil.learning.training import TrainingSet
from reveil.learning.wording import BTYD_SENTENCE, BTYD_TITLE, SEASON_TITLE, Number

Floats = NDArray[np.float64]

NEVER_A_REASON = frozenset({"pressure"})
"""Families about our own contacts: past targeting, not the customer, speaks through them."""

DRIVER_ROWS = 5_000
SMALLEST = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One driver of one customer's score.

    Parameters
    ----------
    code
        The signal the group is news of, or `btyd`; stable, for triggers and filters.
    direction
        Whether it raises or lowers the target's score.
    contribution
        Of the whole group, in log-odds of the target (log money for amounts).
    sentence
        With the customer's own figures.
    """

    code: str
    direction: Literal["raises", "lowers"]
    contribution: float
    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Drivers:
    """Mean absolute contribution of each feature over judged rows.

    Parameters
    ----------
    table
        `name`, `group`, `meaning_en`, `meaning_fr`, `mean_abs`, strongest first.
    rows
        How many customers it is the mean of.
    """

    table: pd.DataFrame
    rows: int

    def top(self, n: int = 10) -> pd.DataFrame:
        """Return the n strongest features."""
        return self.table.head(n)


def reasons(
    candidate: Candidate,
    frame: pd.DataFrame,
    features: Sequence[Feature],
    *,
    language: Language = "en",
    top: int = 3,
    threads: int = 1,
) -> list[tuple[Reason, ...]]:
    """Give each row its strongest reasons, by absolute contribution of the group.

    A group speaks through its strongest feature that pushes the group's way, has a sentence and
    has every figure the sentence needs; a group that cannot speak leaves its place to the next.

    Parameters
    ----------
    features
        The candidate's declarations, in any order.

    Returns
    -------
    list of tuple of Reason
        One tuple per row, strongest first; shorter than `top` when fewer groups can speak.
    """
    found = candidate.contributions(frame, threads=threads)
    declared = {f.name: f for f in features}
    groups: dict[str, list[int]] = {}
    for j, name in enumerate(found.names):
        feature = declared.get(name)
        if name == BTYD_TERM or (feature is not None and feature.family not in NEVER_A_REASON):
            groups.setdefault(_code(name, declared), []).append(j)
    codes = list(groups)
    values = _Values.of(candidate, frame, declared)
    strength = np.zeros((len(frame), len(codes)))
    speaker = np.zeros((len(frame), len(codes)), dtype=np.int64)
    for g, members in enumerate(groups.values()):
        part = found.values[:, members]
        total = part.sum(axis=1)
        able = np.stack([values.can_say(found.names[j], language) for j in members], axis=1)
        along = np.sign(part) == np.sign(total)[:, None]
        best = np.where(able, np.abs(part) + np.where(along, 1e6, 0.0), -1.0)
        speaker[:, g] = np.asarray(members)[np.argmax(best, axis=1)]
        strength[:, g] = np.where(able.any(axis=1), total, 0.0)
    return _written(
        strength, speaker, codes, found.names, values=values, language=language, top=top
    )


def drivers(candidate: Candidate, data: TrainingSet, *, threads: int = 1) -> Drivers:
    """Rank features by mean absolute contribution at the test cutoffs (training without test).

    Parameters
    ----------
    threads
        For speed only.

    Returns
    -------
    Drivers
        `drivers(candidate, data).top(10)` is the table to read first.
    """
    rows = _explained_rows(data)
    found = candidate.contributions(rows, threads=threads)
    declared = {f.name: f for f in data.features}
    size = np.abs(found.values).mean(axis=0) if len(rows) else np.zeros(len(found.names))
    table = pd.DataFrame(
        {
            "name": found.names,
            "group": [_code(n, declared) for n in found.names],
            "meaning_en": [_meaning(n, declared, "en") for n in found.names],
            "meaning_fr": [_meaning(n, declared, "fr") for n in found.names],
            "mean_abs": size,
        }
    )
    table = table.sort_values(["mean_abs", "name"], ascending=[False, True], ignore_index=True)
    return Drivers(table=table, rows=len(rows))


def beeswarm_svg(
    candidate: Candidate, data: TrainingSet, *, top: int = 12, threads: int = 1
) -> str:
    """Draw shap's beeswarm of the contributions: each dot a customer. The same bytes every time."""
    import matplotlib as mpl  # noqa: PLC0415  (heavy, and only a report needs it)
    from matplotlib import pyplot as plt  # noqa: PLC0415

    with warnings.catch_warnings():
        # shap's own colour maps use what matplotlib will retire, and in a notebook without
        # ipywidgets its progress bar complains, which is not shown here.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        warnings.filterwarnings("ignore", message="IProgress not found")
        import shap  # noqa: PLC0415

    rows = _explained_rows(data)
    found = candidate.contributions(rows, threads=threads)
    x = matrix(rows, candidate.features).astype(np.float64)
    if candidate.btyd is not None:
        logit = candidate.btyd.logit(rows, horizon=candidate.horizon_days)
        x = np.column_stack([x, logit])
    if candidate.seasons:
        x = np.column_stack([x, candidate.season(rows)])
    x[:, np.isnan(x).all(axis=0)] = 0.0  # shap's colours need a value where nobody has one
    explained = shap.Explanation(
        values=found.values,
        base_values=np.full(len(rows), found.bias),
        data=x,
        feature_names=list(found.names),
    )
    with mpl.rc_context({"svg.hashsalt": "reveil", "svg.fonttype": "none"}):
        figure = plt.figure(figsize=(8, 6))
        before = np.random.get_state()  # noqa: NPY002  (shap jitters with numpy's global state)
        np.random.seed(0)  # noqa: NPY002
        try:
            shap.plots.beeswarm(
                explained,
                max_display=top,
                show=False,
                plot_size=None,
                group_remaining_features=False,
            )
        finally:
            np.random.set_state(before)  # noqa: NPY002
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None}, bbox_inches="tight")
        plt.close(figure)
    text = out.getvalue()
    return text[text.index("<svg") :]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Values:
    """Each row's own figures, by the names that sentences use."""

    columns: Mapping[str, Floats]
    templates: Mapping[str, Feature]

    @classmethod
    def of(
        cls, candidate: Candidate, frame: pd.DataFrame, declared: Mapping[str, Feature]
    ) -> _Values:
        columns = {
            str(c): frame[c].to_numpy(dtype=np.float64)
            for c in frame.columns
            if pd.api.types.is_numeric_dtype(frame[c]) and not pd.api.types.is_bool_dtype(frame[c])
        }
        if candidate.btyd is not None:
            logit = candidate.btyd.logit(frame, horizon=candidate.horizon_days)
            columns[BTYD_TERM] = 100.0 / (1.0 + np.exp(-logit))
            columns["horizon_days"] = np.full(len(frame), candidate.horizon_days)
        return cls(columns=columns, templates=declared)

    def template(self, name: str, language: Language) -> str | None:
        if name == BTYD_TERM:
            return BTYD_SENTENCE.of(language)
        feature = self.templates.get(name)
        return None if feature is None or feature.reason is None else feature.reason.of(language)

    def fields(self, name: str, template: str) -> tuple[str, ...]:
        wanted = (field for _, field, _, _ in string.Formatter().parse(template) if field)
        return tuple(dict.fromkeys(name if f == "value" else f for f in wanted))

    def can_say(self, name: str, language: Language) -> NDArray[np.bool_]:
        rows = len(next(iter(self.columns.values()))) if self.columns else 0
        template = self.template(name, language)
        if template is None:
            return np.zeros(rows, dtype=bool)
        able = np.ones(rows, dtype=bool)
        for field in self.fields(name, template):
            column = self.columns.get(field)
            able &= np.isfinite(column) if column is not None else False
        return able

    def shown(self, name: str, value: float, language: Language) -> Number | str:
        feature = self.templates.get(name)
        if feature is not None and feature.levels:
            return feature.level(value, language)
        return Number(value, language)

    def say(
        self, name: str, template: str, rows: NDArray[np.int64], language: Language
    ) -> list[str]:
        fields = self.fields(name, template)
        figures = [self.columns[f][rows].tolist() for f in fields]
        labels = ["value" if f == name else f for f in fields]
        out = []
        for one in zip(*figures, strict=True) if figures else (() for _ in rows):
            own = {
                label: self.shown(field, v, language)
                for field, label, v in zip(fields, labels, one, strict=True)
            }
            if "value" in own:
                own[name] = own["value"]
            out.append(template.format(**own))
        return out


def _written(
    strength: Floats,
    speaker: NDArray[np.int64],
    codes: Sequence[str],
    names: Sequence[str],
    *,
    values: _Values,
    language: Language,
    top: int,
) -> list[tuple[Reason, ...]]:
    rows = len(strength)
    order = np.argsort(-np.abs(strength), axis=1, kind="stable")[:, :top]
    here = np.arange(rows)[:, None]
    said = speaker[here, order] if rows else order
    size = strength[here, order] if rows else strength[:, :top]
    sentences = np.empty(order.shape, dtype=object)
    for j in np.unique(said[np.abs(size) > SMALLEST]):
        r, k = np.nonzero((said == j) & (np.abs(size) > SMALLEST))
        template = values.template(names[j], language)
        if template is not None:
            sentences[r, k] = values.say(names[j], template, r, language)
    return [
        tuple(
            Reason(
                code=codes[g],
                direction="raises" if c > 0 else "lowers",
                contribution=c,
                sentence=s,
            )
            for g, c, s in zip(groups, sizes, words, strict=True)
            if s is not None
        )
        for groups, sizes, words in zip(
            order.tolist(), size.tolist(), sentences.tolist(), strict=True
        )
    ]


def title_of(code: str, language: Language) -> str:
    """Name a reason's code in words, for counts of triggers.

    Examples
    --------
    >>> title_of("silence", "en")
    'time since the last order'
    """
    own = {BTYD_TERM: BTYD_TITLE, SEASON_TERM: SEASON_TITLE}
    return own.get(code, signal_words(code)).of(language)


def _code(name: str, declared: Mapping[str, Feature]) -> str:
    feature = declared.get(name)
    return name if feature is None else feature.signal


def _meaning(name: str, declared: Mapping[str, Feature], language: Language) -> str:
    titles = {BTYD_TERM: BTYD_TITLE, SEASON_TERM: SEASON_TITLE}
    if name in titles:
        return titles[name].of(language)
    return declared[name].meaning.of(language) if name in declared else name


def _explained_rows(data: TrainingSet) -> pd.DataFrame:
    rows = data.judged("test") if data.split.test else data.judged("train")
    if not len(rows):
        rows = data.judged("train")
    return rows.iloc[:: max(1, -(-len(rows) // DRIVER_ROWS))].reset_index(drop=True)
