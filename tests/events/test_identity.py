"""Who is who: ids merge as the study asks, no further, and the audit counts what it leaves apart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import ibis
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reveil.engine.duckdb import DuckDB
from reveil.errors import DataError
from reveil.events.customers import held_at
from reveil.events.identity import (
    CUSTOMERS,
    Identity,
    merged_customers,
    open_identity,
    reconciled,
    written,
)
from reveil.events.log import EventLog, open_log, seconds
from reveil.events.lookalikes import audit_identity
from reveil.events.roles import roles_of
from reveil.events.settings import CustomersSettings, IdentitySettings, SourceSettings
from reveil.windows import Coverage

COVERAGE = Coverage(start=date(2011, 1, 1), end=date(2012, 1, 1))
RULES = ("case", "spaces", "leading_zeros")


def rows_of(*pairs: tuple[str, str]) -> ibis.Table:
    sources, ids = zip(*pairs, strict=True)
    return ibis.memtable({"source": list(sources), "customer_id": list(ids), "n": range(len(ids))})


def ids_of(table: ibis.Table) -> list[str]:
    return [str(i) for i in table.order_by("n").to_pyarrow()["customer_id"].to_pylist()]


@pytest.fixture
def linked(db: DuckDB, tmp_path: Path) -> Callable[..., Identity]:
    """Write link tables and read them as a study does; each is a CSV and what is said of it."""

    def opened(*tables: str, same: tuple[str, ...] = (), **said: str) -> Identity:
        links = []
        for number, text in enumerate(tables):
            path = tmp_path / f"links {number}.csv"
            path.write_text(text)
            links.append({"path": path, "id": "id", "customer": "is", **said})
        said_so = IdentitySettings.model_validate({"same": same, "links": links})
        return open_identity(db, said_so, ["web", "shop"])

    return opened


def test_links_of_sources_that_nobody_has_are_refused(linked: Callable[..., Identity]) -> None:
    """Otherwise no id would be linked, in silence."""
    with pytest.raises(
        DataError, match=r'column "of" .* names no source of the study \(web, shop\)'
    ):
        linked("id,is,of\n7,anna,Boutique\n", source="of")


def test_nothing_is_merged_that_is_not_asked_for() -> None:
    """Without settings every id stays the text it was, and the table is not touched at all."""
    rows = rows_of(("web", "a"), ("shop", "A"), ("shop", "0A"))
    assert reconciled(rows, Identity()) is rows


@pytest.mark.parametrize(
    ("same", "expected"),
    [
        (("case",), ["AB 1", "0AB1", " A B1", "0", "000"]),
        (("spaces",), ["ab1", "0Ab1", "AB1", "0", "000"]),
        (("leading_zeros",), ["ab 1", "Ab1", " A B1", "0", "0"]),
        (RULES, ["AB1", "AB1", "AB1", "0", "0"]),
    ],
)
def test_ids_are_written_one_way(same: tuple[str, ...], expected: list[str]) -> None:
    """Capitals, no white space, no leading zeros: each only where it is asked for."""
    rows = rows_of(*(("web", v) for v in ["ab 1", "0Ab1", " A B1", "0", "000"]))
    assert ids_of(reconciled(rows, Identity(same=same))) == expected


@given(st.text("aA 0\u00a0é1", min_size=1, max_size=8), st.sets(st.sampled_from(RULES)))
def test_writing_twice_changes_nothing(text: str, same: set[str]) -> None:
    """A written id is its own writing: link tables and sources meet whatever was written first."""
    once = written(ibis.literal(text), sorted(same))
    assert once.to_pyarrow().as_py() == written(once, sorted(same)).to_pyarrow().as_py()


def test_links_are_followed_one_after_the_other(linked: Callable[..., Identity]) -> None:
    """Source id -> person -> company; who has no link stays who they are, with all their rows."""
    who = linked("id,is\ncard 1,p1\ncard 2,p2\n", "id,is\np1,ACME\n")
    rows = rows_of(("a", "card 1"), ("a", "card 2"), ("b", "p1"), ("b", "x"), ("b", "x"))
    assert ids_of(reconciled(rows, who)) == ["ACME", "p2", "ACME", "x", "x"]


def test_a_link_of_one_source_leaves_the_others_alone(linked: Callable[..., Identity]) -> None:
    """The same number in two sources may be two people; the customers table has a name too."""
    who = linked(f"id,is,of\n7,anna,web\n7,bob,shop\n8,carl,{CUSTOMERS}\n", source="of")
    rows = rows_of(("web", "7"), ("shop", "7"), ("mail", "7"), (CUSTOMERS, "8"))
    assert ids_of(reconciled(rows, who)) == ["anna", "bob", "7", "carl"]


def test_link_tables_are_written_as_ids_are(linked: Callable[..., Identity]) -> None:
    """`same` holds for both columns of a link table, so that its writing does not matter."""
    who = linked("id,is\nab1,acme\n", same=("case",))
    assert ids_of(reconciled(rows_of(("web", "Ab1"), ("web", "Acme")), who)) == ["ACME", "ACME"]


def test_an_id_with_two_customers_is_refused_and_not_shown(
    linked: Callable[..., Identity],
) -> None:
    """Two answers for an id: the count, the columns, what to do; equal answers are one."""
    linked("id,is\nC4711,anna\nC4711,anna\n")
    with pytest.raises(DataError, match="1 values of") as told:
        linked("id,is\nC4711,anna\nC4711,bob\nC4712,bob\n")
    assert "C4711" not in str(told.value)
    assert "anna" not in str(told.value)


def test_a_circle_of_links_is_refused(linked: Callable[..., Identity]) -> None:
    """Followed once, a <-> b would exchange two customers."""
    with pytest.raises(DataError, match="in circles"):
        linked("id,is\na,b\nb,a\n")


def test_a_link_to_a_link_is_followed_once_and_told(linked: Callable[..., Identity]) -> None:
    """The table named twice follows it twice."""
    table = "id,is\na,b\nb,c\nc,c\n"
    who = linked(table)
    assert [(f.check, f.rows) for f in who.findings] == [("link followed once", 1)]
    assert ids_of(reconciled(rows_of(("web", "a")), who)) == ["b"]
    assert ids_of(reconciled(rows_of(("web", "a")), linked(table, table))) == ["c"]


def test_links_without_an_answer_are_told(linked: Callable[..., Identity]) -> None:
    """A row without an id or a customer links nobody; a table of nothing else is a mistake."""
    who = linked("id,is\na,b\n,b\nc,\n")
    assert [(f.check, f.rows) for f in who.findings] == [("link without answer", 2)]
    with pytest.raises(DataError, match="no row of"):
        linked("id,is\n,b\n")


def test_a_missing_column_of_a_link_table_is_named(linked: Callable[..., Identity]) -> None:
    """With the nearest of its own names."""
    with pytest.raises(DataError, match=r'no column "is".*\n.*`iss`'):
        linked("id,iss\na,b\n")


def test_ids_that_no_link_knows_are_counted_by_source(linked: Callable[..., Identity]) -> None:
    """Whom a later table renames is known; a source that writes customers already is known too."""
    who = linked("id,is\ncard,p1\ncard 2,p2\n", "id,is\np1,ACME\n")
    rows = rows_of(
        ("a", "card"), ("a", "card 2"), ("a", "?"), ("b", "p1"), ("b", "p9"), ("b", "p8")
    )
    found = audit_identity(reconciled(rows, who), who)
    told = [(f.fix.split(":")[1].split(" does")[0], f.source, f.rows) for f in found]
    assert told == [
        (" links 0.csv", "a", 1), (" links 0.csv", "b", 2),
        (" links 1.csv", "a", 2), (" links 1.csv", "b", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["a", "b", "10", "010"], {"leading zeros": 1}),
        (["ab", "AB", "Ab", "b"], {"case": 2}),
        (["a b", "ab", "a\u00a0b"], {"spaces": 2}),
        (["0ab", "AB"], {"several of these": 1}),
        (["a", "b", "c"], {}),
    ],
)
def test_look_alikes_are_counted_and_kept_apart(ids: list[str], expected: dict[str, int]) -> None:
    """How many ids would become somebody else's, by rule, with the line that would do it."""
    found = audit_identity(rows_of(*(("web", i) for i in ids)), Identity())
    assert {f.check.removeprefix("ids that differ by "): f.rows for f in found} == expected
    for f in found:
        assert not any(i in f.say("en") + f.say("fr") for i in ids if len(i) > 1)


