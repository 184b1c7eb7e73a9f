"""The store: where MLflow keeps runs, models and their files.

In:  a URI.
Out: an open `Store`; every failure of MLflow as a RegistryError that can be acted on.

Nothing of MLflow's process-wide state is set: each call goes through the store's own client.
"""

from __future__ import annotations

import logging
import os
import re
import sqlite3
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from sqlalchemy.exc import SQLAlchemyError

from reveil.errors import RegistryError, ReveilError
from reveil.registry.mlflow_api import MlflowClient, MlflowException
from reveil.registry.settings import absolute_uri

_SLOW_SECONDS = 2.0
_HEALTH_SECONDS = 10.0
_ELSEWHERE = "set `registry: {uri: sqlite:///…}` to a file that can be written"


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """An open MLflow store.

    Parameters
    ----------
    uri
        For both tracking and registry; may hold a password, so show `shown(uri)`.
    client
        MLflow's client for that URI.
    database
        The SQLite file, or None for a server.
    """

    uri: str
    client: MlflowClient
    database: Path | None

    @property
    def lock_path(self) -> Path:
        """File locked while an alias moves: beside the database, or one per server and user.

        Against one server it holds back the promotions of this machine only; those of others
        are told apart by re-reading.
        """
        if self.database is not None:
            return self.database.with_name(self.database.name + ".lock")
        plain = re.sub(r"[^A-Za-z0-9]+", "-", shown(self.uri))
        user = os.getuid() if hasattr(os, "getuid") else "user"
        return Path(tempfile.gettempdir()) / f"reveil-{user}-{plain}.lock"


def open_store(uri: str, *, say: Callable[[str], None] | None = None) -> Store:
    """Open the store, creating a SQLite one on first use.

    Parameters
    ----------
    uri
        `sqlite:///path` (relative to the working directory unless made absolute), or the
        address of an MLflow server.
    say
        Called with one line if opening takes more than two seconds.

    Raises
    ------
    RegistryError
        When the URI is no store MLflow accepts, the server does not answer, or the database
        cannot be opened.
    """
    scheme = urllib.parse.urlsplit(uri).scheme
    if scheme == "sqlite":
        uri = absolute_uri(uri, Path.cwd())
        database = _database(uri)
        try:
            database.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RegistryError(
                f"{database.parent} cannot be created: {error.strerror}", hint=_ELSEWHERE
            ) from error
    elif scheme in ("http", "https"):
        database = None
        _require_answer(uri)
    else:
        raise RegistryError(
            f"{shown(uri)!r} is no MLflow store: a server or a SQLite file is required",
            hint="set `registry: {uri: sqlite:///mlflow.db}` or the address of a server",
        )
    first = database is not None and not database.exists()
    line = f"{'creating' if first else 'opening'} the MLflow store {shown(uri)}"
    timer = threading.Timer(_SLOW_SECONDS, say or _silent, [line])
    timer.daemon = True
    timer.start()
    try:
        with talking_to(uri):
            client = MlflowClient(tracking_uri=uri, registry_uri=uri)
            client.search_experiments(max_results=1)
            client.search_registered_models(max_results=1)
    finally:
        timer.cancel()
    return Store(uri=uri, client=client, database=database)


def existing_store(uri: str) -> Store | None:
    """Open the store if there is one, and create nothing.

    Returns
    -------
    Store or None
        None where a SQLite file would have to be created.

    Raises
    ------
    RegistryError
        As `open_store`.
    """
    sqlite = urllib.parse.urlsplit(uri).scheme == "sqlite"
    if sqlite and not _database(absolute_uri(uri, Path.cwd())).exists():
        return None
    return open_store(uri)


def require_place(uri: str) -> None:
    """Refuse a SQLite store that cannot be created where its URI says, and create nothing.

    Raises
    ------
    RegistryError
        When what should be its folder is a file, or may not be written.
    """
    folder = _database(absolute_uri(uri, Path.cwd())).parent
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        wrong = "may not be written" if there.is_dir() else "is not a folder"
        raise RegistryError(
            f"the MLflow store {shown(uri)} cannot be created: {there} {wrong}", hint=_ELSEWHERE
        )


