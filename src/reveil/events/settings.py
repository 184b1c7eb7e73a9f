"""What a study says about its sources: where they are, and what their columns mean."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from reveil.errors import StudyError, nearest

COLUMNS = (
    "customer",
    "at",
    "amount",
    "order",
    "item",
    "category",
    "channel",
    "campaign",
    "offer",
    "rating",
    "available_at",
    "is_machine",
)
"""What a source may map to the log, beside the kind of each event."""


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnSettings(_Settings):
    """One column of the log: a column of the source, or an expression over its columns."""

    column: str | None = None
    expression: str | None = None
    format: str | None = None
    """How a date in text is written, as in `%d/%m/%Y`; ISO 8601 without it."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.column is None) == (self.expression is None):
            raise ValueError("either `column` or `expression` is required")
        if self.format is not None and self.column is None:
            raise ValueError("`format` reads a `column`, not an `expression`")
        return self

    @property
    def label(self) -> str:
        """What the user wrote, for messages."""
        return self.column or f"({self.expression})"


class KindColumnSettings(_Settings):
    """The kind of each event, read from a column."""

    column: str
    values: dict[str, str] = Field(default_factory=dict)
    """The source's own words for the kinds; a word that is not listed is taken as the kind."""


def _form_of_kind(value: object) -> str:
    if isinstance(value, KindColumnSettings):
        return "<column>"
    if isinstance(value, dict):
        in_column = "column" in value or isinstance(value.get("values"), dict)
        return "<column>" if in_column else "<conditions>"
    return "<one>"


KindSettings = Annotated[
    Annotated[str, Tag("<one>")]
    | Annotated[KindColumnSettings, Tag("<column>")]
    | Annotated[dict[str, str], Tag("<conditions>")],
    Discriminator(_form_of_kind),
]
"""One kind, a column of kinds, or a condition per kind."""


class SourceSettings(_Settings):
    """A table of events.

    `kind` is one kind for all rows, a column, or a condition per kind: the first that
    holds names the row. Rows that none names are counted and left out.
    """

    name: str
    path: Path
    columns: dict[str, ColumnSettings]
    kind: KindSettings
    where: str | None = None
    on_missing_customer: Literal["drop", "refuse"] = "drop"
    on_bad_date: Literal["drop", "refuse"] = "refuse"

    @field_validator("columns", mode="before")
    @classmethod
    def _short_form(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, dict):
            return value
        where = f"{info.data.get('name', 'source')}.columns"
        for key in value:
            if key not in COLUMNS:
                raise StudyError(
                    f"`{where}.{key}` is not a column of the log", hint=nearest(str(key), COLUMNS)
                )
        for needed in ("customer", "at"):
            if needed not in value:
                raise StudyError(
                    f"`{where}` does not say which column is `{needed}`",
                    hint=f"add `{needed}: <your column>`; customer and at are required",
                )
        return {k: {"column": v} if isinstance(v, str) else v for k, v in value.items()}


class CustomersSettings(_Settings):
    """A table with one row per customer: since when, and where they may be reached."""

    path: Path
    customer: str
    since: str | None = None
    """Column with the date the customer became known; later rows are unknown at a cutoff."""
    consent: dict[str, str] = Field(default_factory=dict)
    """Channel -> boolean column: may we write there?"""
    usable: dict[str, str] = Field(default_factory=dict)
    """Channel -> boolean column: does the contact point work?"""


class CoverageSettings(_Settings):
    """The dates between which the log is complete, `[start, end)`."""

    start: date
    end: date
