"""A family of a user's own: in the catalogue, the fingerprint, the matrix; tried as the others are."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import reveil as rv
from reveil.features.family import BUILT_IN, families

HEAD = """
import reveil as rv

@rv.family("looking", needs="visit")
def looking(log):
    yield rv.feature(
        "looking_since_order_count", {value}, signal="looking", unit=rv.Unit.COUNT,
        meaning=rv.Text(en="visits since the last order", fr="visites depuis la dernière commande"),
        null="never null",
        reason=rv.Text(en="{en}", fr="{{value:.1f}} visites depuis la dernière commande"))
"""
VALUE = 'log.since("visit", after=("purchase",))'
SENTENCE = "{value:.1f} visits since the last order"

Write = Callable[..., rv.Study]


def events() -> pd.DataFrame:
    """Two years of orders and visits of 80 customers, none of whom is like another."""
    random = np.random.default_rng(5)
    n = 2_400
    days = np.sort(random.integers(0, 729, n))
    return pd.DataFrame(
        {
            "who": [f"A{i}" for i in random.integers(0, 80, n)],
            "day": pd.Timestamp("2023-01-02") + pd.to_timedelta(days, unit="D"),
            "what": np.where(random.random(n) < 0.4, "purchase", "visit"),
            "paid": random.integers(1, 90, n).astype(float),
        }
    )


EVENTS = events()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write the module of a family, and a study that names it."""
    monkeypatch.setattr("reveil.features.family._FAMILIES", {**families()})
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def make(value: str = VALUE, en: str = SENTENCE) -> rv.Study:
        (tmp_path / "own_looking.py").write_text(HEAD.format(value=value, en=en), "utf-8")
        importlib.invalidate_caches()
        if "own_looking" in sys.modules:
            importlib.reload(sys.modules["own_looking"])
        columns = {"customer": "who", "at": "day", "amount": "paid"}
        source = {"name": "shop", "columns": columns, "kind": {"column": "what"}}
        return rv.parse_study(
            {
                "name": "shop",
                "sources": [source],
                "coverage": {"start": "2023-01-02", "end": "2025-01-01"},
                "activity": {"any_of": ["purchase"], "within": "180 days"},
                "features": {"modules": ["own_looking"]},
                "engine": {"threads": 1},
            }
        )

    yield make
    sys.modules.pop("own_looking", None)


def tried(study: rv.Study) -> dict[str, bool]:
    """Try the family; say which properties hold."""
    log = rv.open_events(study, frames={"shop": EVENTS})
    found = rv.check_family(study, log, "looking", ["2024-03-04", "2024-06-03"])
    assert set(found.frame()["feature"]) == {"looking_since_order_count"}
    holds = {t.property: t.holds for t in found.trials}
    assert found.passed == all(holds.values())
    assert ("NO" in found._repr_html_()) != found.passed
    return holds


def test_a_good_family_passes(write: Write) -> None:
    """Four properties, one of which shows the sentence."""
    study = write()
    log = rv.open_events(study, frames={"shop": EVENTS})
    found = rv.check_family(study, log, "looking")
    assert found.passed, found.frame()
    assert [t.property for t in found.trials] == [
        "does not see the future", "does not depend on other customers", "tells customers apart",
        "reads as a reason",
    ]  # fmt: skip
    assert found.trials[-1].detail.endswith(" visits since the last order")
    assert not found.trials[-1].detail.startswith("0.0 ")


@pytest.mark.parametrize(
    ("value", "fails"),
    [
        (f"{VALUE} - {VALUE}.mean()", "does not depend on other customers"),
        (f"{VALUE} * 0.0", "tells customers apart"),
    ],
)
def test_what_a_family_does_wrong_is_named(write: Write, value: str, fails: str) -> None:
    """That property, and no other."""
    assert [name for name, holds in tried(write(value)).items() if not holds] == [fails]


