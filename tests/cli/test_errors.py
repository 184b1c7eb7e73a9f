"""Errors: one paragraph with a hint on the error stream, an exit code, and nothing half-written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from shop import Shop, listed, merged, settings, written

from reveil.engine.duckdb import DuckDB

SCORE = ("--cutoff", "2024-06-01", "--out", "out")


def told(result, *words: str, code: int = 1) -> None:
    """Expect `error: …` and `Hint: …` on the error stream alone, in words, without a traceback."""
    assert result.exit_code == code, (result.stdout, result.stderr)
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines[0].startswith("error: ")
    assert lines[-1].startswith("Hint: ")
    assert not [line for line in lines if not line.strip()]
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr, result.stderr


@pytest.mark.parametrize(
    ("rows", "changes", "words"),
    [
        (None, {}, ("ventes.csv does not exist", "check `path`")),
        ("", {}, ("ventes.csv is empty",)),
        ("client,date_achat,montant,commande\n", {}, ("ventes.csv is empty", "at least one row")),
        (
            "client,date_achatt,montant,commande\nA1,2024-03-01,1,o1\n",
            {},
            ('ventes.csv has no column "date_achat"', "did you mean `date_achatt`?"),
        ),
        (
            "client,date_achat,montant,commande\nA1,2024-03-01,1,o1\nA2,31/02/2024,1,o2\n",
            {},
            (
                '1 of 2 rows of ventes.csv have no readable date in column "date_achat"',
                'First at rows 2: "31/02/2024"',
                "on_bad_date: drop",
            ),
        ),
        (
            None,
            {"cutoffs": {"test": ["2024-12-01"]}},
            ("the outcome of cutoff 2024-12-01 ends on 2025-03-01", "no later than 2024-10-03"),
        ),
        (None, {"horizon": "90 days"}, ("`horizon` is not a known setting",)),
        (None, {"curency": "EUR"}, ("`curency` is not a known", "did you mean `currency`?")),
    ],
    ids=["missing", "empty", "header", "column", "date", "horizon", "unknown", "typo"],
)
@pytest.mark.parametrize(
    "command", [("check",), ("train",), ("promote",), ("score", *SCORE)], ids=lambda c: c[0]
)
def test_bad_input(  # noqa: PLR0917  (pytest passes them by name)
    run, small: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...], rows: str | None, changes: dict[str, object], words: tuple[str, ...],
) -> None:  # fmt: skip
    """Each bad input is told by each command that reads it, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    study = small(rows, **changes)
    before = listed(tmp_path)
    name, *options = command
    result = run(name, study, *options)
    if name in ("promote", "score") and not changes:
        # Without a model these need not look at the data.
        words = ("reveil train",)
    told(result, *words)
    assert listed(tmp_path) == before


