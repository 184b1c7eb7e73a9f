"""What a model was trained under, as plain values: written at training, rebuilt at scoring.

In:  a Study, its FeatureSet; or what an artifact carries.
Out: Definitions for the artifact, the feature set they describe, the text of features.lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import cast

import pandas as pd
import yaml

from reveil.config import Study, Target
from reveil.errors import RegistryError, StudyError
from reveil.events.contents import Attribute, Contents
from reveil.events.roles import Role
from reveil.features.golden import fingerprint
from reveil.features.matrix import FeatureSet, feature_set
from reveil.labels.outcomes import Label
from reveil.pipeline.observing import kinds_meant
from reveil.registry.artifact import Definitions, LoadedArtifact, differences
from reveil.registry.reference import reference_of


def signals_of(features: FeatureSet) -> dict[str, object]:
    """Plain values from which the same feature set can be written again."""
    contents = features.contents
    return {
        "kinds": {kind: role.value for kind, role in contents.kinds.items()},
        "columns": list(contents.columns),
        "channels": {name: list(spelled) for name, spelled in contents.channels.items()},
        "attributes": {
            one.name: None if one.levels is None else list(one.levels)
            for one in contents.attributes
        },
        "facts": list(contents.facts),
        "active_by": list(features.active_by),
        "limit_days": features.limit_days,
        "observation_days": features.observation.days,
        "modules": list(features.modules),
        "include": list(features.include),
    }


def features_from(signals: Mapping[str, object]) -> FeatureSet:
    """Write the feature set that some signals describe.

    Examples
    --------
    >>> shop = feature_set(
    ...     Contents(kinds={"purchase": Role.COMMERCIAL}), observation=timedelta(days=364))
    >>> features_from(signals_of(shop)).features == shop.features
    True
    """
    kinds = cast("Mapping[str, str]", signals["kinds"])
    channels = cast("Mapping[str, Sequence[str]]", signals["channels"])
    attributes = cast("Mapping[str, Sequence[str] | None]", signals["attributes"])
    contents = Contents(
        kinds={kind: Role(role) for kind, role in kinds.items()},
        columns=tuple(cast("Sequence[str]", signals["columns"])),
        channels={name: tuple(spelled) for name, spelled in channels.items()},
        attributes=tuple(
            Attribute(name=name, levels=None if levels is None else tuple(levels))
            for name, levels in attributes.items()
        ),
        facts=tuple(cast("Sequence[str]", signals["facts"])),
    )
    return feature_set(
        contents,
        observation=timedelta(days=cast("int", signals["observation_days"])),
        active_by=cast("Sequence[str]", signals["active_by"]),
        limit_days=cast("int", signals["limit_days"]),
        modules=cast("Sequence[str]", signals["modules"]),
        include=cast("Sequence[str]", signals["include"]),
    )


def definitions_of(
    study: Study,
    features: FeatureSet,
    label: Label,
    *,
    digest: str,
    reference: pd.DataFrame | None = None,
) -> Definitions:
    """Gather what scoring must rebuild exactly.

    Parameters
    ----------
    digest
        Fingerprint of the features.
    reference
        Rows whose distributions drift is told from, where there are any.
    """
    windows = label.windows
    return Definitions(
        features=features.features,
        signals=signals_of(features),
        fingerprint=digest,
        activity=activity_of(study),
        label={
            "name": label.name,
            "kinds": list(label.kinds),
            "money_kinds": list(label.money_kinds),
            "margin_rate": label.margin_rate,
            "gap_days": windows.gap.days,
            "horizon_days": windows.horizon.days,
        },
        reference={} if reference is None else reference_of(reference, features.names),
    )


def activity_of(study: Study) -> dict[str, object]:
    """Gather what decides every customer's state, and nothing else.

    A preset is only where the other values came from, and the engagement score measures
    customers without moving one: a champion outlives a change of either.

    Returns
    -------
    dict
        Plain values: the settings, and the kinds their words stand for.
    """
    activity = study.activity
    return {
        **activity.model_dump(mode="json", exclude={"preset", "engagement"}),
        # What the words stand for: a kind given another role changes who is active.
        "active by": list(kinds_meant(study, activity.any_of)),
        "customer by": list(kinds_meant(study, activity.joins_by)),
        "paying by": list(kinds_meant(study, activity.paid_by)),
        "former by": list(kinds_meant(study, activity.closed_by)),
    }


def changed_since(study: Study, artifact: LoadedArtifact, label: Label) -> tuple[str, ...]:
    """Name what means something else now than when a model was trained; empty when nothing does."""
    trained = artifact.definitions
    try:
        features = features_from(trained.signals)
    except StudyError as error:  # a module of the study's own is gone, or clashes
        return (error.message,)
    now = definitions_of(study, features, label, digest=fingerprint(features))
    return differences(trained, now)


def rebuilt(study: Study, target: Target, artifact: LoadedArtifact, label: Label) -> FeatureSet:
    """Write the features a model was trained on, and refuse any that mean something else now.

    Raises
    ------
    RegistryError
        When a feature, the activity or the label is defined otherwise than at training; the
        message names the definition.
    """
    found = changed_since(study, artifact, label)
    if found:
        raise RegistryError(
            f"the model of {target} was trained under other definitions: {'; '.join(found[:3])}",
            hint="train and promote again, or use the study and version it was trained with",
        )
    return features_from(artifact.definitions.signals)


def features_lock(features: FeatureSet, digest: str) -> str:
    """Write features.lock: names, units, windows and fingerprint, as YAML."""
    lines = [
        {"name": f.name, "unit": f.unit.value, "window_days": f.window_days}
        for f in features.features
    ]
    document = {"fingerprint": digest, "signals": signals_of(features), "features": lines}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
