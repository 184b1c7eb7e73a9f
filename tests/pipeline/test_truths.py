"""End to end: what must hold of the scores and the list of a study that went the whole way."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from shop import CUTOFF, SIMULATED, Shop, listed, merged, settings, written

import reveil.scoring.score as scoring_score
from reveil.activity.groups import FRENCH
from reveil.activity.states import State, population
from reveil.cli import announcing
from reveil.config import TARGETS, load_study
from reveil.pipeline.listing import make_reactivation_list
from reveil.pipeline.observing import POPULATIONS
from reveil.pipeline.scoring import score_customers
from reveil.scoring.publish import read_manifest


@pytest.fixture(scope="module")
def scores(shop: Shop) -> pd.DataFrame:
    return pq.read_table(shop.scoring.manifest.path("scores")).to_pandas()


@pytest.fixture(scope="module")
def parts(shop: Shop) -> dict[str, pd.DataFrame]:
    path = shop.listing.manifest.path
    names = ("reactivation", "control", "excluded")
    return {n: pq.read_table(path(f"{n}.parquet")).to_pandas() for n in names}


def test_scores_hold_every_customer_once(shop: Shop, scores: pd.DataFrame) -> None:
    """Everyone of the customers table and of the log is there, sorted, once."""
    known = pq.read_table(shop.folder / "data" / "customers.parquet")["customer_id"].to_pylist()
    acted = pq.read_table(shop.folder / "data" / "events.parquet")["customer_id"].to_pylist()
    assert scores["customer_id"].tolist() == sorted({*known, *acted})


def test_every_customer_is_in_exactly_one_part(
    scores: pd.DataFrame, parts: dict[str, pd.DataFrame]
) -> None:
    """Contacted, control and excluded share out the snapshot."""
    everyone = pd.concat([part["customer_id"] for part in parts.values()])
    assert sorted(everyone) == scores["customer_id"].tolist()
    assert all(len(part) for part in parts.values())


def test_control_is_never_contacted(parts: dict[str, pd.DataFrame]) -> None:
    """Nobody who is there to be compared with is on the list, and the flags say so."""
    contacted, control = parts["reactivation"], parts["control"]
    assert not set(contacted["customer_id"]) & set(control["customer_id"])
    assert not contacted["is_control"].any()
    assert control["is_control"].all()


def test_the_list_repeats_the_scores(scores: pd.DataFrame, parts: dict[str, pd.DataFrame]) -> None:
    """Who is on the list was scored, and carries the score it had."""
    by_id = scores.set_index("customer_id")
    for name in ("reactivation", "control"):
        mine = by_id.loc[parts[name]["customer_id"]]
        assert (mine["state"] == "inactive").all()
        np.testing.assert_array_equal(mine["reactivation"], parts[name]["probability"])
        np.testing.assert_array_equal(mine["margin_if_returns"], parts[name]["margin_if_returns"])
        theirs = [[r["sentence"] for r in given] for given in mine["reasons"]]
        assert [[r["sentence"] for r in given] for given in parts[name]["reasons"]] == theirs


def test_the_csv_says_what_the_parquet_says(shop: Shop, parts: dict[str, pd.DataFrame]) -> None:
    """Two files of one part hold the same customers in the same order."""
    for name, part in parts.items():
        read = pd.read_csv(shop.listing.manifest.path(f"{name}.csv"), encoding="utf-8-sig")
        assert read["customer_id"].tolist() == part["customer_id"].tolist()
        assert read.columns.tolist() == part.columns.tolist()


def test_limits_hold(shop: Shop, parts: dict[str, pd.DataFrame]) -> None:
    """Contacted customers cost no more than the budget, and each channel carries what it can."""
    targeting, contacted = shop.study.targeting, parts["reactivation"]
    assert targeting is not None
    assert targeting.budget is not None
    assert contacted["cost"].sum() <= targeting.budget
    for name, channel in targeting.channels.items():
        assert channel.capacity is not None
        assert (contacted["channel"] == name).sum() <= channel.capacity


def test_consents_and_contact_points_are_those_of_the_customers_file(
    shop: Shop, scores: pd.DataFrame
) -> None:
    """Each flag of each customer as it was read; nobody unknown there may be written to."""
    wanted = [f"{what}_{by}" for what in ("consent", "usable") for by in ("email", "print")]
    file = pq.read_table(shop.folder / "data" / "customers.parquet").to_pandas()
    file = file.set_index("customer_id").reindex(scores["customer_id"])
    for column in wanted:
        assert scores[column].tolist() == file[column].eq(True).tolist()
        assert scores[column].nunique() == 2


def test_recent_contacts_are_those_of_the_log(shop: Shop, scores: pd.DataFrame) -> None:
    """Messages of the four weeks before the cutoff, one by one."""
    events = pq.read_table(shop.folder / "data" / "events.parquet").to_pandas()
    since = pd.Timestamp(CUTOFF) - pd.Timedelta(days=28)
    recent = (events["at"] >= since) & (events["at"] < pd.Timestamp(CUTOFF))
    sent = events[events["kind"].isin(["email_sent", "print_sent"]) & recent]
    counted = sent.groupby("customer_id").size().reindex(scores["customer_id"], fill_value=0)
    assert scores["contacts_recent"].tolist() == counted.tolist()
    assert counted.nunique() >= 3


def test_only_who_consents_and_can_be_reached(
    scores: pd.DataFrame, parts: dict[str, pd.DataFrame]
) -> None:
    """Nobody is on the list by a channel without consent or contact point."""
    by_id = scores.set_index("customer_id")
    for name in ("reactivation", "control"):
        for channel, rows in parts[name].groupby("channel"):
            mine = by_id.loc[rows["customer_id"]]
            assert mine[f"consent_{channel}"].all()
            assert mine[f"usable_{channel}"].all()


def test_scores_are_null_outside_their_population(scores: pd.DataFrame) -> None:
    """Attrition is said of active customers, the others of inactive ones, of each of them."""
    for target, state in POPULATIONS.items():
        inside = scores["state"] == state
        assert inside.any()
        assert scores.loc[inside, target].notna().all()
        assert scores.loc[~inside, target].isna().all()


@pytest.mark.parametrize("target", TARGETS)
def test_scores_are_the_candidate_on_a_matrix_made_by_hand(
    shop: Shop, scores: pd.DataFrame, target: str
) -> None:
    """Training's candidate on training's features gives each published score, bit for bit."""
    log = shop.observed.log
    people = population(log, shop.study.activity, CUTOFF, State(POPULATIONS[target]))  # type: ignore[index]
    frame = shop.observed.features.matrix(log, people, CUTOFF).to_pandas()
    frame = frame.sort_values("customer_id", ignore_index=True)
    frame["cutoff"] = pd.Timestamp(CUTOFF)
    candidate = shop.training[target].candidate  # type: ignore[index]
    published = scores[scores[target].notna()]
    assert published["customer_id"].tolist() == frame["customer_id"].tolist()
    np.testing.assert_array_equal(published[target], candidate.predict(frame))


def test_reasons_are_three_things_in_words(scores: pd.DataFrame) -> None:
    """Every scored customer has one to three reasons; distinct codes, strongest first, no nan."""
    scored = scores["state"].isin(["active", "inactive"])
    assert not scores.loc[~scored, "reasons"].map(len).any()
    for given in scores.loc[scored, "reasons"]:
        codes = [reason["code"] for reason in given]
        assert 1 <= len(codes) <= 3
        assert len(set(codes)) == len(codes)
        sizes = [abs(reason["contribution"]) for reason in given]
        assert sizes == sorted(sizes, reverse=True)
        for reason in given:
            assert reason["direction"] == ("raises" if reason["contribution"] > 0 else "lowers")
            words = reason["sentence"].lower()
            assert words
            assert not {"nan", "none", "inf", "{", "}"} & set(words.replace("{", " { ").split())


def test_last_order_is_the_day_of_the_last_purchase(shop: Shop, scores: pd.DataFrame) -> None:
    """`last_order_at` is the calendar day on which the last order before the cutoff began."""
    events = pq.read_table(shop.folder / "data" / "events.parquet").to_pandas()
    bought = events[(events["kind"] == "purchase") & (events["at"] < pd.Timestamp(CUTOFF))]
    days = bought.groupby("customer_id")["at"].max().dt.date
    said = scores.set_index("customer_id")["last_order_at"]
    assert said.dropna().to_dict() == days.to_dict()


def test_french_from_end_to_end(shop: Shop, scores: pd.DataFrame, tmp_path: Path) -> None:
    """A French study scores the same, and says why, who and what for in French."""
    french = shop.study.model_copy(update={"language": "fr"})
    done = score_customers(
        french, CUTOFF, tmp_path / "scores", log=shop.observed.log, store=shop.store
    )
    said = pq.read_table(done.manifest.path("scores")).to_pandas()
    pd.testing.assert_frame_equal(said.drop(columns="reasons"), scores.drop(columns="reasons"))
    english = {r["sentence"] for given in scores["reasons"] for r in given}
    words = {r["sentence"] for given in said["reasons"] for r in given}
    assert not words & english
    assert any(" jours" in w.replace("\u202f", " ") for w in words)
    made = make_reactivation_list(french, tmp_path / "scores", tmp_path / "list")
    assert set(made.made.selected["group"]) <= {str(word) for word in FRENCH.values()}
    csv = made.manifest.path("reactivation.csv").read_text("utf-8-sig")
    assert ";" in csv.splitlines()[0]
    assert '<html lang="fr"' in made.manifest.path("report").read_text("utf-8")
    assert made.made.selected["customer_id"].tolist() == (
        shop.listing.made.selected["customer_id"].tolist()
    )


def test_scoring_twice_gives_the_same_bytes(shop: Shop, tmp_path: Path) -> None:
    """From the files on, in another folder: the same run, the same names, the same digests."""
    again = score_customers(shop.study, CUTOFF, tmp_path, store=shop.store)
    first = shop.scoring.manifest
    assert (again.manifest.run, again.manifest.files) == (first.run, first.files)
    assert (tmp_path / "manifest.json").read_bytes() == (shop.scores / "manifest.json").read_bytes()


def test_scores_do_not_depend_on_buckets(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A customer's score is the same whoever else is in the bucket."""
    monkeypatch.setattr(scoring_score, "BUCKET", 6_001)
    told: list[tuple[int, int]] = []
    done = score_customers(
        shop.study, CUTOFF, tmp_path, log=shop.observed.log, store=shop.store,
        progress=lambda so_far, of: told.append((so_far, of)),
    )  # fmt: skip
    assert done.manifest.files["scores"].sha256 == shop.scoring.manifest.files["scores"].sha256
    assert told == [(6_001, 15_000), (12_002, 15_000), (15_000, 15_000)]


