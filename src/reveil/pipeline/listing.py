"""Target: published scores become a published list.

In:  a Study, the folder of the scores.
Out: a folder whose manifest vouches for `reactivation`, `control`, `excluded` (Parquet and CSV),
     `plan` (JSON) and `report` (HTML).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reveil.activity.words import word
from reveil.config import Study
from reveil.config import Target as TargetName
from reveil.errors import DataError, StudyError
from reveil.learning.drivers import title_of
from reveil.pipeline.scoring import SCORES, scored_under
from reveil.reports.listing import list_report
from reveil.reports.values import (
    Budget,
    Capacity,
    Certificate,
    Count,
    Example,
    Exclusion,
    Histogram,
    ListReport,
    ModelUsed,
    ReasonWords,
    Target,
    Wave,
)
from reveil.scoring.publish import Manifest, publishing, read_manifest
from reveil.scoring.score import REASONS_TYPE
from reveil.targeting.export import to_csv_bytes
from reveil.targeting.list import ReactivationList, make_list

LIST = "list"
NEEDED: tuple[TargetName, ...] = ("reactivation", "margin_if_returns")
"""Targets whose scores a list is made from."""

EXAMPLES = 10
BARS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """A list, and where it was published."""

    made: ReactivationList
    manifest: Manifest
    cutoff: date


def make_reactivation_list(
    study: Study, scores: Path, out: Path, *, at: datetime | None = None
) -> Listing:
    """Decide about every scored customer, and publish the list with its report.

    Parameters
    ----------
    scores
        Folder that `score_customers` published.

    Raises
    ------
    StudyError
        When the study has no `targeting`.
    DataError
        When the scores are missing, changed or incomplete, were made under other settings, or
        nobody may be contacted.
    """
    if study.targeting is None:
        raise StudyError(
            "the study has no `targeting`: offers, channels and a budget are needed for a list",
            hint="add it; models/online_retail/study.yaml shows one",
        )
    settings = study.targeting.model_copy(update={"language": study.language})
    source = read_manifest(scores, kind=SCORES)
    _require_usable(source, study)
    scored = pq.read_table(source.path(SCORES)).to_pandas()
    cutoff = date.fromisoformat(source.inputs["cutoff"])
    digests = {
        key.removeprefix("model "): value
        for key, value in source.inputs.items()
        if key.startswith("model ")
    }
    scored["group"] = scored["group"].map(lambda label: word("group", label, study.language))
    made = make_list(
        scored,
        settings,
        send_on=study.label_windows.outcome_start(cutoff),
        model_digests=digests,
    )
    inputs = {
        "scores": source.run,
        "cutoff": cutoff.isoformat(),
        "targeting": sha256(settings.model_dump_json().encode()).hexdigest(),
    }
    report = list_report(_report_values(study, scored, made, cutoff, digests), study.language)
    with publishing(out, kind=LIST, inputs=inputs, at=at or datetime.now(UTC)) as publication:
        parts = {"reactivation": made.selected, "control": made.control, "excluded": made.excluded}
        for name, frame in parts.items():
            publication.parquet(name, _arrow(frame))
            publication.text(name, "csv", to_csv_bytes(frame, study.language).decode("utf-8"))
        publication.json("plan", made.plan)
        publication.text("report", "html", report)
    return Listing(made=made, manifest=read_manifest(out, kind=LIST), cutoff=cutoff)


def _require_usable(source: Manifest, study: Study) -> None:
    """Refuse scores of another study or of other settings, and those a list lacks something in."""
    for what, now in scored_under(study).items():
        then = source.inputs.get(what)
        if then != now:
            raise DataError(
                f"the scores in {source.folder} were made with {what} {then!r}; "
                f"{study.name} has {now!r}",
                hint="run `reveil score` again on this study",
            )
    unscored = [target for target in NEEDED if f"model {target}" not in source.inputs]
    if unscored:
        raise DataError(
            f"the scores in {source.folder} hold no {' and no '.join(unscored)}: "
            "no champion when they were made",
            hint="`reveil registry` says what the gate found; train, promote and score again",
        )


def _arrow(frame: pd.DataFrame) -> pa.Table:
    if "reasons" not in frame.columns:
        return pa.Table.from_pandas(frame, preserve_index=False)
    reasons = pa.array([list(given) for given in frame["reasons"]], REASONS_TYPE)
    table = pa.Table.from_pandas(frame.drop(columns="reasons"), preserve_index=False)
    for name in ("send_on", "cutoff"):
        place = table.column_names.index(name)
        table = table.set_column(place, name, table[name].cast(pa.date32()))
    return table.add_column(list(frame.columns).index("reasons"), "reasons", reasons)


def _report_values(
    study: Study,
    scored: pd.DataFrame,
    made: ReactivationList,
    cutoff: date,
    digests: dict[str, str],
) -> ListReport:
    plan = made.plan
    selected = made.selected
    budget = cast("dict[str, float | None]", plan["budget"])
    prices = cast("dict[str, object]", plan["shadow_prices"])
    of_channel = cast("dict[str, float]", prices["channels"])
    capacity = cast("dict[str, dict[str, int | None]]", plan["capacity"])
    exclusions = cast("list[dict[str, object]]", plan["exclusions"])
    waves = selected.groupby(["wave", "send_on"], sort=True).size().reset_index()
    return ListReport(
        study=study.name,
        currency=study.currency,
        cutoff=cutoff,
        mode="propensity",
        selected=len(selected),
        control=len(made.control),
        exclusions=tuple(
            Exclusion(
                rule=str(one["rule"]),
                label=str(one["label"]),
                customers=int(cast("int", one["customers"])),
            )
            for one in exclusions
            if one["customers"]
        ),
        expected_returns=float(selected["probability"].sum()),
        expected_margin=float(selected["expected_margin"].sum()),
        cost=float(selected["cost"].sum()),
        budget=Budget(
            used=float(budget["used"] or 0.0),
            available=budget["limit"],
            shadow_price=float(cast("float", prices["budget"])),
        ),
        capacities=tuple(
            Capacity(
                channel=name,
                used=int(used["used"] or 0),
                available=used["limit"],
                shadow_price=of_channel[name],
            )
            for name, used in capacity.items()
        ),
        certificate=Certificate(worth=made.certificate.value, bound=made.certificate.bound),
        probability=_histogram(scored, selected),
        groups=_counts(selected["group"]),
        channels=_counts(selected["channel"]),
        offers=_counts(selected["offer"]),
        triggers=_counts(
            selected["trigger"].dropna().map(lambda code: title_of(code, study.language))
        ),
        examples=tuple(_example(row) for _, row in selected.head(EXAMPLES).iterrows()),
        waves=tuple(
            Wave(number=int(number), send_on=pd.Timestamp(day).date(), customers=int(n))
            for number, day, n in waves.itertuples(index=False)
        ),
        models=tuple(
            ModelUsed(target=cast("Target", target), version="", digest=digest)
            for target, digest in sorted(digests.items())
        ),
    )


def _histogram(scored: pd.DataFrame, selected: pd.DataFrame) -> Histogram | None:
    everyone = scored["reactivation"].dropna().to_numpy(dtype=np.float64)
    if not everyone.size:
        return None
    top = min(1.0, float(np.ceil(everyone.max() * 20) / 20))
    edges = np.linspace(0.0, top, BARS + 1)
    chosen = selected["probability"].to_numpy(dtype=np.float64)
    return Histogram(
        edges=edges,
        everyone=np.histogram(everyone, edges)[0].astype(np.int64),
        selected=np.histogram(chosen, edges)[0].astype(np.int64),
    )


def _counts(column: pd.Series) -> tuple[Count, ...]:
    found = Counter(str(value) for value in column.dropna())
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Count(label=label, customers=n) for label, n in ranked)


def _example(row: pd.Series) -> Example:
    reasons = cast("list[dict[str, str]]", row["reasons"])
    return Example(
        rank=int(row["rank"]),
        state=str(row["state"]),
        group=str(row["group"]),
        offer=str(row["offer"]),
        channel=str(row["channel"]),
        probability=float(row["probability"]),
        margin_if_returns=float(row["margin_if_returns"]),
        expected_margin=float(row["expected_margin"]),
        cost=float(row["cost"]),
        reasons=tuple(
            ReasonWords(
                sentence=reason["sentence"],
                direction="raises" if reason["direction"] == "raises" else "lowers",
            )
            for reason in reasons
        ),
    )
