"""The days of a log: holes, sources and kinds that stopped, dates that cannot be.

In:  good rows by kind and day of the coverage, per source.
Out: findings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reveil.events.audit import Finding, State
from reveil.events.roles import ORDERS
from reveil.events.settings import SourceSettings
from reveil.windows import Coverage

LONG_HOLE_DAYS = 14

USUAL = 3
"""A silence so many times the longest one before is no usual silence."""

STEADY = 0.6
"""Share of days with an event from which a kind is expected every day."""

SILENT_DAYS = 28
"""Without orders for longer, everybody would seem gone."""

PILED = 0.3
"""Share of a source's rows on one day from which that day is suspect."""

ENOUGH = 30
"""Days, or rows, below which nothing is said about their pattern."""

Counts = NDArray[np.int64]


class Dated(Protocol):
    """A source and its good rows by kind and day."""

    @property
    def source(self) -> str:
        """Its name."""

    @property
    def days(self) -> Mapping[str, Counts]:
        """Good rows by kind: one number per day of the coverage."""


def dates_of(
    days: Mapping[str, Counts], source: SourceSettings, coverage: Coverage
) -> list[Finding]:
    """Find what is odd about the dates of one source.

    Parameters
    ----------
    days
        Good rows by kind: one number per day of the coverage.
    """
    total = np.sum([np.zeros(coverage.days, np.int64), *days.values()], axis=0)
    present = np.flatnonzero(total)
    if not len(present):
        return []
    at = source.columns["at"].label
    first, last = int(present[0]), int(present[-1])
    usual = max(LONG_HOLE_DAYS, USUAL * _longest_silence(present))
    late = first > usual and len(present) > 2
    stopped = coverage.days - 1 - last > usual and len(present) > 2
    missing = np.flatnonzero(total == 0)
    if late:
        missing = missing[missing > first]
    if stopped:
        missing = missing[missing < last]
    findings = []
    if len(missing):
        findings.append(_hole(missing, source.name, "", coverage))
    for kind, counts in sorted(days.items()):
        if len(days) > 1 and (hole := _hole_of_kind(counts, total)) is not None:
            findings.append(_hole(hole, source.name, kind, coverage))
    if stopped:
        findings.append(_silence("source stopped", (source.name, at), last, coverage))
    if late:
        begins = coverage.start + timedelta(days=first)
        findings.append(
            Finding(
                check="source starts late", state="warning", source=source.name, column=at,
                rows=first,
                fix=f"days of the coverage before its first row, on {begins}; what it did not "
                "record looks like nothing done",
                fix_fr=f"jours de la couverture avant sa première ligne, le {begins} ; ce qu’elle "
                "n’a pas enregistré passe pour une absence d’activité",
                line=f"coverage: {{start: {begins}, end: {coverage.end}}}",
            )
        )  # fmt: skip
    findings += _piled(total, source, coverage) + _swapped(present, source, coverage)
    return findings


def stopped_kinds(sources: Sequence[Dated], coverage: Coverage) -> list[Finding]:
    """Find kinds that came on most days and then no more, whatever source they came from."""
    by_kind: dict[str, Counts] = {}
    for one in sources:
        for kind, counts in one.days.items():
            by_kind[kind] = by_kind.get(kind, np.zeros(coverage.days, np.int64)) + counts
    findings = []
    for kind, counts in sorted(by_kind.items()):
        present = np.flatnonzero(counts)
        if len(present) < ENOUGH:
            continue
        first, last = int(present[0]), int(present[-1])
        silent = coverage.days - 1 - last
        steady = len(present) >= STEADY * (last - first + 1)
        if steady and silent > max(LONG_HOLE_DAYS, USUAL * _longest_silence(present)):
            orders = kind in ORDERS and silent > SILENT_DAYS
            state: State = "error" if orders else "warning"
            findings.append(_silence("kind stopped", ("", kind), last, coverage, state))
    return findings


def _longest_silence(present: Counts) -> int:
    return int(np.diff(present).max(initial=1)) - 1


