"""A folder of files becomes a study that reads them: what went in comes out of the log."""

from __future__ import annotations

import json
import os
import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from reveil.config import load_study
from reveil.engine.duckdb import DuckDB
from reveil.engine.settings import EngineSettings
from reveil.errors import DataError, ReveilError, StudyError
from reveil.events.log import EventLog
from reveil.pipeline.observing import open_events, splits_of
from reveil.pipeline.starting import Started, start_study


@dataclass(frozen=True, slots=True)
class Order:
    """One order of a made-up shop."""

    who: str
    day: date
    amount: float
    number: str


def orders() -> list[Order]:
    """Two years of orders of 120 customers, in the order of time."""
    chance = random.Random(11)
    found = []
    for customer in range(120):
        day = date(2022, 1, 1) + timedelta(chance.randrange(200))
        while day < date(2024, 1, 1):
            number = f"F{len(found) + 10_000}"
            found.append(Order(f"C{customer:05d}", day, round(chance.uniform(1, 2000), 2), number))
            day += timedelta(chance.randrange(5, 120))
    return sorted(found, key=lambda o: (o.day, o.number))


ORDERS = orders()
UNITS = sum(round(o.amount * 10_000) for o in ORDERS)


def euro(amount: float) -> str:
    """Write money as a French export does: 1 234,50."""
    return f"{amount:,.2f}".replace(",", " ").replace(".", ",")


def french(folder: Path) -> None:
    """One CSV of a till in France: cp1252, semicolons, commas, thousands apart."""
    lines = ["N° client;Date d'achat;N° facture;Montant TTC (€)"]
    lines += [f"{o.who};{o.day:%d/%m/%Y};{o.number};{euro(o.amount)}" for o in ORDERS]
    (folder / "Ventes été (définitif).csv").write_bytes("\n".join(lines).encode("cp1252"))


def american(folder: Path) -> None:
    """Tabs, UTF-16, the month first."""
    lines = ["customer_id\torder_date\torder_id\ttotal_amount"]
    lines += [f"{o.who}\t{o.day:%m/%d/%Y}\t{o.number}\t{o.amount}" for o in ORDERS]
    (folder / "orders.txt").write_bytes("\n".join(lines).encode("utf-16"))


def monthly(folder: Path) -> None:
    """Write a file per month: dates without dashes, a currency sign."""
    for year in (2022, 2023):
        for month in range(1, 13):
            part = [o for o in ORDERS if (o.day.year, o.day.month) == (year, month)]
            lines = ["carte|jour|ticket|ttc"]
            lines += [f"{o.who}|{o.day:%Y%m%d}|{o.number}|{o.amount} €" for o in part]
            (folder / f"tickets_{year}-{month:02d}.csv").write_text("\n".join(lines), "utf-8")


def hive(folder: Path) -> None:
    """Write a folder per year, days as numbers."""
    for year in (2022, 2023):
        part = [o for o in ORDERS if o.day.year == year]
        place = folder / "achats" / f"annee={year}"
        place.mkdir(parents=True)
        columns = {
            "client_id": [o.who for o in part],
            "date_achat": [int(f"{o.day:%Y%m%d}") for o in part],
            "num_commande": [o.number for o in part],
            "montant": [o.amount for o in part],
        }
        pq.write_table(pa.table(columns), place / "part-0.parquet")


def lines_of_json(folder: Path) -> None:
    """Write an object per order, with an object within."""
    rows = [
        {"user": {"x": 1}, "user_id": o.who, "ts": f"{o.day}T10:11:12Z", "amount": o.amount,
         "order_id": o.number}
        for o in ORDERS
    ]  # fmt: skip
    (folder / "orders.jsonl").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")


def sqlite(folder: Path) -> None:
    """One of two tables of a data base; the other is of customers."""
    with sqlite3.connect(folder / "crm.sqlite") as file:
        file.execute(
            "create table commandes (num_commande, client_id, date_commande, total_ttc real)"
        )
        rows = [(o.number, o.who, str(o.day), o.amount) for o in ORDERS]
        file.executemany("insert into commandes values (?, ?, ?, ?)", rows)
        file.execute("create table clients (client_id, cree_le, optin_sms integer)")
        people = [(who, "2021-06-30", 1) for who in sorted({o.who for o in ORDERS})]
        file.executemany("insert into clients values (?, ?, ?)", people)
    file.close()


