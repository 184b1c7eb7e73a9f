"""The MLflow model around a scoring artifact: written, and checked before anything is loaded.

In:  an artifact folder, its candidate.
Out: a pyfunc model folder; for a folder that came from a store, the verified artifact.

MLflow would import whatever loader the MLmodel file names and run code beside it. So the file
and the tree are compared with what reveil writes before MLflow or anyone else loads them.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import yaml

from reveil import __version__
from reveil.errors import RegistryError
from reveil.learning.candidate import Candidate
from reveil.registry.artifact import Definitions, LoadedArtifact, read_artifact, write_artifact
from reveil.registry.loader import output_name
from reveil.registry.mlflow_api import ColSpec, ModelSignature, Schema, save_model
from reveil.registry.store import talking_to

LOADER = "reveil.registry.loader"
DATA = "data/model"

_PACKAGES = ("lightgbm", "numpy", "pandas", "scipy")
_MODEL_KEYS = {
    "artifact_path", "flavors", "is_signature_from_type_hint", "mlflow_version", "model_id",
    "model_size_bytes", "model_uuid", "prompts", "run_id", "signature",
    "type_hint_from_example", "utc_time_created",
}  # fmt: skip
_FLAVOR = {
    "code": None,
    "data": DATA,
    "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
    "loader_module": LOADER,
    "streamable": False,
}
_TOP = {"MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt", "data"}
_BY_MLFLOW = {"registered_model_meta"}  # left by MLflow where it downloads a registered model


def write_model(folder: Path, candidate: Candidate, definitions: Definitions) -> str:
    """Write the MLflow model into `folder`, which must not exist yet.

    Returns
    -------
    str
        The digest of the artifact inside.
    """
    data = folder.with_name(f"{folder.name}-data") / "model"
    digest = write_artifact(data, candidate, definitions)
    output = output_name(candidate)
    signature = ModelSignature(
        inputs=Schema([ColSpec("double", name, required=False) for name in candidate.features]),
        outputs=Schema([ColSpec("double", output)]),
    )
    with talking_to(str(folder)):
        save_model(
            str(folder),
            loader_module=LOADER,
            data_path=str(data),
            signature=signature,
            pip_requirements=list(requirements()),
        )
    return digest


def requirements() -> tuple[str, ...]:
    """Return what the artifact needs to be installed, given so that MLflow does not guess."""
    pinned = (f"{name}=={importlib.metadata.version(name)}" for name in _PACKAGES)
    return (f"reveil=={__version__}", *pinned)


def verified(folder: Path, *, digest: str) -> LoadedArtifact:
    """Check a model folder from a store and read its artifact.

    Parameters
    ----------
    digest
        The version tag: SHA-256 of the artifact's manifest.

    Raises
    ------
    RegistryError
        When the folder holds a link, a file or an instruction that reveil did not write, or
        differs from its digest.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            _refuse(f"{path.relative_to(folder)} is a link")
    unexpected = {p.name for p in folder.iterdir()} - _TOP - _BY_MLFLOW
    unexpected |= {f"data/{p.name}" for p in (folder / "data").glob("*") if p.name != "model"}
    if unexpected:
        _refuse(f"{', '.join(sorted(unexpected))} should not be there")
    _check_model_file(_mapping(folder / "MLmodel"))
    _check_requirements(folder)
    return read_artifact(folder / DATA, digest=digest)


def _check_model_file(model: Mapping[str, object]) -> None:
    if extra := set(model) - _MODEL_KEYS:
        _refuse(f"its MLmodel file has the key {', '.join(sorted(extra))}")
    flavors = model.get("flavors")
    if not isinstance(flavors, dict) or set(flavors) != {"python_function"}:
        _refuse("its MLmodel file names other flavors than python_function")
    flavor = flavors["python_function"]
    if not isinstance(flavor, dict):
        _refuse("its MLmodel file is damaged")
    flavor = {key: value for key, value in flavor.items() if key != "python_version"}
    for key in sorted({*flavor, *_FLAVOR}):
        if key not in _FLAVOR or key not in flavor or flavor[key] != _FLAVOR[key]:
            _refuse(f"its MLmodel file sets `{key}` to {flavor.get(key)!r}")


def _check_requirements(folder: Path) -> None:
    """`mlflow models serve` installs these: only known names, from no address of their own."""
    allowed = {"mlflow", "reveil", *_PACKAGES}
    path = folder / "requirements.txt"
    lines = path.read_text(encoding="utf-8").split() if path.is_file() else []
    conda = _mapping(folder / "conda.yaml")
    dependencies = conda.get("dependencies")
    pip = [
        line
        for entry in (dependencies if isinstance(dependencies, list) else [])
        if isinstance(entry, dict)
        for line in entry.get("pip", [])
    ]
    for line in (*lines, *pip):
        name, _, version = str(line).partition("==")
        if name not in allowed or not version or not set(version) <= _VERSION:
            _refuse(f"its requirements ask for {line!r}")
    environment = _mapping(folder / "python_env.yaml")
    if environment.get("dependencies") != ["-r requirements.txt"]:
        _refuse("its python_env.yaml asks for other packages than requirements.txt")


_VERSION = set("0123456789abcdefghijklmnopqrstuvwxyz.+")


def _mapping(path: Path) -> dict[str, object]:
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RegistryError(
            f"the model's {path.name} cannot be read",
            hint="download the model again, or train and promote again",
        ) from error
    if not isinstance(value, dict):
        _refuse(f"its {path.name} is damaged")
    return value


def _refuse(what: str) -> NoReturn:
    raise RegistryError(
        f"the model was not loaded: {what}, which reveil does not write",
        hint="find out who changed the store; then train and promote again",
    )
