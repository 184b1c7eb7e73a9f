"""Runs and models in a real MLflow store: what is there, what is not, and what is refused."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pytest
import yaml
from mlflow.pyfunc import load_model

from reveil.errors import RegistryError
from reveil.learning.candidate import Candidate
from reveil.registry.artifact import as_input
from reveil.registry.champions import load_champion, load_version, version_of
from reveil.registry.runs import RunRef, TrainingRecord, log_training
from reveil.registry.store import Store, experiment_id, open_store, talking_to


def model_folder(store: Store, run: RunRef) -> Path:
    """Where the store keeps a version's files."""
    location = store.client.get_model_version_download_uri(run.model, str(run.version))
    return Path(urlsplit(location).path)


def test_a_training_is_browsable(store: Store, record: Callable[..., TrainingRecord]) -> None:
    run = log_training(store, record("browsable"), prefix="t")
    client, ref = store.client, run["reactivation"]
    parent, child = client.get_run(run.run_id), client.get_run(ref.run_id)
    assert {parent.info.status, child.info.status} == {"FINISHED"}
    assert child.data.tags["mlflow.parentRunId"] == run.run_id
    assert parent.data.tags["mlflow.source.git.commit"] == "abc123"
    assert {f.path for f in client.list_artifacts(run.run_id)} == {
        "study.yaml", "features.lock", "report.html"}  # fmt: skip
    assert {f.path for f in client.list_artifacts(ref.run_id)} == {
        "trials.csv", "plots", "MODEL_CARD.md"}  # fmt: skip
    metrics = child.data.metrics
    assert (metrics["auc_low"], metrics["auc"], metrics["auc_high"]) == (0.65, 0.7, 0.75)
    assert metrics["2011-06-01/auc"] == 0.7
    assert metrics["baseline_recency/auc"] == 0.6
    assert "baseline_recency/auc_high" not in metrics
    assert child.data.params["rate"] == "0.03"
    assert (ref.model, ref.version) == ("t.browsable.reactivation", 1)
    assert version_of(store, ref.model, "challenger") == 1
    assert version_of(store, ref.model, "champion") is None
    assert client.get_logged_model(ref.uri.split("/")[-1]).source_run_id == ref.run_id


def test_the_registered_model_scores_the_same_bits(
    store: Store, trained: Callable[..., RunRef], candidate: Candidate, rows: pd.DataFrame
) -> None:
    run = trained()
    loaded = load_version(store, run.model, run.version)
    assert loaded.artifact.candidate == candidate
    assert loaded.artifact.digest == run.digest
    assert loaded.run_id == run.run_id
    assert loaded.artifact.candidate.predict(rows).tobytes() == candidate.predict(rows).tobytes()


