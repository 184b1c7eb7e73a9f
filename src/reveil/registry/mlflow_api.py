"""MLflow, imported in one place: with its environment set first, and without its warnings.

In:  the installed MLflow.
Out: the few names the registry uses.

Nothing is sent anywhere unasked, no progress bars appear among our own lines, and a server that
is down is told in seconds and not after minutes of retries. What a user set already stays.
"""

from __future__ import annotations

import os
import warnings

for _name, _value in {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # it would end up in `--json`
}.items():
    os.environ.setdefault(_name, _value)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # about type hints and dependencies of MLflow's own
    from mlflow import MlflowClient
    from mlflow.artifacts import download_artifacts
    from mlflow.entities import Metric, Param, RunTag
    from mlflow.exceptions import MlflowException
    from mlflow.models import ModelSignature
    from mlflow.pyfunc import save_model
    from mlflow.types.schema import ColSpec, Schema

__all__ = [
    "ColSpec",
    "Metric",
    "MlflowClient",
    "MlflowException",
    "ModelSignature",
    "Param",
    "RunTag",
    "Schema",
    "download_artifacts",
    "save_model",
]
