"""The checks of a source: what is wrong with its rows, how much of it, where, and what to do.

In:  a source as mapped to the log, the stated coverage.
Out: findings, the days of its good rows; or errors where the study refuses what was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from reveil.errors import DataError
from reveil.events.audit import Finding, State
from reveil.events.coverage import dates_of
from reveil.events.lookups import ROW
from reveil.events.reader import Reader
from reveil.events.refusals import refused_dates, refused_kinds
from reveil.events.roles import Role
from reveil.events.settings import SourceSettings
from reveil.events.survey import Survey, facts, flaws, noted, positions, survey
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

EXACTLY = 2_000_000
"""Rows up to which every repeated row is counted; above, those of one customer in 16."""

SAMPLE = 16

WIDE = 500
"""Columns up to which rows are compared in all of them; above, in those of the study."""

NO_FINDING = frozenset(
    {"good", "bought", "amount", "dotted", "thousands", "zoned", "unzoned", "unknown kind"}
)
"""Counts that only serve other checks, or that are refused."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceAudit:
    """What was found in one source.

    Parameters
    ----------
    source
        Its name.
    findings
        What to tell.
    refused
        What the study does not accept.
    days
        Good rows by kind: one number per day of the coverage.
    rows
        The good rows, kept: `survey.COLUMNS`.
    """

    source: str
    findings: tuple[Finding, ...]
    refused: tuple[DataError, ...]
    days: Mapping[str, NDArray[np.int64]]
    rows: ir.Table


def audit_source(
    reader: Reader,
    raw: ir.Table,
    rows: ir.Table,
    source: SourceSettings,
    *,
    coverage: Coverage,
    roles: Mapping[str, Role],
) -> SourceAudit:
    """Keep the rows of one source, and count what is wrong with them.

    Parameters
    ----------
    reader
        Keeps them, so that the file is read once.
    raw
        The source as it was opened.
    rows
        Its rows, mapped, with the marks of `survey.marks`.

    Raises
    ------
    DataError
        When nothing of the source could be used: it is empty, or no row has a customer.
    """
    kept = reader.store(noted(rows, source, coverage, roles), source.label)
    counted = survey(kept, rows, source, coverage, roles)
    whole = source.where is None and source.on_duplicate != "drop"
    total = counted.total if whole else int(raw.count().to_pyarrow().as_py())
    _require_rows(counted, total, source)
    if source.where is not None:
        left_out = int(rows.filter(~rows.kept).count().to_pyarrow().as_py())
        counted = replace(counted, counts={**counted.counts, "filtered": left_out})
    counts = counted.counts
    found = _counted(counted, source, coverage)
    refusing = [name for name in _refused(source) if counts.get(name)]
    of = facts(rows, source, coverage)
    flags = flaws(of, source, coverage, roles)
    if (power := _largest(counted)) is not None:
        flags["absurd amount"] = flags["bought"] & (of.power >= power)
    first = positions(of, flags, [n for n in {*found, *refusing} if n in flags])
    refused = []
    for name in refusing:
        if name == "missing customer":
            at_rows = ", ".join(f"{p:,}" for p in first[name])
            refused.append(
                DataError(
                    f"{counts[name]:,} of {total:,} rows of {source.label} have no customer "
                    f'in column "{source.columns["customer"].label}". First at rows {at_rows}.',
                    hint="accept the loss with `on_missing_customer: drop`",
                )
            )
        elif name == "unknown kind":
            refused.append(refused_kinds(rows, source, roles, counts[name]))
        else:
            key = "at" if name == "unreadable date" else "available_at"
            refused.append(
                refused_dates(
                    raw, source, key=key, positions=first[name], bad=counts[name], total=total
                )
            )
    if not sum(int(kind.sum()) for kind in counted.days.values()):
        found["no row left"] = (
            "error", "", total, "rows, none of which the log can use: see the other findings",
            "lignes, dont aucune n’est utilisable : voir les autres constats", "",
        )  # fmt: skip
    repeated, again = _repeated(raw, kept, source, total)
    if again is not None:
        refused.append(again)
    findings = [
        Finding(check="rows", state="ok", source=source.name, column="", rows=total),
        *(
            Finding(
                check=name, state=state, source=source.name, column=column, rows=n,
                positions=first.get(name, ()), fix=en, fix_fr=fr, line=line,
            )
            for name, (state, column, n, en, fr, line) in found.items()
        ),
        *repeated,
        *dates_of(counted.days, source, coverage),
    ]  # fmt: skip
    return SourceAudit(
        source=source.name, findings=tuple(findings), refused=tuple(refused), days=counted.days,
        rows=kept.filter(kept.good).drop("good", "mask"),
    )  # fmt: skip


