"""Refusals: the errors about values of a source, with samples that name nobody.

In:  a source, the rows with a flaw.
Out: a DataError with counts, positions, and the line to write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from reveil.errors import DataError, nearest
from reveil.events.lookups import ROW
from reveil.events.roles import Role
from reveil.events.settings import SourceSettings

WORDS = 50
"""With more different kinds than this, the column holds something else than kinds."""

_DATE = re.compile(r"\d{1,4}([/. -])\d{1,2}\1\d{1,4}([T ]?[\d:.]*)?( ?([+-][\d:]+|[zZ]))?")


def refused_dates(
    raw: ir.Table,
    source: SourceSettings,
    *,
    key: str,
    positions: Sequence[int],
    bad: int,
    total: int,
) -> DataError:
    """Describe dates that could not be read.

    Values that do not look like dates are shown by their shape: they may be a customer's.
    """
    at = source.columns[key]
    samples: list[str] = []
    if at.column is not None:
        position = raw[ROW] if ROW in raw.columns else ibis.row_number() + 1
        text = raw.select(position=position, value=raw[at.column].cast("string"))
        text = text.filter(text.position.isin(list(positions))).order_by("position")
        samples = [value or "" for value in text.to_pyarrow()["value"].to_pylist()]
    shown = ": " + ", ".join(f'"{shape(value)}"' for value in samples) if samples else ""
    return DataError(
        f'{bad:,} of {total:,} rows of {source.label} have no readable date in column "{at.label}".\n'
        f"First at rows {', '.join(map(str, positions))}{shown}.",
        hint=f"{_way_to_read(samples, key, at.label, at.format)}, "
        "or accept the loss with `on_bad_date: drop`.",
    )


def shape(value: str) -> str:
    """Show a date as it is, and anything else with a for a letter and 9 for a digit.

    Examples
    --------
    >>> shape("31/02/2024"), shape("n.c."), shape("C4711"), shape("Anna Maria Dupont, Lyon (69)")
    ('31/02/2024', 'n.c.', 'a9999', 'aaaa aaaaa aaaaaa, a…')
    """
    value = value.strip()
    if _DATE.fullmatch(value) or (len(value) <= 4 and not re.search(r"\d", value)):
        return value
    hidden = re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", value))
    hidden = "".join(sign if sign.isprintable() else "?" for sign in hidden)
    return hidden if len(hidden) <= 24 else hidden[:20] + "…"


def _way_to_read(samples: Sequence[str], key: str, label: str, pattern: str | None) -> str:
    digits = [value.strip() for value in samples if value.strip()]
    lengths = {len(value) for value in digits if value.isdecimal()}
    quoted = f'"{label}"'
    if digits and len(lengths) == 1 and all(value.isdecimal() for value in digits):
        length = lengths.pop()
        if length == 8 and pattern is None:
            return f'set `{key}: {{column: {label}, format: "%Y%m%d"}}` as the dates are written'
        if length in (10, 13):
            unit = "seconds" if length == 10 else "milliseconds"
            return f"{quoted} looks like {unit} since 1970: export it as a date"
        if length == 5:
            return f"{quoted} looks like the day numbers of a spreadsheet: export it as a date"
    wanted = pattern or "%d/%m/%Y"
    return f'set `{key}: {{column: {label}, format: "{wanted}"}}` as the dates are written'


def refused_kinds(
    rows: ir.Table, source: SourceSettings, roles: Mapping[str, Role], bad: int
) -> DataError:
    """Describe kinds that nobody declared; words that may name a person are not shown."""
    unknown = rows.filter(rows.kept, rows.kind.notnull(), ~rows.kind.isin(list(roles)))
    named = unknown.select("kind").distinct().order_by("kind").limit(WORDS + 1)
    kinds = named.to_pyarrow()["kind"].to_pylist()
    if len(kinds) > WORDS:
        return DataError(
            f"{bad:,} rows of {source.label} are of more than {WORDS} kinds that nobody declared",
            hint="does `kind` name the right column? It holds one word per sort of event",
        )
    shown = [kind if _is_word(kind) else shape(kind) for kind in kinds[:5]]
    return DataError(
        f"{bad:,} rows of {source.label} are of a kind nobody declared: {', '.join(shown)}",
        hint=f"give each a role, as in `kinds: {{{shown[0]}: engagement}}`, "
        f"or another name ({nearest(shown[0], roles)})",
    )


def _is_word(kind: str) -> bool:
    return kind.isprintable() and len(kind) <= 40 and not re.search(r"\d{3}|@", kind)
