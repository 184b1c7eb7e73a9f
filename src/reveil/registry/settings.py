"""What a study may say about its registry and its gate."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_URI = "sqlite:///mlflow.db"


class GateSettings(BaseModel):
    """What a model must show before it becomes champion.

    Examples
    --------
    >>> GateSettings().min_rows
    500
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_rows: int = Field(default=500, ge=1)
    """Test rows a verdict needs."""

    min_outcomes: int = Field(default=100, ge=1)
    """Test rows needed with the outcome, and without it."""

    slope: tuple[float, float] = (0.7, 1.4)
    """The calibration slope must lie between: below 1 the scores are too extreme."""

    observed_over_expected: tuple[float, float] = (0.8, 1.25)
    """Outcomes that came over outcomes foretold. Only warns without a full year of cutoffs."""

    auc_margin: float = Field(default=0.01, ge=0)
    """AUC a challenger may lose against the champion (upper end of what is tolerated)."""

    lift_margin: float = Field(default=0.2, ge=0)
    """Lift at 10 % a challenger may lose."""

    brier_margin: float = Field(default=0.005, ge=0)
    """Brier score a challenger may add."""

    decile_error_margin: float = Field(default=0.05, ge=0)
    """Decile error a challenger may add, for amounts."""

    bias: tuple[float, float] = (0.7, 1.4)
    """Foretold over true total, for amounts."""


class RegistrySettings(BaseModel):
    """Where runs and models are kept.

    Examples
    --------
    >>> RegistrySettings(uri="http://localhost:5000").model_prefix
    'reveil'
    """

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    uri: str | None = None
    """MLflow tracking URI. Without one: MLFLOW_TRACKING_URI, else `sqlite:///mlflow.db`."""

    experiment: str | None = None
    """Name of the MLflow experiment. Without one: the name of the study."""

    model_prefix: str = Field(default="reveil", pattern=r"^[A-Za-z0-9_-]+$")
    """Registered models are called `<prefix>.<study>.<target>`."""

    gate: GateSettings = GateSettings()

    def resolved_uri(self, folder: Path) -> str:
        """Return the URI in force: the study's, else the environment's, else the default.

        Parameters
        ----------
        folder
            What relative SQLite paths of the study, and the default, start from. Those of
            MLFLOW_TRACKING_URI start from the working directory, as in MLflow itself.
        """
        if self.uri:
            return absolute_uri(self.uri, folder)
        from_environment = os.environ.get("MLFLOW_TRACKING_URI")
        if from_environment:
            return absolute_uri(from_environment, Path.cwd())
        return absolute_uri(DEFAULT_URI, folder)


def absolute_uri(uri: str, folder: Path) -> str:
    """Resolve a relative SQLite path against `folder`; other URIs stay as they are.

    Examples
    --------
    >>> absolute_uri("sqlite:///mlflow.db", Path("/data/study"))
    'sqlite:////data/study/mlflow.db'
    >>> absolute_uri("http://localhost:5000", Path("/data/study"))
    'http://localhost:5000'
    """
    prefix = "sqlite:///"
    path = uri.removeprefix(prefix)
    if not uri.startswith(prefix) or not path or path == ":memory:":
        return uri
    return f"{prefix}{(folder / path).resolve()}"
