"""One source: its raw table becomes rows of the log, typed, with what is wrong left visible.

In:  SourceSettings, a Reader.
Out: a lazy table with every column of the log; ids, dates and kinds that could not be read are null.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from reveil.errors import DataError
from reveil.events.clock import Clock
from reveil.events.expressions import Spelling, row_condition, row_expression
from reveil.events.lookups import ROW, looked_up
from reveil.events.reader import Reader, require_column
from reveil.events.settings import KindColumnSettings, SourceSettings
from reveil.events.values import flag, identifier, moment, money, spelled, spelling_of, text_of

TEXT_COLUMNS = ("item", "category", "channel", "campaign", "offer")


def open_source(
    reader: Reader, source: SourceSettings, frames: Mapping[str, object] | None = None
) -> ir.Table:
    """Open the raw table of a source and check that the study's columns are there.

    Parameters
    ----------
    frames
        Data frames by the name of the source that each is.

    Raises
    ------
    DataError
        When the table is missing, unreadable, empty, or lacks a column.
    """
    if frames is not None and source.name in frames:
        raw = reader.frame(frames[source.name])
    elif source.path is not None:
        raw = reader.read(source.path)
    else:
        raise DataError(
            f"the source `{source.name}` has no `path`, and no data frame was given for it",
            hint=f"add `path`, or open the events with frames={{{source.name!r}: frame}}",
        )
    for lookup in source.lookups:
        raw = looked_up(reader, raw, lookup, source.label)
    wanted = {c.column for c in source.columns.values() if c.column}
    if isinstance(source.kind, KindColumnSettings):
        wanted.add(source.kind.column)
    for column in sorted(wanted):
        require_column(raw, column, source.label)
    return raw


def mapped(
    raw: ir.Table,
    source: SourceSettings,
    clock: Clock,
    marks: Mapping[str, ir.Value] | None = None,
) -> ir.Table:
    """Rename, type and name the kind of every row; nothing is dropped yet.

    Parameters
    ----------
    clock
        How the source's moments become the log's.
    marks
        Further columns of the result, for the audit.

    Returns
    -------
    ibis.Table
        `source, customer_id, at, known_at, kind, amount` (ten-thousandths) `, order_id,
        item, category, channel, campaign, offer, rating, is_machine, kept`. A null
        `customer_id`, `at`, `known_at` or `kind` is one that could not be read; `kept`
        is the source's `where`.
    """
    row = RowOf(raw=raw, source=source)
    value = row.value

    def text(key: str) -> ir.StringValue:
        found = value(key)
        return ibis.null("string") if found is None else text_of(found)

    at = _moment(value("at"), source, "at", clock)
    known, late = at, value("available_at")
    if late is not None:
        # Nothing written means known at once; something unreadable means nobody knows when.
        arrived = _moment(late, source, "available_at", clock).fill_null(
            text_of(late).isnull().ifelse(at, ibis.null("timestamp(6)"))
        )
        known = arrived.notnull().ifelse(ibis.greatest(at, arrived), ibis.null("timestamp(6)"))
    amount, rating, machine = row.number("amount"), row.number("rating"), value("is_machine")
    kept = ibis.literal(True)
    if source.where:
        kept = row.condition(source.where, f"{source.name}.where").fill_null(False)
    position = {ROW: raw[ROW]} if ROW in raw.columns else {}
    return raw.select(
        source=ibis.literal(source.name),
        customer_id=identifier(value("customer")),
        at=at,
        known_at=known,
        kind=_kind(row),
        amount=ibis.null("int64") if amount is None else money(amount),
        order_id=text("order"),
        **{key: text(key) for key in TEXT_COLUMNS},
        rating=ibis.null("float64") if rating is None else _rated(rating),
        is_machine=ibis.null("boolean") if machine is None else flag(machine),
        kept=kept,
        **position,
        **(marks or {}),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class RowOf:
    """What a source's settings make of each raw row."""

    raw: ir.Table
    source: SourceSettings

    def value(self, key: str) -> ir.Value | None:
        """Take the value mapped to a column of the log, as it is; None when nothing is."""
        spec = self.source.columns.get(key)
        if spec is None:
            return None
        if spec.expression is not None:
            return row_expression(
                spec.expression,
                self.raw,
                key=f"{self.source.name}.columns.{key}",
                spelling=self._spelling,
            )
        return self.raw[spec.column]

    def number(self, key: str) -> ir.NumericValue | None:
        """Read it as a number; null where it is none."""
        found = self.value(key)
        if found is None:
            return None
        if found.type().is_string():
            return spelled(found, self._decimal).try_cast("float64")
        return found.try_cast("float64")

    def condition(self, text: str, key: str) -> ir.BooleanValue:
        """Evaluate a condition of the study on each row."""
        return row_condition(text, self.raw, key=key, spelling=self._spelling)

    @property
    def _spelling(self) -> Spelling | None:
        return spelling_of(self.raw, self._decimal)

    @property
    def _decimal(self) -> str:
        return "." if self.source.path is None else self.source.path.decimal


def _moment(
    value: ir.Value | None, source: SourceSettings, key: str, clock: Clock
) -> ir.TimestampValue:
    assert value is not None
    spec = source.columns[key]
    where = f'column "{spec.label}" of {source.label}'
    return moment(value, where=where, key=f"columns.{key}", pattern=spec.format, clock=clock)


def _kind(row: RowOf) -> ir.StringValue:
    rule, raw = row.source.kind, row.raw
    if isinstance(rule, str):
        return ibis.literal(rule)
    if isinstance(rule, KindColumnSettings):
        word = text_of(raw[rule.column])
        named = [(word == own, kind) for own, kind in rule.values.items()]
        return ibis.cases(*named, else_=word) if named else word
    conditions = [
        (row.condition(condition, f"{row.source.name}.kind.{kind}"), kind)
        for kind, condition in rule.items()
    ]
    return ibis.cases(*conditions)


MOST_RATING = 8_000.0
"""Scales of stars, of 10, of 100 and of net promoters lie far within; nothing larger is one."""


def _rated(rating: ir.NumericValue) -> ir.NumericValue:
    """Keep what can be a rating: not `nan`, nor a number as large as an amount."""
    return (rating.abs() <= MOST_RATING).ifelse(rating, ibis.null("float64"))
