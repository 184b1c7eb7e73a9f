"""The checks of a source: what is wrong with its rows, how much of it, where, and what to do.

In:  a source as mapped to the log, the stated coverage.
Out: findings, the days of its good rows; or errors where the study refuses what was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from reveil.errors import DataError
from reveil.events.audit import Finding
from reveil.events.coverage import dates_of
from reveil.events.duplicates import repeated_rows
from reveil.events.facts import facts, flaws, good_rows, noted
from reveil.events.reader import Reader
from reveil.events.refusals import refused_dates, refused_kinds
from reveil.events.roles import Role
from reveil.events.settings import SourceSettings
from reveil.events.survey import Survey, positions, survey
from reveil.events.telling import absurd_from, told
from reveil.windows import Coverage


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
    found = told(counted, source, coverage)
    refusing = [name for name in _refused(source) if counts.get(name)]
    of = facts(rows, source, coverage)
    flags = flaws(of, source, coverage, roles)
    if (power := absurd_from(counted)) is not None:
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
    repeated, again = repeated_rows(raw, kept, source, total)
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
        rows=good_rows(kept, source),
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