def test_a_number_drawn_at_random_moves_in_every_trial(write: Write) -> None:
    holds = tried(write(f"{VALUE} + __import__('ibis').random()"))
    assert not holds["does not see the future"]
    assert not holds["does not depend on other customers"]


@pytest.mark.parametrize(
    ("en", "said"),
    [
        ("{no_such_count:.0f} visits", "shows 'no_such_count', which is no feature"),
        ("{value:d} visits", "cannot be written"),
    ],
)
def test_a_sentence_that_cannot_be_said(write: Write, en: str, said: str) -> None:
    study = write(en=en)
    log = rv.open_events(study, frames={"shop": EVENTS})
    found = rv.check_family(study, log, "looking", "2024-06-03")
    (wrong,) = [t for t in found.trials if not t.holds]
    assert (wrong.property, wrong.detail[: len(said)]) == ("reads as a reason", said)


def test_another_feature_may_be_named_in_a_sentence(write: Write) -> None:
    """Its figures are computed for the trial too."""
    study = write(en="{value:.1f} visits, {purchase_count:.0f} orders")
    assert all(tried(study).values())


def test_it_is_in_the_catalogue_after_the_built_in_ones(write: Write) -> None:
    study = write()
    log = rv.open_events(study, frames={"shop": EVENTS})
    found = rv.catalogue(study, log)
    assert list(found.families)[-1] == "looking"
    assert set(found.families) | set(found.silent) == {*BUILT_IN, "looking"}
    (one,) = found.families["looking"]
    assert found.frame().iloc[-1].tolist() == [
        "looking", one.name, "count", "", "visits since the last order", "never null",
        "commercial, engagement",
    ]  # fmt: skip
    assert one.name in found._repr_html_()
    assert one.name in rv.feature_matrix(study, log, "2024-06-03").columns


def test_its_code_moves_the_fingerprint(write: Write) -> None:
    """Not its name, nor a word of what it declares: the value alone."""
    study = write()
    log = rv.open_events(study, frames={"shop": EVENTS})
    before = rv.catalogue(study, log).fingerprint
    write(f"({VALUE}  # a comment moves nothing\n)")
    assert rv.catalogue(study, log).fingerprint == before
    write('log.since("visit", after=("purchase", "visit"))')
    assert rv.catalogue(study, log).fingerprint != before


def test_the_matrix_of_a_notebook_is_the_file_of_the_command(write: Write, tmp_path: Path) -> None:
    """The same rows and bits, however the cutoffs are said."""
    study = write()
    log = rv.open_events(study, frames={"shop": EVENTS})
    frame = rv.feature_matrix(study, log, ["2024-06-03", "2024-03-04", "2024-06-03"])
    days = [pd.Timestamp(day).date() for day in ("2024-06-03", "2024-03-04")]
    rows = rv.write_matrix(study, days, tmp_path / "m.parquet", log=log)
    held = pd.read_parquet(tmp_path / "m.parquet")
    held["cutoff"] = pd.to_datetime(held["cutoff"])
    assert rows == len(frame)
    pd.testing.assert_frame_equal(frame, held)
    assert frame["cutoff"].is_monotonic_increasing


def test_families_that_are_none(write: Write) -> None:
    """Silent is one thing, unknown another."""
    study = write()
    log = rv.open_events(study, frames={"shop": EVENTS})
    with pytest.raises(rv.ReveilError, match="says nothing of this log: needs email_sent"):
        rv.check_family(study, log, "email")
    with pytest.raises(rv.ReveilError, match="no family is called 'lookin'") as raised:
        rv.check_family(study, log, "lookin")
    assert "did you mean `looking`?" in str(raised.value)
    for bad, said in (("2031-01-06", "outside the coverage"), ("06/01/2024", "is not a date")):
        with pytest.raises(rv.ReveilError, match=said):
            rv.check_family(study, log, "looking", bad)
        with pytest.raises(rv.ReveilError, match=said):
            rv.feature_matrix(study, log, [bad])
