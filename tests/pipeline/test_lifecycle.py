"""The lifecycle of a base: figures as pandas finds them in the raw files, and files as promised."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from shop import merged, settings, written

import reveil as rv
from reveil.activity.words import IN_FRENCH
from reveil.config import Study, load_study
from reveil.errors import DataError, StudyError
from reveil.evaluation.contrast import contrast
from reveil.events.log import EventLog
from reveil.pipeline import lifecycle as lifecycle_module
from reveil.pipeline import movers as movers_module
from reveil.pipeline.lifecycle import Lifecycle, lifecycle
from reveil.pipeline.lifecycle_telling import report_values
from reveil.pipeline.movers import described, movers
from reveil.pipeline.observing import features_of, open_events
from reveil.pipeline.standing import Base, gather, standing
from reveil.scoring.publish import read_manifest
from reveil.simulation.settings import SimulationSettings
from reveil.simulation.simulate import simulate, write
from reveil.windows import STEP

CUTOFF, SINCE, PERIODS = date(2024, 9, 2), date(2024, 5, 13), 4
LIMIT = timedelta(days=244)
AT = datetime(2024, 9, 2, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a simulated base and the demo's study of it."""
    made = tmp_path_factory.mktemp("base")
    write(simulate(SimulationSettings(customers=2_500, seed=5)), made / "data")
    written(made, merged(settings(), {"machines": {"find": False}}))
    return made


@pytest.fixture(scope="module")
def study(folder: Path) -> Study:
    return load_study(folder / "study.yaml")


@pytest.fixture(scope="module")
def log(study: Study) -> EventLog:
    return open_events(study)


@pytest.fixture(scope="module")
def base(study: Study, log: EventLog) -> Base:
    return gather(study, CUTOFF, periods=PERIODS, log=log)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("published") / "states"


@pytest.fixture(scope="module")
def made(study: Study, log: EventLog, out: Path) -> Lifecycle:
    return lifecycle(study, CUTOFF, out=out, periods=PERIODS, log=log, at=AT)


@pytest.fixture(scope="module")
def raw(folder: Path) -> pd.DataFrame:
    """Read what people did, from the file and nothing else."""
    events = pd.read_parquet(folder / "data" / "events.parquet")
    return events[~events["is_machine"].fillna(False).astype(bool)]


def counted(raw: pd.DataFrame, folder: Path, at: date) -> pd.Series:
    """Name the states in plain pandas: a purchase, a click or a visit within 244 days."""
    t = pd.Timestamp(at)
    past = raw[raw["at"] < t]
    reactions = {"email_click", "login", "visit", "service_use", "training", "form",
                 "survey_answer", "referral", "review", "points_spent", "store_visit"}  # fmt: skip
    people = pd.read_parquet(folder / "data" / "customers.parquet")
    ids = set(people.loc[pd.to_datetime(people["created_on"]) < t, "customer_id"])
    ids |= set(past["customer_id"])
    orders = past[past["kind"] == "purchase"].groupby(["customer_id", "order_id"])["at"].min()
    bought = orders.groupby("customer_id").max()
    reacted = past[past["kind"].isin(reactions)].groupby("customer_id")["at"].max()
    frame = pd.DataFrame({"bought": bought, "reacted": reacted}, index=sorted(ids))
    last = frame.max(axis=1)
    state = np.where(t - last <= LIMIT, "active", "inactive")
    frame["state"] = np.where(frame["bought"].isna(), "prospect", state)
    frame["missed"] = (frame["state"] == "active") & (t - frame["bought"] > LIMIT)
    return frame


def test_states_are_those_of_the_raw_file(
    made: Lifecycle, base: Base, raw: pd.DataFrame, folder: Path
) -> None:
    """At every date of the history, and customer by customer at the cutoff."""
    for day, counts in made.standing.history.items():
        found = counted(raw, folder, day)["state"].value_counts()
        assert {s: n for s, n in counts.items() if n} == found.to_dict(), day
    mine = base.now.select("customer_id", "state").to_pyarrow().to_pandas()
    theirs = counted(raw, folder, CUTOFF)["state"]
    assert mine.set_index("customer_id")["state"].sort_index().to_dict() == theirs.to_dict()


def test_whom_purchases_alone_would_miss_and_their_margin(
    made: Lifecycle, raw: pd.DataFrame, folder: Path
) -> None:
    """Count, and 40 % of their money less returns in the 364 days before, to the cent."""
    missed = counted(raw, folder, CUTOFF).query("missed").index
    t = pd.Timestamp(CUTOFF)
    year = raw[(raw["at"] < t) & (raw["at"] >= t - pd.Timedelta(days=364))]
    money = year[year["kind"].isin(["purchase", "return"]) & year["customer_id"].isin(missed)]
    assert made.standing.wrong == len(missed) > 30
    assert made.standing.wrong_margin == pytest.approx(0.4 * money["amount"].sum(), abs=0.005)


