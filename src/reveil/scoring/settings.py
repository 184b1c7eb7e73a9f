"""What a study may say about scoring."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ScoringSettings(BaseModel):
    """How customers are scored.

    Examples
    --------
    >>> ScoringSettings().reasons
    3
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    reasons: int = Field(default=3, ge=0, le=10)
    """Reasons given for each scored customer, strongest first."""
