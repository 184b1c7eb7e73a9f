"""The demo: a folder of its own, honest where the gate refuses, and the same every time."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from shop import listed

from reveil.config import parse_study
from reveil.errors import DataError, GateRefusedError
from reveil.pipeline.demo import FIRST_LINE, run_demo


def test_it_writes_into_no_folder_of_another(tmp_path: Path) -> None:
    """A folder with somebody's study, or anything else, is left as it is."""
    (tmp_path / "study.yaml").write_text("name: mine\n", "utf-8")
    (tmp_path / "mlflow.db").write_text("champions", "utf-8")
    before = listed(tmp_path)
    with pytest.raises(DataError, match="holds files that no demo wrote") as caught:
        run_demo(tmp_path, customers=100)
    assert "--out" in str(caught.value)
    assert listed(tmp_path) == before


class _StopError(Exception):
    """What ends a demo in its middle."""


def test_an_earlier_demo_makes_room(tmp_path: Path) -> None:
    """A second demo in the same folder starts with an empty registry, whatever stopped the first."""

    def say(what: str) -> None:
        if what.startswith("computing"):
            raise _StopError

    for _ in range(2):
        with pytest.raises(_StopError):
            run_demo(tmp_path, customers=20, say=say)
        assert (tmp_path / "study.yaml").read_text("utf-8").startswith(FIRST_LINE)
        assert (tmp_path / "data" / "events.parquet").is_file()
        assert not (tmp_path / "mlflow.db").exists()
        assert not (tmp_path / "mlartifacts").exists()
        (tmp_path / "mlflow.db").write_text("champions of an earlier demo", "utf-8")
        (tmp_path / "mlartifacts" / "demo").mkdir(parents=True)


@pytest.mark.long
def test_what_the_gate_refuses_makes_no_list(tmp_path: Path) -> None:
    """On a small base the gate's own figures are the error, and nothing is scored."""
    with pytest.raises(GateRefusedError, match="refused the model of reactivation") as caught:
        run_demo(tmp_path, customers=4_500)
    assert "required: at least 100" in str(caught.value)
    assert caught.value.exit_code == 3
    assert not (tmp_path / "scores").exists()
    assert not (tmp_path / "list").exists()
    study = yaml.safe_load((tmp_path / "study.yaml").read_text("utf-8"))
    assert parse_study(study).name == "demo"
