"""The catalogue of features, and the matrix of one cutoff as a file.

In:  a Study, or nothing: the catalogue of every kind that reveil knows.
Out: Feature declarations; a Parquet file.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from reveil.activity.states import State, population
from reveil.config import Study
from reveil.errors import DataError
from reveil.events.contents import Contents
from reveil.events.roles import ROLES
from reveil.events.settings import COLUMNS
from reveil.features.declare import Feature
from reveil.features.matrix import feature_set
from reveil.pipeline.observing import features_of, open_events, require_covered


def catalogue(study: Study | None) -> tuple[Feature, ...]:
    """List the features of a study, or of a log with every known kind.

    Examples
    --------
    >>> {"purchase_recency_days", "email_click_rate_84d"} <= {f.name for f in catalogue(None)}
    True
    """
    if study is None:
        contents = Contents(kinds=ROLES, columns=COLUMNS)
        return feature_set(contents, observation=timedelta(days=728)).features
    return features_of(study, open_events(study)).features


def write_matrix(study: Study, cutoff: date, out: Path) -> int:
    """Write the features of every active or inactive customer, as of a cutoff.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    StudyError
        When the cutoff lies outside the coverage.
    DataError
        When nobody has ordered before the cutoff.
    """
    require_covered(study, cutoff)
    log = open_events(study)
    people = population(log, study.activity, cutoff, State.ACTIVE, State.INACTIVE)
    table = features_of(study, log).matrix(log, people, cutoff).order_by("customer_id").to_pyarrow()
    if table.num_rows == 0:
        raise DataError(
            f"no customer has ordered before {cutoff}",
            hint=f"the log covers {study.coverage.start} to {study.coverage.end}",
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.part")
    pq.write_table(table, part, compression="zstd")
    part.replace(out)
    return int(table.num_rows)
