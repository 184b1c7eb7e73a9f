"""The lifecycle of bases without a simulation: three customers typed by hand, and a real shop."""

from __future__ import annotations

import io
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shop import merged, written

from reveil.config import Study, load_study
from reveil.errors import DataError, StudyError
from reveil.pipeline.lifecycle import lifecycle
from reveil.pipeline.standing import MOST_DATES, dates_of
from reveil.windows import STEP

RETAIL = Path(__file__).parents[2] / "models" / "online_retail" / "study.yaml"

ROWS = """\
client,date,montant,commande,quoi
=1+1,2024-03-01,10.50,o1,purchase
-A2,2024-03-02,20.00,o2,purchase
A3,2024-06-05,12.00,o3,purchase
A3,2024-11-05,,,visit
"""


def typed(tmp_path: Path, **changes: object) -> Study:
    (tmp_path / "ventes.csv").write_text(ROWS, "utf-8")
    raw = {
        "name": "boutique",
        "sources": [
            {"name": "ventes", "path": "ventes.csv",
             "columns": {"customer": "client", "at": "date", "amount": "montant",
                         "order": "commande"},
             "kind": {"column": "quoi"}}
        ],
        "coverage": {"start": "2023-01-01", "end": "2025-01-01"},
        "activity": {"any_of": ["purchase", "visit"], "within": "90 days"},
        "windows": {"observation": "364 days", "horizon": "90 days"},
        "cutoffs": {"min_history": "180 days"},
    }  # fmt: skip
    return load_study(written(tmp_path, merged(raw, changes)))


def test_a_french_study_writes_french_files(tmp_path: Path) -> None:
    """Semicolons and commas, labels in words, ids that a spreadsheet would run made harmless."""
    study = typed(tmp_path, language="fr")
    found = lifecycle(study, date(2024, 12, 2), out=tmp_path / "out")
    assert found.manifest is not None
    text = found.manifest.path("states.csv").read_bytes()
    assert text.startswith("\N{ZERO WIDTH NO-BREAK SPACE}customer_id;cutoff;".encode())
    table = pd.read_csv(
        io.BytesIO(text),
        sep=";",
        decimal=",",
        encoding="utf-8-sig",
        dtype={"rfm": str, "dormant": str},
    )
    assert list(table["customer_id"]) == ["'-A2", "'=1+1", "A3"]
    assert list(table["state"]) == ["inactif", "inactif", "actif"]
    assert list(table["buyer"]) == ["une commande"] * 3
    assert list(table["engagement_band"]) == ["faible", "faible", "moyen"]
    assert (table["risk"][2], set(table["dormant"])) == ("stable", {"FAUX"})
    assert list(table["group"]) == [
        "endormi, une commande", "endormi, une commande", "engagé sans achat récent",
    ]  # fmt: skip
    assert table["activity_recency_days"].tolist() == [275.0, 276.0, 27.0]
    assert table["commercial_at"].tolist() == ["2024-03-02", "2024-03-01", "2024-06-05"]
    page = found.manifest.path("lifecycle").read_text()
    assert "déclarerait inactifs 1 des 1 clients actifs" in page
    assert found.movers == ()


def test_the_first_days_of_a_log_have_no_earlier_date(tmp_path: Path) -> None:
    """Nobody could have become inactive yet: the present is told alone."""
    study = typed(tmp_path, coverage={"start": "2024-03-01", "end": "2025-01-01"},
                  cutoffs={"min_history": "90 days"})  # fmt: skip
    found = lifecycle(study, date(2024, 6, 6), out=tmp_path / "out")
    assert list(found.standing.history) == [date(2024, 6, 6)]
    assert found.standing.moves is None
    assert found.standing.states == {"inactive": 2, "active": 1}
    assert found.manifest is not None
    assert found.manifest.path("transitions").read_text("utf-8-sig").count("\n") == 1


def test_nobody_known_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no customer is known before 2024-02-01"):
        lifecycle(typed(tmp_path), date(2024, 2, 1))


def test_a_log_without_orders_is_told_all_the_same(tmp_path: Path) -> None:
    """A service that is used: no RFM edges, no features to compare by, everything else."""
    study = typed(
        tmp_path, activity={"any_of": ["visit"], "joins_by": ["visit"], "within": "60 days"}
    )
    source = study.sources[0].model_copy(update={"where": "\"quoi\" = 'visit'"})
    study = study.model_copy(update={"sources": (source,)})
    found = lifecycle(study, date(2024, 12, 2), out=tmp_path / "out", periods=1)
    assert found.standing.states == {"active": 1}
    assert (found.standing.wrong, found.standing.wrong_margin) == (1, 0)
    assert found.manifest is not None
    assert "rfm_edges" not in found.manifest.files
    assert "never ordered" in found.manifest.path("lifecycle").read_text()


@pytest.fixture(scope="module")
def any_study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return typed(tmp_path_factory.mktemp("dates"))


