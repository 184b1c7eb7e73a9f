"""The audit as a value: what is wrong with the data, how much of it, where, and what to write.

In:  findings of whoever looked: the checks of a source, of the coverage, of ids, of machines.
Out: `Finding`, and `Audit`, which is a data frame, JSON, a table in a notebook.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Literal

from reveil.errors import DataError, StudyError, nearest

if TYPE_CHECKING:
    import pandas as pd

State = Literal["error", "warning", "info", "ok"]

STATES: tuple[State, ...] = ("error", "warning", "info", "ok")
"""Worst first. An error is what the study refuses, or what would make figures wrong."""

CHECKS: Mapping[str, str] = {
    "rows": "lignes",
    "filtered": "écartées par `where`",
    "missing customer": "client manquant",
    "unreadable date": "date illisible",
    "unreadable available_at": "date de disponibilité illisible",
    "before the coverage": "avant la couverture",
    "after the coverage": "après la couverture",
    "placeholder date": "date de remplissage",
    "no row left": "aucune ligne retenue",
    "future date": "date très au-delà de la couverture",
    "day and month swapped": "jour et mois intervertis",
    "many rows on one day": "beaucoup de lignes le même jour",
    "mixed time zones": "fuseaux horaires mêlés",
    "late row": "ligne arrivée en retard",
    "no kind": "sans nature",
    "unknown kind": "nature inconnue",
    "machine": "fait par une machine",
    "unreadable is_machine": "is_machine illisible",
    "unreadable amount": "montant illisible",
    "thousands read as decimals": "milliers lus comme décimales",
    "purchase without amount": "achat sans montant",
    "negative purchase": "achat négatif",
    "positive return": "retour positif",
    "absurd amount": "montant invraisemblable",
    "unreadable rating": "note illisible",
    "repeated row": "ligne répétée",
    "order in several sources": "commande dans plusieurs sources",
    "lookup without match": "clé absente de la table jointe",
    "days without events": "jours sans événement",
    "source stopped": "source interrompue",
    "kind stopped": "nature interrompue",
    "source starts late": "source commencée après la couverture",
    "id in several sources": "identifiant présent dans plusieurs sources",
    "id written as a formula": "identifiant écrit comme une formule",
    "id with invisible characters": "identifiant avec caractères invisibles",
    "id that looks like a date": "identifiant semblable à une date",
    "id in scientific notation": "identifiant en notation scientifique",
    "id beyond the precision of its column": "identifiant au-delà de la précision de sa colonne",
    "id of great length": "identifiant très long",
    "one id with most events": "un identifiant porte la plupart des événements",
    "customer without attributes": "client absent de la table des clients",
    "customer without events": "client sans événement",
    "overlapping periods": "périodes qui se chevauchent",
    "period that ends before it begins": "période finie avant de commencer",
    "events before since": "événements avant `since`",
    "attribute without values": "attribut sans valeur",
    "attribute with one value": "attribut à valeur unique",
    "attribute of rare texts": "attribut aux textes rares",
    "attribute not as its first values": "attribut autre que ses premières valeurs",
    "unusable contact point": "point de contact inutilisable",
    "no contact point": "aucun point de contact",
    "ids that differ by case": "identifiants qui ne diffèrent que par la casse",
    "ids that differ by spaces": "identifiants qui ne diffèrent que par des espaces",
    "ids that differ by leading zeros": "identifiants qui ne diffèrent que par des zéros en tête",
    "ids that differ by several of these": "identifiants qui diffèrent par plusieurs de ces points",
    "id without link": "identifiant sans lien",
    "link without answer": "lien sans client",
    "link followed once": "lien suivi une seule fois",
    "machine open": "ouverture par une machine",
    "machine click": "clic par une machine",
}
"""Every check by its code, with its name in French. `audit.refuse` and `audit.accept` take codes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One line of the audit.

    Parameters
    ----------
    check
        What was looked for: a key of `CHECKS`.
    state
        How bad it is.
    source, column
        Where, in the user's own names; empty when it is about everything.
    rows
        How many rows, or days, or customers: the check says which.
    positions
        The first few row numbers, counted from 1; never a customer id.
    fix, fix_fr
        What was done about it, or what to do, in English and in French.
    line
        The exact line of the study to write, if there is one.

    Examples
    --------
    >>> Finding(check="repeated row", state="info", source="shop", column="", rows=2, fix="kept").say("fr")
    'kept'
    """

    check: str
    state: State
    source: str
    column: str
    rows: int
    positions: tuple[int, ...] = ()
    fix: str = ""
    fix_fr: str = ""
    line: str = ""

    def name(self, language: str) -> str:
        """Return the check's name in `en` or `fr`."""
        return CHECKS.get(self.check, self.check) if language == "fr" else self.check

    def say(self, language: str) -> str:
        """Return what to do in `en` or `fr`, with the line to write."""
        said = self.fix_fr if language == "fr" and self.fix_fr else self.fix
        return ": ".join(part for part in (said, f"`{self.line}`" if self.line else "") if part)

    @property
    def where(self) -> str:
        """Source and column, as far as there are any."""
        return " · ".join(part for part in (self.source, self.column) if part)


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """Everything that was looked at and found, worst first.

    Examples
    --------
    >>> few = Finding(check="repeated row", state="info", source="shop", column="", rows=2)
    >>> bad = Finding(check="late row", state="warning", source="shop", column="loaded", rows=9)
    >>> audit = Audit(findings=worst_first([few, bad]))
    >>> audit.worst, [f.check for f in audit], audit.frame()["rows"].tolist()
    ('warning', ['late row', 'repeated row'], [9, 2])
    """

    findings: tuple[Finding, ...]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    @property
    def worst(self) -> State:
        """The worst state of any finding; `ok` when there is none."""
        return min((f.state for f in self.findings), key=STATES.index, default="ok")

    def frame(self) -> pd.DataFrame:
        """Return one row per finding: check, state, source, column, rows, positions, fix, line."""
        import pandas as pd  # noqa: PLC0415  (settings name checks without loading pandas)

        names = ["check", "state", "source", "column", "rows", "positions", "fix", "line"]
        rows = [{name: getattr(f, name) for name in names} for f in self.findings]
        return pd.DataFrame(rows, columns=names)

    def to_json(self) -> str:
        """Return the findings as a JSON array, one object per finding."""
        return json.dumps([asdict(f) for f in self.findings], ensure_ascii=False, indent=2)

    def _repr_html_(self) -> str:
        head = "".join(
            f"<th>{name}</th>"
            for name in ("state", "check", "where", "rows", "first at rows", "what to do")
        )
        body = "".join(
            "<tr>"
            + "".join(
                f"<td>{escape(cell)}</td>"
                for cell in (
                    f.state, f.check, f.where, f"{f.rows:,}",
                    ", ".join(f"{p:,}" for p in f.positions), f.say("en"),
                )
            )
            + "</tr>"
            for f in self.findings
        )  # fmt: skip
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings by state, then source, check and column."""
    return tuple(
        sorted(findings, key=lambda f: (STATES.index(f.state), f.source, f.check, f.column))
    )


def judged(audit: Audit, *, refuse: Iterable[str] = (), accept: Iterable[str] = ()) -> Audit:
    """Let the study decide what it refuses and what it knows and accepts.

    Parameters
    ----------
    audit
        What was found.
    refuse
        Checks whose findings become errors.
    accept
        Checks whose errors become warnings.

    Examples
    --------
    >>> late = Finding(check="late row", state="warning", source="shop", column="loaded", rows=9)
    >>> judged(Audit(findings=(late,)), refuse=["late row"]).worst
    'error'
    """
    refused, accepted = set(refuse), set(accept)

    def state(f: Finding) -> State:
        if f.check in accepted and f.state == "error":
            return "warning"
        return "error" if f.check in refused and f.state != "ok" else f.state

    return Audit(findings=worst_first(replace(f, state=state(f)) for f in audit))


def refuse(errors: Sequence[DataError]) -> None:
    """Raise what the study refuses, all of it at once.

    Raises
    ------
    DataError
        The error, or a list of them.

    Examples
    --------
    >>> refuse([DataError("no dates", hint="name them"), DataError("no ids", hint="add them")])
    Traceback (most recent call last):
    ...
    reveil.errors.DataError: 2 things to mend before anything can be read.
    1. no dates
       Hint: name them
    2. no ids
       Hint: add them
    """
    if len(errors) == 1:
        raise errors[0]
    if errors:
        each = (f"{n}. {error}".replace("\n", "\n   ") for n, error in enumerate(errors, 1))
        raise DataError(
            "\n".join([f"{len(errors)} things to mend before anything can be read.", *each])
        )


def require_no_error(audit: Audit) -> None:
    """Refuse data of which the audit says that its figures would be wrong.

    Raises
    ------
    DataError
        Naming the first error and the number of the others.
    """
    errors = [f for f in audit if f.state == "error"]
    if not errors:
        return
    first = errors[0]
    others = f" ({len(errors) - 1} more errors after this one)" if len(errors) > 1 else ""
    at = (
        f", first at rows {', '.join(f'{p:,}' for p in first.positions)}" if first.positions else ""
    )
    raise DataError(
        f"the audit found an error: {first.check}, {first.rows:,} in {first.where or 'the log'}"
        f"{at}{others}",
        hint=f"{first.say('en') or 'see `reveil check`'}; "
        f"or, knowing it, write `audit: {{accept: [{first.check}]}}`",
    )


def require_check(name: str, *, key: str) -> None:
    """Refuse the name of a check that does not exist.

    Raises
    ------
    StudyError
        With the nearest name.
    """
    if name not in CHECKS:
        raise StudyError(
            f"`{key}` names {name!r}, which is not a check", hint=nearest(name, CHECKS)
        )
