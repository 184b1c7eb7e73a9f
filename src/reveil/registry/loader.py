"""What MLflow calls to load a scoring artifact: `loader_module` of the model.

In:  the data folder of the model.
Out: an object whose `predict(frame)` MLflow, its servers and Spark can call.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from reveil.errors import DataError
from reveil.learning.candidate import Candidate
from reveil.registry.artifact import LoadedArtifact, as_input, read_artifact


class ScoringModel:
    """A loaded candidate behind MLflow's calling convention."""

    def __init__(self, artifact: LoadedArtifact) -> None:
        self.artifact = artifact

    def predict(
        self, frame: pd.DataFrame, params: Mapping[str, object] | None = None
    ) -> pd.DataFrame:
        """Score rows; columns that are absent count as null.

        Parameters
        ----------
        params
            None are known yet.

        Returns
        -------
        pandas.DataFrame
            One column: `probability`, or `amount` for a target in money.

        Raises
        ------
        DataError
            When the frame has none of the features.
        """
        candidate = self.artifact.candidate
        if not set(candidate.features) & set(frame.columns):
            raise DataError(
                f"the frame has none of the model's {len(candidate.features)} features",
                hint=f"it needs columns such as {', '.join(candidate.features[:3])}",
            )
        values = candidate.predict(
            as_input(frame.reindex(columns=list(candidate.features)), candidate.features)
        )
        return pd.DataFrame({output_name(candidate): values}, index=frame.index)


def output_name(candidate: Candidate) -> str:
    """Name of the column that `predict` returns."""
    return "amount" if candidate.link == "log" else "probability"


def _load_pyfunc(path: str) -> ScoringModel:
    return ScoringModel(read_artifact(Path(path)))
