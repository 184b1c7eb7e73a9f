"""The public names: one list in three places, each described, loaded only when used."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

import reveil

SOURCE = Path(reveil.__file__)


def names_for_type_checkers() -> dict[str, str]:
    """Read the names under `if TYPE_CHECKING:`, and where each comes from."""

    def imported() -> Iterator[tuple[str, str]]:
        for node in ast.parse(SOURCE.read_text("utf-8")).body:
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                for line in node.body:
                    assert isinstance(line, ast.ImportFrom)
                    for alias in line.names:
                        assert alias.asname is not None  # else it is not re-exported
                        yield alias.asname, f"{line.module}.{alias.name}"

    return dict(imported())


def test_type_checkers_and_users_see_the_same_names() -> None:
    """What a type checker resolves is what `__getattr__` resolves, name by name."""
    declared = names_for_type_checkers()
    assert sorted(declared) == list(reveil.__all__)
    assert {name: f"reveil.{place}" for name, place in reveil._PUBLIC.items()} == declared
    for name, place in declared.items():
        found = getattr(reveil, name)
        assert f"{found.__module__}.{found.__name__}" == place


def test_dir_shows_the_names_and_others_are_refused() -> None:
    """Completion finds every public name; a wrong one is an AttributeError."""
    assert set(reveil.__all__) <= set(dir(reveil))
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = reveil.trian  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", reveil.__all__)
def test_each_is_described(name: str) -> None:
    """A sentence, and an example or what goes in and comes out (numpydoc)."""
    found = getattr(reveil, name)
    text = inspect.getdoc(found)
    assert text
    assert text.splitlines()[0].endswith((".", "?", ":"))
    if name == "Study":
        # Its settings are fields; the study files of `models/` are the examples.
        return
    sections = ("Examples", "Parameters", "Returns", "Raises")
    assert any(f"\n{section}\n{'-' * len(section)}\n" in text for section in sections), text


@pytest.mark.parametrize("name", reveil.__all__)
def test_parameters_described_are_parameters(name: str) -> None:
    """A docstring describes no parameter that is not there any more."""
    found = getattr(reveil, name)
    text = inspect.getdoc(found) or ""
    if not inspect.isfunction(found) or "\nParameters\n" not in text:
        return
    block = text.split("\nParameters\n", 1)[1].split("\n", 1)[1].split("\n\n")[0]
    said = [line for line in block.splitlines() if line and not line.startswith(" ")]
    told = {part.strip() for line in said for part in line.split(",")}
    assert told <= set(inspect.signature(found).parameters)


def test_importing_is_quick() -> None:
    """`import reveil` loads nothing but the standard library."""
    code = "import sys; before = set(sys.modules); import reveil; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert loaded - set(sys.stdlib_module_names) <= {"reveil"}


def test_the_version_is_that_of_the_package() -> None:
    """The installed metadata and the module agree."""
    assert version("reveil") == reveil.__version__
