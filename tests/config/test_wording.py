"""What is wrong with a study is said in the words of the file, not in those of Python."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel

from reveil.config import Study, load_study, parse_study
from reveil.errors import ReveilError, StudyError

STUDY: dict[str, object] = {
    "name": "shop",
    "sources": [
        {"name": "shop", "path": "shop.csv", "columns": {"customer": "who", "at": "day"},
         "kind": "purchase"}
    ],
    "coverage": {"start": "2009-12-01", "end": "2011-12-10"},
}  # fmt: skip
PYTHON = re.compile(r"should|valid|Input|[Tt]uple|[Ll]ist |instance|dictionary|None|Settings")


def settings_of(key: str) -> tuple[str, ...]:
    """Keys of a stage's settings; none where the key holds anything else."""
    inner = Study.model_fields[key].annotation
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return tuple(inner.model_fields)
    return ()


def wrong_at(key: str, value: object) -> list[dict[str, object]]:
    """Write a study with a value at a key, and one for each key below it."""
    inside = STUDY["coverage"] if key == "coverage" else {}
    assert isinstance(inside, dict)
    below = [STUDY | {key: inside | {name: value}} for name in settings_of(key)]
    return [STUDY | {key: value}, *below]


@pytest.mark.parametrize(
    "value", [None, 3, -1.5, "x", [], {}, [3], {"x": 1}, date(2024, 1, 31)], ids=repr
)
def test_no_message_speaks_of_python(value: object) -> None:
    """Whatever stands at a key, of the study or of a stage; and there is a hint."""
    errors = []
    for key in Study.model_fields:
        for study in wrong_at(key, value):
            try:
                parse_study(study, "study.yaml")
            except ReveilError as error:
                errors.append(error)
    assert len(errors) > 30
    assert [e.message for e in errors if PYTHON.search(e.message)] == []
    assert [e.message for e in errors if not e.hint] == []


@pytest.mark.parametrize(
    ("sources", "said"), [("", "required"), ("sources:", "empty"), ("sources: []", r"\[\]")]
)
def test_a_study_without_sources_is_told_the_line_to_write(
    tmp_path: Path, sources: str, said: str
) -> None:
    """And that a command proposes it; with that line, the study is accepted."""
    path = tmp_path / "study.yaml"
    rest = "name: shop\ncoverage: {start: 2022-01-01, end: 2025-01-01}\n"
    path.write_text(rest + sources, "utf-8")
    with pytest.raises(StudyError, match=f"`sources` is {said}") as caught:
        load_study(path)
    hint = str(caught.value.hint)
    assert "reveil init DIR" in hint
    path.write_text(rest + hint.split("`")[1].replace("...", "column"), "utf-8")
    assert load_study(path).sources[0].name == "shop"