def duck(folder: Path) -> None:
    """Write a table of a DuckDB file."""
    backend = DuckDB(EngineSettings(threads=1)).backend
    columns = {
        "customer": [o.who for o in ORDERS],
        "purchased_at": [o.day for o in ORDERS],
        "invoice": [o.number for o in ORDERS],
        "total": [o.amount for o in ORDERS],
    }
    backend.con.register("rows", pa.table(columns))
    backend.con.execute(f"attach '{folder / 'shop.duckdb'}' as made")
    backend.con.execute("create table made.sales as from rows")
    backend.con.execute("detach made")


def lines_of_orders(folder: Path) -> None:
    """Price and quantity on two lines of each order, and a cancelled one."""
    rows = ["client,date,commande,produit,quantite,prix_unitaire,statut"]
    for o in ORDERS:
        head = f"{o.who},{o.day},{o.number}"
        rows += [f"{head},P1,2,{o.amount / 4:.4f},payé", f"{head},P2,1,{o.amount / 2:.4f},payé"]
        rows += [f"{head},P3,1,99.00,annulé"]
    (folder / "commandes.csv").write_text("\n".join(rows), "utf-8")


MAKERS: dict[str, Callable[[Path], None]] = {
    f.__name__: f
    for f in (french, american, monthly, hive, lines_of_json, sqlite, duck, lines_of_orders)
}


def begun(folder: Path, tmp_path: Path) -> tuple[Started, EventLog]:
    """Propose a study elsewhere, and read the log by it."""
    out = tmp_path / "studies" / "study.yaml"
    out.parent.mkdir()
    made = start_study(folder, out)
    assert made.refusal is None, made.refusal
    return made, open_events(load_study(out))


