"""`reveil init` as a user types it: what it prints, what it writes, how it refuses."""

from __future__ import annotations

import json
import os
from datetime import date, timedelta
from pathlib import Path

import pytest

HEADER = "N° client;Date d'achat;N° facture;Montant TTC"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two exports of a French shop, one of them with a word that is no kind."""
    place = tmp_path / "exports"
    place.mkdir()
    days = [date(2022, 1, 1) + timedelta(days=3 * i) for i in range(240)]
    lines = [HEADER, *(f"S{i % 40};{d:%d/%m/%Y};F{i};{i},50" for i, d in enumerate(days))]
    (place / "ventes.csv").write_bytes("\n".join(lines).encode("cp1252"))
    words = ["clic", "vitrine"]
    lines = ["client;jour;evenement"]
    lines += [f"S{i % 40};{d:%d/%m/%Y};{words[i % 2]}" for i, d in enumerate(days)]
    (place / "journal.csv").write_bytes("\n".join(lines).encode("cp1252"))
    return place


def test_text_and_json_say_the_same(run, folder: Path, tmp_path: Path) -> None:
    """Files, columns with their confidence, gaps, coverage, and what to type next."""
    out = tmp_path / "study.yaml"
    text = run("init", folder, "--out", out)
    program = run("init", folder, "--out", out, "--force", "--json")
    assert (text.exit_code, program.exit_code, text.stderr, program.stderr) == (0, 0, "", "")
    value = json.loads(program.stdout)
    assert text.stdout.splitlines()[0] == f"1 gap to fill, marked TODO in {out}"
    for source in value["sources"]:
        assert Path(source["file"]).name in text.stdout
        assert f"{source['rows']:,} rows" in text.stdout
        for column in source["columns"]:
            assert column["level"] in ("high", "medium", "low")
            assert 0 < column["confidence"] <= 1
            assert column["reason"] in text.stdout
    (gap,) = value["gaps"]
    assert gap["line"] == "vitrine: <kind>"
    assert gap["what"] in text.stdout
    assert value["coverage"] == {"start": "2022-01-01", "end": "2023-12-20"}
    assert text.stdout.rstrip().endswith(f"(next: reveil check {out})")


def test_the_gap_that_was_named_is_the_error_of_check(run, folder: Path, tmp_path: Path) -> None:
    """`check` stops at the word, in one paragraph; once it is filled, it does not."""
    out = tmp_path / "study.yaml"
    run("init", folder, "--out", out)
    refused = run("check", out)
    assert refused.exit_code == 1
    assert "vitrine" in refused.stderr
    assert "Traceback" not in refused.stderr
    filled = out.read_text("utf-8").replace("# TODO vitrine: <kind>", "vitrine: store_visit")
    out.write_text(filled, "utf-8")
    assert "vitrine" not in run("check", out).stderr


@pytest.mark.parametrize(
    ("name", "column", "line"),
    [("operations", "campagne", "kind: print_sent"), ("zzz", "remarque", "kind: visit")],
)
def test_events_of_an_unknown_kind_are_asked_about(  # noqa: PLR0917  (pytest passes by name)
    run, folder: Path, tmp_path: Path, name: str, column: str, line: str
) -> None:
    """`check` refuses the study until the line is there; without its marks, it is."""
    (folder / "journal.csv").unlink()
    days = [date(2022, 1, 1) + timedelta(days=3 * i) for i in range(240)]
    lines = [f"client;jour;{column}", *(f"S{i % 40};{d};K{i % 7}" for i, d in enumerate(days))]
    (folder / f"{name}.csv").write_text("\n".join(lines), "utf-8")
    out = tmp_path / "study.yaml"
    said = run("init", folder, "--out", out)
    assert said.exit_code == 0
    assert said.stdout.splitlines()[0] == f"1 gap to fill, marked TODO in {out}"
    assert "`sources.1.kind` is required" in said.stdout
    refused = run("check", out)
    assert refused.exit_code == 1
    assert "`sources.1.kind` is required" in refused.stderr
    text = out.read_text("utf-8")
    assert f"# TODO {line}" in text
    out.write_text(text.replace("# TODO ", ""), "utf-8")
    assert run("check", out).stderr == ""


def test_no_customer_is_printed(run, folder: Path, tmp_path: Path) -> None:
    """Neither on the screen nor in the study: no id, no invoice."""
    out = tmp_path / "study.yaml"
    said = (
        run("init", folder, "--out", out).stdout
        + run("init", folder, "--out", out, "--json").stdout
    )
    said += out.read_text("utf-8")
    assert "S17" not in said
    assert "F17" not in said


def test_a_first_row_of_data_is_not_printed(run, tmp_path: Path) -> None:
    """Ids, addresses and dates of a file without header: in no output, no study, no refusal."""
    rows = [f"C{i:04d},jean{i}.dupont@example.fr,2024-01-{i % 28 + 1:02d},12.5" for i in range(60)]
    (tmp_path / "s.csv").write_text("\n".join(rows), "utf-8")
    out = tmp_path / "study.yaml"
    asked = [run("init", tmp_path / "s.csv", "--out", out), run("check", out)]
    asked.append(run("init", tmp_path / "s.csv", "--out", out, "--force", "--json"))
    assert [a.exit_code for a in asked] == [0, 1, 0]
    assert asked[0].stdout.splitlines()[0] == f"1 gap to fill, marked TODO in {out}"
    assert "give the file a header" in asked[0].stdout
    assert "`sources` is required" in asked[1].stderr
    said = "".join(a.stdout + a.stderr for a in asked) + out.read_text("utf-8")
    for value in ("C0000", "jean0", "2024-01-01", "12.5"):
        assert value not in said


def test_a_study_that_is_there_needs_force(run, folder: Path, tmp_path: Path) -> None:
    """Exit code 1 and the way on; not a byte moves."""
    out = tmp_path / "study.yaml"
    out.write_text("mine", "utf-8")
    refused = run("init", folder, "--out", out)
    assert refused.exit_code == 1
    assert refused.stderr == (
        f"error: {out} is there already\nHint: name another file with --out, or add --force\n"
    )
    assert out.read_text("utf-8") == "mine"
    assert run("init", folder, "--out", out, "--force").exit_code == 0


def test_a_folder_with_nothing_to_read(run, tmp_path: Path) -> None:
    """Each file is named with its reason, and no study is written."""
    (tmp_path / "sheet.xlsx").write_bytes(b"PK")
    refused = run("init", tmp_path, "--out", tmp_path / "study.yaml")
    assert refused.exit_code == 1
    assert "sheet.xlsx is a spreadsheet" in refused.stderr
    assert not (tmp_path / "study.yaml").exists()


def test_links_that_lead_nowhere_are_named_and_left_out(run, folder: Path, tmp_path: Path) -> None:
    """A link to itself, to the folder it lies in, to a file that is gone: the others are read."""
    out = tmp_path / "study.yaml"
    run("init", folder, "--out", out)
    alone = out.read_text("utf-8")
    links = {"loop.csv": "loop.csv", "again": ".", "gone.csv": "lost.csv"}
    for name, target in links.items():
        (folder / name).symlink_to(target)
    said = run("init", folder, "--out", out, "--force")
    assert (said.exit_code, said.stderr) == (0, "")
    for name in links:
        (line,) = [one for one in said.stdout.splitlines() if one.startswith(name)]
        assert line.endswith("is a link that leads to no file")
    assert out.read_text("utf-8") == alone
    before = sorted(tmp_path.rglob("*"))
    for asked in ((folder / "loop.csv", tmp_path / "other.yaml"), (folder, folder / "loop.csv")):
        refused = run("init", asked[0], "--out", asked[1])
        assert refused.exit_code == 1
        assert refused.stderr.startswith("error: ")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_log_that_is_too_short_is_said_to_be(run, tmp_path: Path) -> None:
    """A proposal for every setting is not yet a study: the first line does not claim it is."""
    days = [date(2024, 1, 1) + timedelta(days=i % 40) for i in range(200)]
    lines = ["client,date,montant", *(f"A{i % 20},{d},{i}.5" for i, d in enumerate(days))]
    (tmp_path / "ventes.csv").write_text("\n".join(lines), "utf-8")
    out = tmp_path / "study.yaml"
    said = run("init", tmp_path, "--out", out)
    assert said.exit_code == 0
    assert said.stdout.splitlines()[0] == f"{out} is not complete"
    assert "days of log" in said.stdout
    assert run("check", out).exit_code == 1


def test_paths_start_from_the_study(run, folder: Path, tmp_path: Path) -> None:
    """The study may lie elsewhere, and be read from anywhere."""
    out = tmp_path / "studies" / "shop.yaml"
    out.parent.mkdir()
    here = Path.cwd()
    try:
        os.chdir(tmp_path)
        assert (
            run("init", "exports", "--out", "studies/shop.yaml", "--language", "fr").exit_code == 0
        )
    finally:
        os.chdir(here)
    text = out.read_text("utf-8")
    assert "file: ../exports/ventes.csv" in text
    assert "language: fr" in text
    assert "vitrine" in run("check", out).stderr
