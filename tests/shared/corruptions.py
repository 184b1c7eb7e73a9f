"""Named corruptions of a small shop's files, and what `reveil check` must say of each.

In:  a folder.
Out: a study file there, with one thing wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

SECRET = "SECRET"
"""In every customer id: no message may hold it."""

DAYS = pd.date_range("2023-01-01", "2024-12-31")


@dataclass(frozen=True, kw_only=True, slots=True)
class Corruption:
    """One thing wrong.

    Parameters
    ----------
    done
        What is done to the files.
    make
        Writes them and returns what the study says otherwise, or the study's own text.
    code
        Exit code of `reveil check`.
    says
        A pattern that what it prints must match.
    """

    name: str
    done: str
    make: Callable[[Path], Mapping[str, Any] | str | bytes | None]
    code: int
    says: str


CORRUPTIONS: list[Corruption] = []

Make = Callable[[Path], Mapping[str, Any] | str | bytes | None]


def corruption(done: str, *, code: int, says: str) -> Callable[[Make], Make]:
    """Name a corruption after the function that makes it."""

    def named(make: Make) -> Make:
        name = make.__name__.replace("_", " ")
        CORRUPTIONS.append(Corruption(name=name, done=done, make=make, code=code, says=says))
        return make

    return named


def shop(customers: int = 60, seed: int = 7) -> pd.DataFrame:
    """Draw a healthy shop: orders of every day, one line each."""
    rng = np.random.default_rng(seed)
    days = np.concatenate([DAYS, rng.choice(DAYS, 700)])
    frame = pd.DataFrame(
        {
            "client": [f"{SECRET}{n:04d}" for n in rng.integers(0, customers, len(days))],
            "jour": pd.to_datetime(days).strftime("%Y-%m-%d"),
            "montant": rng.integers(500, 9_999, len(days)) / 100,
            "commande": [f"o{n}" for n in range(len(days))],
        }
    )
    return frame.sort_values("jour", kind="stable", ignore_index=True)


def text(frame: pd.DataFrame | None = None, **options: Any) -> str:
    """Write a shop as CSV."""
    return (shop() if frame is None else frame).to_csv(index=False, **options)


def rows(lines: Iterable[str]) -> str:
    """Write a healthy shop with further lines at the end."""
    return text() + "".join(f"{line}\n" for line in lines)


def changed(**columns: Any) -> str:
    """Write a healthy shop with other values: one for all, or a function of the old ones."""
    frame = shop().astype({"montant": object})
    for name, value in columns.items():
        frame[name] = value(frame[name]) if callable(value) else value
    return text(frame)


def put(folder: Path, content: str | bytes, name: str = "shop.csv") -> None:
    """Write a file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def source(**said: Any) -> dict[str, Any]:
    """Say how the shop's file is read."""
    columns = {"customer": "client", "at": "jour", "amount": "montant", "order": "commande"}
    columns |= said.pop("columns", {})
    columns = {key: value for key, value in columns.items() if value is not None}
    return {"name": "shop", "path": "shop.csv", "columns": columns, "kind": "purchase"} | said


def only(**said: Any) -> dict[str, Any]:
    """Say it of the study's only source."""
    return {"sources": [source(**said)]}


def written(folder: Path, one: Corruption) -> Path:
    """Write the files of a corruption, and its study."""
    said = one.make(folder)
    path = folder / "study.yaml"
    if isinstance(said, str | bytes):
        path.write_bytes(said.encode() if isinstance(said, str) else said)
        return path
    raw = {
        "name": "shop",
        "sources": [source()],
        "coverage": {"start": "2023-01-01", "end": "2025-01-01"},
        "activity": {"any_of": ["purchase"], "within": "180 days"},
        "windows": {"observation": "364 days", "horizon": "90 days"},
        "cutoffs": {"min_history": "180 days"},
    } | dict(said or {})
    path.write_text(yaml.safe_dump(raw, sort_keys=False, allow_unicode=True), "utf-8")
    return path
