"""Spark on this machine, started once for all tests of this folder."""

from __future__ import annotations

import gc
import shutil
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reveil.engine.settings import EngineSettings
from reveil.engine.spark import Spark

if TYPE_CHECKING:
    from reveil.engine.spark_backend import SparkBackend


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder: they take long, and PySpark warns of itself."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.long)
            # PySpark 4.0 hands rows over in a way that pandas 3 deprecates.
            item.add_marker(pytest.mark.filterwarnings("ignore::DeprecationWarning:pyspark.*"))
            # It leaves its sockets to the garbage collector.
            item.add_marker(pytest.mark.filterwarnings("ignore::ResourceWarning"))
            item.add_marker(
                pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
            )


@pytest.fixture(scope="session")
def engine(require: Callable[[bool, str, str], None]) -> Iterator[Spark]:
    """Spark as a study asks for it."""
    require(find_spec("pyspark") is not None, "PySpark", "pip install 'reveil[spark]'")
    require(shutil.which("java") is not None, "Java", "install a Java 17 runtime")
    started = Spark(EngineSettings(backend="spark", threads=2, memory="1GB"))
    yield started
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        started.session.stop()
        gc.collect()


@pytest.fixture(scope="session")
def spark(engine: Spark) -> SparkBackend:
    """Its Ibis backend."""
    return engine.backend
