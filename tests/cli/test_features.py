"""`reveil features`: the catalogue as text, Markdown and JSON; the matrix as a file, or an error."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from shop import listed

from reveil.config import load_study
from reveil.events.contents import Attribute, Contents
from reveil.events.roles import Role
from reveil.features.matrix import feature_set
from reveil.pipeline.catalogue import Catalogue, catalogue
from reveil.pipeline.matrices import _written
from reveil.pipeline.observing import open_events

Small = Callable[..., Path]

CUTOFFS = (date(2024, 2, 5), date(2024, 6, 3))


def rows() -> str:
    """Two years of orders, visits and e-mails of 60 customers."""
    lines = ["client,date_achat,montant,commande,genre"]
    for n in range(900):
        day = date.fromordinal(date(2023, 1, 2).toordinal() + n * 7 % 720)
        kind = ("purchase", "visit", "email_sent", "purchase", "email_click")[n % 5]
        paid = (f"{n % 90}.50", f"o{n}") if kind == "purchase" else ("", "")
        lines.append(f"A{n * n % 60},{day},{paid[0]},{paid[1]},{kind}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a study whose folder no test may change."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "ventes.csv").write_text(rows(), "utf-8")
    columns = {
        "customer": "client", "at": "date_achat", "amount": "montant", "order": "commande",
    }  # fmt: skip
    source = {
        "name": "ventes",
        "path": "ventes.csv",
        "columns": columns,
        "kind": {"column": "genre"},
    }
    raw = {
        "name": "boutique",
        "sources": [source],
        "coverage": {"start": "2023-01-01", "end": "2025-01-01"},
        "activity": {"any_of": ["purchase"], "within": "180 days"},
        "audit": {"accept": ["kind stopped"]},
    }
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(raw), "utf-8")
    return path


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The catalogue of that study, as the command prints it and as Python has it."""

    found: Catalogue
    text: str
    page: str
    value: dict[str, Any]


@pytest.fixture(scope="module")
def shown(run, study: Path) -> Shown:
    return Shown(
        found=catalogue(load_study(study)),
        text=run("features", study).stdout,
        page=run("features", study, "--markdown").stdout,
        value=json.loads(run("features", study, "--json").stdout),
    )


def told(result, *words: str) -> None:
    """Expect one error with a hint, exit code 1, and nothing on standard output."""
    assert result.exit_code == 1, (result.stdout, result.stderr)
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert "Hint: " in result.stderr
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr, result.stderr


def test_the_catalogue_is_told_family_by_family(shown: Shown) -> None:
    """Text and JSON hold the same features, in the order of the matrix, under their families."""
    text, value, found = shown.text, shown.value, shown.found
    assert [f["name"] for f in value["features"]] == list(found.names)
    blocks = {block.split("\n")[0]: block for block in text.split("\n\n")}
    for one in value["features"]:
        (line,) = re.findall(rf"^  {one['name']} .*$", blocks[one["family"]], re.MULTILINE)
        assert line.endswith(one["meaning"]["en"])
        assert re.search(rf" {one['unit']}\b", line)
        assert (f" {one['window_days']} d " in line) == (one["window_days"] is not None)
    families = dict.fromkeys(f["family"] for f in value["features"])
    assert list(blocks)[1 : len(families) + 1] == list(families)
    assert f"{len(found)} features in {len(families)} families" in text
    assert value["fingerprint"] == found.fingerprint
    assert value["fingerprint"] in text


def test_a_family_without_its_signal_says_why(shown: Shown) -> None:
    """Every family is either heard or told silent, with the reason."""
    text, value = shown.text, shown.value
    silent = dict(value["silent"])
    assert silent["incidents"] == "needs incident; the log holds none"
    assert silent["opens"] == "off unless `features.include` names it"
    assert not set(silent) & {f["family"] for f in value["features"]}
    for name, why in silent.items():
        assert re.search(rf"^  {name} +{re.escape(why)}$", text, re.MULTILINE)


def test_columns_are_aligned(run) -> None:
    """Units start below each other over all families."""
    text = run("features").stdout
    head = text.splitlines()[0]
    for line in text.splitlines():
        if line.startswith("  "):
            assert line[head.index("unit") - 2 : head.index("unit")] == "  "
            assert line[head.index("unit")] != " "


def test_without_a_study_every_family_speaks(run) -> None:
    """The catalogue of every kind known; it has no fingerprint, since nobody's log is like it."""
    value = json.loads(run("features", "--json").stdout)
    assert value["silent"] == {}
    assert value["fingerprint"] is None
    assert {"opens", "profile"} <= {f["family"] for f in value["features"]}
    assert "fingerprint" not in run("features").stdout