def _require_rows(counted: Survey, total: int, source: SourceSettings) -> None:
    if total == 0:
        raise DataError(
            f"{source.label} is empty; at least one row is required",
            hint="check the export, or remove the source from the study",
        )
    if counted.total == 0:
        raise DataError(
            f"`where` leaves none of the {total:,} rows of {source.label}: {source.where}",
            hint="check the condition; text is compared in single quotes, columns stand in double quotes",
        )
    if counted.counts["missing customer"] == counted.total:
        raise DataError(
            f'no row of {source.label} has a customer in column "{source.columns["customer"].label}"',
            hint="check `columns.customer`",
        )


def _refused(source: SourceSettings) -> list[str]:
    refused = ["unknown kind"]
    if source.on_missing_customer == "refuse":
        refused.append("missing customer")
    if source.on_bad_date == "refuse":
        refused += ["unreadable date", "unreadable available_at"]
    return refused


_Told = tuple[State, str, int, str, str, str]


def _counted(counted: Survey, source: SourceSettings, coverage: Coverage) -> dict[str, _Told]:
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


def _amounts(counted: Survey, column: str) -> dict[str, _Told]:
    counts = counted.counts
    found: dict[str, _Told] = {}
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
    if (power := _largest(counted)) is not None:
        large = int(counted.amounts[power:].sum())
        under = 2.0 ** (power - ABSURD) / MONEY_UNIT
        found["absurd amount"] = (
            "warning", column, large,
            f"kept; over 100 times what nearly all purchases stay under ({under:,.2f})",
            f"gardées ; plus de 100 fois ce que presque tous les achats ne dépassent pas ({under:,.2f})",
            f"where: {_written(column)} < {2.0**power / MONEY_UNIT:.0f}",
        )  # fmt: skip
    return found


def _excess(table: ir.Table, each: int) -> int:
    """Count the rows equal to an earlier one, among one in `each` of all different rows.

    Rows are told apart by a hash of 64 bits: of a hundred million, none is taken for another.
    """
    rows = table.select(row=ibis.struct({name: table[name] for name in table.columns}).hash())
    if each > 1:
        rows = rows.filter(rows.row.abs() % each == 0)
    counted = rows.aggregate(rows=rows.count(), different=rows.row.nunique()).to_pyarrow()
    return int(counted["rows"][0].as_py() - counted["different"][0].as_py())


def _written(label: str) -> str:
    """Write a column or expression as an expression does."""
    return label if label.startswith("(") else f'"{label}"'


def _largest(counted: Survey) -> int | None:
    """Power of two from which amounts are absurd; None when none reaches it."""
    n = int(counted.amounts.sum())
    if n < 30:
        return None
    spared = max(3, n // 1_000)
    above = n - np.cumsum(counted.amounts)
    power = int(np.argmax(above <= spared)) + 1 + ABSURD
    return power if counted.amounts[power:].sum() else None


def _lags(counted: Survey, source: SourceSettings) -> dict[str, _Told]:
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


def _zones(counted: Survey, source: SourceSettings) -> dict[str, _Told]:
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


def _repeated(
    raw: ir.Table, kept: ir.Table, source: SourceSettings, total: int
) -> tuple[list[Finding], DataError | None]:
    """Count rows equal to another in every column."""
    table = raw.drop(ROW) if ROW in raw.columns else raw
    if len(table.columns) > WIDE:
        table = table.select(sorted({c.column for c in source.columns.values() if c.column}))
    each = SAMPLE if total > EXACTLY and source.on_duplicate == "keep" else 1
    # Rows equal in every column are equal in those of the log, which are at hand.
    if source.on_duplicate == "keep" and not _excess(kept.drop("good", "mask"), each):
        return [], None
    repeated = each * _excess(table, each)
    if not repeated:
        return [], None
    if source.on_duplicate == "refuse":
        return [], DataError(
            f"{repeated:,} of {total:,} rows of {source.label} are equal to another in every column",
            hint="check the export, or keep one of each with `on_duplicate: drop`",
        )
    about = ("about, counted on a sixteenth; ", "environ, compté sur un seizième ; ")
    start_en, start_fr = about if each > 1 else ("", "")
    if source.on_duplicate == "drop":
        state: State = "info"
        en, fr, line = "one of each is kept", "une de chaque est gardée", ""
    elif "order" in source.columns:
        state, line = "info", ""
        en = "kept: lines of one order may repeat"
        fr = "gardées : les lignes d’une commande peuvent se répéter"
    else:
        state, line = "warning", "on_duplicate: drop"
        en, fr = "kept; check the export", "gardées ; vérifier l’export"
    finding = Finding(
        check="repeated row", state=state, source=source.name, column="", rows=repeated,
        fix=start_en + en, fix_fr=start_fr + fr, line=line,
    )  # fmt: skip
    return [finding], None
