"""What a report is made from: one door to the values of every page.

In:  nothing; `pipeline` fills these from what the other stages return.
Out: `TrainingReport`, `ListReport`, `AuditRow` and their parts.
"""

from reveil.reports.list_values import (
    AuditRow,
    AuditState,
    Budget,
    Capacity,
    Certificate,
    Count,
    DriftRow,
    DriftState,
    Example,
    Exclusion,
    Histogram,
    ListReport,
    Mode,
    ModelUsed,
    ReasonWords,
    Wave,
)
from reveil.reports.training_values import (
    Contender,
    CutoffResult,
    Difference,
    Direction,
    Driver,
    Gains,
    ReliabilityBin,
    Segment,
    Target,
    TargetResult,
    TrainingReport,
)

__all__ = [
    "AuditRow",
    "AuditState",
    "Budget",
    "Capacity",
    "Certificate",
    "Contender",
    "Count",
    "CutoffResult",
    "Difference",
    "Direction",
    "DriftRow",
    "DriftState",
    "Driver",
    "Example",
    "Exclusion",
    "Gains",
    "Histogram",
    "ListReport",
    "Mode",
    "ModelUsed",
    "ReasonWords",
    "ReliabilityBin",
    "Segment",
    "Target",
    "TargetResult",
    "TrainingReport",
    "Wave",
]
