"""The scoring artifact: the same candidate back, bit by bit, or a refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reveil.errors import DataError, RegistryError
from reveil.learning.candidate import Candidate, Isotonic
from reveil.registry.artifact import Definitions, differences, read_artifact, write_artifact
from reveil.registry.loader import _load_pyfunc
from reveil.registry.plain import canonical, from_plain, to_plain
from reveil.registry.probe import reload_difference
from reveil.registry.reference import Distribution


def test_comes_back_equal_and_scores_the_same_bits(
    artifact_folder: Path, candidate: Candidate, definitions: Definitions, rows: pd.DataFrame
) -> None:
    digest = write_artifact(artifact_folder, candidate, definitions)
    loaded = read_artifact(artifact_folder, digest=digest)
    assert loaded.candidate == candidate
    assert loaded.definitions == definitions
    assert loaded.digest == digest
    assert loaded.candidate.predict(rows).tobytes() == candidate.predict(rows).tobytes()


def test_variants_come_back_equal(
    tmp_path: Path, candidate: Candidate, definitions: Definitions
) -> None:
    """Every field of a candidate is carried, whichever of its types it has."""
    isotonic = Isotonic(logits=(-1.0, 0.1), probabilities=(0.0, 1 / 3))
    for i, variant in enumerate(
        [
            replace(candidate, btyd=None, calibrator=isotonic),
            replace(candidate, boosters=(), calibrator=None, kind="baseline"),
            replace(candidate, link="log", scale=1.01, calibrator=None, complement=True),
            replace(candidate, boosters=candidate.boosters * 6),
        ]
    ):
        write_artifact(tmp_path / str(i), variant, definitions)
        loaded = read_artifact(tmp_path / str(i)).candidate
        for field in fields(Candidate):
            assert getattr(loaded, field.name) == getattr(variant, field.name), field.name


def test_same_candidate_same_bytes(
    tmp_path: Path, candidate: Candidate, definitions: Definitions
) -> None:
    shuffled = replace(candidate, params=dict(reversed(candidate.params.items())))
    first = write_artifact(tmp_path / "a", candidate, definitions)
    assert write_artifact(tmp_path / "b", shuffled, definitions) == first
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    other = write_artifact(tmp_path / "c", replace(candidate, shift=0.3), definitions)
    assert other != first, "0.1 + 0.2 is not 0.3, and the digest knows"


def test_definitions_must_describe_the_candidate(
    artifact_folder: Path, candidate: Candidate, definitions: Definitions
) -> None:
    with pytest.raises(ValueError, match="spend_364d"):
        write_artifact(
            artifact_folder, candidate, replace(definitions, features=definitions.features[:3])
        )
    assert not artifact_folder.exists()


def _edit_tree(folder: Path) -> None:
    path = folder / "model_00.txt"
    path.write_text(path.read_text().replace("shrinkage=0.1", "shrinkage=0.9", 1))


def _link(folder: Path) -> None:
    path = folder / "model_00.txt"
    aside = folder.parent / "aside.txt"
    path.rename(aside)
    path.symlink_to(aside)


def _future(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_bytes(canonical({**json.loads(path.read_text()), "format": 2}))


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (_edit_tree, r"model_00\.txt was changed"),
        (lambda f: (f / "extra.json").write_text("{}"), r"extra\.json is in the artifact but not"),
        (lambda f: (f / "code").mkdir(), "code is in the artifact but not"),
        (lambda f: (f / "features.json").unlink(), r"features\.json is missing"),
        (_link, r"model_00\.txt is missing"),
        (_future, "format 2"),
        (lambda f: (f / "manifest.json").write_text("[]"), "damaged"),
        (lambda f: (f / "manifest.json").unlink(), r"holds no manifest\.json"),
    ],
)
def test_any_difference_from_the_manifest_is_refused(
    artifact_folder: Path,
    candidate: Candidate,
    definitions: Definitions,
    tamper: Callable[[Path], object],
    message: str,
) -> None:
    write_artifact(artifact_folder, candidate, definitions)
    read_artifact(artifact_folder)
    tamper(artifact_folder)
    with pytest.raises(RegistryError, match=message):
        read_artifact(artifact_folder)


def test_a_consistent_forgery_is_refused_by_the_digest(
    tmp_path: Path, candidate: Candidate, definitions: Definitions
) -> None:
    digest = write_artifact(tmp_path / "true", candidate, definitions)
    write_artifact(tmp_path / "forged", replace(candidate, shift=9.0), definitions)
    with pytest.raises(RegistryError, match="the registry says"):
        read_artifact(tmp_path / "forged", digest=digest)


def test_an_artifact_with_unknown_fields_says_so(
    artifact_folder: Path, candidate: Candidate, definitions: Definitions
) -> None:
    plain = to_plain(replace(candidate, boosters=(), btyd=None, calibrator=None))
    assert isinstance(plain, dict)
    with pytest.raises(RegistryError, match=r"candidate\.json .* fields differ: novelty"):
        from_plain(Candidate, {**plain, "novelty": 1}, where="candidate.json")


def test_the_loader_scores_integers_nulls_and_absent_columns(
    artifact_folder: Path, candidate: Candidate, definitions: Definitions, rows: pd.DataFrame
) -> None:
    write_artifact(artifact_folder, candidate, definitions)
    model = _load_pyfunc(str(artifact_folder))
    whole = rows.astype({"purchase_count": "int64"})
    assert list(model.predict(whole)["probability"]) == list(candidate.predict(rows))
    without = model.predict(rows.drop(columns=["spend_364d"]))["probability"]
    null = candidate.predict(rows.assign(spend_364d=np.nan))
    assert list(without) == list(null)
    with pytest.raises(DataError, match="none of the model's 4 features"):
        model.predict(rows[["customer_id"]])


def test_no_customer_value_is_an_edge(definitions: Definitions, rows: pd.DataFrame) -> None:
    """The reference keeps no smallest or largest value: it would be one customer's own."""
    d = definitions.reference["spend_364d"]
    assert len(d.edges) == 9
    assert d.null_share == pytest.approx(1 / 7, abs=0.01)
    assert sum(d.shares) == pytest.approx(1)
    assert d.edges[0] > rows["spend_364d"].min()
    assert d.edges[-1] < rows["spend_364d"].max()


