"""Commands as a user types them: in this process where only words matter, else in their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from reveil.cli import main

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a command in this process; output and errors apart, as off a terminal."""

    def invoke(*words: object) -> Result:
        # Wide, so that a line of help breaks at the same word everywhere.
        return CliRunner(env={"COLUMNS": "80"}).invoke(main, [str(word) for word in words])

    return invoke


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How a process ended."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def process() -> Callable[..., Ended]:
    """Run `python -m reveil` in a process of its own."""

    def start(*words: object, folder: Path | None = None) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "reveil", *(str(word) for word in words)],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env={k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"},
        )
        return Ended(code=done.returncode, out=done.stdout, err=done.stderr)

    return start


ROWS = """\
client,date_achat,montant,commande
A1,2024-03-01,10.50,o1
A2,2024-03-02,20.00,o2
A1,2024-06-05,12.00,o3
"""


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Path]:
    """Write a study of a few orders in a CSV file, with changes to its text or settings."""

    def make(rows: str | None = ROWS, **changes: object) -> Path:
        if rows is not None:
            (tmp_path / "ventes.csv").write_text(rows, "utf-8")
        raw: dict[str, object] = {
            "name": "boutique",
            "sources": [
                {
                    "name": "ventes",
                    "path": "ventes.csv",
                    "columns": {
                        "customer": "client",
                        "at": "date_achat",
                        "amount": "montant",
                        "order": "commande",
                    },
                    "kind": "purchase",
                }
            ],
            "coverage": {"start": "2023-01-01", "end": "2025-01-01"},
            "activity": {"any_of": ["purchase"], "within": "180 days"},
            "windows": {"observation": "364 days", "horizon": "90 days"},
            "cutoffs": {"min_history": "180 days"},
            "registry": {"uri": "sqlite:///mlflow.db"},
        }
        raw.update(changes)
        path = tmp_path / "study.yaml"
        path.write_text(yaml.safe_dump(raw, sort_keys=False), "utf-8")
        return path

    return make
