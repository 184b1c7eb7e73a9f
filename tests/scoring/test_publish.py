"""Publishing: what a reader may trust, whatever happened to the writer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reveil.errors import DataError
from reveil.scoring.files import ROW_GROUP
from reveil.scoring.publish import publishing, read_manifest, run_log

AT = datetime(2011, 9, 1, tzinfo=UTC)


def table(rows: int = 1000, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "customer_id": [f"c{i:07d}" for i in range(rows)],
            "p": rng.random(rows),
            "reasons": [[{"code": "a", "contribution": 0.5}]] * rows,
        }
    )
    return pa.Table.from_pandas(frame)


def publish(folder: Path, *, seed: int = 0, at: datetime = AT, kind: str = "scores") -> None:
    scores = table(seed=seed)
    with publishing(folder, kind=kind, inputs={"seed": str(seed)}, at=at) as publication:
        publication.parquet("scores", scores)
        publication.csv("scores", scores.drop_columns(["reasons"]))
        publication.json("summary", {"b": 1, "a": 2})
        publication.text("report", "html", "<p>déjà</p>")


def contents(folder: Path) -> dict[str, bytes]:
    ignored = {"run_log.jsonl", ".lock"}
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name not in ignored}


def test_same_inputs_same_bytes_whatever_the_time(tmp_path: Path) -> None:
    publish(tmp_path / "a")
    publish(tmp_path / "b", at=AT + timedelta(days=3))
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    publish(tmp_path / "a", at=AT + timedelta(days=9))
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_parquet_bytes_do_not_depend_on_the_batches_or_on_pandas(tmp_path: Path) -> None:
    whole = table(ROW_GROUP + 137)
    for name, batches in {
        "whole": whole,
        "pieces": [whole.slice(i, 33_331) for i in range(0, len(whole), 33_331)],
        "bare": whole.replace_schema_metadata(None),
        "encoded": whole.set_column(0, "customer_id", whole["customer_id"].dictionary_encode()),
    }.items():
        with publishing(tmp_path / name, kind="scores", inputs={}, at=AT) as publication:
            publication.parquet("scores", batches)
    first = contents(tmp_path / "whole")
    assert all(contents(tmp_path / n) == first for n in ("pieces", "bare", "encoded"))
    read = pq.ParquetFile(read_manifest(tmp_path / "pieces").path("scores"))
    assert read.num_row_groups == 2
    assert read.read().equals(whole.replace_schema_metadata(None))


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    with publishing(tmp_path, kind="scores", inputs={}, at=AT) as publication:
        publication.parquet("scores", table(0))
    manifest = read_manifest(tmp_path)
    assert manifest.files["scores"].rows == 0
    assert pq.read_table(manifest.path("scores")).column_names == ["customer_id", "p", "reasons"]


def test_a_failing_run_leaves_the_last_result_as_it_was(tmp_path: Path) -> None:
    publish(tmp_path)
    before = contents(tmp_path)

    def fail() -> None:
        with publishing(tmp_path, kind="scores", inputs={"seed": "1"}, at=AT) as publication:
            publication.parquet("scores", table(seed=1))
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        fail()
    assert contents(tmp_path) == before


KILLED = """
    import os, sys
    from pathlib import Path
    import published_by as t

    def die_at(folder, point):
        # every opening, renaming and removal of a file of the folder is a place to die at
        steps = 0
        def step(event, args):
            nonlocal steps
            watched = event in ("open", "os.rename", "os.remove", "shutil.rmtree")
            if watched and folder in str(args[0]):
                steps += 1
                if steps == point:
                    os.kill(os.getpid(), 9)
        sys.addaudithook(step)
        t.publish(Path(folder), seed=1)

    for point, folder in enumerate(sys.argv[1:], start=1):
        child = os.fork()
        if child == 0:
            die_at(folder, point)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_killed_anywhere_then_run_again_gives_the_undisturbed_bytes(tmp_path: Path) -> None:
    """After a kill the reader sees the old result or the new one, never a mixture."""
    undisturbed = tmp_path / "undisturbed"
    publish(undisturbed, seed=0)
    old = read_manifest(undisturbed).run
    publish(undisturbed, seed=1)
    new = read_manifest(undisturbed).run
    folders = [tmp_path / f"job{point}" for point in range(50)]
    for folder in folders:
        publish(folder, seed=0)
    script = tmp_path / "killed.py"
    script.write_text(textwrap.dedent(KILLED))
    (tmp_path / "published_by.py").write_text(Path(__file__).read_text())
    done = subprocess.run(
        [sys.executable, str(script), *map(str, folders)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    codes = [int(line) for line in done.stdout.split()]
    assert codes[0] == -9
    assert codes[-1] == 0, "the last points lie beyond the end of the job"
    seen = set()
    for folder, code in zip(folders, codes, strict=True):
        run = read_manifest(folder).run
        seen.add((code, run))
        publish(folder, seed=1)
        assert contents(folder) == contents(undisturbed)
        assert len(run_log(folder)) in (2, 3)
    assert seen == {(-9, old), (-9, new), (0, new)}


def test_earlier_results_stay_and_leftovers_of_dead_runs_go(tmp_path: Path) -> None:
    publish(tmp_path, seed=0)
    first = read_manifest(tmp_path)
    dead = tmp_path / "scores-0123456789ab.parquet"
    dead.write_bytes(b"half")
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "scores.parquet").write_bytes(b"half")
    mine = tmp_path / "notes.txt"
    mine.write_text("the user's own file")
    publish(tmp_path, seed=1)
    assert not dead.exists()
    assert not (tmp_path / ".partial").exists()
    assert mine.exists()
    assert first.path("summary").exists()
    assert read_manifest(tmp_path).run != first.run
    assert [line["run"] for line in run_log(tmp_path)] == [
        first.run, read_manifest(tmp_path).run,
    ]  # fmt: skip


def test_a_result_whose_log_line_was_lost_is_not_swept_away(tmp_path: Path) -> None:
    publish(tmp_path, seed=0)
    first = read_manifest(tmp_path)
    (tmp_path / "run_log.jsonl").write_text('{"run": "cut sh')
    publish(tmp_path, seed=1)
    assert first.path("summary").exists()
    assert len(run_log(tmp_path)) == 2


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: p.unlink(), "is missing"),
        (lambda p: p.write_bytes(p.read_bytes()[:-1]), "bytes"),
        (lambda p: p.write_bytes(b"X" + p.read_bytes()[1:]), "was changed"),
        (lambda p: (p.rename(p.with_suffix(".x")), p.symlink_to(p.with_suffix(".x"))), "missing"),
    ],
)
def test_damage_is_named(tmp_path: Path, damage, message: str) -> None:
    publish(tmp_path)
    path = read_manifest(tmp_path).path("summary")
    damage(path)
    with pytest.raises(DataError, match=message) as caught:
        read_manifest(tmp_path)
    assert path.name in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": 2}'])
