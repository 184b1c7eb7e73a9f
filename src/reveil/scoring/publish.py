"""Publishing: the files of one run appear together, or not at all.

In:  tables and texts of one run, a digest of what they were made from.
Out: run-named files and, last, the `manifest.json` that vouches for them; `read_manifest`.

A reader trusts the manifest and nothing else. Files are written in a hidden folder, synced,
renamed to names that carry the run, and only then is `manifest.json` replaced, in one step.
A job killed before that step leaves the last result as it was; one killed after it has
finished. The outputs and the manifest hold no time and no process: those are in
`run_log.jsonl`, so that the same inputs give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from reveil.errors import DataError
from reveil.registry.lock import locked
from reveil.scoring.files import (
    RUN_NAMED,
    Publication,
    PublishedFile,
    file_sha256,
    json_bytes,
    sync,
)

MANIFEST = "manifest.json"
RUN_LOG = "run_log.jsonl"
LOCK = ".lock"
PARTIAL = ".partial"

_FORMAT = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What a folder holds, as verified.

    Parameters
    ----------
    folder
        Where the files are.
    kind
        What was published: "scores", "list".
    run
        Twelve hexadecimal digits from the inputs and the bytes of every file.
    inputs
        What the run was made from: digests, versions, the cutoff.
    files
        By name, without run or extension, except where one name has several extensions:
        then "name.extension".
    """

    folder: Path
    kind: str
    run: str
    inputs: Mapping[str, str]
    files: Mapping[str, PublishedFile]

    def path(self, name: str) -> Path:
        """Where the file called `name` is.

        Raises
        ------
        DataError
            When the run published no such file.
        """
        if name not in self.files:
            raise DataError(
                f"{self.folder / MANIFEST} lists no `{name}`",
                hint=f"it lists: {', '.join(self.files)}",
            )
        return self.folder / self.files[name].file


def digest(inputs: Mapping[str, str]) -> str:
    """SHA-256 of named inputs, whatever their order.

    Examples
    --------
    >>> digest({"cutoff": "2011-09-01", "model": "ab"})[:12]
    'f21e989837b9'
    >>> digest({"model": "ab", "cutoff": "2011-09-01"})[:12]
    'f21e989837b9'
    """
    return hashlib.sha256(json_bytes(dict(inputs))).hexdigest()


