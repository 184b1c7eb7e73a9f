"""Attributes: what else the customers table says of a customer, for features.

In:  the raw customers table, CustomersSettings, a Clock.
Out: one column `attribute_<name>` each: float64 for a number, text for a text, whole seconds for
     a date; what is odd about them.

A text column is one of numbers or of dates when its first values all read so: those that
every cutoff sees. So a row that comes later never changes what an earlier one says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import ibis
import ibis.expr.types as ir

from reveil.errors import DataError
from reveil.events.audit import Finding
from reveil.events.clock import Clock
from reveil.events.contents import ATTRIBUTE, MIN_CUSTOMERS, levels_of
from reveil.events.expressions import row_expression
from reveil.events.reader import require_column
from reveil.events.settings import ColumnSettings, CustomersSettings
from reveil.events.values import moment, seconds_of, spelled, spelling_of, text_of

Form = Literal["number", "date", "text"]

NUMBER = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$"
CODE = r"^[+-]?0[0-9]"
"""Numbers are not written with a zero before them; departments and post codes are."""

ISO_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T].*)?$"

MOST = 3.4e38
"""Features are held in 32 bits: no larger number is one there, and not a number is none either."""

DAY = 86_400


def raw_attributes(raw: ir.Table, settings: CustomersSettings, clock: Clock) -> dict[str, ir.Value]:
    """Read every attribute as its column holds it.

    Returns
    -------
    dict
        Column of the log -> float64 for numbers and for yes or no, int64 seconds for dates,
        texts for the rest.

    Raises
    ------
    DataError
        When a column is missing or holds lists or the like, or a date is not as `format` says.
    StudyError
        When an expression cannot be read.
    """
    return {
        f"{ATTRIBUTE}{name}": _read(raw, spec, name, settings, clock)
        for name, spec in settings.attributes.items()
    }


def _read(
    raw: ir.Table, spec: ColumnSettings, name: str, settings: CustomersSettings, clock: Clock
) -> ir.Value:
    file, key = settings.path.name, f"customers.attributes.{name}"
    if spec.expression is not None:
        spelling = spelling_of(raw, settings.path.decimal)
        value = row_expression(spec.expression, raw, key=key, spelling=spelling)
    else:
        require_column(raw, spec.label, file)
        value = raw[spec.label]
    kind = value.type()
    where = f'column "{spec.label}" of {file}'
    dated = kind.is_date() or kind.is_timestamp() or "TIMESTAMPTZ" in str(kind)
    if dated or spec.format is not None:
        read = seconds_of(moment(value, where=where, key=key, pattern=spec.format, clock=clock))
        if bad := _count(raw.filter(text_of(value).notnull(), read.isnull())):
            raise DataError(
                f'{bad:,} rows of {file} have no readable date in column "{spec.label}"',
                hint=f"correct `{key}`: {{column: {spec.label}, format: …}}; "
                "an empty field means not known",
            )
        return read
    if kind.is_boolean() or kind.is_numeric():
        return _finite(value.cast("float64"))
    if kind.is_string() or kind.is_null():
        return text_of(value.cast("string"))
    raise DataError(
        f"{where} holds values of type {kind}; a number, a text, a date, or yes or no is "
        f"required for `{key}`",
        hint=f"take one value out of it in that file, or remove `{key}`",
    )


def told_apart(
    table: ir.Table, settings: CustomersSettings, clock: Clock, start_s: int
) -> tuple[ir.Table, list[Finding]]:
    """Turn columns of text that hold numbers or dates into such; count what is odd.

    An expression that gives a text is a text: somebody said so.

    Parameters
    ----------
    table
        The customers table with the columns of `raw_attributes`, `since_s`, and `valid_from_s`
        where rows hold for a period.
    start_s
        Seconds from 1970 to the start of the coverage: every cutoff lies after it.

    Returns
    -------
    tuple
        The table; findings.
    """
    # Dates are texts as well until they are found to be dates, unless the study says how.
    open_ = [
        column
        for column, spec in _specs(settings)
        if spec.expression is None and table[column].type().is_string()
    ]
    forms = _forms(table, open_, start_s, settings.path.decimal)
    read: dict[str, ir.Value] = {}
    for column, form in forms.items():
        text = table[column]
        if form == "number":
            read[column] = _number(text, settings.path.decimal)
        elif form == "date":
            when = moment(text, where=column, key=column, pattern=None, clock=clock)
            read[column] = seconds_of(when)
    lost: dict[str, int] = {}
    if read:
        unread = {c: (table[c].notnull() & value.isnull()).sum() for c, value in read.items()}
        row = table.aggregate(**unread).to_pyarrow()
        lost = {c: int(row[c][0].as_py() or 0) for c in read}
        table = table.mutate(**read)
    return table, list(_odd(table, settings, forms, lost))


def _specs(settings: CustomersSettings) -> Iterator[tuple[str, ColumnSettings]]:
    for name, spec in settings.attributes.items():
        yield f"{ATTRIBUTE}{name}", spec


def _forms(table: ir.Table, columns: list[str], start_s: int, decimal: str) -> dict[str, Form]:
    """Tell what columns of text hold, by what every cutoff sees that sees anything of them.

    Those are the rows known when the coverage begins; where they say nothing, the first that
    say something.
    """
    if not columns:
        return {}
    known = table.since_s
    if "valid_from_s" in table.columns:
        began = table.valid_from_s.fill_null(0)
        known = (known.isnull() | (known > began)).ifelse(known, began)
    firsts = table.aggregate(**{c: known.min(where=table[c].notnull()) for c in columns})
    first = {c: firsts.to_pyarrow()[c][0].as_py() for c in columns}
    counts: dict[str, ir.Value] = {}
    for c in columns:
        if first[c] is None:
            continue
        text = table[c]
        seen = text.notnull() & (known <= max(start_s, int(first[c])))
        counts[f"{c} all"] = seen.sum()
        counts[f"{c} number"] = (seen & _number(text, decimal).notnull()).sum()
        counts[f"{c} date"] = (seen & text.re_search(ISO_DATE)).sum()
    if not counts:
        return dict.fromkeys(columns, "text")
    row = table.aggregate(**counts).to_pyarrow().to_pylist()[0]

    def form(c: str) -> Form:
        for one in ("number", "date"):
            if first[c] is not None and row[f"{c} {one}"] == row[f"{c} all"]:
                return one
        return "text"

    return {c: form(c) for c in columns}


def _number(text: ir.StringValue, decimal: str) -> ir.FloatingValue:
    plain = spelled(text, decimal)
    written = plain.re_search(NUMBER) & ~plain.re_search(CODE)
    return _finite(written.ifelse(plain, ibis.null("string")).try_cast("float64"))


def _finite(value: ir.FloatingValue) -> ir.FloatingValue:
    return (value.abs() <= MOST).ifelse(value, ibis.null("float64"))


def days_since(customers: ir.Table, end_s: int) -> ir.Table:
    """Turn attributes that are dates into days before a moment: negative when still to come.

    Parameters
    ----------
    end_s
        Seconds since 1970.

    Examples
    --------
    >>> people = ibis.memtable({"customer_id": ["a"], "attribute_birth": [0]})
    >>> days_since(people, 2 * 86_400).attribute_birth.to_pyarrow().to_pylist()
    [2.0]
    """
    dates = [
        c for c in customers.columns if c.startswith(ATTRIBUTE) and customers[c].type().is_integer()
    ]
    if not dates:
        return customers
    return customers.mutate(
        **{c: (end_s - customers[c]).cast("float64") / float(DAY) for c in dates}
    )


def _odd(
    table: ir.Table, settings: CustomersSettings, forms: dict[str, Form], lost: dict[str, int]
) -> Iterator[Finding]:
    """Find attributes that tell nobody apart, or hardly anybody."""
    if not settings.attributes:
        return
    counts: dict[str, ir.Value] = {"rows": table.count()}
    for column, _ in _specs(settings):
        counts[f"{column} filled"] = table[column].count()
        counts[f"{column} values"] = table[column].nunique()
    n = table.aggregate(**counts).to_pyarrow().to_pylist()[0]
    for column, spec in _specs(settings):
        filled, values = int(n[f"{column} filled"]), int(n[f"{column} values"])
        name, file = column.removeprefix(ATTRIBUTE), settings.path.name
        out = f"take `{name}` out of `customers.attributes`"
        dehors = f"retirer `{name}` de `customers.attributes`"
        if lost.get(column):
            en, fr = ("number", "un nombre") if forms[column] == "number" else ("date", "une date")
            yield Finding(
                check="attribute not as its first values", state="warning", source=file,
                column=spec.label, rows=lost[column],
                fix=f"rows, taken as empty: each of the first values is a {en}; for texts, say so",
                fix_fr=f"lignes, prises pour vides : chacune des premières valeurs est {fr} ; pour des textes, le dire",
                line=_said(name, "cast({} as varchar)", spec),
            )  # fmt: skip
        if not filled:
            yield Finding(
                check="attribute without values", state="warning", source=file, column=spec.label,
                rows=n["rows"], fix=f"rows, all empty: {out}",
                fix_fr=f"lignes, toutes vides : {dehors}",
            )  # fmt: skip
        elif values == 1 and filled == n["rows"]:
            yield Finding(
                check="attribute with one value", state="warning", source=file, column=spec.label,
                rows=filled, fix=f"rows, all the same: {out}",
                fix_fr=f"lignes, toutes identiques : {dehors}",
            )  # fmt: skip
        elif table[column].type().is_string():
            levels = levels_of(table, column)
            if 2 * _count(table.filter(table[column].isin(levels or [""]))) < filled:
                yield Finding(
                    check="attribute of rare texts", state="warning", source=file, column=spec.label,
                    rows=values,
                    fix=f"different texts, {len(levels)} of them told apart: too few customers share "
                    f"the others ({MIN_CUSTOMERS} are required). An id? {out}; or say it more coarsely",
                    fix_fr=f"textes différents, dont {len(levels)} distingués : trop peu de clients "
                    f"partagent les autres (il en faut {MIN_CUSTOMERS}). Un identifiant ? {dehors} ; "
                    "ou le dire plus grossièrement",
                    line=_said(name, "left({}, 2)", spec),
                )  # fmt: skip


def _said(name: str, call: str, spec: ColumnSettings) -> str:
    """Write the line of a study that computes an attribute from what it is now."""
    value = spec.label if spec.column is None else '"' + spec.column.replace('"', '""') + '"'
    return f"{name}: {{expression: '{call.format(value).replace(chr(39), chr(39) * 2)}'}}"


def _count(table: ir.Table) -> int:
    return int(table.count().to_pyarrow().as_py())