def test_targeting_twice_gives_the_same_bytes(shop: Shop, tmp_path: Path) -> None:
    """The same scores and settings make the same list, report included."""
    again = make_reactivation_list(shop.study, shop.scores, tmp_path)
    assert again.manifest.files == shop.listing.manifest.files


def test_the_plan_counts_what_the_files_hold(shop: Shop, parts: dict[str, pd.DataFrame]) -> None:
    """`plan.json` says as many customers as there are rows, rule by rule."""
    plan = json.loads(shop.listing.manifest.path("plan").read_text("utf-8"))
    sizes = {name: len(part) for name, part in parts.items()}
    assert plan["customers"] == {
        "all": sum(sizes.values()),
        "selected": sizes["reactivation"],
        "control": sizes["control"],
        "excluded": sizes["excluded"],
    }
    rules = parts["excluded"]["rule"].value_counts().to_dict()
    assert {e["rule"]: e["customers"] for e in plan["exclusions"] if e["customers"]} == rules


def test_a_study_without_targeting_can_be_scored(shop: Shop, tmp_path: Path) -> None:
    """Scores need no channels: then they hold no consent, and the same probabilities."""
    path = written(shop.folder, merged(settings(), {"targeting": None}), "scores_only.yaml")
    study = load_study(path)
    path.unlink()
    done = score_customers(study, CUTOFF, tmp_path, log=shop.observed.log, store=shop.store)
    frame = pq.read_table(done.manifest.path("scores"))
    assert not [name for name in frame.column_names if name.startswith(("consent", "usable"))]
    first = pq.read_table(shop.scoring.manifest.path("scores"))
    assert frame["reactivation"].equals(first["reactivation"])


