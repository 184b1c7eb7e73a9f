"""What a study says about its data: where each table is, what its columns mean, who is who."""

from __future__ import annotations

import codecs
import re
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from reveil.errors import StudyError, nearest
from reveil.events.audit import require_check

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


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        close = get_close_matches(name, available_timezones(), n=1)
        said = f"did you mean {close[0]}?" if close else "it is named as in Europe/Paris"
        raise ValueError(f"no such time zone; {said}") from None
    return name


TimeZone = Annotated[str, AfterValidator(_time_zone)]
"""A name of the IANA data base, such as `Europe/Paris`."""


class TableSettings(_Settings):
    """A table: files, or a table of a database file.

    In a study a plain path will do: `path: sales.csv`; what a file does not say about itself
    is said beside it: `path: {file: sales.csv, delimiter: ";", decimal: ","}`.
    """

    file: Path = Path()
    """A file, a folder of files (`year=2024/...` become columns), or a glob; on Spark also a
    URI such as `s3a://bucket/sales`."""
    table: str | None = None
    """Which table of a DuckDB or SQLite file; without `file`, of Spark's metastore."""
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    """Between the fields of a CSV; found from the file when not said."""
    decimal: Literal[".", ","] = "."
    """How numbers in text are written."""
    encoding: str = "utf-8"
    """Of a CSV, by any name that Python knows: `cp1252`, `latin-1`, `utf-16`."""

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            codecs.lookup(value)
        except LookupError:
            raise ValueError(
                "no such encoding; utf-8, cp1252, latin-1 and utf-16 are usual"
            ) from None
        return value

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if "file" not in self.model_fields_set and self.table is None:
            raise ValueError("`file` is required, or the `table` of a metastore")
        return self

    @property
    def in_metastore(self) -> bool:
        """Whether it is a table that Spark knows by name."""
        return self.file == Path()

    @property
    def uri(self) -> str | None:
        """Where it is, when that is no place of this machine's file system."""
        found = re.match(r"([a-z][a-z0-9+.-]+):/+(.*)", str(self.file))
        if found is None:
            return None
        # A path keeps one slash: `s3a:/bucket/x` names a bucket, `file:/x` a folder.
        return f"{found[1]}:{'///' if found[1] in ('file', 'dbfs') else '//'}{found[2]}"

    @property
    def name(self) -> str:
        """What messages call it."""
        if self.table is None:
            return self.file.name
        return self.table if self.in_metastore else f"{self.table} of {self.file.name}"


def _short_table(value: object) -> object:
    return {"file": value} if isinstance(value, str | Path) else value


Table = Annotated[TableSettings, BeforeValidator(_short_table)]
"""A path, or a path with what must be said to read it."""


class ColumnSettings(_Settings):
    """One value of each row: a column, or an expression over the columns."""

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


def _short_column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


Column = Annotated[ColumnSettings, BeforeValidator(_short_column)]

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
"""What becomes part of a column's name: small letters, digits, underscores."""
"""A column's name, or a column or expression with what must be said about it."""


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


class LookupSettings(_Settings):
    """A table that adds columns to the rows of a source: the dates of a campaign, the
    department of a product. It has one row per key.
    """

    path: Table
    key: str | dict[str, str]
    """The column both share, or the source's column and what the table calls it."""
    columns: tuple[str, ...] | None = None
    """What to add; all of them when not said."""

    @property
    def keys(self) -> dict[str, str]:
        """The source's column and the table's, for each part of the key."""
        return {self.key: self.key} if isinstance(self.key, str) else self.key


class SourceSettings(_Settings):
    """A table of events.

    `kind` is one kind for all rows, a column, or a condition per kind: the first that
    holds names the row. Rows that none names are counted and left out.
    """

    name: str
    path: Table | None = None
    """None for a data frame given in Python under the source's name."""
    lookups: tuple[LookupSettings, ...] = ()
    columns: dict[str, ColumnSettings]
    kind: KindSettings
    where: str | None = None
    timezone: TimeZone | None = None
    """Where the source's clock hangs, for times that do not say; the study's when not said."""
    on_missing_customer: Literal["drop", "refuse"] = "drop"
    on_bad_date: Literal["drop", "refuse"] = "refuse"
    on_duplicate: Literal["keep", "drop", "refuse"] = "keep"
    """Rows equal in every column of the source."""

    @property
    def label(self) -> str:
        """What messages call the table."""
        return self.name if self.path is None else self.path.name

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
        return {k: _short_column(v) for k, v in value.items()}


