"""The fingerprint: a digest that moves when the value of any feature could.

In:  a FeatureSet.
Out: sha256 of its declarations and of its matrix on a small log that never changes.

Equal text of code or SQL proves nothing, and different text may mean the same; so the digest
is of values, whoever wrote the family.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from reveil.events.contents import Contents
from reveil.events.log import DAY, EventLog, seconds
from reveil.events.values import MONEY_UNIT
from reveil.features.matrix import FeatureSet
from reveil.windows import Coverage

GOLDEN_CUTOFF = date(2020, 3, 1)
"""The day after a leap day."""

_CUSTOMERS = 40
_EVENTS = 60
_DAYS = 800


def fingerprint(features: FeatureSet) -> str:
    """Digest what a set of features declares and what it computes.

    Returns
    -------
    str
        64 hexadecimal digits; the same on every backend, thread count and machine.

    Examples
    --------
    >>> from datetime import timedelta
    >>> from reveil.events.roles import Role
    >>> from reveil.features.matrix import feature_set
    >>> shop = Contents(kinds={"purchase": Role.COMMERCIAL})
    >>> year, half = (feature_set(shop, observation=timedelta(days)) for days in (364, 182))
    >>> fingerprint(year) == fingerprint(half)
    False
    """
    log = golden_log(features)
    population = log.events.select("customer_id").distinct()
    matrix = features.matrix(log, population, GOLDEN_CUTOFF)
    values = matrix.order_by("customer_id").to_pyarrow()
    digest = hashlib.sha256()
    declared = [asdict(feature) for feature in features.features]
    digest.update(json.dumps(declared, sort_keys=True, ensure_ascii=True).encode())
    for name in features.names:
        column = values[name].combine_chunks()
        digest.update(column.is_null().to_numpy(zero_copy_only=False).tobytes())
        digest.update(column.fill_null(0.0).to_numpy(zero_copy_only=False).tobytes())
    return digest.hexdigest()


def golden_log(features: FeatureSet) -> EventLog:
    """Lay out a small log with every kind the features were written for.

    Customers differ in number and rhythm of events; some events tie, fall on the cutoff,
    or become known only after it. There are events enough of each kind, many of them recent,
    and the channels that features ask for, so that no value stays the same whatever computes
    it.
    """
    contents = features.contents
    kinds = sorted(contents.kinds)
    asked = sorted({channel for a in features.aggregates for channel in a.channels or ()})
    channels = ["channel 0", "channel 1", "channel 2", *asked]
    each = 1 + len(kinds) // 4
    end = seconds(GOLDEN_CUTOFF)
    rows = []
    for customer in range(_CUSTOMERS):
        # A third of them fell silent, each for longer than the one before.
        silence = 0 if customer % 3 else 10 * customer
        for i in range(1 + (customer * 7) % _EVENTS * each):
            noise = (customer * 7_919 + i * 104_729 + i * i * 31) % 1_000_003
            # What is drawn beside the kind must not follow from it.
            other = noise // len(kinds)
            days = (i * (1 + customer % 9) * 3 + noise % 5) % _DAYS
            ago = (silence + (days // 8 if i % 5 == 0 else days)) * DAY + noise % DAY
            at = end - (0 if other % 29 == 0 else ago)
            rows.append(
                {
                    "customer_id": f"G{customer:02d}",
                    "kind": kinds[noise % len(kinds)],
                    "at_s": at,
                    "known_s": at + (other % 11 == 0) * 20 * DAY,
                    "amount": (noise % 900 - 40) * MONEY_UNIT // 3,
                    "order_id": f"{customer}-{i // 2}",
                    "channel": channels[other % len(channels)],
                    "campaign": f"campaign {other % 19}" if other % 5 else None,
                    "offer": f"offer {other % 2}" if other % 3 == 0 else None,
                    "rating": None if other % 4 else float(other % 7),
                    "is_start": i % 2 == 0 or other % 2 == 0,
                    "item": f"item {other % 17}",
                    "category": f"category {other % 5}" if other % 6 else None,
                }
            )
    table = pa.Table.from_pylist(
        rows,
        schema=pa.schema(
            {
                "customer_id": pa.string(), "kind": pa.string(), "at_s": pa.int64(),
                "known_s": pa.int64(), "amount": pa.int64(), "order_id": pa.string(),
                "channel": pa.string(), "campaign": pa.string(), "offer": pa.string(),
                "rating": pa.float64(), "is_start": pa.bool_(), "item": pa.string(),
                "category": pa.string(),
            }
        ),
    )  # fmt: skip
    stored = ibis.memtable(table)
    return EventLog(
        events=stored.drop("item", "category"),
        lines=stored.select("customer_id", "kind", "at_s", "known_s", "item", "category"),
        customers=_golden_customers(contents),
        coverage=Coverage(start=GOLDEN_CUTOFF - timedelta(days=900), end=GOLDEN_CUTOFF),
        roles=contents.kinds,
        kinds=tuple(kinds),
        columns=contents.columns,
        findings=(),
    )


def _golden_customers(contents: Contents) -> ir.Table | None:
    """Lay out the customers table that the features were written for, empty fields included."""
    if not contents.attributes and not contents.facts:
        return None
    numbers = range(_CUSTOMERS)
    columns: dict[str, pa.Array] = {"customer_id": pa.array([f"G{n:02d}" for n in numbers])}
    end = seconds(GOLDEN_CUTOFF)
    for place, attribute in enumerate(contents.attributes):
        if attribute.levels is None:
            told = [None if (n + place) % 7 == 0 else (n + place) * 1.25 for n in numbers]
            column = pa.array(told, pa.float64())
        else:
            texts = (*attribute.levels, "another text", None)
            column = pa.array([texts[(n + place) % len(texts)] for n in numbers], pa.string())
        columns[f"attribute_{attribute.name}"] = column
    for place, fact in enumerate(contents.facts):
        if fact.endswith("_s"):
            past = [end - (n * 37 - 200 + place) * DAY for n in numbers]
            columns[fact] = pa.array([None if n % 5 == 0 else at for n, at in enumerate(past)])
        else:
            columns[fact] = pa.array([n % 3 > 0 for n in numbers])
    since = pa.array([end - (n * 29 + 40) * DAY for n in numbers], pa.int64())
    return ibis.memtable(pa.table({**columns, "since_s": since}))