def test_a_foreign_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(DataError, match=r"manifest|format"):
        read_manifest(tmp_path)


def test_a_manifest_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    publish(tmp_path)
    path = tmp_path / "manifest.json"
    raw = json.loads(path.read_text())
    raw["files"]["summary"]["file"] = "../secret.json"
    path.write_text(json.dumps(raw))
    with pytest.raises(DataError, match="not a manifest"):
        read_manifest(tmp_path)


def test_nothing_published_yet(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing was published"):
        read_manifest(tmp_path)


def test_one_publisher_at_a_time(tmp_path: Path) -> None:
    with publishing(tmp_path, kind="scores", inputs={}, at=AT) as publication:
        publication.json("summary", {})
        with pytest.raises(DataError, match=f"pid {os.getpid()}.*is writing to"):
            publish(tmp_path)


def test_a_folder_holds_one_kind(tmp_path: Path) -> None:
    publish(tmp_path)
    with pytest.raises(DataError, match="holds scores"):
        publish(tmp_path, kind="list")
    with pytest.raises(DataError, match="not list"):
        read_manifest(tmp_path, kind="list")


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    publish(tmp_path)
    with pytest.raises(DataError, match=r"report, scores\.csv, scores\.parquet, summary"):
        read_manifest(tmp_path).path("lists")