def test_meanings_are_in_the_language_of_the_study(run, small: Small) -> None:
    """`language: fr` of the study, unless --language says otherwise."""
    study = small(language="fr")
    first = next(iter(catalogue(load_study(study))))
    assert first.meaning.fr in run("features", study).stdout
    assert first.meaning.en in run("features", study, "--language", "en").stdout
    assert first.meaning.fr in run("features", "--language", "fr").stdout


def test_markdown_has_a_row_for_every_feature(shown: Shown) -> None:
    """Tables whose rows have as many cells as their head."""
    page, found = shown.page, shown.found
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(found.names)
    assert re.findall(r"^### (\w+)$", page, re.MULTILINE) == list(found.families)
    assert "| incidents | needs incident; the log holds none |" in page
    for block in page.split("\n\n"):
        lines = block.splitlines()
        if lines[0].startswith("|"):
            assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


def test_a_text_of_the_data_does_not_break_the_page() -> None:
    """A level of an attribute may hold what Markdown and HTML mean something by."""
    level = Attribute(name="plan", levels=("a|b\nc", "<b>"))
    contents = Contents(kinds={"purchase": Role.COMMERCIAL}, attributes=(level,))
    found = Catalogue(features=feature_set(contents, observation=timedelta(364)))
    (row,) = [line for line in found.markdown().splitlines() if "profile_plan" in line]
    assert "(a\\|b c, <b>, other)" in row
    assert len(re.findall(r"(?<!\\)\|", row)) == 7
    assert "&lt;b&gt;" in found._repr_html_()
    assert "<b>" not in found._repr_html_()


def test_the_matrix_of_several_cutoffs_is_one_file(run, study: Path, tmp_path: Path) -> None:
    """Sorted by cutoff and customer, typed; the same rows as one cutoff at a time."""
    out = tmp_path / "matrix.parquet"
    late, early = CUTOFFS[1], CUTOFFS[0]
    words = ("--cutoff", late, "--cutoff", early, "--cutoff", late, "--out", out)
    made = run("features", study, *words)
    assert made.exit_code == 0, made.stderr
    table = pq.read_table(out)
    names = catalogue(load_study(study)).names
    assert table.column_names == ["customer_id", "cutoff", "state", *names]
    assert table.schema.types == [
        pa.string(),
        pa.date32(),
        pa.string(),
        *[pa.float32()] * len(names),
    ]
    keys = list(zip(table["cutoff"].to_pylist(), table["customer_id"].to_pylist(), strict=True))
    assert keys == sorted(set(keys))
    assert {cutoff for cutoff, _ in keys} == set(CUTOFFS)
    alone = []
    for cutoff in CUTOFFS:
        assert run("features", study, "--cutoff", cutoff, "--out", out).exit_code == 0
        alone.append(pq.read_table(out))
    assert pa.concat_tables(alone).equals(table)
    assert [p.name for p in tmp_path.iterdir()] == [out.name]


def test_the_matrix_is_told(run, study: Path, tmp_path: Path) -> None:
    """Rows, features, size, where it is and what comes next; the same for a program."""
    out = tmp_path / "m.parquet"
    words = ("features", study, "--cutoff", CUTOFFS[0], "--cutoff", CUTOFFS[1], "--out", out)
    text, value = run(*words).stdout, json.loads(run(*words, "--json").stdout)
    table = pq.read_table(out)
    counted = {str(c): table["cutoff"].to_pylist().count(c) for c in CUTOFFS}
    assert value == {
        "rows": table.num_rows, "customers": counted, "features": table.num_columns - 3,
        "file": str(out), "bytes": out.stat().st_size,
    }  # fmt: skip
    assert f"{table.num_rows:,} rows of {table.num_columns - 3} features" in text
    for day, n in counted.items():
        assert f"{n} customers on {day}" in text
    assert f"matrix  {out}   " in text
    assert f"(next: reveil train {study})" in text


def test_a_matrix_written_in_chunks_is_the_same(run, study: Path, tmp_path: Path) -> None:
    """Sorted by cutoff, then customer, however many customers are computed at a time."""
    loaded = load_study(study)
    log = open_events(loaded)
    whole, chunked = tmp_path / "whole.parquet", tmp_path / "chunked.parquet"
    assert _written(loaded, log, CUTOFFS, whole) == _written(
        loaded, log, CUTOFFS, chunked, customers=7
    )
    assert pq.read_table(whole).equals(pq.read_table(chunked))


