"""`reveil states` on a few orders: text and JSON say the same, files appear with --out alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reveil.activity.transitions import Transitions
from reveil.cli.standing import _moves
from reveil.pipeline.standing import STATES

Small = Callable[..., Path]
ROWS = """\
client,date_achat,montant,commande
A1,2024-03-01,10.50,o1
A2,2024-03-02,20.00,o2
A1,2024-06-05,12.00,o3
A4,2024-11-05,8.00,o4
"""
READERS = {
    "sources": [
        {"name": "ventes", "path": "ventes.csv",
         "columns": {"customer": "client", "at": "date_achat", "amount": "montant",
                     "order": "commande"},
         "kind": {"purchase": "\"client\" <> 'A2' or \"montant\" <> '0'", "visit": "true"}},
    ],
    "activity": {"any_of": ["purchase", "visit"], "within": "90 days"},
    "labels": {"margin_rate": 0.5},
}  # fmt: skip


def test_text_and_json_say_the_same(run, small: Small) -> None:
    """States, groups, bands, the first date, both matrices; nothing is written."""
    study = small(ROWS)
    text, program = (
        run("states", study, "--cutoff", "2024-12-02", "--periods", "3", *more)
        for more in ((), ("--json",))
    )
    assert (text.exit_code, program.exit_code) == (0, 0), program.stderr
    value = json.loads(program.stdout)
    assert value["cutoff"] == "2024-12-02"
    assert value["states"] == {"active": 2, "inactive": 1}
    assert value["purchase_only_rule"]["is_the_study's"] is True
    assert "the study counts purchases alone" in text.stdout
    for name in (*value["states"], *value["groups"], *value["engagement_bands"]):
        assert name in text.stdout
    moves, first = value["transitions"], value["history"][0]
    assert (moves["since"], moves["periods"], moves["labels"]) == (first["date"], 1, list(STATES))
    assert f"from {moves['since']} to 2024-12-02" in text.stdout
    assert sum(moves["entries"]) == 1
    assert value["mean_transitions"]["periods"] == len(value["history"]) - 1 == 3
    assert "mean of 3 periods of 28 days" in text.stdout
    assert value["files"] == {}
    assert value["movers"] == []
    assert sorted(p.name for p in study.parent.iterdir()) == ["study.yaml", "ventes.csv"]


def test_whom_purchases_alone_would_miss_is_the_first_line(run, small: Small) -> None:
    """One customer visits after ordering long ago: counted, with the margin of the year."""
    study = small(ROWS + "A2,2024-11-20,0,o9\n", **READERS)
    result = run("states", study, "--cutoff", "2024-12-02", "--periods", "1")
    assert result.exit_code == 0, result.stderr
    assert (
        "a purchase-only rule would call 1 of the 2 active customers inactive (50.0%), "
        "who brought 10.00 EUR of margin in the 364 days before"
    ) in result.stdout.splitlines()[1]
    rule = json.loads(
        run("states", study, "--cutoff", "2024-12-02", "--periods", "1", "--json").stdout
    )
    assert rule["purchase_only_rule"] == {
        "wrongly_inactive": 1, "their_margin": 10.0, "is_the_study's": False,
    }  # fmt: skip
    assert rule["history"][0]["date"] == "2024-11-04"


def test_out_publishes_and_says_where(run, small: Small, tmp_path: Path) -> None:
    """Every file the manifest lists is named, and is there."""
    study = small(ROWS)
    out = tmp_path / "états de base"
    words = ("states", study, "--cutoff", "2024-12-02", "--since", "2024-11-04", "--out", out)
    text, program = run(*words), run(*words, "--json")
    assert text.exit_code == 0, text.stderr
    files = json.loads(program.stdout)["files"]
    assert set(files) == {
        "lifecycle", "movers", "rfm_edges", "states.csv", "states.parquet", "transitions",
    }  # fmt: skip
    for path in files.values():
        assert path in text.stdout
        assert Path(path).is_file()
    assert "Customer lifecycle on 2 December 2024" in Path(files["lifecycle"]).read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--since", "2024-09-09", "--periods", "2"), 2, "say the same thing"),
        (("--since", "2024-12-02"), 1, "is not before the cutoff"),
        (("--since", "2022-12-02"), 1, "outside the coverage"),
        (("--periods", "900"), 1, "25 fit"),
        (("--periods", "0"), 2, "not in the range"),
    ],
)
def test_dates_that_make_no_sense(
    run, small: Small, words: tuple[str, ...], code: int, said: str
) -> None:
    result = run("states", small(ROWS), "--cutoff", "2024-12-02", *words)
    assert result.exit_code == code
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_row_of_nobody_is_empty_and_means_are_per_period() -> None:
    """Shares of a row are of those who were there; a state nobody had is left out."""
    moves = Transitions(
        column="state", periods=4, labels=("active", "inactive", "former"),
        counts=((6, 2, 0), (0, 0, 0), (0, 0, 0)), entries=(3, 0, 0), exits=(0, 0, 0),
    )  # fmt: skip
    lines = [line.split() for line in _moves(moves, "head").splitlines()]
    assert lines == [
        ["head", "active", "inactive"],
        ["active", "6", "75.0%", "2", "25.0%"],
        ["inactive"],
        ["(new)", "3", "100.0%", "0", "0.0%"],
    ]
    text = _moves(moves, "mean", mean=True)
    assert "1.5  75.0%" in text
    assert "former" not in text
    assert "nan" not in text
