"""Champions: an alias becomes one verified model, once.

In:  the store, a registered model's name, an alias.
Out: `Champion`: which version it was, and the artifact to score with.
"""

from __future__ import annotations

import tempfile
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from reveil.errors import RegistryError
from reveil.registry.artifact import LoadedArtifact
from reveil.registry.mlflow_api import MlflowException, download_artifacts
from reveil.registry.model import verified
from reveil.registry.runs import DIGEST_TAG
from reveil.registry.store import Store, shown, talking_to

CHAMPION = "champion"


@dataclass(frozen=True, kw_only=True, slots=True)
class Champion:
    """A version and its verified artifact."""

    model: str
    version: int
    run_id: str | None
    artifact: LoadedArtifact


def version_of(store: Store, model: str, alias: str) -> int | None:
    """Return the version an alias points to, or None."""
    with talking_to(store.uri):
        try:
            return int(store.client.get_model_version_by_alias(model, alias).version)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise


def load_champion(store: Store, model: str) -> Champion:
    """Load the champion of a registered model.

    Raises
    ------
    RegistryError
        When there is none, or its artifact is not what was registered.
    """
    version = version_of(store, model, CHAMPION)
    if version is None:
        raise RegistryError(
            f"{model} has no champion in {shown(store.uri)}",
            hint="run `reveil train` and `reveil promote` on the study first",
        )
    return load_version(store, model, version)


def load_version(store: Store, model: str, version: int) -> Champion:
    """Download one version, check it against its digest, and read it.

    Raises
    ------
    RegistryError
        When the version does not exist, carries no digest, or was tampered with.
    """
    with talking_to(store.uri):
        found = store.client.get_model_version(model, str(version))
        digest = found.tags.get(DIGEST_TAG)
        if digest is None:
            raise RegistryError(
                f"{model} version {version} has no `{DIGEST_TAG}` tag: reveil did not register it",
                hint="train and promote it with reveil",
            )
        location = store.client.get_model_version_download_uri(model, str(version))
        _refuse_links(location)
        with tempfile.TemporaryDirectory(prefix="reveil-") as scratch:
            folder = download_artifacts(
                artifact_uri=location, dst_path=scratch, tracking_uri=store.uri
            )
            artifact = verified(Path(folder), digest=digest)
    return Champion(model=model, version=version, run_id=found.run_id, artifact=artifact)


def _refuse_links(location: str) -> None:
    """Look for links in a local store before copying: a copy follows them."""
    parts = urllib.parse.urlsplit(location)
    if parts.scheme not in ("", "file"):
        return
    folder = Path(urllib.request.url2pathname(parts.path))
    for path in (folder, *sorted(folder.rglob("*"))):
        if path.is_symlink():
            raise RegistryError(
                f"the model was not loaded: {path.name} is a link, which reveil does not write",
                hint="find out who changed the store; then train and promote again",
            )