def test_the_line_to_write_makes_look_alikes_one() -> None:
    """Whoever writes what the audit says is not told again."""
    rows = rows_of(("web", "0ab"), ("shop", "AB"), ("mail", "a b"))
    (found,) = audit_identity(rows, Identity())
    same = found.line.removeprefix("identity: {same: [").removesuffix("]}").split(", ")
    who = Identity(same=tuple(same))
    assert ids_of(reconciled(rows, who)) == ["AB", "AB", "AB"]
    assert audit_identity(reconciled(rows, who), who) == []


def test_rows_of_one_customer_merge_by_rule() -> None:
    """Consent of all, one working address, the earliest day, the latest end; and not known is no."""
    table = ibis.memtable(
        pd.DataFrame(
            {
                "customer_id": ["A", "A", "B", "B"],
                "since_s": [5, 3, 1, 2],
                "contract_end_s": pd.array([7, None, None, None], dtype="Int64"),
                "consent_email": pd.array([True, None, True, True], dtype="boolean"),
                "usable_email": [False, True, False, False],
                "wants_email": pd.array([True, None, False, True], dtype="boolean"),
                "objection": [False, True, False, False],
                "in_target": [True, False, False, False],
            }
        )
    )
    merged = merged_customers(table).order_by("customer_id").to_pyarrow().to_pylist()
    assert [list(row.values()) for row in merged] == [
        ["A", 3, 7, False, True, True, True, True],
        ["B", 1, None, True, False, False, False, False],
    ]
    with pytest.raises(ValueError, match="`shoe_size`"):
        merged_customers(table.mutate(shoe_size=42))


