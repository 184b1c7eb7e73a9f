"""A log that holds everything features may be written for."""

from __future__ import annotations

from datetime import timedelta

from dirty import ROLES

from reveil.events.contents import FACTS, Attribute, Contents
from reveil.events.settings import COLUMNS
from reveil.features.family import BUILT_IN
from reveil.features.matrix import FeatureSet, feature_set

RICH = Contents(
    kinds=ROLES,
    columns=COLUMNS,
    channels={"e-shop": ("E-Shop", "e-shop"), "Magasin d'été": ("Magasin d'été",)},
    attributes=(
        Attribute(name="household_size"),
        Attribute(name="title", levels=("Mme", "M.", "Dr")),
    ),
    facts=FACTS,
)
ACTIVITY = ("email_click", "purchase", "visit")
LIMIT_DAYS = 112
EVERY_FAMILY = (*BUILT_IN, "garden")


def rich_features(contents: Contents = RICH, observation: int = 728) -> FeatureSet:
    """Write every family there is, a user's own and those that are off among them."""
    return feature_set(
        contents,
        observation=timedelta(days=observation),
        active_by=ACTIVITY,
        limit_days=LIMIT_DAYS,
        modules=("garden_features",),
        include=("opens",),
    )
