"""What cannot be done is refused in words, and leaves every file as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from shop import CUTOFF, SIMULATED, Shop, listed, merged, settings, written

from reveil.config import Study, load_study
from reveil.engine.asof import AsOf
from reveil.errors import (
    DataError,
    LeakageError,
    RegistryError,
    ReveilError,
    StudyError,
    TooLittleDataError,
)
from reveil.features.family import _FAMILIES, Declared, Family
from reveil.pipeline.checking import check_study
from reveil.pipeline.listing import make_reactivation_list
from reveil.pipeline.matrices import write_matrix
from reveil.pipeline.promoting import promote_challengers
from reveil.pipeline.recording import record_run
from reveil.pipeline.scoring import score_customers
from reveil.pipeline.standing import gather, states, transitions
from reveil.pipeline.training import look, train
from reveil.scoring.publish import read_manifest

Variant = Callable[[dict[str, object]], Study]


@pytest.fixture
def variant(shop: Shop) -> Variant:
    """Read the study again with some settings changed."""

    def make(changes: dict[str, object]) -> Study:
        path = written(shop.folder, merged(settings(), changes), "variant.yaml")
        study = load_study(path)
        path.unlink()
        return study

    return make


@pytest.fixture
def untouched(shop: Shop, tmp_path: Path) -> Iterator[None]:
    """Nothing in the study's folder or the output folder changes while a test runs."""
    before = listed(shop.folder), listed(tmp_path)
    yield
    after = listed(shop.folder), listed(tmp_path)
    assert after == before


def refused(error: type[ReveilError], do: Callable[[], object], *words: str) -> None:
    """Expect an error of a kind that says some words, and a hint."""
    with pytest.raises(error) as caught:
        do()
    for word in words:
        assert word in caught.value.message, caught.value.message
    assert caught.value.hint


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"activity": {"within": "6 months"}}, "activity: `within` was 'P244D', is 'P183D'"),
        ({"activity": {"any_of": ["purchase"]}}, "activity: `active by` was"),
        ({"activity": {"former_after": "3 years"}}, "activity: `former_after` was None"),
        ({"kinds": {"webinar": "engagement"}}, "activity: `active by` was"),
        ({"activity": {"joins_by": ["purchase", "login"]}}, "activity: `customer by` was"),
        ({"activity": {"joins_by": ["commercial"]}}, "activity: `customer by` was"),
        ({"activity": {"paid_by": ["billing"]}}, "activity: `paid_by` was"),
        ({"windows": {"horizon": "60 days"}}, "label: `horizon_days` was 90, is 60"),
        ({"windows": {"gap": "14 days"}}, "label: `gap_days` was 7, is 14"),
    ],
)
def test_score_refuses_a_study_that_means_something_else(
    shop: Shop, variant: Variant, tmp_path: Path, changes: dict[str, object], named: str
) -> None:
    """A definition changed since training is named, with what it was and what it is."""
    study = variant(changes)
    refused(
        RegistryError,
        lambda: score_customers(study, CUTOFF, tmp_path, log=shop.observed.log, store=shop.store),
        "the model of attrition was trained under other definitions",
        named,
    )


@pytest.mark.usefixtures("untouched")
def test_score_refuses_another_share_of_margin(
    shop: Shop, variant: Variant, tmp_path: Path
) -> None:
    """What only one target's label knows is told of that target."""
    study = variant({"labels": {"margin_rate": 0.3}})
    refused(
        RegistryError,
        lambda: score_customers(study, CUTOFF, tmp_path, log=shop.observed.log, store=shop.store),
        "the model of margin_if_returns was trained under other definitions",
        "label: `margin_rate` was 0.4, is 0.3",
    )


def changed_family(name: str, change: Callable[[Declared], Declared | None]) -> Family:
    """Write a built-in family otherwise, as a later version might."""
    before = _FAMILIES[name]

    def write(log: AsOf) -> Iterator[Declared]:
        for declared in before.write(log):
            now = change(declared)
            if now is not None:
                yield now

    write.__module__ = before.write.__module__
    return Family(name=name, needs=before.needs, write=write)


