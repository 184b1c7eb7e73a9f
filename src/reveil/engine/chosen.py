"""The engine that a study chooses.

In:  EngineSettings.
Out: DuckDB or Spark, ready to read.
"""

from __future__ import annotations

from reveil.engine.duckdb import DuckDB
from reveil.engine.settings import EngineSettings
from reveil.engine.spark import Spark


def engine_of(settings: EngineSettings) -> DuckDB | Spark:
    """Start the engine that a study chooses.

    Raises
    ------
    ReveilError
        When Spark is chosen, and PySpark or Java is missing.

    Examples
    --------
    >>> from reveil.engine.settings import EngineSettings
    >>> engine_of(EngineSettings(threads=1)).backend.name
    'duckdb'
    """
    return Spark(settings) if settings.backend == "spark" else DuckDB(settings)