def test_the_plan_is_explained_and_nothing_computed(run, study: Path) -> None:
    """Why, how large; the same for a program; more cutoffs may be computed otherwise."""
    before = listed(study.parent)
    days = [CUTOFFS[1] - timedelta(28 * n) for n in range(5)]
    for cutoffs in (days[:1], days):
        words = ("features", study, *(w for day in cutoffs for w in ("--cutoff", day)), "--explain")
        made = run(*words)
        assert made.exit_code == 0, made.stderr
        text, value = made.stdout, json.loads(run(*words, "--json").stdout)
        assert value["cutoffs"] == sorted(map(str, cutoffs))
        assert value["rows"] == value["customers"] * len(cutoffs)
        assert re.search(rf"^plan +{value['plan']}, ", text, re.MULTILINE)
        assert value["why"] in text
        assert f"about {value['rows']:,}: {value['customers']:,} customers on {days[0]}" in text
        assert f"{value['aggregates']} aggregates for {value['features']} features" in text
    assert value["rows_per_period"] > 1.0
    assert f"{value['rows_per_period']:.1f} events per customer and 28 days" in text
    assert listed(study.parent) == before


def test_places_that_are_none(run, study: Path, tmp_path: Path) -> None:
    """No folder, a folder, a file for a folder, a name no file can have: told, and nothing made."""
    (tmp_path / "held").mkdir()
    (tmp_path / "file").write_text("x", "utf-8")
    before = listed(tmp_path)
    for out, said in (
        (tmp_path / "none" / "m.parquet", "does not exist"),
        (tmp_path / "held", "is a folder"),
        (tmp_path / "file" / "m.parquet", "does not exist"),
        (tmp_path / f"{'m' * 250}.parquet", "cannot be written"),
    ):
        told(run("features", study, "--cutoff", CUTOFFS[0], "--out", out), said)
    assert listed(tmp_path) == before
    assert not list((tmp_path / "held").iterdir())


def test_a_full_disk_leaves_the_file_as_it_was(study: Path, tmp_path: Path) -> None:
    """The matrix of the last run stays whole when the next one cannot be written to its end."""
    out = tmp_path / "m.parquet"
    out.write_bytes(b"the last run")
    before = listed(tmp_path)
    command = [sys.executable, "-m", "reveil", "features", str(study), "--cutoff", str(CUTOFFS[1]),
               "--out", str(out)]  # fmt: skip
    # Files of this process end at 4 blocks of 1,024 bytes.
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 4; exec "$@"', "bash", *command],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert f"error: {out} cannot be written" in done.stderr
    assert "Hint: " in done.stderr
    assert listed(tmp_path) == before


@pytest.mark.parametrize("cutoff", ["2022-12-31", "2023-01-01", "2025-01-02"])
def test_a_cutoff_outside_the_coverage(run, small: Small, tmp_path: Path, cutoff: str) -> None:
    """One of several is enough; it is told before anything is read."""
    study = small(rows=None)
    before = listed(tmp_path)
    words = ("--cutoff", CUTOFFS[0], "--cutoff", cutoff, "--out", tmp_path / "m.parquet")
    told(run("features", study, *words), cutoff, "outside the coverage", "2023-01-01 to 2025-01-01")
    assert listed(tmp_path) == before


def test_a_cutoff_before_everybody(run, small: Small, tmp_path: Path) -> None:
    """The first cutoff has customers, the second has none: no file of one half."""
    study, out = small(), tmp_path / "m.parquet"
    words = ("--cutoff", "2024-06-03", "--cutoff", "2023-06-05", "--out", out)
    told(run("features", study, *words), "before 2023-06-05")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["study.yaml", "ventes.csv"]


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ({"modules": ["no_such_module"]}, ("'no_such_module'", "cannot be imported", "PYTHONPATH")),
        (
            {"include": ["openss"]},
            ("'openss'", "no family is called that", "did you mean `opens`?"),
        ),
    ],
)
def test_families_that_are_not_there(
    run, small: Small, tmp_path: Path, features: dict[str, list[str]], said: tuple[str, ...]
) -> None:
    """For the catalogue as for the matrix."""
    study = small(features=features)
    before = listed(tmp_path)
    told(run("features", study), *said)
    told(run("features", study, "--cutoff", "2024-06-03", "--out", tmp_path / "m.parquet"), *said)
    assert listed(tmp_path) == before


def test_a_module_that_fails_keeps_its_own_traceback(
    run, small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect in the user's code is theirs to see."""
    (tmp_path / "own_broken.py").write_text("1 / 0\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    result = run("features", small(features={"modules": ["own_broken"]}))
    assert isinstance(result.exception, ZeroDivisionError)


@pytest.mark.parametrize(
    "words",
    [
        ("--markdown", "--json"),
        ("--markdown", "--cutoff", "2024-06-03", "--out", "m.parquet"),
        ("--out", "m.parquet"),
        ("--explain",),
        ("--explain", "--cutoff", "2024-06-03", "--out", "m.parquet"),
        ("--explain", "--cutoff", "2024-06-03", "--markdown"),
    ],
)
def test_what_does_not_go_together(run, words: tuple[str, ...]) -> None:
    result = run("features", "study.yaml", *words)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
