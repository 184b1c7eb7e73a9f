"""What every test may use: an engine, and the rule for things a machine may lack."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reveil.engine.duckdb import DuckDB
from reveil.engine.settings import EngineSettings

if TYPE_CHECKING:
    from shop import Shop

# Modules for several folders of tests; among them a family of features of a user's own, found
# as a user's are: on the path.
sys.path.insert(0, str(Path(__file__).parent / "shared"))
collect_ignore = ["shared"]

Require = Callable[[bool, str, str], None]


@pytest.fixture(scope="session")
def db() -> DuckDB:
    """One DuckDB for the whole session."""
    return DuckDB(EngineSettings(threads=1))


@pytest.fixture(scope="session")
def require() -> Require:
    """Skip a test that lacks something, and say how to get it; fail where all is required."""

    def check(present: bool, what: str, how: str) -> None:
        if present:
            return
        reason = f"{what} is missing; {how}"
        if os.environ.get("REVEIL_REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)

    return check


@pytest.fixture(scope="session")
def online_retail(require: Require) -> Path:
    """Find the invoices of Online Retail II under `REVEIL_DATA`."""
    folder = os.environ.get("REVEIL_DATA")
    path = Path(folder or ".") / "online_retail_ii" / "transactions.parquet"
    require(
        folder is not None and path.is_file(),
        "Online Retail II",
        "get it from https://archive.ics.uci.edu/dataset/502, write its two sheets as "
        "online_retail_ii/transactions.parquet, and set REVEIL_DATA to the folder above",
    )
    return path


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Train, promote, score and target a simulated study, once for all tests.

    Nothing may be written into its folder, nor to the models of its own prefix.
    """
    from shop import go_all_the_way  # noqa: PLC0415  (heavy, and few tests need it)

    return go_all_the_way(tmp_path_factory.mktemp("shop"))
