"""Promises to the users: the same bytes on any number of threads, and no customer in MLflow."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from shop import Shop, go_all_the_way

from reveil.pipeline.recording import record_run


def published(folder: Path) -> dict[str, bytes]:
    """Read every file a run left for readers; the run log alone holds times."""
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for part in ("scores", "list", "training")
        for p in sorted((folder / part).rglob("*"))
        if p.is_file() and p.name not in ("run_log.jsonl", ".lock")
    }


@pytest.mark.long
def test_same_seed_same_bytes_on_one_and_two_threads(shop: Shop, tmp_path: Path) -> None:
    """Engine and learning on 2 threads: every file, every model, every figure as on 1."""
    assert shop.study.engine.threads == shop.study.learning.threads == 1
    two = go_all_the_way(tmp_path, threads=2)
    assert two.study.engine.threads == two.study.learning.threads == 2
    for target in ("attrition", "reactivation", "margin_if_returns"):
        assert two.training[target].candidate == shop.training[target].candidate  # type: ignore[index]
    assert two.observed.data_fingerprint == shop.observed.data_fingerprint
    digests = [{t: c.artifact.digest for t, c in s.scoring.champions.items()} for s in (shop, two)]
    assert digests[0] == digests[1]
    mine, theirs = published(shop.folder), published(two.folder)
    assert sorted(mine) == sorted(theirs)
    assert [name for name in mine if mine[name] != theirs[name]] == []
    assert len([name for name in mine if name.startswith("list")]) == 9


@pytest.fixture(scope="module")
def ids(shop: Shop) -> re.Pattern[bytes]:
    """Any customer id of the shop."""
    names = pq.read_table(shop.folder / "data" / "customers.parquet")["customer_id"].to_pylist()
    assert len({len(name) for name in names}) == 1
    assert all(re.fullmatch(r"C\d{7}", name) for name in names)
    return re.compile(rb"\bC\d{7}\b")


def test_no_customer_in_mlflow(shop: Shop, ids: re.Pattern[bytes]) -> None:
    """Neither a cell of the database nor a byte of an artifact holds an id."""
    database = shop.store.database
    assert database is not None
    files = [p for p in (database.parent / "mlartifacts").rglob("*") if p.is_file()]
    assert len(files) > 30
    for path in (database, *files):
        found = ids.search(path.read_bytes())
        assert found is None, f"{path.name} holds {found}"
    with sqlite3.connect(database) as connection:
        tables = [
            name
            for (name,) in connection.execute("select name from sqlite_master where type='table'")
        ]
        assert "params" in tables
        for table in tables:
            for row in connection.execute(f'select * from "{table}"'):
                assert not ids.search(repr(row).encode()), table


def test_no_customer_in_reports(shop: Shop, ids: re.Pattern[bytes]) -> None:
    """Examples of reports carry ranks; ids are in the list's tables alone."""
    path = shop.listing.manifest.path
    pages = [path("report"), path("plan"), *(shop.folder / "training").iterdir()]
    assert len(pages) == 5
    for page in (*pages, shop.scoring.manifest.path("summary")):
        found = ids.search(page.read_bytes())
        assert found is None, f"{page.name} holds {found}"
    assert ids.search(path("reactivation.csv").read_bytes())


def test_no_password_in_mlflow(shop: Shop, tmp_path: Path) -> None:
    """The study that is logged shows no password of a registry's address."""
    address = "https://ana:sesame@mlflow.example.org"
    registry = shop.study.registry.model_copy(update={"uri": address, "experiment": "secrets"})
    study = shop.study.model_copy(update={"registry": registry})
    run = record_run(
        replace(shop.training, study=study, targets=()), tmp_path, store=shop.store
    ).run
    logged = Path(shop.store.client.download_artifacts(run.run_id, "study.yaml", str(tmp_path)))
    text = logged.read_text("utf-8")
    assert "sesame" not in text
    assert "https://***@mlflow.example.org" in text