def test_moves_are_those_of_two_dates(made: Lifecycle, raw: pd.DataFrame, folder: Path) -> None:
    """The matrix as a crosstab, entries as who was not known before."""
    was, is_now = (counted(raw, folder, day)["state"] for day in (SINCE, CUTOFF))
    moves = made.standing.moves
    assert moves is not None
    both = pd.DataFrame({"was": was, "now": is_now})
    for i, a in enumerate(moves.labels):
        for j, b in enumerate(moves.labels):
            assert moves.counts[i][j] == ((both["was"] == a) & (both["now"] == b)).sum()
    new = both[both["was"].isna()]["now"].value_counts()
    assert dict(zip(moves.labels, moves.entries, strict=True)) == {
        label: new.get(label, 0) for label in moves.labels
    }
    assert sum(moves.exits) == 0


def test_mean_moves_are_those_of_the_months(
    made: Lifecycle, raw: pd.DataFrame, folder: Path
) -> None:
    steps = made.standing.steps
    assert steps is not None
    days = sorted(made.standing.history)
    assert (steps.periods, made.standing.step_days) == (PERIODS, 28)
    assert all(b - a == STEP for a, b in pairwise(days))
    lost = 0
    for a, b in pairwise(days):
        was, is_now = (counted(raw, folder, day)["state"] for day in (a, b))
        both = pd.DataFrame({"was": was, "now": is_now})
        lost += int(((both["was"] == "active") & (both["now"] == "inactive")).sum())
    assert steps.counts[0][1] == lost > 0


def test_everything_adds_up(made: Lifecycle, base: Base) -> None:
    """Groups, bands, states, flows, the frame of the grid and the clocks count the same people."""
    told = made.standing
    known = sum(told.states.values())
    assert sum(told.groups.values()) == sum(told.bands.values()) == known
    values = report_values(base, told, made.movers, described(base))
    assert values.now.known == known == sum(g.customers for g in values.groups)
    grid = values.engagement
    assert grid.counts.sum() == told.states["active"]
    assert grid.counts[grid.beyond :].sum() == told.wrong == told.groups["engaged non-buyer"]
    assert values.flows is not None
    first, last = (dict(zip(told.moves.labels, n, strict=True)) for n in
                   (told.moves.before, told.moves.after))  # fmt: skip
    assert first == told.history[SINCE]
    assert last == told.history[CUTOFF]
    for clock in values.clocks:
        assert list(clock.customers) == sorted(clock.customers)
        assert clock.customers[-1] <= known
    commercial, contact, _ = (c.customers for c in values.clocks)
    assert all(a <= b for a, b in zip(commercial, contact, strict=True))


def test_clocks_are_read_from_the_raw_file(base: Base, made: Lifecycle, raw: pd.DataFrame) -> None:
    """How many ordered, returned or asked a quote at most so many days ago."""
    values = report_values(base, made.standing, (), described(base))
    t = pd.Timestamp(CUTOFF)
    past = raw[(raw["at"] < t) & raw["kind"].isin(["purchase", "return", "quote"])]
    # An order is one event, at its first line.
    past = past.groupby(["customer_id", "kind", "order_id"], dropna=False)["at"].min()
    age = (t - past.groupby("customer_id").max()) / pd.Timedelta(days=1)
    commercial = dict(zip(values.clock_days, values.clocks[0].customers, strict=True))
    assert LIMIT.days in commercial
    assert {day: (age <= day).sum() for day in commercial} == commercial


def test_movers_are_compared_by_what_was_known_before_they_moved(
    base: Base, study: Study, log: EventLog
) -> None:
    """A log that ends at the first date gives the same features, hence the same contrasts."""
    lost = movers(base)[0]
    assert (lost.before.value, lost.after.value, lost.since) == ("active", "inactive", SINCE)
    past = log.before(SINCE)
    pairs = base.then.select("customer_id", was="state").join(
        base.now.select("customer_id", now="state"), "customer_id"
    )
    people = pairs.filter(pairs.was == "active", pairs.now.isin(["active", "inactive"]))
    people = people.select("customer_id", moved=people.now == "inactive")
    features = features_of(study, log)
    table = features.matrix(past, people, SINCE).order_by("customer_id").to_pyarrow()
    matrix = np.column_stack([table[name].to_numpy() for name in features.names])
    moved = table["moved"].to_numpy()
    assert repr(lost.contrasts) == repr(contrast(matrix, moved, features.names))
    assert (lost.moved, lost.stayed, lost.compared) == (moved.sum(), (~moved).sum(), len(moved))
    found = {c.name: c.difference for c in lost.contrasts}
    assert found["purchase_recency_days"].low > 0.3


