"""Every named corruption gives its check or a clear error: no traceback, no hang, no id."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import corrupt_dates
import corrupt_files
import corrupt_places
import corrupt_tables
import corrupt_values
import pytest
from click.testing import CliRunner
from corruptions import CORRUPTIONS, SECRET, Corruption, put, text, written

from reveil.cli import main

assert corrupt_files
assert corrupt_places
assert corrupt_values
assert corrupt_dates
assert corrupt_tables

pytestmark = pytest.mark.long

HEALTHY = Corruption(
    name="nothing", done="nothing", make=lambda folder: put(folder, text()), code=0, says="rows"
)


def test_a_healthy_shop_has_nothing_to_tell(tmp_path: Path) -> None:
    """Without it, a check that always fires would pass for one that finds."""
    result = CliRunner().invoke(main, ["check", str(written(tmp_path, HEALTHY)), "--json"])
    found = {f["check"]: f["state"] for f in json.loads(result.stdout)["findings"]}
    assert result.exit_code == 0
    assert found == {"rows": "ok"}


def test_there_are_enough_corruptions_and_no_name_twice() -> None:
    names = [one.name for one in CORRUPTIONS]
    assert len(names) == len(set(names)) >= 50


@pytest.mark.timeout(120)
@pytest.mark.parametrize("one", CORRUPTIONS, ids=[one.name for one in CORRUPTIONS])
def test_a_corruption_is_named(tmp_path: Path, one: Corruption) -> None:
    """Its exit code, its words; nothing that is not a ReveilError; the secret stays one."""
    result = CliRunner().invoke(main, ["check", str(written(tmp_path, one)), "--json"])
    said = (result.stdout + result.stderr).replace(str(tmp_path), "")
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.exit_code == one.code, said
    assert re.search(one.says, said, re.DOTALL), said
    assert SECRET not in said
    assert "Traceback" not in said
    if result.stderr:
        assert result.stderr.startswith("error: ")
        assert "Hint: " in result.stderr


@pytest.mark.parametrize(
    "name", ["truncated parquet", "mixed encodings", "kind with a typo", "nul byte in an id"]
)
def test_a_process_ends_as_the_command_does(tmp_path: Path, name: str) -> None:
    """In a process of its own: the same exit code, and nothing of a crash on its way out."""
    one = next(one for one in CORRUPTIONS if one.name == name)
    done = subprocess.run(
        [sys.executable, "-m", "reveil", "check", str(written(tmp_path, one)), "--json"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == one.code
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stdout + done.stderr
