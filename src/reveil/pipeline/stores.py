"""The MLflow store of a study.

In:  a Study.
Out: Store.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reveil.config import Study
from reveil.errors import RegistryError
from reveil.registry.store import Store, existing_store, open_store, require_place, shown


def store_of(study: Study, say: Callable[[str], None] | None = None) -> Store:
    """Open the study's store; what it names nowhere lies in the working directory.

    Parameters
    ----------
    say
        Told when opening takes long: a new database takes some seconds.

    Raises
    ------
    RegistryError
        When it cannot be opened.
    """
    return open_store(_uri(study), say=say)


def existing_store_of(study: Study) -> Store | None:
    """Open the study's store if there is one, and create nothing.

    Raises
    ------
    RegistryError
        When it is there and cannot be opened.
    """
    return existing_store(_uri(study))


def trained_store_of(study: Study) -> Store:
    """Open the store that a training of the study has written.

    Raises
    ------
    RegistryError
        When there is none yet, or it cannot be opened.
    """
    store = existing_store_of(study)
    if store is None:
        raise RegistryError(
            f"{study.name} has no models: the MLflow store {shown(_uri(study))} does not exist",
            hint="run `reveil train` and `reveil promote` on the study first, from this folder; "
            "or set `registry: {uri: …}` to the store they wrote",
        )
    return store


def require_store(study: Study) -> None:
    """Refuse, before hours of learning, a store that could not be written after them.

    Raises
    ------
    RegistryError
        When it cannot be opened; where it is not there yet, when it cannot be created.
    """
    if existing_store_of(study) is None:
        require_place(_uri(study))


def _uri(study: Study) -> str:
    return study.registry.resolved_uri(Path.cwd())