def _hole_of_kind(counts: Counts, total: Counts) -> Counts | None:
    """Days without a kind that comes on most days, when its source had other rows."""
    present = np.flatnonzero(counts)
    if len(present) < ENOUGH:
        return None
    first, last = int(present[0]), int(present[-1])
    inner = np.flatnonzero(counts[first : last + 1] == 0) + first
    inner = inner[total[inner] > 0]
    if len(present) < STEADY * (last - first + 1) or not len(inner):
        return None
    return inner if _longest_run(inner)[0] > LONG_HOLE_DAYS else None


def _hole(missing: Counts, source: str, kind: str, coverage: Coverage) -> Finding:
    length, start = _longest_run(missing)
    begins = coverage.start + timedelta(days=start)
    return Finding(
        check="days without events",
        state="warning" if length > LONG_HOLE_DAYS else "info",
        source=source,
        column=kind,
        rows=len(missing),
        fix=f"longest: {length} days from {begins}; if the log is incomplete there, "
        "narrow the coverage",
        fix_fr=f"au plus long : {length} jours dès le {begins} ; si les données y sont "
        "incomplètes, réduire la couverture",
    )


def _longest_run(days: Counts) -> tuple[int, int]:
    """Length and first day of the longest run of consecutive days, the earliest of equals."""
    runs = np.split(days, np.flatnonzero(np.diff(days) != 1) + 1)
    longest = max(runs, key=len)
    return len(longest), int(longest[0])


def _silence(
    check: str, where: tuple[str, str], last: int, coverage: Coverage, state: State = "warning"
) -> Finding:
    after = coverage.start + timedelta(days=last + 1)
    return Finding(
        check=check,
        state=state,
        source=where[0],
        column=where[1],
        rows=coverage.days - 1 - last,
        fix=f"days of silence at the end, from {after} on; if the log is incomplete there, "
        "everybody looks gone",
        fix_fr=f"jours de silence à la fin, à partir du {after} ; si les données y sont "
        "incomplètes, tout le monde paraît parti",
        line=f"coverage: {{start: {coverage.start}, end: {after}}}",
    )


def _piled(total: Counts, source: SourceSettings, coverage: Coverage) -> list[Finding]:
    rows, day = int(total.max()), int(total.argmax())
    if total.sum() < ENOUGH or coverage.days < ENOUGH or rows <= PILED * total.sum():
        return []
    when = coverage.start + timedelta(days=day)
    return [
        Finding(
            check="many rows on one day", state="warning", source=source.name,
            column=source.columns["at"].label, rows=rows,
            fix=f"{rows / total.sum():.0%} of the rows are on {when}: a migration or a default "
            "date is no date of an event",
            fix_fr=f"{rows / total.sum():.0%} des lignes sont du {when} : une reprise ou une "
            "date par défaut n’est pas la date d’un événement",
        )
    ]  # fmt: skip


def _swapped(present: Counts, source: SourceSettings, coverage: Coverage) -> list[Finding]:
    """Find dates none of which lies after the twelfth of a month.

    Days and months read the wrong way round are all of this kind; those that were not cannot
    be read, and were dropped.
    """
    if len(present) < ENOUGH:
        return []
    days = {(coverage.start + timedelta(days=int(day))).day for day in present}
    if max(days) > 12 or len(days) < 10:
        return []
    at = source.columns["at"]
    other = {"%d/%m/%Y": "%m/%d/%Y", "%m/%d/%Y": "%d/%m/%Y"}.get(at.format or "", "%d/%m/%Y")
    return [
        Finding(
            check="day and month swapped", state="error", source=source.name, column=at.label,
            rows=len(present),
            fix="days with events, none after the twelfth of a month: day and month are read the "
            "wrong way round",
            fix_fr="jours avec événements, aucun après le douze du mois : jour et mois sont lus "
            "à l’envers",
            line=f'at: {{column: {at.label}, format: "{other}"}}',
        )
    ]  # fmt: skip
