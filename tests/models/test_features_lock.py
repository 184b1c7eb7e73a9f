"""features.lock: the features of each study's models are those the code computes today."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from reveil.features.golden import fingerprint
from reveil.pipeline.definitions import features_from, features_lock

MODELS = Path(__file__).parents[2] / "models"
STUDIES = sorted(p.parent for p in MODELS.glob("*/study.yaml"))

CARD = (
    "{study}: a feature is not what models/{study}/features.lock says. A changed value is a "
    "breaking change: champions trained before it are refused. If it is meant, train again, copy "
    "the new features.lock and write an entry about it into models/{study}/MODEL_CARD.md"
)


def test_there_are_studies() -> None:
    """Or the tests below would pass on nothing."""
    assert STUDIES


@pytest.mark.parametrize("study", STUDIES, ids=lambda p: p.name)
def test_features_are_those_of_the_lock(study: Path) -> None:
    """Written again from the lock's own signals, the lock is the same text."""
    path = study / "features.lock"
    assert path.is_file(), f"{study.name} has no features.lock: `reveil train` writes one"
    text = path.read_text("utf-8")
    features = features_from(yaml.safe_load(text)["signals"])
    again = features_lock(features, fingerprint(features))
    assert again.splitlines() == text.splitlines(), CARD.format(study=study.name)


@pytest.mark.parametrize("study", STUDIES, ids=lambda p: p.name)
def test_a_study_has_its_card_and_no_binary(study: Path) -> None:
    """MLflow holds models; the folder holds text that people read."""
    names = {p.name for p in study.iterdir()}
    assert {"study.yaml", "MODEL_CARD.md", "features.lock"} <= names
    assert [n for n in names if not n.endswith((".yaml", ".md", ".lock"))] == []
