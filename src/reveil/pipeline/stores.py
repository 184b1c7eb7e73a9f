"""The MLflow store of a study.

In:  a Study.
Out: Store.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reveil.config import Study
from reveil.registry.store import Store, open_store


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
    return open_store(study.registry.resolved_uri(Path.cwd()), say=say)