def test_plain_mlflow_loads_and_scores_it_with_pickle_forbidden(
    store: Store, trained: Callable[..., RunRef], candidate: Candidate, rows: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    run = trained()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    with talking_to(store.uri):
        model = load_model(f"models:/{run.model}/{run.version}")
        frame = as_input(rows, candidate.features)
        scores = model.predict(frame)["probability"]
    assert list(scores) == list(candidate.predict(rows))
    assert model.metadata.signature.outputs.input_names() == ["probability"]


def test_no_customer_in_the_store_or_its_files(
    store: Store, trained: Callable[..., RunRef], rows: pd.DataFrame
) -> None:
    """The whole store is searched: database, write-ahead log and every artifact."""
    trained()
    assert store.database is not None
    files = [p for p in store.database.parent.rglob("*") if p.is_file()]
    assert any(p.name == "model_00.txt" for p in files)
    for path in files:
        text = path.read_bytes()
        assert b"CUSTOMER-" not in text, path
        assert b"customer_id" not in text, path
    assert rows["customer_id"].str.startswith("CUSTOMER-").all()


def test_a_table_of_customers_is_not_logged(
    store: Store, record: Callable[..., TrainingRecord]
) -> None:
    whole = record("customers")
    target = replace(whole.targets[0], trials=pd.DataFrame({"customer_id": ["a"]}))
    with pytest.raises(ValueError, match="customers"):
        log_training(store, replace(whole, targets=(target,)), prefix="t")
    assert store.client.get_experiment_by_name("customers") is None


def test_a_training_that_breaks_is_marked_failed(
    store: Store, record: Callable[..., TrainingRecord]
) -> None:
    whole = record("broken")
    broken = replace(whole.targets[0], plots={"../../outside": "<svg/>"})
    with pytest.raises(RegistryError):
        log_training(store, replace(whole, targets=(broken,)), prefix="t")
    runs = store.client.search_runs([experiment_id(store, "broken")])
    assert {run.info.status for run in runs} == {"FAILED"}
    assert len(runs) == 2
    assert version_of(store, "t.broken.reactivation", "challenger") is None


def _edit_model_file(**changes: object) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / "MLmodel"
        model = yaml.safe_load(path.read_text())
        model["flavors"]["python_function"].update(changes)
        path.write_text(yaml.safe_dump(model))

    return edit


def _swap_for_link(folder: Path) -> None:
    tree, aside = folder / "data/model/model_00.txt", folder.parent / "aside.txt"
    shutil.move(tree, aside)
    tree.symlink_to(aside)


def _add_flavor(folder: Path) -> None:
    path = folder / "MLmodel"
    model = yaml.safe_load(path.read_text())
    model["flavors"]["sklearn"] = {"pickled_model": "model.pkl"}
    path.write_text(yaml.safe_dump(model))


def _append(name: str, text: str) -> Callable[[Path], None]:
    def append(folder: Path) -> None:
        with (folder / name).open("a") as file:
            file.write(text)

    return append


def _edit_tree(folder: Path) -> None:
    path = folder / "data/model/model_01.txt"
    path.write_text(path.read_text().replace("shrinkage=0.1", "shrinkage=0.9", 1))


TAMPERED = {
    "swapped loader": (_edit_model_file(loader_module="os"), "loader_module"),
    "code beside": (_edit_model_file(code="code"), "`code`"),
    "data outside": (_edit_model_file(data="../../secret"), "`data`"),
    "python model": (_edit_model_file(python_model="python_model.pkl"), "`python_model`"),
    "config": (_edit_model_file(config={"a": 1}), "`config`"),
    "another flavor": (_add_flavor, "flavors"),
    "link": (_swap_for_link, "is a link"),
    "extra file in the data": (_append("data/model/extra.txt", "x"), "not in its manifest"),
    "extra file beside": (_append("sitecustomize.py", "x"), "should not be there"),
    "edited tree": (_edit_tree, "was changed"),
    "foreign package": (_append("requirements.txt", "\nevil==1.0"), "evil"),
    "package from an address": (_append("requirements.txt", "\nreveil @ http://x/y"), "ask for"),
}


@pytest.fixture(scope="module")
def registered(trained: Callable[..., RunRef]) -> RunRef:
    return trained()


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_model_is_refused(store: Store, registered: RunRef, name: str) -> None:
    tamper, message = TAMPERED[name]
    folder = model_folder(store, registered)
    kept = folder.with_name("kept")
    shutil.copytree(folder, kept, symlinks=True)
    try:
        tamper(folder)
        with pytest.raises(RegistryError, match=message):
            load_version(store, registered.model, registered.version)
    finally:
        shutil.rmtree(folder)
        kept.rename(folder)
    assert load_version(store, registered.model, registered.version).version == 1


def test_the_version_tag_decides_which_artifact_is_true(
    store: Store, trained: Callable[..., RunRef]
) -> None:
    """An honest artifact of another model in its place is refused."""
    mine, other = trained(), trained(shift=1.0)
    folder = model_folder(store, mine)
    shutil.rmtree(folder)
    shutil.copytree(model_folder(store, other), folder)
    with pytest.raises(RegistryError, match="the registry says"):
        load_version(store, mine.model, mine.version)


def test_no_champion_yet(store: Store, trained: Callable[..., RunRef]) -> None:
    with pytest.raises(RegistryError, match="has no champion"):
        load_champion(store, trained().model)
    with pytest.raises(RegistryError, match="has no champion"):
        load_champion(store, "t.never.trained")


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("mlruns", "no MLflow store"),
        ("file:///tmp/mlruns", "no MLflow store"),
        ("sqlite:///", "names no file"),
        ("http://ana:secret@127.0.0.1:9", "does not answer"),
    ],
)
def test_a_store_that_cannot_be_opened_says_what_to_do(uri: str, message: str) -> None:
    with pytest.raises(RegistryError, match=message) as caught:
        open_store(uri)
    assert caught.value.hint
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.write_bytes(b"not a database, but long enough to be taken for one" * 40)
    with pytest.raises(RegistryError, match=r"mlflow\.db failed"):
        open_store(f"sqlite:///{path}")


def test_a_slow_opening_is_told_and_a_quick_one_is_not(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("reveil.registry.store._SLOW_SECONDS", 60.0)
    open_store(store.uri, say=said.append)
    assert said == []
    monkeypatch.setattr("reveil.registry.store._SLOW_SECONDS", 0.0)
    open_store(store.uri, say=said.append)
    assert said == [f"opening the MLflow store {store.uri}"]


def test_the_store_lies_beside_its_database(store: Store, trained: Callable[..., RunRef]) -> None:
    """Nothing goes to the working directory, whatever MLflow's defaults."""
    run = trained()
    assert store.database is not None
    assert model_folder(store, run).is_relative_to(store.database.parent / "mlartifacts")
    assert not Path("mlruns").exists()
    assert not Path("mlflow.db").exists()
    with sqlite3.connect(store.database) as connection:
        assert connection.execute("select count(*) from runs").fetchone()[0] > 0
    connection.close()
