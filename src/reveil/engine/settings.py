"""Which engine computes, and how much of the machine it may use."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class EngineSettings(BaseModel):
    """Backend, threads and memory. Results do not depend on any of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backend: Literal["duckdb", "spark"] = "duckdb"
    """DuckDB computes in this process; Spark on this machine or on a cluster."""
    threads: int = Field(default=2, ge=1)
    memory: str = Field(default="1GB", pattern=r"^\d+(\.\d+)?[MG]B$")
    """Of this process, and of each worker of Spark. `spark-submit` says its own."""
    master: str | None = None
    """Where Spark runs, as in `spark://host:7077`; this machine when not said. `spark-submit`
    says its own."""

    @model_validator(mode="after")
    def _master_of_spark(self) -> Self:
        if self.master is not None and self.backend != "spark":
            raise ValueError("`master` is of Spark: add `backend: spark`")
        return self
