"""The catalogue: every feature of a study, family by family, and why the others say nothing.

In:  a Study and its log, or nothing: then the features of every kind that reveil knows.
Out: Catalogue, which shows itself in a notebook and writes itself as Markdown.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from html import escape

import pandas as pd

from reveil.config import Study
from reveil.events.contents import Attribute, Contents
from reveil.events.log import EventLog
from reveil.events.roles import ROLES
from reveil.events.settings import COLUMNS
from reveil.features.declare import Feature, Language
from reveil.features.family import Family, families
from reveil.features.golden import fingerprint
from reveil.features.matrix import FeatureSet, feature_set
from reveil.pipeline.observing import features_of, open_events

EXAMPLE = Contents(
    kinds=ROLES,
    columns=COLUMNS,
    channels={"store": ("store",), "web": ("web",)},
    attributes=(
        Attribute(name="household_size"),
        Attribute(name="region", levels=("north", "south")),
    ),
    facts=("consent_email_for_open_tracking", "contract_end_s", "since_s"),
)
"""A log with every kind and column, by two channels, with two attributes of customers."""

EXAMPLE_ACTIVITY = ("purchase", "email_click", "login", "visit")

HEAD = ("feature", "unit", "window", "meaning", "null means", "stands on")


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """Every feature that a log has signals for, by family.

    Parameters
    ----------
    features
        The set that writes them.
    language
        Of the meanings.

    Examples
    --------
    >>> every = catalogue()
    >>> "purchase_overdue_ratio" in every.names
    True
    >>> [f.name for f in every.families["season"]][0]
    'purchase_count_last_year_next_28d'
    """

    features: FeatureSet
    language: Language = "en"

    def __iter__(self) -> Iterator[Feature]:
        return iter(self.features.features)

    def __len__(self) -> int:
        return len(self.features.features)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in the order of the matrix's columns."""
        return self.features.names

    @property
    def families(self) -> Mapping[str, tuple[Feature, ...]]:
        """Features by family, in the same order."""
        found: dict[str, list[Feature]] = {}
        for one in self:
            found.setdefault(one.family, []).append(one)
        return {name: tuple(members) for name, members in found.items()}

    @property
    def silent(self) -> Mapping[str, str]:
        """Why each of the other families says nothing of this log."""
        return self.features.silent

    @property
    def fingerprint(self) -> str:
        """64 digits that move when the value of any feature could, whoever wrote it."""
        return fingerprint(self.features)

    def frame(self) -> pd.DataFrame:
        """Return one row per feature: family, name, unit, window, meaning, null, roles.

        Returns
        -------
        pandas.DataFrame
            `family, feature, unit, window, meaning, null means, stands on`.
        """
        rows = [{"family": f.family, **dict(zip(HEAD, self.cells(f), strict=True))} for f in self]
        return pd.DataFrame(rows, columns=["family", *HEAD])

    def cells(self, one: Feature) -> tuple[str, ...]:
        """Describe a feature in the words of `HEAD`."""
        meaning = one.meaning.of(self.language)
        if one.levels:
            meaning += f" ({', '.join((*one.levels, one.level(len(one.levels), self.language)))})"
        return (
            one.name,
            one.unit.value,
            "" if one.window_days is None else f"{one.window_days} d",
            meaning,
            one.null_means,
            ", ".join(one.roles),
        )

    def markdown(self) -> str:
        """Write the catalogue as a page: a section and a table for each family."""
        blocks = []
        known = families(self.features.modules)
        for name, members in self.families.items():
            rows = [HEAD, ("---",) * len(HEAD)]
            for one in members:
                first, *rest = self.cells(one)
                rows.append((f"`{first}`", *rest))
            table = "\n".join("| " + " | ".join(_in_a_cell(c) for c in row) + " |" for row in rows)
            blocks.append(f"### {name}\n\n{introduced(known[name])}\n\n{table}")
        if self.silent:
            rows = [("family", "silent because"), ("---", "---"), *self.silent.items()]
            table = "\n".join("| " + " | ".join(_in_a_cell(c) for c in row) + " |" for row in rows)
            blocks.append(f"### Silent families\n\n{table}")
        return "\n\n".join(blocks) + "\n"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in HEAD)
        body = []
        for name, members in self.families.items():
            body.append(f'<tr><th colspan="{len(HEAD)}">{escape(name)}</th></tr>')
            for one in members:
                cells = "".join(f"<td>{escape(cell)}</td>" for cell in self.cells(one))
                body.append(f"<tr>{cells}</tr>")
        for name, why in self.silent.items():
            body.append(
                f'<tr><th>{escape(name)}</th><td colspan="{len(HEAD) - 1}">{escape(why)}</td></tr>'
            )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def catalogue(
    study: Study | None = None, log: EventLog | None = None, *, language: Language | None = None
) -> Catalogue:
    """List the features of a study; without one, those of a log with every known kind.

    Parameters
    ----------
    log
        Of the study, where it is open already.
    language
        Of the meanings; the study's own when not said.

    Raises
    ------
    StudyError
        When a module of the study's own is missing, or a family to include does not exist.

    Examples
    --------
    >>> {"purchase_recency_days", "email_click_rate_84d"} <= set(catalogue().names)
    True
    """
    if study is not None:
        features = features_of(study, open_events(study) if log is None else log)
        return Catalogue(features=features, language=language or study.language)
    features = feature_set(
        EXAMPLE,
        observation=timedelta(days=728),
        active_by=EXAMPLE_ACTIVITY,
        limit_days=240,
        include=[name for name, one in families().items() if not one.on],
    )
    return Catalogue(features=features, language=language or "en")


def introduced(one: Family) -> str:
    """Say what a family is about, in its author's words, and what it needs.

    Examples
    --------
    >>> introduced(families()["rhythm"]).endswith("Needs `purchase`.")
    True
    """
    about = (inspect.getdoc(one.write) or "").split("\n\n")[0].replace("\n", " ")
    needs = " or ".join(f"`{need}`" for need in one.needs)
    said = [about, f"Needs {needs}." if needs else "", "" if one.on else "Off unless included."]
    return " ".join(part for part in said if part)


def _in_a_cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
