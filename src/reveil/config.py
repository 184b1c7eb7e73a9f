"""The study file: one YAML document, checked before anything is read or written.

In:  study.yaml.
Out: Study, frozen: the settings of every stage, paths resolved, windows and cutoffs worked out.
"""

from __future__ import annotations

import os
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reveil.activity.settings import ActivitySettings, Duration, Span
from reveil.engine.settings import EngineSettings
from reveil.errors import StudyError, TooLittleDataError, nearest
from reveil.events.roles import Role, roles_of
from reveil.events.settings import (
    AuditSettings,
    CoverageSettings,
    CustomersSettings,
    IdentitySettings,
    MachineSettings,
    SourceSettings,
    TableSettings,
    TimeZone,
)
from reveil.learning.settings import LearningSettings
from reveil.registry.settings import RegistrySettings, absolute_uri
from reveil.scoring.settings import ScoringSettings
from reveil.targeting.settings import TargetingSettings, wrong_purpose
from reveil.windows import YEAR_OF_STEPS, Coverage, Windows, require_outcome

Target = Literal["attrition", "reactivation", "margin_if_returns"]
TARGETS: tuple[Target, ...] = ("attrition", "reactivation", "margin_if_returns")


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WindowSettings(_Settings):
    """What features see, what nobody sees, what is predicted."""

    observation: Span = timedelta(days=364)
    gap: Duration = timedelta(0)
    horizon: Span = timedelta(days=90)


class CutoffSettings(_Settings):
    """Which cutoffs to learn from and to judge by."""

    test: tuple[date, ...] = ()
    """Cutoffs the model is judged on; the last one that the coverage allows when empty."""
    min_history: Duration | None = None
    """Complete log that every training cutoff needs behind it; the observation when not said."""
    at_most: int = Field(default=YEAR_OF_STEPS, ge=1)
    """Training cutoffs, 28 days apart, the latest first; 13 cover a year."""


class LabelSettings(_Settings):
    """What counts as coming back, and how much of an amount is margin."""

    returns_on: tuple[str, ...] = ("purchase",)
    margin_rate: float = Field(default=1.0, gt=0, le=1)


class FeatureSettings(_Settings):
    """The study's own families of features."""

    modules: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    """Families that are off unless asked for, such as `opens`."""


