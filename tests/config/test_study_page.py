"""docs/study.md says what the settings say: every key, default, check, example; links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from reveil.config import Study, parse_study
from reveil.events.audit import CHECKS
from reveil.events.roles import ROLES

PAGE = (Path(__file__).parents[2] / "docs" / "study.md").read_text(encoding="utf-8")
NOT_SAID = "–"

HEADINGS = {
    "Study": "The study",
    "TableSettings": "A table",
    "ColumnSettings": "A column",
    "SourceSettings": "sources",
    "KindColumnSettings": "sources: kind",
    "LookupSettings": "sources: lookups",
    "CustomersSettings": "customers",
    "IdentitySettings": "identity",
    "LinkSettings": "identity: links",
    "MachineSettings": "machines",
    "AuditSettings": "audit",
    "CoverageSettings": "coverage",
    "ActivitySettings": "activity",
    "PersonalSettings": "activity: personal",
    "UnansweredSettings": "activity: unanswered",
    "EngagementSettings": "activity: engagement",
    "WindowSettings": "windows",
    "CutoffSettings": "cutoffs",
    "LabelSettings": "labels",
    "FeatureSettings": "features",
    "LearningSettings": "learning",
    "RegistrySettings": "registry",
    "GateSettings": "registry: gate",
    "ScoringSettings": "scoring",
    "TargetingSettings": "targeting",
    "Channel": "targeting: channels",
    "Offer": "targeting: offers",
    "Pressure": "targeting: pressure",
    "Ramp": "targeting: ramp",
    "EngineSettings": "engine",
}


def models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for a in getattr(annotation, "__args__", ()) for m in models_in(a)]


def reached(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Every settings model a study can hold, by name."""
    found = {model.__name__: model}
    for field in model.model_fields.values():
        for inner in models_in(field.annotation):
            if inner.__name__ not in found:
                found |= reached(inner)
    return found


MODELS = reached(Study)


def rows_under(heading: str) -> dict[str, str]:
    """Key and default of each row of a section's table."""
    section = PAGE.split(f"\n### {heading}\n", 1)[1].split("\n### ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", section, re.MULTILINE)
    assert len(dict(rows)) == len(rows)
    return dict(rows)


def test_every_settings_model_has_a_section() -> None:
    """A model added to a study fails here until the page has a table for it."""
    assert sorted(MODELS) == sorted(HEADINGS)


@pytest.mark.parametrize("name", sorted(HEADINGS))
def test_every_key_stands_in_the_table_and_no_other(name: str) -> None:
    """In the order of the settings."""
    assert sorted(rows_under(HEADINGS[name])) == sorted(MODELS[name].model_fields)


@pytest.mark.parametrize("name", sorted(HEADINGS))
def test_defaults_are_those_of_the_settings(name: str) -> None:
    """`required`, a value, or a dash where nothing, or settings of their own, stand by default."""
    said = rows_under(HEADINGS[name])
    for key, field in MODELS[name].model_fields.items():
        default = said[key]
        if field.is_required():
            assert default == "required", key
        elif default == NOT_SAID:
            value = field.get_default(call_default_factory=True)
            assert value in (None, (), {}) or isinstance(value, BaseModel), key
        else:
            assert read(default.strip("`"), field) == field.get_default(call_default_factory=True)


def read(text: str, field: FieldInfo) -> Any:
    kind: Any = field.annotation
    for part in field.metadata:
        kind = Annotated[kind, part]
    return TypeAdapter(kind).validate_python(yaml.safe_load(text))


EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.split("\n")[0])
def test_every_example_is_accepted(text: str) -> None:
    """Each is a part of a study; the rest is a study of one file."""
    shop = {
        "name": "shop",
        "path": "shop.csv",
        "columns": {"customer": "c", "at": "d"},
        "kind": "purchase",
    }
    whole = {
        "name": "page",
        "sources": [shop],
        "coverage": {"start": "2022-01-01", "end": "2025-01-01"},
    }
    said = yaml.safe_load(text)
    study = parse_study({**whole, **said})
    assert study.model_fields_set >= set(said)


def test_every_check_and_every_kind_is_named() -> None:
    """The audit's codes, as `refuse` and `accept` take them; the kinds, beside their role."""
    audit = PAGE.split("\n## The audit\n", 1)[1].split("\n## ")[0]
    assert set(re.findall(r"`([^`]+)`", audit.split("The checks,")[1])) == set(CHECKS)
    said = dict(re.findall(r"^\| `(\w+)` \| (`.+?`) \|", PAGE.split("### Expressions")[0], re.M))
    for role in set(ROLES.values()):
        kinds = {kind for kind, of in ROLES.items() if of is role}
        assert set(re.findall(r"`(\w+)`", said[role.value])) == kinds


ROOT = Path(__file__).parents[2]
LINKS = [
    (page, link)
    for page in ("README.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")))
    for link in re.findall(r"\]\((?!http)([^)]+)\)", (ROOT / page).read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_every_link_leads_somewhere(page: str, link: str) -> None:
    """To a file of the repository, and to a heading of it."""
    file, _, anchor = link.partition("#")
    target = (ROOT / page).parent / file if file else ROOT / page
    assert target.is_file()
    if anchor:
        heads = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in heads}


def test_the_whole_study_of_the_readme_is_accepted() -> None:
    """It is shown as all that is needed."""
    (text,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert parse_study(yaml.safe_load(text)).targeting is not None