@given(st.integers(1, 730), st.integers(1, 730))
def test_dates_step_back_evenly_from_the_cutoff(any_study: Study, a: int, b: int) -> None:
    """From the date asked for to the cutoff, ascending, never too many, the first step alone short."""
    start = any_study.coverage.start
    since, cutoff = (start + timedelta(days=d) for d in sorted((a, b)))
    if since == cutoff:
        return
    days = dates_of(any_study, cutoff, since=since)
    steps = [y - x for x, y in pairwise(days)]
    assert (days[0], days[-1]) == (since, cutoff)
    assert len(days) <= MOST_DATES + 1
    assert all(step == steps[-1] for step in steps[1:])
    assert timedelta(0) < steps[0] <= steps[-1]
    assert len(steps) == 1 or not steps[-1] % STEP


def test_periods_and_the_default_stay_inside_the_coverage(any_study: Study) -> None:
    """13 periods where there is room behind the first date for somebody to fall inactive."""
    assert dates_of(any_study, date(2024, 12, 2), periods=2)[0] == date(2024, 10, 7)
    assert len(dates_of(any_study, date(2024, 12, 2))) == 14
    assert len(dates_of(any_study, date(2023, 6, 1))) == 3
    assert dates_of(any_study, date(2023, 2, 1)) == (date(2023, 2, 1),)
    with pytest.raises(StudyError, match="2 periods of 28 days before 2023-02-01") as caught:
        dates_of(any_study, date(2023, 2, 1), periods=2)
    assert "1 fit" in str(caught.value)
    assert dates_of(any_study, date(2023, 2, 1), periods=1)[0] == date(2023, 1, 4)
    with pytest.raises(StudyError, match="is not before the cutoff"):
        dates_of(any_study, date(2023, 2, 1), since=date(2023, 2, 1))
    with pytest.raises(StudyError, match="outside the coverage"):
        dates_of(any_study, date(2023, 2, 1), since=date(2022, 2, 1))


@pytest.mark.long
def test_online_retail_as_pandas_counts_it(online_retail: Path) -> None:
    """Active, inactive and prospect at two dates, and the moves, from the raw invoices."""
    study = load_study(RETAIL)
    found = lifecycle(study, date(2011, 9, 1)).standing
    raw = pd.read_parquet(online_retail).dropna(subset=["Customer ID"])
    raw = raw[raw["InvoiceDate"] >= "2009-12-01"]
    goods = raw["StockCode"].astype(str).str.match(r"[0-9]{5}")
    bought = raw[goods & (raw["Quantity"] > 0) & (raw["Price"] > 0)]

    def states_at(day: date) -> pd.Series:
        t = pd.Timestamp(day)
        known = raw.loc[raw["InvoiceDate"] < t, "Customer ID"].unique()
        orders = bought[bought["InvoiceDate"] < t].groupby(["Customer ID", "Invoice"])
        last = orders["InvoiceDate"].min().groupby("Customer ID").max().reindex(known)
        late = t - last > pd.Timedelta(days=180)
        return (
            last.isna()
            .map({True: "prospect"})
            .fillna(late.map({True: "inactive", False: "active"}))
        )

    was, is_now = states_at(date(2010, 9, 2)), states_at(date(2011, 9, 1))
    assert found.states == is_now.value_counts().to_dict()
    assert found.states == {"active": 2_768, "inactive": 2_456, "prospect": 90}
    assert found.moves is not None
    both = pd.DataFrame({"was": was, "now": is_now})
    table = pd.crosstab(both["was"], both["now"])
    for i, a in enumerate(found.moves.labels):
        for j, b in enumerate(found.moves.labels):
            there = a in table.index and b in table.columns
            assert found.moves.counts[i][j] == (table.loc[a, b] if there else 0)
    assert (found.purchases_only, found.wrong) == (True, 0)


def test_a_text_of_the_customers_table_is_no_quantity(tmp_path: Path) -> None:
    """Its place among its levels is compared between nobody; numbers of the table are."""
    people = range(240)
    (tmp_path / "people.csv").write_text(
        "id,tier,age\n"
        + "".join(f"c{n},{'gold' if n % 2 else 'silver'},{20 + n}\n" for n in people)
    )
    rows = ["client,date,montant,commande,quoi\n"]
    for n in people:
        days = ("2024-03-01", "2024-06-01", "2024-10-01") if n % 2 else ("2024-03-01", "2024-06-01")
        rows += [f"c{n},{day},10,o{n}-{day},purchase\n" for day in days]
    customers = {
        "path": "people.csv",
        "customer": "id",
        "attributes": {"tier": "tier", "age": "age"},
    }
    study = typed(tmp_path, customers=customers)
    (tmp_path / "ventes.csv").write_text("".join(rows), "utf-8")
    found = lifecycle(study, date(2024, 12, 2), since=date(2024, 7, 1), out=tmp_path / "out")
    assert found.standing.states == {"active": 120, "inactive": 120}
    compared = {one.name for one in found.movers[0].contrasts}
    assert "profile_age" in compared
    assert "profile_tier" not in compared
