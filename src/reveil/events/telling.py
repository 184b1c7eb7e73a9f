"""What the counts of a source mean: how bad, what was done, the line to write, in two languages.

In:  Survey, the source's settings.
Out: by check: state, column, rows, what was done in English and French, the line to write.
"""

from __future__ import annotations

import numpy as np

from reveil.events.audit import State
from reveil.events.settings import SourceSettings
from reveil.events.survey import Survey
from reveil.events.values import MONEY_UNIT
from reveil.windows import Coverage

MANY = 0.05
"""Share of lost rows from which a loss is a warning."""

MOST = 0.5
"""Share of unreadable values from which figures made of the rest would be wrong."""

ABSURD = 7
"""Powers of two above what nearly all purchases stay under: 128 times as much."""

LATE_DAYS = 7
"""A warning when a row in a hundred comes later than this."""

NO_FINDING = frozenset(
    {"good", "bought", "amount", "dotted", "thousands", "zoned", "unzoned", "unknown kind"}
)
"""Counts that only serve other checks, or that are refused."""

Told = tuple[State, str, int, str, str, str]


def told(counted: Survey, source: SourceSettings, coverage: Coverage) -> dict[str, Told]:
    """State, column, rows, what was done in English and French, and the line to write."""
    counts, total = counted.counts, counted.total
    start, end = coverage.start, coverage.end
    label = {key: spec.label for key, spec in source.columns.items()}
    at, amount = label["at"], label.get("amount", "")
    lost: State = "warning" if counts["missing customer"] > total * MANY else "info"
    accepted = "dropped, as `on_bad_date: drop` says", "écartées, comme le dit `on_bad_date: drop`"
    bounded = f"coverage: {{start: {start}, end: {end}}}"
    written = counts.get("unreadable amount", 0) + counts.get("amount", 0)
    wrong: State = "error" if counted.share("unreadable amount", written) > MOST else "warning"
    number = 'path: {file: ..., decimal: ","}'
    told: dict[str, tuple[State, str, str, str, str]] = {
        "filtered": (
            "info", "where", "left out by `where`", "écartées par `where`", "",
        ),
        "missing customer": (
            lost, label["customer"], "dropped: nobody to attribute them to",
            "écartées : personne à qui les attribuer", "",
        ),
        "unreadable date": ("warning", at, *accepted, ""),
        "unreadable available_at": ("warning", label.get("available_at", ""), *accepted, ""),
        "placeholder date": (
            "warning", at, "dropped: before 1971, what systems write for no date",
            "écartées : avant 1971, ce que les systèmes écrivent pour aucune date", "",
        ),
        "before the coverage": (
            "warning", at, f"dropped; coverage starts on {start}",
            f"écartées ; la couverture commence le {start}", bounded,
        ),
        "after the coverage": (
            "warning", at, f"dropped; coverage ends before {end}",
            f"écartées ; la couverture finit avant le {end}", bounded,
        ),
        "future date": (
            "warning", at, f"dropped: more than a year after the coverage, which ends before {end}",
            f"écartées : plus d’un an après la couverture, qui finit avant le {end}", "",
        ),
        "no kind": (
            "warning", "kind", "dropped: no condition or word of `kind` names them",
            "écartées : aucune condition ni aucun mot de `kind` ne les nomme", "",
        ),
        "machine": (
            "info", label.get("is_machine", ""),
            "left out: done by a machine, not by the customer",
            "écartées : faites par une machine, non par le client", "",
        ),
        "unreadable is_machine": (
            "warning", label.get("is_machine", ""), "taken as done by a person; write true or false",
            "prises pour une personne ; écrire vrai ou faux", "",
        ),
        "unreadable amount": (
            wrong, amount, "kept without amount; say how numbers are written",
            "gardées sans montant ; dire comment les nombres s’écrivent", number,
        ),
        "purchase without amount": (
            "warning", amount, "kept; check how amounts are written, or name these rows otherwise in `kind`",
            "gardées ; vérifier l’écriture des montants, ou nommer ces lignes autrement dans `kind`", "",
        ),
        "negative purchase": (
            "warning", amount, "kept; if they are returns or credits, `kind` must say so",
            "gardées ; si ce sont des retours ou des avoirs, `kind` doit le dire",
            f"kind: {{return: '{_written(amount)} < 0', purchase: 'true'}}",
        ),
        "positive return": (
            "warning", amount, "kept, and added to what the customer brought; a return has a negative amount",
            "gardées, et ajoutées à ce que le client a apporté ; un retour a un montant négatif",
            f"amount: {{expression: '-{_written(amount)}'}}",
        ),
        "unreadable rating": (
            "warning", label.get("rating", ""), "kept without rating; a number is required",
            "gardées sans note ; il faut un nombre", "",
        ),
        "lookup without match": (
            "warning" if counted.share("lookup without match", total) > MANY else "info",
            ", ".join(one.path.name for one in source.lookups),
            "kept, with nothing from the table that has no such key",
            "gardées, sans rien de la table où la clé manque", "",
        ),
        "id beyond the precision of its column": (
            "error", label["customer"],
            "different customers may have become one: export the ids as text",
            "des clients différents ont pu être confondus : exporter les identifiants en texte", "",
        ),
    }  # fmt: skip
    found = {
        name: (told[name][0], told[name][1], n, *told[name][2:])
        for name, n in counts.items()
        if n and name not in NO_FINDING
    }
    return found | _amounts(counted, amount) | _lags(counted, source) | _zones(counted, source)


