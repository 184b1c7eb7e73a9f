"""The audit page: what is wrong with the events, where, and what to write about it.

In:  `AuditRow`s, a language.
Out: one HTML page, errors first.
"""

from __future__ import annotations

from collections.abc import Sequence

from reveil.features.declare import Language
from reveil.reports.formats import Formats
from reveil.reports.render import render
from reveil.reports.values import AuditRow
from reveil.reports.words import Words

ORDER = ("error", "warning", "info", "ok")
TONES = {"error": "bad", "warning": "bad", "info": "", "ok": "good"}


def audit_report(rows: Sequence[AuditRow], language: Language) -> str:
    """Write the audit page.

    Parameters
    ----------
    rows
        One per check; within a state their order is kept.
    language
        `en` or `fr`.

    Returns
    -------
    str
        HTML, self-contained.

    Examples
    --------
    >>> row = AuditRow(check="duplicates", state="warning", source="orders.csv", column="", rows=12)
    >>> "No error. Warnings to read: 1." in audit_report([row], "en")
    True
    """
    words, formats = Words(language=language), Formats(language=language)
    errors = sum(row.state == "error" for row in rows)
    warnings = sum(row.state == "warning" for row in rows)
    worst = "error" if errors else "warning" if warnings else "ok"
    page = {
        "title": words("page.audit"),
        "lead": words(
            f"audit.lead.{worst}", errors=formats.number(errors), warnings=formats.number(warnings)
        ),
        "rows": [
            {
                "tone": TONES[row.state],
                "state": words(f"audit.state.{row.state}"),
                "check": row.check,
                "where": " · ".join(part for part in (row.source, row.column) if part),
                "rows": formats.number(row.rows),
                "positions": ", ".join(formats.number(p) for p in row.positions)
                if language == "en"
                else " ; ".join(formats.number(p) for p in row.positions),
                "fix": row.fix,
                "line": row.line,
            }
            for row in sorted(rows, key=lambda row: ORDER.index(row.state))
        ],
    }
    return render("audit.html", language, page)