class Study(_Settings):
    """A study: everything reveil needs to know about one company's data and aims."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    language: Literal["en", "fr"] = "en"
    currency: str = "EUR"
    timezone: TimeZone = "UTC"
    """Whose wall clock says what day it is."""
    sources: tuple[SourceSettings, ...] = Field(min_length=1)
    customers: CustomersSettings | None = None
    identity: IdentitySettings = IdentitySettings()
    machines: MachineSettings = MachineSettings()
    audit: AuditSettings = AuditSettings()
    kinds: dict[str, Role] = Field(default_factory=dict)
    coverage: CoverageSettings
    activity: ActivitySettings = ActivitySettings()
    windows: WindowSettings = WindowSettings()
    cutoffs: CutoffSettings = CutoffSettings()
    labels: LabelSettings = LabelSettings()
    features: FeatureSettings = FeatureSettings()
    learning: LearningSettings = LearningSettings()
    registry: RegistrySettings = RegistrySettings()
    scoring: ScoringSettings = ScoringSettings()
    targeting: TargetingSettings | None = None
    engine: EngineSettings = EngineSettings()

    @property
    def log_coverage(self) -> Coverage:
        """The stated coverage."""
        return Coverage(start=self.coverage.start, end=self.coverage.end)

    @property
    def label_windows(self) -> Windows:
        """The windows of every label."""
        w = self.windows
        return Windows(observation=w.observation, gap=w.gap, horizon=w.horizon)

    @property
    def min_history(self) -> timedelta:
        """Complete log every training cutoff needs behind it."""
        said = self.cutoffs.min_history
        return self.windows.observation if said is None else said

    @property
    def roles(self) -> dict[str, Role]:
        """The role of every kind the study knows."""
        return roles_of(self.kinds)

    @property
    def test_cutoffs(self) -> tuple[date, ...]:
        """Cutoffs to judge by, ascending."""
        latest = self.coverage.end - self.windows.gap - self.windows.horizon
        return tuple(sorted(set(self.cutoffs.test))) or (latest,)


def load_study(path: str | Path) -> Study:
    """Read and check a study file.

    Paths in it start from its own folder; `${NAME}` is an environment variable.

    Raises
    ------
    StudyError
        When the file is missing, is not YAML, or asks for something unknown or
        impossible; the message names the key, the value, and what to write.
    """
    path = Path(path)
    if not path.is_file():
        raise StudyError(
            f"{path} does not exist" if not path.exists() else f"{path} is not a file",
            hint="name a study file, such as models/online_retail/study.yaml",
        )
    try:
        raw = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_UniqueKeys)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: 2009-13-45, or not UTF-8
        raise StudyError(
            f"{path.name} is not readable YAML: {_in_one_line(error)}",
            hint="check the indentation and quotes at that line",
        ) from None
    if not isinstance(raw, dict):
        raise StudyError(
            f"{path.name} holds no settings; a mapping with `name`, `sources` and `coverage` is required",
            hint="start from models/online_retail/study.yaml",
        )
    study = _placed(parse_study(raw, path.name), path.parent, "")
    uri = study.registry.uri and absolute_uri(study.registry.uri, path.parent)
    return study.model_copy(update={"registry": study.registry.model_copy(update={"uri": uri})})


Placed = TypeVar("Placed", bound=BaseModel)


def _placed(settings: Placed, folder: Path, key: str) -> Placed:
    """Resolve every table that some settings name, however deep."""

    def placed(value: object, key: str) -> object:
        if isinstance(value, TableSettings):
            if value.in_metastore:
                return value
            return value.model_copy(update={"file": _resolved(value.file, folder, key)})
        if isinstance(value, BaseModel):
            return _placed(value, folder, key)
        if isinstance(value, tuple):
            return tuple(
                placed(one, f"{key}.{getattr(one, 'name', '')}".rstrip(".")) for one in value
            )
        return value

    # A copy, so that what the study did not say stays unsaid.
    said = {name: getattr(settings, name) for name in settings.model_fields_set}
    return settings.model_copy(
        update={name: placed(value, f"{key}.{name}".lstrip(".")) for name, value in said.items()}
    )


def parse_study(raw: dict[str, object], name: str = "study") -> Study:
    """Check the settings of a study that are already in Python.

    Raises
    ------
    StudyError
        As `load_study`.

    Examples
    --------
    >>> parse_study({"nmae": "shop"})
    Traceback (most recent call last):
    ...
    reveil.errors.StudyError: study: `nmae` is not a known setting (3 more after this one)
    Hint: did you mean `name`?
    """
    try:
        study = Study.model_validate(raw)
    except ValidationError as error:
        raise _explained(error, name) from None
    names = [source.name for source in study.sources]
    for source in names:
        if names.count(source) > 1:
            raise StudyError(f"{name}: two sources are called `{source}`", hint="rename one")
    if study.coverage.end <= study.coverage.start:
        raise StudyError(
            f"{name}: `coverage` ends on {study.coverage.end}, before it starts "
            f"on {study.coverage.start}",
            hint="the end is the first day that is not complete any more",
        )
    for cutoff in study.test_cutoffs:
        require_outcome(cutoff, study.label_windows, study.log_coverage)
        if cutoff - study.min_history < study.coverage.start:
            raise TooLittleDataError(
                f"{name}: cutoff {cutoff} has {(cutoff - study.coverage.start).days} days of log "
                f"behind it, {study.min_history.days} are required",
                hint="use a later `cutoffs.test`, or a shorter `cutoffs.min_history`",
            )
    for kind in study.labels.returns_on:
        if kind not in study.roles:
            raise StudyError(
                f"{name}: `labels.returns_on` names {kind!r}, which is not a kind",
                hint=nearest(kind, study.roles),
            )
    _require_purpose(study, name)
    return study


def _require_purpose(study: Study, name: str) -> None:
    """Refuse contacts for a purpose that no consent is mapped for, before anything is read."""
    if study.targeting is None or study.customers is None:
        return
    for channel in dict.fromkeys(c for offer in study.targeting.offers for c in offer.channels):
        consent = study.customers.consent.get(channel)
        if study.targeting.channels[channel].consent == "required" and isinstance(consent, dict):
            wrong = wrong_purpose(channel, study.targeting.purpose, consent)
            if wrong is not None:
                message, hint = wrong
                raise StudyError(f"{name}: {message}", hint=hint)


class _UniqueKeys(yaml.SafeLoader):
    """YAML takes the last of two equal keys in silence; a study must not."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        keys = [
            self.construct_object(key, deep=True)
            for key, _ in node.value
            if key.tag != "tag:yaml.org,2002:merge"
        ]
        for key in keys:
            if keys.count(key) > 1:
                raise StudyError(
                    f"the study says `{key}` twice (line {node.start_mark.line + 1} and below)",
                    hint="keep one of the two",
                )
        return super().construct_mapping(node, deep)