@contextmanager
def talking_to(uri: str) -> Iterator[None]:
    """Turn what MLflow raises into a RegistryError, and keep its chatter off the terminal."""
    with _quiet():
        try:
            yield
        except ReveilError:
            raise
        except MlflowException as error:
            raise _translated(uri, str(error)) from error
        except (SQLAlchemyError, sqlite3.Error, requests.RequestException, OSError) as error:
            raise _translated(uri, str(error)) from error


def experiment_id(store: Store, name: str) -> str:
    """Return the experiment called `name`, created on first use.

    For SQLite its files go to `mlartifacts/` beside the database; MLflow's own default is
    whatever the working directory happens to be.

    Raises
    ------
    RegistryError
        When the experiment was deleted in MLflow.
    """
    with talking_to(store.uri):
        found = store.client.get_experiment_by_name(name)
        if found is None:
            location = None
            if store.database is not None:
                folder = re.sub(r"[^A-Za-z0-9_.-]+", "_", name)
                location = (store.database.parent / "mlartifacts" / folder).as_uri()
            try:
                return str(store.client.create_experiment(name, artifact_location=location))
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
                found = store.client.get_experiment_by_name(name)  # another process was first
        if found is None or found.lifecycle_stage != "active":
            raise RegistryError(
                f"the MLflow experiment {name!r} was deleted",
                hint="restore it (`mlflow experiments restore`), or set `registry: {experiment: …}`",
            )
        return str(found.experiment_id)


def shown(uri: str) -> str:
    """Return the URI without the password it may hold.

    Examples
    --------
    >>> shown("https://ana:secret@mlflow.example.org")
    'https://***@mlflow.example.org'
    """
    return re.sub(r"//[^/@]*@", "//***@", uri)


def _database(uri: str) -> Path:
    path = Path(uri.removeprefix("sqlite:///"))
    if not path.name or path.name == ":memory:" or path.is_dir():
        raise RegistryError(
            f"{uri!r} names no file", hint="write `sqlite:///` and the path of a file"
        )
    return path


def _require_answer(uri: str) -> None:
    parts = urllib.parse.urlsplit(uri)
    host = parts.hostname or ""
    address = f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"
    try:
        with urllib.request.urlopen(f"{address.rstrip('/')}/health", timeout=_HEALTH_SECONDS):
            return
    except urllib.error.HTTPError as error:
        error.close()  # somebody answers; whether it is MLflow shows at the first real call
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise RegistryError(
            f"the MLflow server {shown(uri)} does not answer: {getattr(error, 'reason', error)}",
            hint="start it, or correct `registry: {uri: …}` or MLFLOW_TRACKING_URI",
        ) from error


def _translated(uri: str, message: str) -> RegistryError:
    first = shown(message).strip().splitlines()[0][:300] if message.strip() else "no reason given"
    if "out-of-date database schema" in message or "Can't locate revision" in message:
        return RegistryError(
            f"the MLflow store {shown(uri)} was written by another version of MLflow",
            hint=f"back it up, then run `mlflow db upgrade {shown(uri)}`",
        )
    if "401" in first or "403" in first:
        return RegistryError(
            f"the MLflow server {shown(uri)} refused the request: {first}",
            hint="set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
        )
    return RegistryError(
        f"the MLflow store {shown(uri)} failed: {first}",
        hint="check that it can be reached and written, then run the same command again",
    )


@contextmanager
def _quiet() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            # MLflow against a newer SQLAlchemy, and its wish for an input example.
            warnings.filterwarnings("ignore", message=".*noload.*", category=DeprecationWarning)
            warnings.filterwarnings("ignore", module=r"mlflow\..*")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _silent(_: str) -> None:
    return None
