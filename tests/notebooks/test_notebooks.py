"""Notebooks run from top to bottom on the public API, and are stored without their outputs."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def code_of(notebook: Path) -> list[str]:
    """Source of the code cells, in order."""
    cells = nbformat.read(notebook, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def test_there_are_notebooks() -> None:
    """Numbered in the order to read them."""
    assert NOTEBOOKS
    for number, path in enumerate(NOTEBOOKS, start=1):
        assert re.fullmatch(rf"{number:02d}_[a-z_]+\.ipynb", path.name)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_outputs_are_stripped(notebook: Path) -> None:
    """Neither results nor counts nor a customer are stored."""
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_public_names_and_no_functions(notebook: Path) -> None:
    """What a notebook needs to define, the package should give; it imports `reveil` alone.

    A module that a cell writes to a file is a user's own: it may define, on public names too.
    """
    for source in code_of(notebook):
        module = source.startswith("%%writefile ")
        for node in ast.walk(ast.parse(source.split("\n", 1)[1] if module else source)):
            if not module:
                assert not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            if isinstance(node, ast.Import):
                assert not [a.name for a in node.names if a.name.startswith("reveil.")]
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith("reveil")
            if isinstance(node, ast.Attribute):
                named = ast.unparse(node)
                assert not re.match(r"(rv|reveil)\._", named), named


@pytest.mark.long
@pytest.mark.usefixtures("online_retail")
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_runs(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell, with pictures and without a warning."""
    monkeypatch.setenv("REVEIL_DATA", str(Path(os.environ["REVEIL_DATA"]).resolve()))
    content = nbformat.read(notebook, as_version=4)
    folder = {"metadata": {"path": str(notebook.parent)}}
    NotebookClient(content, timeout=600, kernel_name="python3", resources=folder).execute()
    outputs = [output for cell in content.cells for output in cell.get("outputs", [])]
    warned = [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"]
    # tqdm, which shap loads, asks for ipywidgets to draw a bar that nobody shows.
    assert [text for text in warned if "IProgress not found" not in text] == []
    assert [o for o in outputs if "image/png" in o.get("data", {})]
