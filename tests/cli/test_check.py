"""`reveil check`: the worst first, the audit in three files, an exit code that a job can trust."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from reveil.cli.printing import SHOWN_FINDINGS, _audit
from reveil.errors import DataError
from reveil.events.audit import Audit, Finding, worst_first
from reveil.pipeline.checking import write_audit

DAYS = pd.date_range("2023-01-01", "2024-12-31").strftime("%Y-%m-%d")
LINES = [f"A{n % 50},{day},10.50,o{n}\n" for n, day in enumerate(DAYS)]
ROWS = "client,date_achat,montant,commande\n" + "".join(LINES)


def test_the_audit_is_written_in_three_files_and_nothing_else(run, small, tmp_path: Path) -> None:
    """The same findings in each; the folder is made where there is none."""
    study = small(ROWS + ",2024-01-01,1,x\n")
    result = run("check", study, "--out", tmp_path / "a" / "b")
    assert result.exit_code == 0, result.stderr
    folder = tmp_path / "a" / "b"
    assert sorted(p.name for p in folder.iterdir()) == ["audit.csv", "audit.html", "audit.json"]
    value = json.loads((folder / "audit.json").read_text("utf-8"))
    frame = pd.read_csv(folder / "audit.csv")
    assert [f["check"] for f in value] == frame["check"].tolist() == ["missing customer", "rows"]
    assert "missing customer" in (folder / "audit.html").read_text("utf-8")
    assert str(folder / "audit.html") in result.stdout


def test_the_audit_speaks_the_language_of_the_study(run, small, tmp_path: Path) -> None:
    study = small(ROWS + ",2024-01-01,1,x\n", language="fr")
    assert run("check", study, "--out", tmp_path / "out").exit_code == 0
    page = (tmp_path / "out" / "audit.html").read_text("utf-8")
    assert "client manquant" in page
    assert "écartées\xa0: personne à qui les attribuer" in page or "écartées : personne" in page
    assert "dropped" not in page


def test_an_error_of_the_audit_is_an_exit_code_and_the_line_that_accepts_it(
    run, small, tmp_path: Path
) -> None:
    """It is told with all else that was found, and written; what follows is not computed."""
    study = small("".join(ROWS.splitlines(keepends=True)[:600]))
    result = run("check", study, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "not ready: 1 error in the audit" in result.stdout
    assert "audit: {accept: [kind stopped]}" in result.stdout
    assert "target" not in result.stdout
    assert (tmp_path / "out" / "audit.html").exists()
    raw = yaml.safe_load(study.read_text("utf-8")) | {"audit": {"accept": ["kind stopped"]}}
    study.write_text(yaml.safe_dump(raw), "utf-8")
    assert run("check", study).exit_code == 0


def test_states_and_models_are_refused_what_check_refuses(run, small) -> None:
    """A figure made of data that the audit calls wrong is made by no command."""
    study = small("".join(ROWS.splitlines(keepends=True)[:600]))
    result = run("states", study, "--cutoff", "2024-06-01")
    assert result.exit_code == 1
    assert "the audit found an error: kind stopped" in result.stderr
    assert "audit: {accept: [kind stopped]}" in result.stderr


def test_a_folder_that_cannot_be_written_is_an_error_that_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="cannot be written"):
        write_audit(Audit(findings=()), tmp_path / "file" / "out", "en")
    (tmp_path / "out" / "audit.html").mkdir(parents=True)
    with pytest.raises(DataError, match="cannot be written"):
        write_audit(Audit(findings=()), tmp_path / "out", "en")
    assert not [p for p in (tmp_path / "out").iterdir() if p.name.startswith(".")]


def test_a_long_audit_is_folded_but_no_warning_is() -> None:
    def many(state: str, n: int) -> list[Finding]:
        return [
            Finding(check=f"{state} {k}", state=state, source="", column="", rows=k)
            for k in range(n)
        ]

    text = _audit(Audit(findings=worst_first([*many("info", 40), *many("warning", 30)])))
    assert text.count("warning ") >= 30
    assert "info 0" not in text
    assert "… and 40 more" in text
    text = _audit(Audit(findings=worst_first([*many("info", 40), *many("warning", 3)])))
    assert len(text.splitlines()) == 1 + SHOWN_FINDINGS + 1
    assert f"… and {43 - SHOWN_FINDINGS} more" in text