class CustomersSettings(_Settings):
    """A table of customers: since when, where they may be reached, what they want.

    One row per customer; or, with `valid_from`, one row per customer and period, of which
    a cutoff sees the one that held then.
    """

    path: Table
    customer: str
    since: Column | None = None
    """The date the customer became known; later rows are unknown at a cutoff."""
    valid_from: Column | None = None
    valid_until: Column | None = None
    """The period a row held for, `[valid_from, valid_until)`; open where empty."""
    consent: dict[str, Column | dict[str, Column]] = Field(default_factory=dict)
    """Channel -> may we write there? Or channel -> purpose -> may we write there for it?"""
    usable: dict[str, Column] = Field(default_factory=dict)
    """Channel -> does the contact point work? False for an address left, a hard bounce."""
    wants: dict[str, Column] = Field(default_factory=dict)
    """Channel -> the preference centre's answer; unlike consent, no answer is no objection."""
    objection: Column | None = None
    """Objected to marketing or to profiling."""
    in_target: Column | None = None
    """Still in the market the study addresses; a condition, such as `{expression: age < 60}`."""
    contract_end: Column | None = None
    """When a contract or credit ends."""
    attributes: dict[Name, Column] = Field(default_factory=dict)
    """Name -> what else the table says of a customer, a number or a text, for features."""

    @model_validator(mode="after")
    def _periods_begin(self) -> Self:
        if self.valid_until is not None and self.valid_from is None:
            raise ValueError(
                "`valid_until` needs `valid_from`: which of a customer's rows is later?"
            )
        return self


class LinkSettings(_Settings):
    """A table that says which customer an id of a source stands for."""

    path: Table
    id: str
    """Column with the id as the sources write it."""
    customer: str
    """Column with the customer it stands for: a person, or the company a contact belongs to."""
    source: str | None = None
    """Column with the name of the source whose id it is; every source's when not said."""


class IdentitySettings(_Settings):
    """Who is who across sources. Nothing is merged that is not asked for here."""

    same: tuple[Literal["case", "spaces", "leading_zeros"], ...] = ()
    """Ids that differ only by these are one customer, written in capitals, without spaces,
    without leading zeros."""
    links: tuple[LinkSettings, ...] = ()
    """Followed one after the other: source id -> person, person -> company."""


class MachineSettings(_Settings):
    """Opens and clicks that no person made, found by what was known on the day.

    They are counted by the audit and left out of the log, as rows flagged `is_machine` are.
    """

    find: bool = True
    open_seconds: int = Field(default=10, ge=0)
    """An e-mail of a bulk send opened within so many seconds was opened by a machine."""
    click_seconds: int = Field(default=2, ge=0)
    """An e-mail clicked within so many seconds of its send was clicked by a machine."""
    burst_seconds: int = Field(default=10, ge=0)
    burst_links: int = Field(default=4, ge=2)
    """So many different links of one e-mail within so many seconds: a scanner follows them all."""
    bulk: int = Field(default=50, ge=1)
    """Sends of a campaign on one day that make it a bulk send."""


class CoverageSettings(_Settings):
    """The dates between which the log is complete, `[start, end)`."""

    start: date
    end: date


class AuditSettings(_Settings):
    """What of the audit stops a run. Everything else is counted and told."""

    refuse: tuple[str, ...] = ()
    """Checks whose findings are errors here, whatever they are elsewhere."""
    accept: tuple[str, ...] = ()
    """Checks whose errors are known, and only warned of."""

    @field_validator("refuse", "accept")
    @classmethod
    def _known(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for check in value:
            require_check(check, key=f"audit.{info.field_name}")
        return value
