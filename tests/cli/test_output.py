"""What the commands print: text and JSON say the same, progress is for terminals."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from shop import CUTOFF, SIMULATED, Shop, merged, settings, written

from reveil import __version__
from reveil.cli import announcing, printing
from reveil.pipeline.demo import Demo

DIGEST = re.compile(r"\b[0-9a-f]{12}\b")


def strict(text: str) -> object:
    """Read JSON as every program can: without NaN."""

    def no(word: str) -> object:
        raise ValueError(f"{word} is not JSON")

    return json.loads(text, parse_constant=no)


def both(run, *words: object, code: int = 0) -> tuple[str, object]:
    """Run a command for a person and for a program."""
    text, program = run(*words), run(*words, "--json")
    for result in (text, program):
        assert result.exit_code == code, result.stderr
        assert result.stderr == ""
    return text.stdout, strict(program.stdout)


def says(text: str, *numbers: object) -> None:
    """Expect words and whole numbers, written with thousands separators, in a text."""
    for number in numbers:
        word = f"{number:,}" if isinstance(number, int) else str(number)
        assert re.search(rf"(?<![\w,.]){re.escape(word)}(?!\w|,\d)", text), (word, text)


def test_check(run, shop: Shop) -> None:
    """Findings, states, volumes and cutoffs are the same in both."""
    text, value = both(run, "check", shop.study_path)
    assert isinstance(value, dict)
    says(text, value["study"], len(value["features"]))
    for finding in value["findings"]:
        says(text, finding["check"], finding["rows"], finding["fix"])
    for cutoff, counts in value["states"].items():
        says(text, cutoff, *counts.values())
        assert sum(counts.values()) <= SIMULATED.customers
    for volume in value["volumes"]:
        says(text, volume["target"], volume["customers"], volume["outcomes"])
    for cutoffs in value["training_cutoffs"].values():
        says(text, len(cutoffs), cutoffs[0], cutoffs[-1])
        assert len(cutoffs) == 6


def test_states(run, shop: Shop) -> None:
    """Counts by state and by group add up to the customers known, as the scores say."""
    text, value = both(run, "states", shop.study_path, "--cutoff", CUTOFF)
    assert value["cutoff"] == str(CUTOFF)
    assert value["states"] == shop.scoring.states
    assert sum(value["groups"].values()) == sum(value["states"].values()) == SIMULATED.customers
    says(
        text,
        SIMULATED.customers,
        *value["states"].values(),
        *value["groups"],
        *value["groups"].values(),
    )


def test_registry(run, shop: Shop) -> None:
    """Versions with their aliases, what the gate said, every move."""
    text, value = both(run, "registry", shop.study_path)
    assert [one["target"] for one in value] == ["attrition", "reactivation", "margin_if_returns"]
    for one in value:
        says(text, one["model"], *one["moves"])
        (version,) = one["versions"]
        assert (version["version"], version["passed"]) == (1, True)
        assert version["aliases"] == ["challenger", "champion"]
        says(text, version["digest"][:12])


@pytest.mark.long
def test_promote(run, shop: Shop) -> None:
    """Each check with what was seen and asked; a program gets booleans, not words."""
    text, value = both(run, "promote", shop.study_path, "--dry-run")
    assert len(value) == 3
    for verdict in value:
        says(text, f"{verdict['target']} version 1: champion already")
        assert (verdict["champion_before"], verdict["promote"], verdict["moved"]) == (
            1, True, False,
        )  # fmt: skip
        for check in verdict["checks"]:
            assert (check["passed"], check["hard"]) in ((True, True), (True, False), (False, False))
            assert check["rule"] in text
            assert check["observed"] in text
            assert check["required"] in text


def test_score_and_target(run, shop: Shop, tmp_path: Path) -> None:
    """The same run as in Python; counts, models and files in both, ids in the list alone."""
    scores, made = tmp_path / "scores", tmp_path / "list"
    text, value = both(run, "score", shop.study_path, "--cutoff", CUTOFF, "--out", scores)
    assert value["run"] == shop.scoring.manifest.run
    assert value["customers"] == sum(value["states"].values()) == SIMULATED.customers
    says(text, CUTOFF, SIMULATED.customers, *value["states"].values())
    assert set(value["models"]) == {"attrition", "reactivation", "margin_if_returns"}
    for target, digest in value["models"].items():
        says(text, f"{target}: version 1, {digest[:12]}")
    assert value["files"]["scores"] in text
    assert all(Path(path).is_file() for path in value["files"].values())
    assert not re.search(r"\bC\d{7}\b", text + json.dumps(value))

    text, value = both(run, "target", shop.study_path, "--scores", scores, "--out", made)
    assert value["run"] == shop.listing.manifest.run
    counts = value["customers"]
    says(text, *counts.values())
    for rule in value["exclusions"]:
        if rule["customers"]:
            says(text, rule["label"], rule["customers"])
    says(text, f"{value['budget']['used']:,.2f} of {value['budget']['limit']:,.2f} EUR")
    says(text, round(value["expected"]["reactivations"]), f"mode = {value['mode']}")
    for path in value["files"].values():
        assert path in text
        assert Path(path).is_file()
    listed = re.findall(r"^ +\d+  (C\d{7}) ", text, re.MULTILINE)
    assert listed == shop.listing.made.selected["customer_id"].head(10).tolist()
    first = shop.listing.made.selected.iloc[0]
    for reason in first["reasons"]:
        assert reason["sentence"] in text


def test_training_told(shop: Shop) -> None:
    """The honest sentence of each target, each figure with its interval, both ways."""
    text = printing.training(shop.training, shop.recorded, shop.store)
    value = strict(json.dumps(printing.training_json(shop.training, shop.recorded)))
    assert list(value["targets"]) == ["attrition", "reactivation", "margin_if_returns"]
    for name, target in value["targets"].items():
        assert (target["kind"], target["version"]) == ("boosted", 1)
        for cutoff, test in target["tests"].items():
            says(text, cutoff, name)
            assert test["first_line"] in text
            for metric in printing.SHOWN:
                for figures in (test["model"], *test["baselines"].values()):
                    if metric in figures:
                        estimate, low, high = figures[metric]
                        assert f"{estimate:.3f} [{low:.3f}, {high:.3f}]" in text
    says(text, value["report"], f"{value['run'][:8]}…")


def test_demo_told(shop: Shop) -> None:
    """The demo tells what each stage did: the sentences, the verdicts, the list, the ways on."""
    made = Demo(
        study=shop.study, study_path=shop.study_path, training=shop.training,
        recorded=shop.recorded, verdicts=shop.verdicts, scoring=shop.scoring, listing=shop.listing,
    )  # fmt: skip
    text, value = announcing.demo(made), strict(json.dumps(announcing.demo_json(made)))
    assert set(value) == {"study", "training", "gate", "scoring", "list"}
    for target, trained in value["training"]["targets"].items():
        (test,) = trained["tests"].values()
        says(text, f"{target}: {test['first_line']}", f"{target} version 1: champion, the first")
    assert all(verdict["moved"] for verdict in value["gate"])
    for path in (*value["list"]["files"].values(), value["study"], value["training"]["report"]):
        assert path in text
    assert f"mlflow ui --backend-store-uri sqlite:///{shop.folder}/mlflow.db" in text


def test_simulate(run, tmp_path: Path) -> None:
    """As many events as the file has rows."""
    text, value = both(run, "simulate", "--customers", 50, "--seed", 2, "--out", tmp_path)
    rows = pq.read_table(tmp_path / "events.parquet").num_rows
    assert value == {"events": rows, "customers": 50, "folder": str(tmp_path)}
    says(text, rows, 50, tmp_path)


@pytest.fixture(scope="module")
def cli_study(shop: Shop) -> Iterator[Path]:
    """Write a study of the shop whose models only these tests train."""
    raw = merged(
        settings(),
        {"registry": {"model_prefix": "cli"}, "cutoffs": {"at_most": 2}, "name": "cli"},
    )
    path = written(shop.folder, raw, "cli.yaml")
    yield path
    path.unlink()


@pytest.mark.long
def test_train_promote_score_rollback(process, run, cli_study: Path, tmp_path: Path) -> None:
    """In processes of their own: silent on the error stream, no id anywhere, files where told."""
    done = process("train", cli_study, "--target", "attrition", "--json", folder=tmp_path)
    assert (done.code, done.err) == (0, "")
    value = strict(done.out)
    assert list(value["targets"]) == ["attrition"]
    report = tmp_path / "runs" / "cli" / "report.html"
    assert value["report"] == "runs/cli/report.html"
    assert sorted(p.name for p in report.parent.iterdir()) == [
        "MODEL_CARD.md", "features.lock", "report.html",
    ]  # fmt: skip
    asked = process("promote", cli_study, "--target", "attrition", "--json")
    assert asked.err == ""
    (verdict,) = strict(asked.out)
    assert asked.code == (0 if verdict["promote"] else 3)
    assert verdict["moved"] == verdict["promote"]
    assert verdict["promote"], verdict
    scored = process("score", cli_study, "--cutoff", CUTOFF, "--out", tmp_path / "scores")
    assert (scored.code, scored.err) == (0, "")
    for text in (done.out, asked.out, scored.out):
        assert not re.search(r"\bC\d{7}\b", text)

    # The same again is no better; with nothing before it there is no way back.
    assert run("train", cli_study, "--target", "attrition", "--out", tmp_path / "t").exit_code == 0
    second = run("promote", cli_study, "--target", "attrition")
    assert second.exit_code == 3
    assert "attrition version 2: refused" in second.stdout
    assert re.search(r"better than the champion in at least one +none .* REFUSED", second.stdout)
    assert run("rollback", cli_study, "--target", "attrition").exit_code == 1
    listed = run("registry", cli_study).stdout
    assert re.search(r"^ +1 +champion +passed", listed, re.MULTILINE)
    assert re.search(r"^ +2 +challenger +refused", listed, re.MULTILINE)


def test_version(run) -> None:
    """As the package says."""
    assert run("--version").stdout == f"reveil, version {__version__}\n"


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_for_terminals(shop: Shop, tmp_path: Path, terminal: bool) -> None:
    """On a terminal the present step is shown and wiped away; off one, not a byte."""
    command = [sys.executable, "-m", "reveil", "score", str(shop.study_path),
               "--cutoff", str(CUTOFF), "--out", str(tmp_path)]  # fmt: skip
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))  # rows, columns
    errors = slave if terminal else subprocess.PIPE
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as job:
        os.close(slave)
        assert job.stdout is not None
        seen = _read(master) if terminal else b""
        out = job.stdout.read()
        if not terminal:
            assert job.stderr is not None
            seen = job.stderr.read()
    os.close(master)
    assert job.returncode == 0
    assert b"15,000 customers as of" in out
    assert b"\r" not in out
    if terminal:
        assert b"scoring" in seen
        assert "█".encode() in seen
        assert seen.endswith(b"\r")
    else:
        assert seen == b""


def _read(terminal: int) -> bytes:
    """Read what was written to a terminal until its other end is closed."""
    seen = b""
    while select.select([terminal], [], [], 120)[0]:
        try:
            piece = os.read(terminal, 65_536)
        except OSError:  # how Linux says that nobody writes any more
            break
        if not piece:
            break
        seen += piece
    return seen