@contextmanager
def publishing(
    folder: Path,
    *,
    kind: str,
    inputs: Mapping[str, str],
    at: datetime,
    notes: Mapping[str, str] | None = None,
) -> Iterator[Publication]:
    r"""Publish the files written inside the `with`, all at once when it ends well.

    Parameters
    ----------
    folder
        Created when missing. One job at a time may publish there.
    kind
        What is published; a folder holds one kind.
    inputs
        Everything the bytes depend on: data, model and study digests, cutoff, versions.
    at
        The time for `run_log.jsonl`, the only file that knows it.
    notes
        Further lines for the run log, such as durations or the MLflow run.

    Raises
    ------
    DataError
        When another job is publishing there, or the folder holds another kind of result.

    Examples
    --------
    >>> import tempfile
    >>> from datetime import UTC
    >>> folder = Path(tempfile.mkdtemp())
    >>> with publishing(folder, kind="scores", inputs={"cutoff": "2011-09-01"},
    ...                 at=datetime(2011, 9, 1, tzinfo=UTC)) as publication:
    ...     publication.json("summary", {"customers": 3})
    >>> read_manifest(folder).path("summary").read_text()
    '{\n  "customers": 3\n}\n'
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise DataError(f"{folder} is a file", hint="name a folder to write to") from error
    with locked(folder / LOCK, error=DataError, what=str(folder)):
        before = _published(folder)
        if before is not None and before.kind != kind:
            raise DataError(
                f"{folder} holds {before.kind}, and this run would publish {kind}",
                hint=f"write the {kind} to a folder of their own",
            )
        partial = folder / PARTIAL
        if partial.exists():  # of a killed run: the lock says nobody is writing it any more
            shutil.rmtree(partial)
        partial.mkdir()
        try:
            publication = Publication(partial)
            yield publication
            _commit(folder, publication, kind=kind, inputs=inputs, at=at, notes=notes or {})
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def read_manifest(folder: Path, *, kind: str | None = None) -> Manifest:
    """Read what a folder holds, and check every file against it.

    Parameters
    ----------
    kind
        What the caller expects to find there.

    Raises
    ------
    DataError
        When there is no manifest, or a file is missing, cut short or changed.
    """
    manifest = _published(folder)
    if manifest is None:
        raise DataError(
            f"{folder} holds no {MANIFEST}: nothing was published there",
            hint="run the command that writes it, to the end",
        )
    if kind is not None and manifest.kind != kind:
        raise DataError(f"{folder} holds {manifest.kind}, not {kind}", hint="name the other folder")
    again = "publish it again: run the command that wrote this folder"
    for entry in manifest.files.values():
        path = folder / entry.file
        if path.is_symlink() or not path.is_file():
            raise DataError(f"{path} is missing, but {MANIFEST} lists it", hint=again)
        size = path.stat().st_size
        if size != entry.bytes:
            raise DataError(
                f"{path} has {size:,} bytes; {MANIFEST} says {entry.bytes:,}", hint=again
            )
        if file_sha256(path) != entry.sha256:
            raise DataError(f"{path} was changed after it was published", hint=again)
    return manifest


def _commit(
    folder: Path,
    publication: Publication,
    *,
    kind: str,
    inputs: Mapping[str, str],
    at: datetime,
    notes: Mapping[str, str],
) -> None:
    finished = list(publication.finished())
    made_from = {"kind": kind} | {f"input {name}": value for name, value in inputs.items()}
    # A run is its inputs and its contents: a published name never comes to mean other bytes.
    run = digest(made_from | {f"file {entry.file}": entry.sha256 for _, entry in finished})[:12]
    stems = [path.stem for path, _ in finished]
    files = {
        path.stem if stems.count(path.stem) == 1 else path.name: replace(
            entry, file=f"{path.stem}-{run}{path.suffix}"
        )
        for path, entry in finished
    }
    manifest = Manifest(folder=folder, kind=kind, run=run, inputs=dict(inputs), files=files)
    _remember_published(folder)
    for path, _ in finished:
        path.replace(folder / f"{path.stem}-{run}{path.suffix}")
    staged = folder / PARTIAL / MANIFEST
    staged.write_bytes(
        json_bytes(
            {
                "format": _FORMAT,
                "kind": kind,
                "run": run,
                "inputs": dict(inputs),
                "files": {name: asdict(entry) for name, entry in files.items()},
            }
        )
    )
    sync(staged)
    sync(folder)
    staged.replace(folder / MANIFEST)
    sync(folder)
    _append_log(folder, manifest, at=at.isoformat(), notes=dict(notes))
    _sweep(folder)


def _published(folder: Path) -> Manifest | None:
    """Read the manifest of a folder, its files not yet checked."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        raw = json.loads(path.read_bytes())
        if raw["format"] != _FORMAT:
            raise DataError(
                f"{path} has format {raw['format']}; this version of reveil reads {_FORMAT}",
                hint="read it with the version of reveil that wrote it",
            )
        files = {str(name): PublishedFile(**entry) for name, entry in raw["files"].items()}
        named = all(RUN_NAMED.fullmatch(entry.file) for entry in files.values())
        if not named:  # a path could lead out of the folder
            raise ValueError("file names")
        return Manifest(
            folder=folder,
            kind=str(raw["kind"]),
            run=str(raw["run"]),
            inputs=dict(raw["inputs"]),
            files=files,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} is not a manifest written by reveil", hint="move it away, then publish again"
        ) from error


def _remember_published(folder: Path) -> None:
    """Log the current result if its job was killed between manifest and log line."""
    current = _published(folder)
    if current is not None and current.run not in {line["run"] for line in run_log(folder)}:
        _append_log(folder, current, at=None, notes={})


def run_log(folder: Path) -> tuple[dict[str, object], ...]:
    """Every result a folder has held: when, which run, its files, notes. Oldest first.

    A last line that a crash cut short is left out.
    """
    path = folder / RUN_LOG
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    entries = []
    for line in lines:
        try:
            entries.append(json.loads(line))
        except ValueError:
            continue
    return tuple(entries)


def _append_log(
    folder: Path, manifest: Manifest, *, at: str | None, notes: Mapping[str, str]
) -> None:
    entry = {
        "at": at,
        "run": manifest.run,
        "notes": notes,
        "files": sorted(file.file for file in manifest.files.values()),
    }
    with (folder / RUN_LOG).open("a+b") as log:
        if log.tell() > 0:
            log.seek(-1, os.SEEK_END)
            if log.read(1) != b"\n":
                log.write(b"\n")
        log.write(json.dumps(entry, sort_keys=True, ensure_ascii=False).encode() + b"\n")
        log.flush()
        os.fsync(log.fileno())


def _sweep(folder: Path) -> None:
    """Remove run-named files that no run ever published. Earlier results stay."""
    published = {file for line in run_log(folder) for file in _names(line["files"])}
    for path in folder.iterdir():
        if RUN_NAMED.fullmatch(path.name) and path.name not in published:
            path.unlink()


def _names(value: object) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else []