def test_another_cutoff_replaces_the_result_as_a_whole(shop: Shop, tmp_path: Path) -> None:
    """After a second run the manifest vouches for the second run's files alone."""
    first = score_customers(shop.study, CUTOFF, tmp_path, log=shop.observed.log, store=shop.store)
    before = shop.study.test_cutoffs[-1]
    second = score_customers(shop.study, before, tmp_path, log=shop.observed.log, store=shop.store)
    now = read_manifest(tmp_path)
    assert now.run == second.manifest.run != first.manifest.run
    assert now.inputs["cutoff"] == before.isoformat()
    assert set(listed(tmp_path)) >= {f.file for f in first.manifest.files.values()}


@pytest.mark.parametrize(
    ("changes", "contacted", "control"),
    [
        ({"budget": 0}, False, False),
        ({"minimum_worth": 100_000.0}, False, False),
        ({"control_share": 0.0}, True, False),
        ({"ramp": {"channel": "email", "step_days": 7}}, True, True),
    ],
    ids=["no budget", "nothing worth it", "no control", "waves"],
)
def test_every_list_has_the_same_columns(
    shop: Shop, tmp_path: Path, changes: dict[str, object], contacted: bool, control: bool
) -> None:
    """A list of nobody, or without control, is published like any other: same files, same types."""
    path = written(shop.folder, merged(settings(), {"targeting": changes}), "edge.yaml")
    study = load_study(path)
    path.unlink()
    made = make_reactivation_list(study, shop.scores, tmp_path)
    assert (len(made.made.selected) > 0, len(made.made.control) > 0) == (contacted, control)
    assert made.made.size == SIMULATED.customers
    for name in ("reactivation", "control", "excluded"):
        schema = pq.read_schema(made.manifest.path(f"{name}.parquet"))
        usual = pq.read_schema(shop.listing.manifest.path(f"{name}.parquet"))
        assert schema == usual, name
    assert announcing.listing(study, made)
    assert announcing.listing_json(made)["customers"]["all"] == SIMULATED.customers  # type: ignore[index]