@pytest.mark.usefixtures("untouched")
def test_score_refuses_a_feature_computed_otherwise(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal declarations with other values have another fingerprint."""

    def half(declared: Declared) -> Declared:
        if declared.feature.name != "purchase_count":
            return declared
        return Declared(feature=declared.feature, value=declared.value / 2.0)

    monkeypatch.setitem(_FAMILIES, "frequency", changed_family("frequency", half))
    refused(
        RegistryError,
        lambda: score_customers(
            shop.study, CUTOFF, tmp_path, log=shop.observed.log, store=shop.store
        ),
        "the feature set has another fingerprint",
    )


@pytest.mark.usefixtures("untouched")
def test_score_refuses_a_feature_that_is_gone(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The feature is named."""

    def without(declared: Declared) -> Declared | None:
        return None if declared.feature.name == "purchase_count_28d" else declared

    monkeypatch.setitem(_FAMILIES, "frequency", changed_family("frequency", without))
    refused(
        RegistryError,
        lambda: score_customers(
            shop.study, CUTOFF, tmp_path, log=shop.observed.log, store=shop.store
        ),
        "feature purchase_count_28d no longer exists",
    )


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("cutoff", [SIMULATED.start, date(2019, 1, 1), date(2031, 1, 1)])
def test_a_cutoff_outside_the_coverage(shop: Shop, tmp_path: Path, cutoff: date) -> None:
    """Nothing is said of a day before which, or up to which, the log is not complete."""
    study, log = shop.study, shop.observed.log
    for do in (
        lambda: score_customers(study, cutoff, tmp_path, log=log, store=shop.store),
        lambda: states(study, log, cutoff),
        lambda: gather(study, cutoff, log=log),
        lambda: transitions(study, log, [cutoff, CUTOFF]),
        lambda: write_matrix(study, [cutoff], tmp_path / "matrix.parquet"),
    ):
        refused(StudyError, do, str(cutoff), "outside the coverage", str(SIMULATED.end))


@pytest.mark.usefixtures("untouched")
def test_no_champion(shop: Shop, variant: Variant, tmp_path: Path) -> None:
    """A study that was never promoted is told the two commands."""
    study = variant({"registry": {"model_prefix": "nobody"}})
    with pytest.raises(RegistryError, match="no target of demo has a champion") as caught:
        score_customers(study, CUTOFF, tmp_path, store=shop.store)
    assert "reveil train" in str(caught.value)
    assert "reveil promote" in str(caught.value)
    refused(RegistryError, lambda: promote_challengers(study, store=shop.store), "no challenger")


@pytest.mark.usefixtures("untouched")
def test_target_without_targeting(shop: Shop, variant: Variant, tmp_path: Path) -> None:
    """No offers, no list."""
    study = variant({"targeting": None})
    refused(
        StudyError,
        lambda: make_reactivation_list(study, shop.scores, tmp_path),
        "no `targeting`",
    )


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"name": "other"}, "study 'demo'; other has 'other'"),
        ({"language": "fr"}, "language 'en'"),
        ({"targeting": {"pressure": {"within_days": 14}}}, "pressure days '28'"),
        ({"targeting": {"channels": {"sms": {"cost": 0.1}}}}, "channels 'email, print'"),
    ],
)
def test_scores_of_other_settings_make_no_list(
    shop: Shop, variant: Variant, tmp_path: Path, changes: dict[str, object], named: str
) -> None:
    """What the scores counted or said under other settings is refused, not taken for these."""
    study = variant(changes)
    refused(DataError, lambda: make_reactivation_list(study, shop.scores, tmp_path / "list"), named)


def test_scores_without_a_target_that_the_list_needs(
    shop: Shop, variant: Variant, tmp_path: Path
) -> None:
    """A champion that was missing is named, rather than a column."""
    study = variant({"registry": {"model_prefix": "part"}})
    record_run(replace(shop.training, study=study), tmp_path / "t", store=shop.store)
    promote_challengers(
        study, targets=["attrition"], observed=shop.observed, store=shop.store, actor="tests"
    )
    done = score_customers(
        study, CUTOFF, tmp_path / "scores", log=shop.observed.log, store=shop.store
    )
    assert list(done.champions) == ["attrition"]
    refused(
        DataError,
        lambda: make_reactivation_list(study, tmp_path / "scores", tmp_path / "list"),
        "no reactivation and no margin_if_returns",
        "no champion",
    )
    assert not (tmp_path / "list").exists()


