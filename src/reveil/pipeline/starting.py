"""Start: a folder of files becomes a commented study file, to be read and corrected.

In:  a folder, where to write.
Out: the study file, what was proposed in it with which confidence, and what is missing.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from reveil.config import load_study
from reveil.engine.duckdb import DuckDB
from reveil.engine.settings import EngineSettings
from reveil.errors import DataError, ReveilError, StudyError
from reveil.events.proposal.draft import Draft
from reveil.events.proposal.profile import profile
from reveil.events.proposal.profile_files import (
    TABLE_ROWS,
    WHOLE_ROWS,
    Sample,
    Unread,
    look_into,
    source_name,
)
from reveil.events.proposal.propose import propose
from reveil.events.proposal.text import coverage_of, study_text
from reveil.events.proposal.windows import Span
from reveil.events.proposal.yaml import literal
from reveil.events.reader import reading
from reveil.events.settings import TableSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """A study that was begun.

    Parameters
    ----------
    out
        The study file.
    coverage
        What the days of the main source suggest; None when none can be read.
    refusal
        What reading the study back says is missing; None when `reveil check` can begin.
    """

    out: Path
    draft: Draft
    coverage: Span | None
    unread: tuple[Unread, ...]
    refusal: ReveilError | None


def start_study(folder: Path, out: Path, *, force: bool = False, language: str = "en") -> Started:
    """Look at the files of a folder, and write a study that maps them to the log.

    Values of the data are written nowhere, but words of columns that name kinds and states.

    Parameters
    ----------
    folder
        Of the company's files; or one file.
    out
        The study file.
    force
        Replace a file that is there.

    Raises
    ------
    StudyError
        When `out` is there already, or cannot be written.
    DataError
        When the folder is missing or holds nothing that can be read.
    """
    if out.is_dir() or (out.exists() and not force):
        raise StudyError(
            f"{out} is a folder" if out.is_dir() else f"{out} is there already",
            hint="name another file with --out" + ("" if out.is_dir() else ", or add --force"),
        )
    if not out.parent.is_dir():
        raise StudyError(
            f"the folder {out.parent} does not exist", hint="create it, or change --out"
        )
    samples, databases, unread = look_into(folder, skip=(out,))
    for file in databases:
        try:
            samples += _of_database(file)
        except DataError as error:
            unread.append(Unread(file=file, reason=error.message))
    unread = [u for u in unread if u.file.suffix.lower() not in (".md", ".yaml", ".yml")]
    if not samples:
        told = "; ".join(f"{u.file.name} {u.reason}" for u in unread[:5]) or "no table"
        raise DataError(
            f"nothing in {folder} can be read: {told}",
            hint="Parquet, CSV, JSON lines (.jsonl), DuckDB and SQLite files are read",
        )
    draft = propose([profile(sample) for sample in samples])
    name = re.sub(r"_+", "_", source_name(folder.resolve().name.split(".")[0]))
    text = study_text(draft, name=name, folder=out.parent.resolve(), language=language)
    _write(out, text, force=force)
    try:
        load_study(out)
        refusal = None
    except ReveilError as error:
        refusal = error
    return Started(
        out=out,
        draft=draft,
        coverage=coverage_of(draft),
        unread=tuple(unread),
        refusal=refusal,
    )


def _of_database(file: Path) -> list[Sample]:
    """Sample every table of a DuckDB file."""
    samples = []
    with reading(file.name):
        backend = DuckDB(EngineSettings(threads=1)).backend
        # Ibis 12 does not quote an apostrophe in a path.
        backend.con.execute(f"attach {literal(str(file))} as looked_at (read_only)")
        # `list_tables` of Ibis 12 asks DuckDB 2 for what it has no more.
        named = backend.con.execute(
            "select table_name from duckdb_tables() where database_name = 'looked_at' "
            "and schema_name = 'main' order by 1"
        ).fetchall()
        for (table,) in named:
            held = backend.table(table, database=("looked_at", "main"))
            rows = int(held.count().to_pyarrow().as_py())
            if rows == 0:
                continue
            seen = held
            if rows > WHOLE_ROWS:
                seen = held.sample(TABLE_ROWS / rows, method="block", seed=1)
            samples.append(
                Sample(
                    name=source_name(table),
                    place=TableSettings(file=file, table=table),
                    table=seen.to_pyarrow(),
                    rows=rows,
                )
            )
        backend.detach("looked_at")
    return samples


def _write(out: Path, text: str, *, force: bool) -> None:
    """Write a file whole or not at all."""
    try:
        handle, scratch = tempfile.mkstemp(dir=out.parent, prefix=".study-", suffix=".yaml")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as opened:
                opened.write(text)
            # mkstemp makes files that only their owner may read.
            Path(scratch).chmod(0o644)
            if force:
                Path(scratch).replace(out)
            else:
                # Unlike a replacement, a link fails when somebody else was faster.
                os.link(scratch, out)
        finally:
            Path(scratch).unlink(missing_ok=True)
    except FileExistsError:
        raise StudyError(f"{out} is there already", hint="add --force, or name another file with --out") from None  # fmt: skip
    except OSError as error:
        raise StudyError(
            f"{out} cannot be written: {error.strerror}", hint="change --out"
        ) from None