def test_the_probe_tells_another_model(
    artifact_folder: Path, candidate: Candidate, definitions: Definitions, rows: pd.DataFrame
) -> None:
    write_artifact(artifact_folder, candidate, definitions)
    loaded = read_artifact(artifact_folder)
    assert reload_difference(loaded.candidate, loaded.probe) == 0.0
    assert reload_difference(replace(candidate, shift=0.31), loaded.probe) > 1e-4
    frame = loaded.probe.frame(candidate.features)
    assert frame.isna().any().any()
    real = set(rows[list(candidate.features)].itertuples(index=False, name=None))
    assert not real & set(frame.itertuples(index=False, name=None)), "no row is a customer's"


def test_differences_name_the_definition(definitions: Definitions) -> None:
    assert differences(definitions, definitions) == ()
    changed = replace(
        definitions,
        features=(replace(definitions.features[0], window_days=84), *definitions.features[1:3]),
        activity={"event": "order", "within_days": 90},
    )
    assert differences(definitions, changed) == (
        "feature purchase_count is defined otherwise",
        "feature spend_364d no longer exists",
        "activity: `within_days` was 180, is 90",
    )


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.integers(min_value=-(10**6), max_value=10**6),
)
def test_plain_values_survive_json(number: float, day: date, seconds: int) -> None:
    value = Distribution(edges=(number,), shares=(1.0,), null_share=-0.0, rows=seconds)
    back = from_plain(Distribution, json.loads(canonical(to_plain(value))), where="x")
    assert repr(back) == repr(value)
    assert from_plain(date, to_plain(day), where="x") == day
    span = timedelta(seconds=seconds)
    assert from_plain(timedelta, to_plain(span), where="x") == span
