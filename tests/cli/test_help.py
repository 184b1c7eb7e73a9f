"""Help: what it says, and that it comes at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result

from reveil.cli import main

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
UPDATE = "REVEIL_UPDATE_SNAPSHOTS"

COMMANDS = (
    "check", "demo", "features", "init", "promote", "registry", "rollback", "score", "simulate",
    "states", "target", "train",
)  # fmt: skip

HEAVY = {
    "mlflow", "shap", "lightgbm", "optuna", "matplotlib", "sklearn", "scipy", "pandas", "ibis",
    "duckdb", "pyarrow", "numpy", "tqdm", "jinja2", "yaml", "pydantic",
}  # fmt: skip


def test_every_command_is_tested_here() -> None:
    """A new command needs a snapshot of its help."""
    assert tuple(sorted(main.commands)) == COMMANDS


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_that_of_its_snapshot(run, command: str) -> None:
    """Change knowingly: run with REVEIL_UPDATE_SNAPSHOTS=1 and read the difference."""
    result: Result = run(*filter(None, [command]), "--help")
    assert result.exit_code == 0
    assert result.stderr == ""
    path = SNAPSHOTS / f"help_{command or 'reveil'}.txt"
    if os.environ.get(UPDATE) == "1":
        path.write_text(result.stdout, "utf-8")
    assert result.stdout == path.read_text("utf-8")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_says_what_it_does(run, command: str) -> None:
    """Each has a sentence, --json and -h; the group has --debug and --version."""
    said = run(*filter(None, [command]), "-h").stdout
    for option in ("--json",) if command else ("--debug", "--version"):
        assert option in said
    assert len(said.splitlines()[2].strip()) > 20


def test_every_summary_is_whole(run) -> None:
    """In the list of commands, none is cut with an ellipsis, as click does to a long one."""
    listed = run("--help").stdout.split("Commands:\n")[1].splitlines()
    assert [line.split()[0] for line in listed] == list(COMMANDS)
    assert [line for line in listed if not line.endswith(".") or line.endswith("...")] == []
    # A terminal of 80 columns cuts a little earlier than this one.
    assert max(map(len, listed)) <= 76


IMPORTED = """
import sys
from click.testing import CliRunner
from reveil.cli import main
for words in {calls!r}:
    result = CliRunner().invoke(main, words)
    assert result.exit_code in (0, 2), result.output
print(" ".join(sorted(name for name in sys.modules if "." not in name)))
"""


def test_help_and_wrong_usage_load_nothing_heavy() -> None:
    """Neither help, nor version, nor a mistyped option waits for MLflow, LightGBM or pandas."""
    calls = [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)]
    calls += [["score", "study.yaml", "--cutof", "2011-09-01"], ["nothing"]]
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED.format(calls=calls)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert {"click", "reveil"} <= loaded
    assert not HEAVY & loaded


def test_a_study_with_a_typo_loads_nothing_heavy_either(tmp_path: Path) -> None:
    """A refused study file is refused before any stage is loaded."""
    study = tmp_path / "study.yaml"
    study.write_text("name: shop\nsorces: []\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "reveil", "score", str(study),
         "--cutoff", "2024-01-01", "--out", str(tmp_path / "scores")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert not {"mlflow", "shap", "lightgbm", "optuna", "matplotlib", "sklearn"} & loaded