@pytest.mark.usefixtures("untouched")
def test_nobody_to_contact(shop: Shop, variant: Variant, tmp_path: Path) -> None:
    """When every customer is left out, the rules are counted instead of an empty list."""
    study = variant({"targeting": {"holdout_share": 0.9999999}})
    refused(
        DataError,
        lambda: make_reactivation_list(study, shop.scores, tmp_path / "list"),
        "none of 15,000 customers may be contacted",
        "hold",
    )


@pytest.mark.usefixtures("untouched")
def test_nobody_to_learn_from(variant: Variant) -> None:
    """Without an inactive customer `train` refuses, with numbers; `check` counts and shows it."""
    study = variant({"activity": {"within": "20 years"}, "cutoffs": {"at_most": 1}})
    observed = look(study)
    refused(
        TooLittleDataError,
        lambda: train(study, targets=["reactivation"], observed=observed),
        "0 inactive customers",
        "at least 500",
    )
    volumes = {v.target: v for v in check_study(study).volumes}
    assert volumes["reactivation"].customers == 0


@pytest.mark.usefixtures("untouched")
def test_scores_in_a_folder_of_something_else(shop: Shop) -> None:
    """Scores are not written over a list."""
    refused(
        DataError,
        lambda: score_customers(
            shop.study, CUTOFF, shop.list, log=shop.observed.log, store=shop.store
        ),
        "holds list",
    )
    refused(
        DataError, lambda: make_reactivation_list(shop.study, shop.scores, shop.scores), "scores"
    )
    refused(DataError, lambda: make_reactivation_list(shop.study, shop.list, shop.list), "list")


class _StopError(Exception):
    """What ends a run in its middle."""


def _stop(_done: int, _of: int) -> None:
    raise _StopError


def test_a_run_that_fails_leaves_nothing(shop: Shop, tmp_path: Path) -> None:
    """An error after the first customers are scored leaves no file, and the last result as it was."""
    log, store = shop.observed.log, shop.store
    out = tmp_path / "scores"
    with pytest.raises(_StopError):
        score_customers(shop.study, CUTOFF, out, log=log, store=store, progress=_stop)
    assert listed(out) == {}
    score_customers(shop.study, CUTOFF, out, log=log, store=store)
    before = listed(out)
    with pytest.raises(_StopError):
        score_customers(
            shop.study, shop.study.test_cutoffs[-1], out, log=log, store=store, progress=_stop
        )
    assert listed(out) == before


KILLED = """
import os, signal, sys
from datetime import date, timedelta
from pathlib import Path
import reveil.scoring.score
from reveil import load_study, score

reveil.scoring.score.BUCKET = 3_000
def kill(done, of):
    assert 0 < done < of
    os.kill(os.getpid(), signal.SIGKILL)
score(load_study(sys.argv[1]), date.fromisoformat(sys.argv[2]), Path(sys.argv[3]), progress=kill)
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL there")
@pytest.mark.long
def test_a_killed_run_leaves_nothing_a_reader_takes_for_a_result(
    shop: Shop, tmp_path: Path
) -> None:
    """Killed in the middle: no manifest, or the old one, and the next run goes through."""

    def killed(cutoff: date) -> None:
        command = [sys.executable, "-c", KILLED, str(shop.study_path), str(cutoff), str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr

    killed(CUTOFF)
    assert not (tmp_path / "manifest.json").exists()
    with pytest.raises(DataError, match="nothing was published"):
        make_reactivation_list(shop.study, tmp_path, tmp_path / "list")
    log, store = shop.observed.log, shop.store
    done = score_customers(shop.study, CUTOFF, tmp_path, log=log, store=store)
    assert done.manifest.files == shop.scoring.manifest.files
    killed(shop.study.test_cutoffs[-1])
    assert read_manifest(tmp_path) == done.manifest


@pytest.mark.usefixtures("untouched")
def test_score_refuses_a_day_that_its_champion_has_seen_beyond(shop: Shop, tmp_path: Path) -> None:
    """A model that learned from what came after the cutoff scores the past too well."""
    until = max(made.candidate.learned_until for made in shop.training.targets)
    refused(
        LeakageError,
        lambda: score_customers(
            shop.study, until - timedelta(days=1), tmp_path, log=shop.observed.log, store=shop.store
        ),
        f"learned from outcomes up to {until}",
    )