CONTACTS = """contact_id,company_id,since,opt_in,address_ok,from,until
k1,ACME,2010-05-01,yes,yes,2010-01-01,2011-06-01
k2,ACME,2010-02-01,no,yes,2010-02-01,2011-03-01
k3,BOLT,2010-03-01,yes,no,2010-01-01,
"""


def rolled_up(db: DuckDB, folder: Path, **said: str) -> EventLog:
    """Orders by contact, rolled up to the company by the contacts table itself."""
    contacts = folder / "contacts.csv"
    contacts.write_text(CONTACTS)
    (folder / "orders.csv").write_text(
        "who,day,total,no\nk1,2011-02-01,10,1\nk2,2011-02-03,20,2\nk3,2011-02-05,40,3\n"
    )
    source = SourceSettings.model_validate(
        {
            "name": "shop",
            "path": folder / "orders.csv",
            "columns": {"customer": "who", "at": "day", "amount": "total", "order": "no"},
            "kind": "purchase",
        }
    )
    customers = CustomersSettings.model_validate(
        {
            "path": contacts,
            "customer": "contact_id",
            "since": "since",
            "consent": {"email": "opt_in"},
            "usable": {"email": "address_ok"},
            **said,
        }
    )
    identity = IdentitySettings.model_validate(
        {"links": [{"path": contacts, "id": "contact_id", "customer": "company_id"}]}
    )
    return open_log(db, [source], customers, COVERAGE, roles_of({}), identity=identity)


def test_contacts_of_a_company_are_one_customer(db: DuckDB, tmp_path: Path) -> None:
    """The orders of both; known since the first; written to only if all who are known consent."""
    log = rolled_up(db, tmp_path)
    orders = log.events.group_by("customer_id").agg(
        n=log.events.count(), sum=log.events.amount.sum()
    )
    assert orders.order_by("customer_id").to_pyarrow().to_pylist() == [
        {"customer_id": "ACME", "n": 2, "sum": 300_000},
        {"customer_id": "BOLT", "n": 1, "sum": 400_000},
    ]
    customers = log.before(date(2011, 1, 1)).customers
    assert customers is not None
    people = customers.order_by("customer_id").to_pyarrow().to_pylist()
    assert people == [
        {"customer_id": "ACME", "since_s": seconds(date(2010, 2, 1)), "consent_email": False,
         "usable_email": True},
        {"customer_id": "BOLT", "since_s": seconds(date(2010, 3, 1)), "consent_email": True,
         "usable_email": False},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cutoff", "consent", "usable"),
    [(date(2011, 2, 10), False, True), (date(2011, 7, 1), False, False)],
)
def test_each_contact_is_judged_by_their_own_period(
    db: DuckDB, tmp_path: Path, cutoff: date, consent: bool, usable: bool
) -> None:
    """The row that held is chosen per contact, and only then do contacts become the company."""
    log = rolled_up(db, tmp_path, valid_from="from", valid_until="until")
    assert log.customers is not None
    people = (
        held_at(log.customers, seconds(cutoff)).order_by("customer_id").to_pyarrow().to_pylist()
    )
    assert [p["customer_id"] for p in people] == ["ACME", "BOLT"]
    assert (people[0]["consent_email"], people[0]["usable_email"]) == (consent, usable)