@pytest.mark.parametrize(
    "command",
    [("registry",), ("promote",), ("promote", "--dry-run"), ("score", *SCORE),
     ("rollback", "--target", "attrition")],
    ids=lambda c: " ".join(c[:2]),
)  # fmt: skip
@pytest.mark.parametrize("uri", ["sqlite:///mlflow.db", "sqlite:///models/mlflow.db", None])
def test_a_study_that_was_never_trained(  # noqa: PLR0917  (pytest passes them by name)
    run, small: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...], uri: str | None,
) -> None:  # fmt: skip
    """Asked for its models, a command says that there are none, and creates no store to say so."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    study = small(registry={"uri": uri})
    before = sorted(tmp_path.rglob("*"))
    name, *options = command
    result = run(name, study, *options)
    if name == "registry":
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout == "nothing was trained for this study yet\n"
    else:
        told(result, "mlflow.db does not exist", "reveil train")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_store_that_cannot_be_created_is_told_before_learning(
    run, small: Callable[..., Path], tmp_path: Path
) -> None:
    """A file stands where its folder should be: told before too few customers are, which need a look."""
    study = small(registry={"uri": "sqlite:///ventes.csv/mlflow.db"})
    told(run("train", study), "mlflow.db cannot be created", "ventes.csv is not a folder")


def test_no_eligible_customer(run, small: Callable[..., Path], tmp_path: Path) -> None:
    """Too few customers to learn from: counted by `check`, refused with numbers by `train`."""
    study = small()
    before = sorted(tmp_path.rglob("*"))
    result = run("check", study)
    assert result.exit_code == 0
    assert "reactivation" in result.stdout
    told(run("train", study, "--out", tmp_path / "runs"), "requires at least 500", "--small")
    assert sorted(tmp_path.rglob("*")) == before
    assert run("registry", study).stdout == "nothing was trained for this study yet\n"


def test_nobody_before_the_cutoff(run, small: Callable[..., Path], tmp_path: Path) -> None:
    """A cutoff before the first event has nobody to count or compute."""
    study = small()
    told(run("states", study, "--cutoff", "2023-06-01"), "no customer is known before 2023-06-01")
    out = tmp_path / "matrix.parquet"
    told(
        run("features", study, "--cutoff", "2023-06-01", "--out", out), "is known before 2023-06-01"
    )
    assert not out.exists()


def test_a_study_that_is_not_there(run, tmp_path: Path) -> None:
    """A wrong path is an error to mend, not a traceback."""
    told(run("check", tmp_path / "study.yaml"), "study.yaml does not exist")
    told(run("check", tmp_path), "is not a file")


def test_debug_shows_the_traceback(process, tmp_path: Path) -> None:
    """The same error, with where it came from; without --debug, none of it."""
    missing = tmp_path / "study.yaml"
    quiet, loud = process("check", missing), process("--debug", "check", missing)
    assert quiet.code == loud.code == 1
    assert quiet.err.startswith("error: ")
    assert loud.err.startswith("Traceback (most recent call last)")
    assert "reveil.errors.StudyError" in loud.err
    assert quiet.out == loud.out == ""


@pytest.mark.parametrize(
    "words",
    [
        ("chek",),
        ("score", "study.yaml"),
        ("score", "study.yaml", "--cutoff", "01/09/2011", "--out", "out"),
        ("score", "study.yaml", "--cutoff", "2011-02-30", "--out", "out"),
        ("train", "study.yaml", "--target", "value"),
        ("features", "--cutoff", "2011-09-01"),
        ("features", "--cutoff", "2011-09-01", "--out", "matrix.parquet"),
        ("demo", "--customers", "0"),
        ("rollback", "study.yaml"),
    ],
)
def test_wrong_usage_is_2(run, words: tuple[str, ...]) -> None:
    """What was typed wrongly is told with the usage, and is not an error of the data."""
    result = run(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Usage: ")
    assert "Error: " in result.stderr


def test_a_date_says_how_to_write_it(run) -> None:
    """The form is in the message."""
    result = run("states", "study.yaml", "--cutoff", "01/09/2011")
    assert "'01/09/2011' is not a date; write it as 2011-09-01" in result.stderr


def test_a_refusal_of_the_gate_is_3(run, shop: Shop) -> None:
    """The verdicts are printed as ever, and the exit code tells a scheduler."""
    raw = merged(settings(), {"registry": {"gate": {"min_outcomes": 100_000}}})
    study = written(shop.folder, merged(raw, {"cutoffs": {"at_most": 1}}), "strict.yaml")
    result = run("promote", study, "--dry-run", "--target", "attrition")
    study.unlink()
    assert result.exit_code == 3
    assert result.stderr == ""
    assert "attrition version 1: refused" in result.stdout
    assert "REFUSED" in result.stdout
    assert "at least 100,000" in result.stdout


def test_target_says_which_champion_was_missing(run, shop: Shop, tmp_path: Path) -> None:
    """Errors of later commands read as those of the first ones."""
    told(
        run("target", shop.study_path, "--scores", tmp_path, "--out", tmp_path / "list"),
        "nothing was published there",
    )
    told(
        run("score", shop.study_path, "--cutoff", "2031-01-01", "--out", tmp_path / "scores"),
        "outside the coverage",
    )
    told(run("rollback", shop.study_path, "--target", "attrition"), "none to go back to")
    assert list(tmp_path.iterdir()) == []


def test_no_customer_in_an_error(run, small: Callable[..., Path]) -> None:
    """A value that cannot be read is shown only where it is a date; an id never is."""
    rows = "client,date_achat,montant,commande\nKEY4711,2024-03-01,x,o1\nKEY4711,bad,y,o2\n"
    result = run("check", small(rows))
    assert result.exit_code == 1
    assert "KEY4711" not in result.stderr + result.stdout


def test_a_bug_keeps_its_traceback(
    run, small: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no ReveilError is not dressed up as one."""

    def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(DuckDB, "__init__", broken)
    result = run("states", small(), "--cutoff", "2024-06-01")
    assert isinstance(result.exception, RuntimeError)
    assert "error: " not in result.stderr
