"""The layout: data travels one way, and each outside library has one door."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "reveil"
FILES = sorted(SOURCE.rglob("*.py"))
STAGES = sorted(p.parent for p in SOURCE.glob("*/__init__.py") if p.parent.name != "__pycache__")

MOST_LINES = 400


def imports(path: Path) -> Iterator[str]:
    """Modules that a file names in an import, wherever it stands in the file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module


def place(path: Path) -> str:
    """Name a file from the root of the package."""
    return path.relative_to(SOURCE).as_posix()


def test_data_travels_one_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No stage imports a later one, and no module lies outside the flow (import-linter)."""
    monkeypatch.chdir(ROOT)
    code = lint_imports(no_cache=True)
    said = capsys.readouterr().out
    assert code == 0, said
    assert "Contracts: 1 kept, 0 broken." in said
    assert "\nexhaustive = true\n" in (ROOT / "pyproject.toml").read_text("utf-8")


def test_every_module_is_in_the_flow() -> None:
    """Each stage folder and file has its layer."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    layers = set(re.findall(r'"([\w |]+)",', text.split("layers = [", 1)[1].split("]")[0]))
    named = {name.strip() for layer in layers for name in layer.split("|")}
    there = {p.stem for p in SOURCE.glob("*.py")} - {"__init__"} | {p.name for p in STAGES}
    assert there == named


@pytest.mark.parametrize(
    ("library", "doors"),
    [
        ("mlflow", r"registry/"),
        ("duckdb", r"engine/"),
        ("pyspark", r"engine/"),
        ("shap", r"learning/drivers\.py"),
        ("optuna", r"learning/"),
        ("lightgbm", r"learning/"),
        ("sklearn", r"learning/|evaluation/"),
        ("jinja2", r"reports/"),
        ("click", r"cli/"),
        ("tqdm", r"cli/"),
    ],
)
def test_a_library_has_one_door(library: str, doors: str) -> None:
    """Who wants to replace a library knows which folder to open."""
    users = [place(p) for p in FILES if library in {name.split(".")[0] for name in imports(p)}]
    assert [user for user in users if not re.match(doors, user)] == []


def test_ibis_backends_are_known_to_the_engine_alone() -> None:
    """Other stages write expressions; only the engine says which backend runs them."""
    users = [place(p) for p in FILES if re.search(r"ibis\.(duckdb|pyspark|connect)", p.read_text())]
    users += [place(p) for p in FILES if any(n.startswith("ibis.backends") for n in imports(p))]
    assert {user.split("/")[0] for user in users} == {"engine"}


def test_no_file_is_too_long() -> None:
    """A file that outgrows 400 lines holds more than one thing."""
    lengths = {place(p): len(p.read_text("utf-8").splitlines()) for p in FILES}
    assert {name: n for name, n in lengths.items() if n > MOST_LINES} == {}


def test_no_module_named_after_nothing() -> None:
    """`utils` and its like say nothing about what is inside."""
    vague = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "common", "misc"}
    parts = {(place(p), part) for p in FILES for part in place(p).removesuffix(".py").split("/")}
    assert [name for name, part in parts if part.strip("_") in vague] == []


@pytest.mark.parametrize("stage", STAGES, ids=lambda p: p.name)
def test_a_stage_says_what_comes_in_and_goes_out(stage: Path) -> None:
    """The first lines of every stage: In and Out, in words."""
    text = ast.get_docstring(ast.parse((stage / "__init__.py").read_text("utf-8")))
    assert text is not None
    for word in ("In:", "Out:"):
        assert re.search(rf"^{word} +\S", text, re.MULTILINE), text


@pytest.mark.parametrize("stage", STAGES, ids=lambda p: p.name)
def test_a_stage_folder_holds_a_docstring_only(stage: Path) -> None:
    """Importing a stage's settings must not import the stage."""
    body = ast.parse((stage / "__init__.py").read_text("utf-8")).body
    rest = [node for node in body if not isinstance(node, ast.Expr)]
    if stage.name != "cli":  # the console script wants `reveil.cli:main`
        assert rest == []


def test_settings_of_every_stage_are_light() -> None:
    """A study file is read by every command: its settings import pydantic and no library more."""
    heavy = {"ibis", "pandas", "numpy", "pyarrow", "mlflow", "lightgbm", "scipy", "sklearn"}
    for path in SOURCE.glob("*/settings.py"):
        if path.parent.name != "simulation":  # no part of a study
            assert not heavy & {name.split(".")[0] for name in imports(path)}, place(path)


def test_inheritance_is_shallow() -> None:
    """A class of the package extends none of the package but the error that all share."""
    own: dict[str, list[str]] = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                own[node.name] = [ast.unparse(b).split("[")[0].split(".")[-1] for b in node.bases]
    deep = [
        name
        for name, bases in own.items()
        for base in bases
        if base in own and any(grand in own for grand in own[base])
    ]
    assert deep == []


def test_comments_speak_of_the_code() -> None:
    """No note to oneself is left in the package."""
    note = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    left = [place(p) for p in FILES if any(note.search(comment) for comment in comments(p))]
    assert left == []


def comments(path: Path) -> Iterator[str]:
    """Comments of a file."""
    with tokenize.open(path) as lines:
        for token in tokenize.generate_tokens(lines.readline):
            if token.type == tokenize.COMMENT:
                yield token.string