def test_the_clearest_differences_speak_of_most_and_of_different_things(base: Base) -> None:
    signals = {name: feature.signal for name, feature in described(base).items()}
    for one in movers(base):
        assert one.clearest
        assert len({signals[c.name] for c in one.clearest}) == len(one.clearest)
        assert len({(c.difference, c.typical) for c in one.clearest}) == len(one.clearest)
        sizes = [abs(c.difference.estimate) for c in one.clearest]
        assert sizes == sorted(sizes, reverse=True)
        for c in one.clearest:
            assert not c.difference.low <= 0 <= c.difference.high
            assert max(c.moved_null, c.stayed_null) < 0.5
            assert round(c.typical[0], 2) != round(c.typical[1], 2)


@pytest.mark.long
def test_a_large_base_is_compared_by_a_sample(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    """Always the same customers, and all of them counted."""
    everyone = movers(base)[0]
    monkeypatch.setattr(movers_module, "MOST_CUSTOMERS", 150)
    one, other = movers(base)[0], movers(base)[0]
    assert repr(one) == repr(other)
    assert one.compared == 150 < everyone.compared == one.moved + one.stayed
    assert one.moved == everyone.moved


def test_every_customer_is_in_the_files_once(made: Lifecycle, base: Base, out: Path) -> None:
    """Parquet and CSV have the same rows in the same order; nulls are empty cells."""
    manifest = read_manifest(out, kind="states")
    assert sorted(manifest.files) == [
        "lifecycle", "movers", "rfm_edges", "states.csv", "states.parquet", "transitions",
    ]  # fmt: skip
    table = pq.read_table(manifest.path("states.parquet")).to_pandas()
    assert list(table["customer_id"]) == sorted(set(table["customer_id"]))
    assert len(table) == sum(made.standing.states.values())
    assert list(table.columns) == list(base.now.columns)
    cells = pd.read_csv(manifest.path("states.csv"), dtype=str, encoding="utf-8-sig")
    assert list(cells.columns) == list(table.columns)
    assert list(cells["customer_id"]) == list(table["customer_id"])
    assert list(cells["group"]) == list(table["group"])
    for column in ("rfm", "rfm_orders", "order_recency_days", "email_kind", "contact_at"):
        assert list(cells[column].isna()) == list(table[column].isna()), column
    assert set(cells["rfm_recency"].dropna()) == set("12345")
    assert set(cells["dormant"]) <= {"True", "False"}


def test_transitions_and_edges_are_written(made: Lifecycle, out: Path, base: Base) -> None:
    """Each column followed holds everyone known at either date; shares of a row sum to 1."""
    manifest = read_manifest(out)
    moves = pd.read_csv(manifest.path("transitions"), dtype={"from": str, "to": str},
                        encoding="utf-8-sig", keep_default_na=False)  # fmt: skip
    assert list(moves["column"].unique()) == ["state", "group", "engagement_band", "rfm"]
    assert set(moves["since"]) == {str(SINCE)}
    known = sum(made.standing.states.values())
    for column, part in moves[moves["column"] != "rfm"].groupby("column"):
        assert part.loc[part["to"] != "", "customers"].sum() == known, column
        stayed = part[(part["from"] != "") & (part["to"] != "")]
        sums = stayed.astype({"share": float}).groupby("from")["share"].sum()
        assert sums.to_numpy() == pytest.approx(1, abs=1e-3)
    assert base.edges is not None
    edges = json.loads(manifest.path("rfm_edges").read_text())
    assert edges == {"fitted_at": str(CUTOFF), **base.edges.to_dict()}
    table = pd.read_csv(manifest.path("movers"), encoding="utf-8-sig")
    assert len(table) == sum(len(one.contrasts) for one in made.movers)


def test_a_rerun_gives_the_same_bytes_however_it_is_cut(
    study: Study, made: Lifecycle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another time of day, another number of threads, other pieces of the CSV: the same run."""
    assert made.manifest is not None
    assert study.engine.threads == 1
    monkeypatch.setattr(lifecycle_module, "CHUNK", 97)
    two = study.model_copy(update={"engine": study.engine.model_copy(update={"threads": 2})})
    again = lifecycle(two, CUTOFF, out=tmp_path, since=SINCE, at=AT + timedelta(days=3))
    assert again.manifest is not None
    assert again.manifest.run == made.manifest.run
    assert again.manifest.files == made.manifest.files


def test_no_customer_is_named_in_the_report(made: Lifecycle, out: Path) -> None:
    manifest = read_manifest(out)
    page = manifest.path("lifecycle").read_text()
    ids = pq.read_table(manifest.path("states.parquet"), columns=["customer_id"])
    assert not [one for one in ids["customer_id"].to_pylist() if one in page]
    assert f"{made.standing.wrong:,} of the {made.standing.states['active']:,}" in page


def test_a_failed_run_leaves_nothing(
    study: Study, log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up half way through the CSV file leaves no result to trust."""

    def full(*_: object) -> object:
        raise OSError("No space left on device")

    monkeypatch.setattr(lifecycle_module, "to_csv_bytes", full)
    with pytest.raises(OSError, match="No space"):
        lifecycle(study, CUTOFF, out=tmp_path, periods=1, log=log)
    assert not [p for p in tmp_path.iterdir() if p.name != ".lock"]


def test_the_files_of_a_french_base_speak_one_language(
    study: Study, log: EventLog, made: Lifecycle, out: Path, tmp_path: Path
) -> None:
    """Moves end in the words of the customers' file, for Parquet holds the codes."""
    french = study.model_copy(update={"language": "fr"})
    found = lifecycle(french, CUTOFF, out=tmp_path, since=SINCE, log=log, at=AT).manifest
    assert found is not None
    people, moves, moved = (
        pd.read_csv(found.path(name), sep=";", decimal=",", encoding="utf-8-sig", dtype=str,
                    keep_default_na=False)
        for name in ("states.csv", "transitions", "movers")
    )  # fmt: skip
    for column, part in moves.groupby("column"):
        ends = part[part["to"] != ""].astype({"customers": int}).groupby("to")["customers"].sum()
        here = people[column].replace("", pd.NA).value_counts()
        assert ends.to_dict() == here.to_dict(), column
    assert set(moved["from"]) | set(moved["to"]) == {"actif", "inactif"}
    for column in IN_FRENCH:
        said = set(people[column]) - {""}
        assert said <= set(IN_FRENCH[column].values()), column
    mine, theirs = (m.path("states.parquet").read_bytes()
                    for m in (found, read_manifest(out)))  # fmt: skip
    assert mine == theirs


def test_the_short_first_period_is_not_in_the_mean(study: Study, log: EventLog) -> None:
    base = gather(study, CUTOFF, since=CUTOFF - timedelta(days=60), log=log)
    assert len(base.dates) == 4
    steps = standing(base).steps
    assert steps is not None
    assert steps.periods == 2


@pytest.mark.long
def test_in_a_notebook(study: Study, log: EventLog, made: Lifecycle, base: Base) -> None:
    """Dates as text, any column, rows that sum to 1; the same figures as the command's."""
    frame = rv.states(study, log, "2024-09-02")
    assert frame["state"].value_counts().to_dict() == made.standing.states
    assert list(frame["customer_id"]) == sorted(frame["customer_id"])
    moves = rv.transitions(study, log, ["2024-05-13", CUTOFF])
    assert moves == made.standing.moves
    for column in ("group", "rfm_recency"):
        found = rv.transitions(study, log, [SINCE, "2024-06-10", CUTOFF], column)
        assert found.periods == 2
        for row in found.shares:
            assert np.isnan(row[0]) or sum(row) == pytest.approx(1)
    assert rv.transitions(study, log, [SINCE, CUTOFF], "engagement_band").labels == (
        "none", "low", "medium", "high",
    )  # fmt: skip
    with pytest.raises(StudyError, match="is not a date"):
        rv.states(study, log, "01/09/2024")
    with pytest.raises(StudyError, match="do not ascend"):
        rv.transitions(study, log, [CUTOFF, SINCE])
    with pytest.raises(DataError, match="at least two"):
        rv.transitions(study, log, [CUTOFF])
    with pytest.raises(DataError, match="there is no column 'colour'"):
        rv.transitions(study, log, [SINCE, CUTOFF], "colour")


@pytest.mark.long
def test_states_of_the_next_month_do_not_change_these(study: Study, log: EventLog) -> None:
    """Cut at the cutoff, the log gives the same history, moves and margin."""
    cut = replace(log.before(CUTOFF))
    whole, half = (standing(gather(study, CUTOFF, periods=1, log=one)) for one in (log, cut))
    assert whole == half