def _amounts(counted: Survey, column: str) -> dict[str, Told]:
    counts = counted.counts
    found: dict[str, Told] = {}
    dotted, thousands = counts.get("dotted", 0), counts.get("thousands", 0)
    if thousands >= 3 and thousands == dotted < counts["amount"]:
        found["thousands read as decimals"] = (
            "warning", column, thousands,
            "kept as decimals: every amount with a dot has three digits after it, as in 1.234; "
            "if that is 1,234, say so",
            "lues comme décimales : tout montant à point a trois chiffres après lui, comme 1.234 ; "
            "si c’est 1 234, le dire",
            'path: {file: ..., decimal: ","}',
        )  # fmt: skip
    if (power := absurd_from(counted)) is not None:
        large = int(counted.amounts[power:].sum())
        under = 2.0 ** (power - ABSURD) / MONEY_UNIT
        found["absurd amount"] = (
            "warning", column, large,
            f"kept; over 100 times what nearly all purchases stay under ({under:,.2f})",
            f"gardées ; plus de 100 fois ce que presque tous les achats ne dépassent pas ({under:,.2f})",
            f"where: {_written(column)} < {2.0**power / MONEY_UNIT:.0f}",
        )  # fmt: skip
    return found


def _written(label: str) -> str:
    """Write a column or expression as an expression does."""
    return label if label.startswith("(") else f'"{label}"'


def absurd_from(counted: Survey) -> int | None:
    """Power of two from which amounts are absurd; None when none reaches it."""
    n = int(counted.amounts.sum())
    if n < 30:
        return None
    spared = max(3, n // 1_000)
    above = n - np.cumsum(counted.amounts)
    power = int(np.argmax(above <= spared)) + 1 + ABSURD
    return power if counted.amounts[power:].sum() else None


def _lags(counted: Survey, source: SourceSettings) -> dict[str, Told]:
    if "available_at" not in source.columns or not (late := int(counted.lags[1:].sum())):
        return {}
    share = late / int(counted.lags.sum())
    enough = np.cumsum(counted.lags) >= 0.99 * counted.lags.sum()
    days = int(np.argmax(enough))
    state: State = "warning" if days > LATE_DAYS else "info"
    en = f"{share:.1%} are known a day or more after they happened; 99% within {days} days"
    fr = f"{share:.1%} sont connues un jour ou plus après les faits ; 99 % en {days} jours"
    line = ""
    if days:
        en += "; a gap as long keeps scoring and training alike"
        fr += " ; un délai de cette longueur garde apprentissage et calcul semblables"
        line = f"windows: {{gap: {days} days}}"
    return {"late row": (state, source.columns["available_at"].label, late, en, fr, line)}


def _zones(counted: Survey, source: SourceSettings) -> dict[str, Told]:
    zoned, unzoned = counted.counts.get("zoned", 0), counted.counts.get("unzoned", 0)
    if not zoned or not unzoned or source.timezone is not None:
        return {}
    return {
        "mixed time zones": (
            "warning", source.columns["at"].label, unzoned,
            f"times without a distance from UTC beside {zoned:,} with one: say where their clock hangs",
            f"des heures sans décalage UTC à côté de {zoned:,} qui en ont un : dire à quel fuseau elles sont",
            "timezone: Europe/Paris",
        )
    }  # fmt: skip