@pytest.mark.parametrize("name", MAKERS)
def test_the_same_orders_come_out_however_they_were_written(name: str, tmp_path: Path) -> None:
    """Every form of the same shop gives the same log: customers, days, orders, money."""
    # Ibis 12 cannot attach a path with an apostrophe.
    folder = tmp_path / ("données" if name == "duck" else "données d'été")
    folder.mkdir()
    MAKERS[name](folder)
    made, log = begun(folder, tmp_path)
    assert made.draft.all_gaps == ()
    rows = log.events.select("customer_id", "kind", "at_s", "order_id", "amount").to_pyarrow()
    found = rows.to_pydict()
    assert set(found["kind"]) == {"purchase"}
    days = [date(1970, 1, 1) + timedelta(s // 86_400) for s in found["at_s"]]
    assert sorted(zip(found["customer_id"], days, found["order_id"], strict=True)) == sorted(
        (o.who, o.day, o.number) for o in ORDERS
    )
    assert abs(sum(found["amount"]) - UNITS) <= len(ORDERS)  # quarters of a cent
    splits_of(load_study(made.out))  # the windows leave cutoffs to learn from


def test_customers_and_their_consent_are_read(tmp_path: Path) -> None:
    """The table with one row per customer reaches the log with its dates and answers."""
    sqlite(tmp_path)
    _, log = begun(tmp_path, tmp_path)
    assert log.customers is not None
    people = log.customers.to_pyarrow().to_pydict()
    assert len(people["customer_id"]) == len({o.who for o in ORDERS})
    assert set(people["consent_sms"]) == {True}


def test_what_is_ambiguous_is_refused_by_the_next_command(tmp_path: Path) -> None:
    """A gap is an error that names it, and the line to write mends it."""
    chance = random.Random(3)
    early = [o for o in ORDERS if o.day.day <= 12]
    chance.shuffle(early)
    rows = ["client,date,montant", *(f"{o.who},{o.day:%d/%m/%Y},{o.amount}" for o in early)]
    (tmp_path / "ventes.csv").write_text("\n".join(rows), "utf-8")
    out = tmp_path / "study.yaml"
    made = start_study(tmp_path, out)
    assert isinstance(made.refusal, StudyError)
    assert "which column is `at`" in made.refusal.message
    with pytest.raises(StudyError, match="which column is `at`"):
        load_study(out)
    text = out.read_text("utf-8")
    text = text.replace(
        "# TODO at: {column: date, format: '%d/%m/%Y'}", "at: {column: date, format: '%d/%m/%Y'}"
    )
    text = text.replace("# TODO coverage:", "coverage:")
    text = text.replace("2023-01-01, end: 2025-01-01", "2022-01-01, end: 2024-01-01")
    # The audit, too, finds it strange that no day is after the twelfth.
    out.write_text(f"{text}audit: {{accept: [day and month swapped]}}\n", "utf-8")
    log = open_events(load_study(out))
    assert int(log.events.count().to_pyarrow().as_py()) == len(early)


def test_a_word_that_is_no_kind_is_refused_by_name(tmp_path: Path) -> None:
    """The log is not read as long as somebody's events would be lost in silence."""
    words = ["achat", "clic", "vitrine"]
    rows = ["client,date,evenement"]
    rows += [f"{o.who},{o.day},{words[i % 3]}" for i, o in enumerate(ORDERS)]
    (tmp_path / "journal.csv").write_text("\n".join(rows), "utf-8")
    made = start_study(tmp_path, tmp_path / "study.yaml")
    assert [gap.line for gap in made.draft.all_gaps] == ["vitrine: <kind>"]
    with pytest.raises(ReveilError, match="vitrine"):
        open_events(load_study(made.out))


@pytest.mark.parametrize("content", ["a;b\n1;2\n", "x,y\nfoo,bar\nfoo,baz\n"])
def test_a_folder_without_events_gives_a_study_that_says_so(tmp_path: Path, content: str) -> None:
    """Nothing is made up: the study has no source, and reading it names the key."""
    (tmp_path / "notes.csv").write_text(content, "utf-8")
    made = start_study(tmp_path, tmp_path / "study.yaml")
    assert made.draft.sources == ()
    assert [gap.what for gap in made.draft.all_gaps] == ["no table has a customer and a date"]
    assert isinstance(made.refusal, StudyError)
    assert "`sources` is required" in made.refusal.message
    text = made.out.read_text("utf-8")
    assert "no table has a customer and a date" in text
    # Without its marks, the line that is asked for is the setting.
    (source,) = yaml.safe_load(text.replace("# TODO ", ""))["sources"]
    assert source["columns"] == {"customer": "id", "at": "date"}


def headerless() -> str:
    """Orders and addresses, from the first line on."""
    rows = (f"{o.who},{o.who.lower()}@example.fr,{o.day},{o.amount}" for o in ORDERS)
    return "\n".join(rows)


def test_a_file_without_header_is_a_gap(tmp_path: Path) -> None:
    """It is asked for its names, no source is made of it, and its first row is written nowhere."""
    (tmp_path / "ventes.csv").write_text(headerless(), "utf-8")
    made = start_study(tmp_path, tmp_path / "study.yaml")
    (gap,) = made.draft.all_gaps
    assert "ventes.csv" in gap.what
    assert "give the file a header" in gap.what
    assert made.draft.sources == ()
    assert isinstance(made.refusal, StudyError)
    text = made.out.read_text("utf-8")
    assert gap.what in text
    said = f"{text}{made.draft.all_gaps}{made.refusal}"
    for value in headerless().partition("\n")[0].split(","):
        assert value not in said
    (source,) = yaml.safe_load(text.replace("# TODO ", ""))["sources"]
    assert source["name"] == "ventes"


def test_a_file_without_header_leaves_the_others_alone(tmp_path: Path) -> None:
    """Beside it, the orders are read as ever; the gap stands in a study that can be read."""
    folder = tmp_path / "exports"
    folder.mkdir()
    american(folder)
    alone = start_study(folder, tmp_path / "alone.yaml").draft.sources
    (folder / "mails.csv").write_text(headerless(), "utf-8")
    made, log = begun(folder, tmp_path)
    assert [s.entries for s in made.draft.sources] == [s.entries for s in alone]
    assert int(log.events.count().to_pyarrow().as_py()) == len(ORDERS)
    (gap,) = made.draft.all_gaps
    assert "mails.csv" in gap.what
    assert [t.sample.name for t, _ in made.draft.unused] == ["mails"]


def test_a_study_that_is_there_is_left_alone(tmp_path: Path) -> None:
    """Without `force` not a byte moves; with it, the old study is replaced whole."""
    american(tmp_path)
    out = tmp_path / "study.yaml"
    out.write_text("mine", "utf-8")
    with pytest.raises(StudyError, match="is there already"):
        start_study(tmp_path, out)
    assert out.read_text("utf-8") == "mine"
    out.unlink()
    start_study(tmp_path, out)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["orders.txt", "study.yaml"]
    start_study(tmp_path, out, force=True)
    assert out.read_text("utf-8").startswith("# Proposed by `reveil init`")
    assert sorted(f.name for f in tmp_path.iterdir()) == ["orders.txt", "study.yaml"]


def test_a_failure_leaves_no_file(tmp_path: Path) -> None:
    """Neither a study nor a scratch file, whether the data or the place is wrong."""
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(DataError, match=r"empty\.csv is empty"):
        start_study(tmp_path, tmp_path / "study.yaml")
    with pytest.raises(StudyError, match="does not exist"):
        start_study(tmp_path, tmp_path / "gone" / "study.yaml")
    with pytest.raises(StudyError, match="is a folder"):
        start_study(tmp_path, tmp_path, force=True)
    assert [f.name for f in tmp_path.iterdir()] == ["empty.csv"]


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    """Whatever order the folder lists them in."""
    for maker in (american, lines_of_json, sqlite):
        maker(tmp_path)
    texts = [start_study(tmp_path, tmp_path / f"{i}.yaml").out.read_text("utf-8") for i in range(2)]
    assert texts[0] == texts[1]


def test_online_retail(online_retail: Path, tmp_path: Path) -> None:
    """Real input: the proposal maps the invoices as the study of the repository does."""
    made = start_study(online_retail.parent, tmp_path / "study.yaml")
    assert made.draft.all_gaps == ()
    assert made.refusal is None
    (proposed,) = load_study(made.out).sources
    models = Path(__file__).parents[2] / "models" / "online_retail"
    (ours,) = load_study(models / "study.yaml").sources
    assert proposed.columns == ours.columns
    assert load_study(made.out).coverage == load_study(models / "study.yaml").coverage


@pytest.fixture(scope="module")
def complete_journey(require: Callable[[bool, str, str], None]) -> Path:
    """Find Complete Journey under `REVEIL_DATA`."""
    folder = Path(os.environ.get("REVEIL_DATA") or ".") / "complete_journey"
    require(
        "REVEIL_DATA" in os.environ and (folder / "campaigns.parquet").is_file(),
        "Complete Journey",
        "write the tables of the R package completejourney as Parquet files in complete_journey/, "
        "and set REVEIL_DATA to the folder above",
    )
    return folder


def test_complete_journey(complete_journey: Path, tmp_path: Path) -> None:
    """Real input: three files of events, dates and departments from two others, households apart."""
    made = start_study(complete_journey, tmp_path / "study.yaml")
    (gap,) = made.draft.all_gaps
    assert (gap.where, gap.line) == ("campaigns", "kind: print_sent")
    assert isinstance(made.refusal, StudyError)
    assert "`sources.1.kind` is required" in made.refusal.message
    made.out.write_text(made.out.read_text("utf-8").replace("# TODO ", ""), "utf-8")
    study = load_study(made.out)
    columns = {s.name: {k: c.label for k, c in s.columns.items()} for s in study.sources}
    assert columns == {
        "transactions_sample": {
            "customer": "household_id", "at": "transaction_timestamp", "order": "basket_id",
            "item": "product_id", "category": "product_category", "amount": "sales_value",
        },
        "campaigns": {
            "customer": "household_id", "at": "start_date", "campaign": "campaign_id",
        },
        "coupon_redemptions": {
            "customer": "household_id", "at": "redemption_date", "campaign": "campaign_id",
            "offer": "coupon_upc",
        },
    }  # fmt: skip
    assert study.customers is None  # a third of the households, and nothing that a log reads
    assert {t.sample.name for t, _ in made.draft.unused} == {"coupons", "demographics"}
    assert (study.coverage.start, study.coverage.end) == (date(2017, 1, 1), date(2018, 1, 1))
    log = open_events(study)
    assert log.kinds == ("coupon_redemptions", "print_sent", "purchase")
    assert (
        "start_date"
        in yaml.safe_load(made.out.read_text("utf-8"))["sources"][1]["lookups"][0]["columns"]
    )


def test_the_study_of_complete_journey_makes_one_log(complete_journey: Path) -> None:
    """The study of the repository: baskets, mailings and redemptions of the same households."""
    study = load_study(Path(__file__).parents[2] / "models" / "complete_journey" / "study.yaml")
    assert study.sources[0].path is not None
    assert study.sources[0].path.file.parent.resolve() == complete_journey.resolve()
    log = open_events(study)
    kinds = log.events.group_by("kind").aggregate(n=log.events.count()).to_pyarrow().to_pydict()
    counts = dict(zip(kinds["kind"], kinds["n"], strict=True))
    assert counts["coupon_redeemed"] == 2102
    assert counts["print_sent"] == 6589 - 147
    assert 46_000 < counts["purchase"] < 47_243
