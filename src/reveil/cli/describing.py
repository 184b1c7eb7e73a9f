"""What `reveil features` prints: the catalogue family by family, or the matrix that was written.

In:  a Catalogue; the file of a matrix.
Out: text for a person; plain values for `--json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.dataset as ds

from reveil.cli.printing import table
from reveil.pipeline.catalogue import Catalogue
from reveil.pipeline.matrices import Explanation

KEYS = ("customer_id", "cutoff", "state")
"""Columns of a matrix that are not features."""

PLANS = {
    "direct": "the events of each cutoff are read",
    "periods": "events are added up by customer and 28 days once, and serve every cutoff",
}

SHOWN_CUTOFFS = 4
"""Told one by one; more are told as their first and last."""


def catalogue(found: Catalogue, digest: str | None = None) -> str:
    """List features with unit, window and meaning, and the families that say nothing.

    Parameters
    ----------
    digest
        The fingerprint, where the catalogue is that of a study.
    """
    head, *lines = table([("feature", "unit", "window", "meaning"), *_rows(found)]).splitlines()
    blocks = [head]
    rows = iter(lines)
    for name, members in found.families.items():
        blocks.append("\n".join([name, *(next(rows) for _ in members)]))
    if found.silent:
        told = table((f"  {name}", why) for name, why in found.silent.items())
        blocks.append(f"silent\n{told}")
    counted = f"{len(found)} features in {len(found.families)} families"
    if found.silent:
        counted += f"; {len(found.silent)} families have nothing to say"
    blocks.append(counted if digest is None else f"{counted}\nfingerprint  {digest}")
    return "\n\n".join(blocks)


def _rows(found: Catalogue) -> Iterator[tuple[str, ...]]:
    for one in found:
        name, unit, window, meaning, *_ = found.cells(one)
        yield (f"  {name}", unit, window, meaning)


def catalogue_json(found: Catalogue, digest: str | None = None) -> dict[str, object]:
    """Give the catalogue to a program, in both languages."""
    return {
        "features": [
            {
                "name": f.name,
                "family": f.family,
                "signal": f.signal,
                "unit": f.unit.value,
                "window_days": f.window_days,
                "meaning": {"en": f.meaning.en, "fr": f.meaning.fr},
                "null_means": f.null_means,
                "roles": list(f.roles),
                "levels": list(f.levels),
                "reason": None if f.reason is None else {"en": f.reason.en, "fr": f.reason.fr},
            }
            for f in found
        ],
        "silent": dict(found.silent),
        "fingerprint": digest,
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A matrix as its file holds it.

    Parameters
    ----------
    rows
        Customers at each cutoff.
    features
        Names, in order.
    size
        Bytes.
    """

    out: Path
    rows: Mapping[date, int]
    features: tuple[str, ...]
    size: int


def described(out: Path) -> Written:
    """Look at a matrix that was written: one file, or a folder of them."""
    held = ds.dataset(out, format="parquet")
    counted = pc.value_counts(held.to_table(columns=["cutoff"])["cutoff"]).to_pylist()
    files = [out] if out.is_file() else [p for p in out.rglob("*") if p.is_file()]
    return Written(
        out=out,
        rows=dict(sorted((one["values"], one["counts"]) for one in counted)),
        features=tuple(name for name in held.schema.names if name not in KEYS),
        size=sum(p.stat().st_size for p in files),
    )


def matrix(made: Written, study: Path) -> str:
    """Tell how much was written, where, and what comes next."""
    days = list(made.rows)
    told = ", ".join(f"{n:,} customers on {day}" for day, n in made.rows.items())
    if len(days) > SHOWN_CUTOFFS:
        told = f"{len(days)} cutoffs {days[0]} … {days[-1]}"
    return (
        f"{sum(made.rows.values()):,} rows of {len(made.features)} features: {told}\n"
        f"matrix  {made.out}   {_bytes(made.size)}   (next: reveil train {study})"
    )


def explained(found: Explanation) -> str:
    """Tell which plan the engine chose and why, and how large the matrix would be."""
    plan, n = found.plan, len(found.cutoffs)
    rows = [
        ("plan", f"{plan.name}, {PLANS[plan.name]}"),
        ("because", plan.why),
        ("cutoffs", f"{n}: {', '.join(map(str, _ends(found.cutoffs)))}"),
        ("counted", f"{found.aggregates} aggregates for {found.features} features"),
    ]
    if plan.direct:
        rows.append(("", f"{len(plan.direct)} of them read from the events in either plan"))
    rows.append(
        ("rows", f"about {found.rows:,}: {found.customers:,} customers on {found.cutoffs[-1]}")
    )
    return f"{table(rows)}\n\nnothing was computed   (next: the same with --out FILE)"


def explained_json(found: Explanation) -> dict[str, object]:
    """Give the same to a program."""
    return {
        "plan": found.plan.name,
        "why": found.plan.why,
        "rows_per_period": found.plan.rows_per_period,
        "direct": list(found.plan.direct),
        "cutoffs": [str(day) for day in found.cutoffs],
        "customers": found.customers,
        "rows": found.rows,
        "features": found.features,
        "aggregates": found.aggregates,
    }


def _ends(days: Sequence[date]) -> Sequence[object]:
    return days if len(days) <= SHOWN_CUTOFFS else (days[0], "…", days[-1])


def matrix_json(made: Written) -> dict[str, object]:
    """Give the same to a program."""
    return {
        "rows": sum(made.rows.values()),
        "customers": {str(day): n for day, n in made.rows.items()},
        "features": len(made.features),
        "file": str(made.out),
        "bytes": made.size,
    }


def _bytes(size: int) -> str:
    """Write a size for a person.

    Examples
    --------
    >>> _bytes(820), _bytes(4_200_000)
    ('820 bytes', '4.2 MB')
    """
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"
