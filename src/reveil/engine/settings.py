"""How much of the machine the engine may use."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class EngineSettings(BaseModel):
    """Backend, threads and memory. Results do not depend on any of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backend: Literal["duckdb"] = "duckdb"
    threads: int = Field(default=2, ge=1)
    memory: str = Field(default="1GB", pattern=r"^\d+(\.\d+)?[MG]B$")
