"""The scoring artifact: a candidate and its definitions as files that anyone can read and check.

In:  a Candidate, the definitions it was trained under.
Out: a folder of LightGBM texts and JSON with a manifest; the same Candidate again, verified.

No pickle, no time, no path: the same candidate gives the same bytes, and the SHA-256 of the
manifest names the model. Reading refuses a folder that differs from its manifest in any way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from reveil.errors import RegistryError
from reveil.features.declare import Feature
from reveil.learning.candidate import BtydMember, Candidate, Isotonic, Sigmoid
from reveil.registry.plain import canonical, fingerprint, from_plain, to_plain
from reveil.registry.probe import Probe, probe_of
from reveil.registry.reference import Distribution

T = TypeVar("T")

MANIFEST = "manifest.json"
_FORMAT = 1
_RETRAIN = "download the model again; if the store itself was changed, train and promote again"


@dataclass(frozen=True, kw_only=True, slots=True)
class Definitions:
    """What scoring must rebuild exactly, as it was at training.

    Parameters
    ----------
    features
        The candidate's features in its order, as described to people.
    signals
        What the feature set was written for: kinds with their roles, optional columns,
        observation in days, the study's own modules. Enough to write it again.
    fingerprint
        Of the feature set, as `features` computes it from declarations and values.
    activity
        The study's resolved definition of activity, plain values.
    label
        The resolved definition of the outcome, plain values.
    reference
        Distribution of each feature at training; may be empty.
    """

    features: tuple[Feature, ...]
    signals: Mapping[str, object]
    fingerprint: str
    activity: Mapping[str, object]
    label: Mapping[str, object]
    reference: Mapping[str, Distribution]


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedArtifact:
    """A verified model, ready to score.

    Parameters
    ----------
    probe
        Invented rows and the scores they had when the artifact was written.
    digest
        SHA-256 of the artifact's manifest: the name of these very bytes.
    """

    candidate: Candidate
    definitions: Definitions
    probe: Probe
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Features:
    features: tuple[Feature, ...]
    fingerprint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Calibration:
    calibrator: Sigmoid | Isotonic | None


def write_artifact(folder: Path, candidate: Candidate, definitions: Definitions) -> str:
    """Write the artifact into `folder`, which must not exist yet.

    Returns
    -------
    str
        The digest of the artifact.

    Raises
    ------
    ValueError
        When the definitions describe other features than the candidate's.
    """
    described = tuple(feature.name for feature in definitions.features)
    if described != candidate.features:
        odd = sorted(set(described) ^ set(candidate.features)) or ["their order"]
        raise ValueError(f"definitions and candidate differ in: {', '.join(odd)}")
    parts: dict[str, bytes] = {
        f"model_{i:02d}.txt": text.encode("utf-8") for i, text in enumerate(candidate.boosters)
    }
    if candidate.btyd is not None:
        parts["baseline.json"] = canonical(to_plain(candidate.btyd))
    core = replace(candidate, boosters=(), btyd=None, calibrator=None)
    parts["candidate.json"] = canonical(to_plain(core))
    parts["calibration.json"] = canonical(to_plain(_Calibration(calibrator=candidate.calibrator)))
    parts["features.json"] = canonical(
        to_plain(_Features(features=definitions.features, fingerprint=definitions.fingerprint))
    )
    parts["activity.json"] = canonical(
        {
            "activity": to_plain(definitions.activity),
            "label": to_plain(definitions.label),
            "signals": to_plain(definitions.signals),
        }
    )
    parts["reference.json"] = canonical(to_plain(definitions.reference))
    parts["probe.json"] = canonical(to_plain(probe_of(candidate, definitions.reference)))
    manifest = canonical(
        {
            "format": _FORMAT,
            "files": {name: hashlib.sha256(part).hexdigest() for name, part in parts.items()},
        }
    )
    folder.mkdir(parents=True)
    for name, part in parts.items():
        (folder / name).write_bytes(part)
    (folder / MANIFEST).write_bytes(manifest)
    return hashlib.sha256(manifest).hexdigest()


def read_artifact(folder: Path, *, digest: str | None = None) -> LoadedArtifact:
    """Read an artifact, refusing any difference from its manifest.

    Parameters
    ----------
    digest
        What the manifest's SHA-256 must be; the registry holds it as a version tag.

    Raises
    ------
    RegistryError
        When a file is missing, added, changed or a link, the manifest is another one, or the
        artifact was written by an incompatible version.
    """
    parts, found = _verified(folder, digest)
    texts = sorted(name for name in parts if name.startswith("model_"))
    core = _read(Candidate, parts, "candidate.json")
    features = _read(_Features, parts, "features.json")
    activity = _json(parts, "activity.json")
    reference = _json(parts, "reference.json")
    candidate = replace(
        core,
        boosters=tuple(parts[name].decode("utf-8") for name in texts),
        btyd=_read(BtydMember, parts, "baseline.json") if "baseline.json" in parts else None,
        calibrator=_read(_Calibration, parts, "calibration.json").calibrator,
    )
    definitions = Definitions(
        features=features.features,
        fingerprint=features.fingerprint,
        signals=activity["signals"],  # type: ignore[arg-type]
        activity=activity["activity"],  # type: ignore[arg-type]  # written above as an object
        label=activity["label"],  # type: ignore[arg-type]
        reference={
            name: from_plain(Distribution, value, where="reference.json")
            for name, value in reference.items()
        },
    )
    return LoadedArtifact(
        candidate=candidate,
        definitions=definitions,
        probe=_read(Probe, parts, "probe.json"),
        digest=found,
    )


def as_input(frame: pd.DataFrame, features: tuple[str, ...]) -> pd.DataFrame:
    """Cast feature columns to float64, as the model's signature declares them.

    MLflow takes an int64 column into a double only when it holds 0 and 1.

    Examples
    --------
    >>> as_input(pd.DataFrame({"orders": [1, 7], "other": ["a", "b"]}), ("orders",)).dtypes.tolist()
    [dtype('float64')]
    """
    return frame.loc[:, list(features)].astype(np.float64)


def differences(trained: Definitions, now: Definitions) -> tuple[str, ...]:
    """Name the definitions that scoring would build otherwise than training did.

    Returns
    -------
    tuple of str
        Empty when scoring rebuilds exactly what was trained on.
    """
    found = []
    mine = {f.name: fingerprint(f) for f in trained.features}
    other = {f.name: fingerprint(f) for f in now.features}
    for name in sorted(mine):
        if name not in other:
            found.append(f"feature {name} no longer exists")
        elif mine[name] != other[name]:
            found.append(f"feature {name} is defined otherwise")
    if trained.fingerprint != now.fingerprint and not found:
        found.append("the feature set has another fingerprint")
    for what, before, after in (
        ("activity", trained.activity, now.activity),
        ("label", trained.label, now.label),
    ):
        found += [
            f"{what}: `{key}` was {before.get(key)!r}, is {after.get(key)!r}"
            for key in sorted({*before, *after})
            if to_plain(before.get(key)) != to_plain(after.get(key))
        ]
    return tuple(found)


def _verified(folder: Path, digest: str | None) -> tuple[dict[str, bytes], str]:
    manifest_path = folder / MANIFEST
    if manifest_path.is_symlink() or not manifest_path.is_file():
        raise RegistryError(f"{folder} holds no {MANIFEST}: it is no scoring artifact")
    manifest = manifest_path.read_bytes()
    found = hashlib.sha256(manifest).hexdigest()
    if digest is not None and found != digest:
        raise RegistryError(
            f"the artifact's manifest has SHA-256 {found[:12]}…, the registry says {digest[:12]}…",
            hint=_RETRAIN,
        )
    try:
        raw = json.loads(manifest)
        version, expected = int(raw["format"]), {str(k): str(v) for k, v in raw["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RegistryError(f"{manifest_path} is damaged", hint=_RETRAIN) from error
    if version != _FORMAT:
        raise RegistryError(
            f"the artifact has format {version}; this version of reveil reads {_FORMAT}",
            hint="score with the version of reveil that trained it, or train again",
        )
    present = {p.name: p for p in folder.iterdir() if p.name != MANIFEST}
    parts: dict[str, bytes] = {}
    for name in sorted({*expected, *present}):
        path = present.get(name)
        if name not in expected:
            raise RegistryError(f"{name} is in the artifact but not in its manifest", hint=_RETRAIN)
        if path is None or path.is_symlink() or not path.is_file():
            raise RegistryError(f"{name} is missing from the artifact", hint=_RETRAIN)
        parts[name] = path.read_bytes()
        if hashlib.sha256(parts[name]).hexdigest() != expected[name]:
            raise RegistryError(f"{name} was changed after training", hint=_RETRAIN)
    return parts, found


def _json(parts: Mapping[str, bytes], name: str) -> dict[str, object]:
    if name not in parts:
        raise RegistryError(f"the artifact has no {name}", hint=_RETRAIN)
    value = json.loads(parts[name])
    if not isinstance(value, dict):
        raise RegistryError(f"{name} holds no object", hint=_RETRAIN)
    return value


def _read(kind: type[T], parts: Mapping[str, bytes], name: str) -> T:
    return from_plain(kind, _json(parts, name), where=name)