def _resolved(path: Path, folder: Path, key: str) -> Path:
    def variable(found: re.Match[str]) -> str:
        value = os.environ.get(found[1])
        if value is None:
            raise StudyError(
                f"`{key}` needs the environment variable {found[1]}, which is not set",
                hint=f"export {found[1]}=/folder/with/the/data",
            )
        return value

    said = Path(re.sub(r"\$\{(\w+)\}", variable, str(path)))
    if TableSettings(file=said).uri is not None:
        return said
    return folder / said.expanduser()


_WHOLE, _NUMBER, _DATE = "a whole number", "a number", "a date, as in 2024-01-31,"
_REQUIRED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "date_from_datetime_inexact": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_type": _DATE,
    "dict_type": "a mapping, as in `{{key: value}}`,",
    "enum": "{expected}",
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "int_from_float": _WHOLE,
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "literal_error": "{expected}",
    "model_type": "a mapping, as in `{{key: value}}`,",
    "string_pattern_mismatch": "text of the form {pattern}",
    "string_type": "text",
    "too_short": "at least {min_length}",
    "tuple_type": "a list, as in `[a, b]`,",
}
"""What pydantic's types of errors ask for, in the words of the file rather than of Python."""

_HINTS = {
    "sources": "add `sources: [{name: shop, path: shop.csv, kind: purchase, "
    "columns: {customer: ..., at: ...}}]`; `reveil init DIR` proposes them",
    "coverage": "add `coverage: {start: 2023-01-01, end: 2025-01-01}`, the days the log is "
    "complete for",
}
"""The line to write for what every study needs."""


def _explained(error: ValidationError, name: str) -> StudyError:
    # A mistyped key is said before the key it leaves missing.
    first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    # Parts in angles name a form of a setting, and are not written in the file.
    loc = tuple(part for part in first["loc"] if not str(part).startswith("<"))
    key = ".".join(str(part) for part in loc) or "the study"
    others = error.error_count() - 1
    more = f" ({others} more after this one)" if others else ""
    if first["type"] == "extra_forbidden":
        known = _known_keys(loc[:-1])
        return StudyError(
            f"{name}: `{key}` is not a known setting{more}",
            hint=nearest(str(loc[-1]), known) if known else None,
        )
    if first["type"] == "missing":
        hint = _HINTS.get(key, f"add `{key}`")
        return StudyError(f"{name}: `{key}` is required{more}", hint=hint)
    shown = "empty" if first["input"] is None else repr(first["input"])
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] in _REQUIRED:
        bounds = {
            k: f"{v:g}" if isinstance(v, float) else v for k, v in first.get("ctx", {}).items()
        }
        reason = f"{_REQUIRED[first['type']].format(**bounds)} is required"
    hint = _HINTS.get(key, f"change `{key}`")
    return StudyError(f"{name}: `{key}` is {shown}: {reason}{more}", hint=hint)


def _known_keys(loc: tuple[int | str, ...]) -> list[str]:
    """Keys a study knows at a place, found by walking the settings' own fields."""
    model: object = Study
    for part in loc:
        if isinstance(part, int):
            continue
        fields = getattr(model, "model_fields", None)
        if fields is None or part not in fields:
            inner = _models_in(model)
            if not inner:
                return []
            model = inner[0]
            continue
        inner = _models_in(fields[part].annotation)
        model = inner[0] if inner else fields[part].annotation
    return list(getattr(model, "model_fields", {}))


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    found: list[type[BaseModel]] = []
    for argument in getattr(annotation, "__args__", ()):
        found += _models_in(argument)
    return found


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())
