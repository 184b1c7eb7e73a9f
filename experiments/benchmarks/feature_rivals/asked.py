"""What every rival is asked for: the aggregates and formulas of the engine's own catalogue.

In:  an observation window.
Out: a FeatureSet; and its formulas as columns of whatever computed the aggregates.

The rivals are told what to count, never how; the last step, 150 formulas on the counts of each
customer, is the same text for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol

from feature_rivals.made import CHANNELS, CUTOFF, MIX

from reveil.events.contents import Contents
from reveil.events.roles import ROLES
from reveil.features.matrix import FeatureSet, feature_set

DAY = 86_400
Run = Callable[[], None]
"""Does the work that is measured."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What a rival must write, and where.

    Parameters
    ----------
    folder, out
        Of the log's Parquet, and of the matrix.
    cutoffs
        The rivals do the last one only.
    observation
        Days before a cutoff that are seen.
    memory
        Of the engine, such as `4GB`; Polars and pandas have no such setting.
    how
        A variant of the rival, or a plan of the engine.
    """

    folder: Path
    out: Path
    cutoffs: tuple[date, ...]
    observation: int
    memory: str
    how: str = ""


ACTIVE = ("email_click", "login", "purchase", "return", "visit")
LIMIT_DAYS = 240


def contents() -> Contents:
    """Say what the made log holds."""
    return Contents(
        kinds={kind: ROLES[kind] for kind in sorted(MIX)},
        columns=("amount", "campaign", "category", "channel", "item", "offer", "order", "rating"),
        channels={channel: (channel,) for channel in CHANNELS},
    )


def asked(observation: int) -> FeatureSet:
    """Write the whole catalogue for the made log."""
    return feature_set(
        contents(), observation=timedelta(observation), active_by=ACTIVE, limit_days=LIMIT_DAYS
    )


def cutoffs(count: int) -> tuple[date, ...]:
    """Step back from the latest cutoff by 28 days, earliest first."""
    return tuple(CUTOFF - timedelta(28 * n) for n in reversed(range(count)))


def seconds(day: date) -> int:
    """Seconds from 1970 to a midnight."""
    return (day - date(1970, 1, 1)).days * DAY


class Values(Protocol):
    """What a formula is written with; a frame's own expressions do the work."""

    def __getitem__(self, key: str) -> object:
        """Find the column of an aggregate, or `cutoff_s`."""


def formulas(
    features: FeatureSet, values: Values, unwrap: Callable[[object], object]
) -> dict[str, object]:
    """Write every formula of the catalogue with the columns of a frame."""
    return {
        name: unwrap(value._resolver.resolve({"_": values}))
        for name, value in features.values.items()
    }
