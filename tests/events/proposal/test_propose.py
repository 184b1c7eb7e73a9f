"""What is proposed for a table: names in two languages, evidence of values, and no guessing."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reveil.events.expressions import row_expression
from reveil.events.proposal.columns import propose_columns
from reveil.events.proposal.draft import Draft
from reveil.events.proposal.profile import Profile, profile
from reveil.events.proposal.profile_files import Sample
from reveil.events.proposal.propose import propose
from reveil.events.proposal.text import study_text
from reveil.events.proposal.windows import lengths_for, span_of
from reveil.events.proposal.words import kind_named
from reveil.events.proposal.yaml import column, expression, literal, scalar
from reveil.events.roles import ROLES
from reveil.events.settings import CustomersSettings, TableSettings

N = 400
RANDOM = random.Random(5)
WHO = [f"C{RANDOM.randrange(90):04d}" for _ in range(N)]
DAYS = [date(2023, 1, 1) + timedelta(days=i) for i in range(N)]
MONEY = [round(RANDOM.lognormvariate(3, 1), 2) for _ in range(N)]
ORDERS = [f"{90_000 + i}" for i in range(N)]
ITEMS = [f"P{RANDOM.randrange(50)}" for _ in range(N)]
COUNTS = [RANDOM.choice([1, 2, 3, -1]) for _ in range(N)]


def table(name: str = "export", **columns: list[object]) -> Profile:
    """Profile a table of these columns."""
    held = pa.table({key: pa.array(values) for key, values in columns.items()})
    place = TableSettings(file=Path(f"/data/{name}.parquet"))
    return profile(Sample(name=name, place=place, table=held, rows=held.num_rows))


def study(draft: Draft) -> dict[str, object]:
    """Read the proposed study back."""
    text = study_text(draft, name="shop", folder=Path("/data"), language="en")
    loaded = yaml.safe_load(text)
    assert isinstance(loaded, dict)
    return loaded


@pytest.mark.parametrize(
    "names",
    [
        ("customer_id", "order_date", "order_id", "total_amount", "sku"),
        ("Customer ID", "InvoiceDate", "Invoice", "Amount", "StockCode"),
        ("N° client", "Date d'achat", "Num commande", "Montant TTC", "Code article"),
        ("ID_ADHERENT", "DATE_TICKET", "NUM_TICKET", "CA", "REF_PRODUIT"),
        ("household_id", "transaction_timestamp", "basket_id", "sales_value", "product_id"),
        ("numclient", "dateachat", "numfacture", "montantht", "article"),
    ],
)
def test_names_are_understood_in_english_and_french(names: tuple[str, ...]) -> None:
    """The five columns of a shop, whatever they are called and in whatever order they stand."""
    values = dict(zip(names, (WHO, DAYS, ORDERS, MONEY, ITEMS), strict=True))
    for order in (names, names[::-1]):
        found = propose_columns(table(**{name: values[name] for name in order}))
        told = {key: p.column for key, p in found.items()}
        assert told == dict(zip(("customer", "at", "order", "amount", "item"), names, strict=True))


@pytest.mark.parametrize(
    ("key", "name", "values"),
    [
        ("customer", "customer_email", [f"{w}@shop.fr" for w in WHO]),
        ("customer", "customer_age_days", [1.5 + i for i in range(N)]),
        ("customer", "client", [True, False] * (N // 2)),
        ("customer", "contact", ["cellular", "telephone"] * (N // 2)),
        ("at", "date", [f"{i} weeks ago" for i in range(N)]),
        ("at", "date_naissance", DAYS),
        ("amount", "montant", ["beaucoup"] * N),
        ("amount", "amount_discount", MONEY),
    ],
)
def test_values_overrule_names(key: str, name: str, values: list[object]) -> None:
    """A name alone is not enough: what the values say against it wins."""
    found = propose_columns(table(**{name: values, "x": ITEMS}))
    assert key not in found or found[key].column != name or found[key].level == "low"


def test_what_many_customers_share_is_no_order() -> None:
    """A shop or a day called `transaction` would merge the purchases of strangers."""
    shared = [f"T{i % 30}" for i in range(N)]
    found = propose_columns(table(client=WHO, date=DAYS, montant=MONEY, transaction=shared))
    assert "order" not in found
    assert (
        propose_columns(table(client=WHO, date=DAYS, transaction=ORDERS))["order"].level == "high"
    )


def test_three_bare_columns() -> None:
    """Names that say nothing: values alone give a proposal, and a low confidence."""
    found = propose_columns(table(id=WHO, d=[str(day) for day in DAYS], v=MONEY))
    assert {key: p.column for key, p in found.items()} == {
        "customer": "id",
        "at": "d",
        "amount": "v",
    }
    assert found["customer"].level == "low"


def test_an_ambiguous_date_is_a_gap_and_no_setting() -> None:
    """Neither reading is written; both stand ready, and nothing is said of the coverage."""
    days = [date(2023, 1 + i % 12, 1 + (i * 7) % 12) for i in range(N)]
    RANDOM.shuffle(days)
    draft = propose([table(client=WHO, date=[f"{d:%d/%m/%Y}" for d in days], montant=MONEY)])
    loaded = study(draft)
    assert "at" not in loaded["sources"][0]["columns"]
    assert "coverage" not in loaded
    assert {gap.line for gap in draft.all_gaps if gap.key == "at"} == {
        "at: {column: date, format: '%d/%m/%Y'}",
        "at: {column: date, format: '%m/%d/%Y'}",
    }


def test_kinds_by_the_sign_of_the_quantity() -> None:
    """Purchases and returns are told apart, and the amount is their product."""
    prices = [abs(m) for m in MONEY]
    (source,) = study(propose([table(client=WHO, date=DAYS, qty=COUNTS, price=prices)]))["sources"]
    assert source["kind"] == {"purchase": '"qty" > 0', "return": '"qty" < 0'}
    assert source["columns"]["amount"] == {"expression": '"qty" * "price"'}


def test_words_of_kinds_are_mapped_and_the_unknown_named() -> None:
    """French words become kinds; one that means nothing known is a gap, not a guess."""
    words = [("achat", "clic", "ouverture", "désabonnement", "vitrine")[i % 5] for i in range(N)]
    draft = propose([table(client=WHO, date=DAYS, evenement=words)])
    (source,) = study(draft)["sources"]
    assert source["kind"]["values"] == {
        "achat": "purchase", "clic": "email_click", "ouverture": "email_open",
        "désabonnement": "unsubscribe",
    }  # fmt: skip
    assert [gap.line for gap in draft.all_gaps] == ["vitrine: <kind>"]


@pytest.mark.parametrize("kind", sorted(set(ROLES) - {"status_loss"}))
def test_every_kind_is_known_by_its_own_name(kind: str) -> None:
    """A column that already holds our kinds needs no mapping."""
    words = [kind, "purchase"] * (N // 2)
    draft = propose([table(client=WHO, date=DAYS, event=words)])
    (source,) = study(draft)["sources"]
    assert "values" not in source["kind"]
    assert draft.all_gaps == ()
    assert kind_named(kind) is not None


def test_a_lookup_brings_the_date_and_the_category() -> None:
    """Rows without a date get it from a table with one row per campaign."""
    campaigns = [f"K{i % 9}" for i in range(N)]
    sent = table("mailings", client=WHO, campaign=campaigns)
    told = table("plan", campaign=[f"K{i}" for i in range(9)], start_date=DAYS[:9])
    other = table("unrelated", campaign=[f"Z{i}" for i in range(9)], start_date=DAYS[:9])
    draft = propose([sent, told, other])
    (source,) = study(draft)["sources"]
    assert source["lookups"] == [
        {"path": "plan.parquet", "key": "campaign", "columns": ["start_date"]}
    ]
    assert source["columns"]["at"] == "start_date"
    assert [t.sample.name for t, _ in draft.unused] == ["unrelated"]
    assert propose([sent, other]).sources[0].lookups == ()


def test_a_table_with_two_rows_per_key_is_no_lookup() -> None:
    """It would multiply events."""
    sent = table("achats", client=WHO, date=DAYS, product=ITEMS)
    twice = table("catalogue", product=[f"P{i // 2}" for i in range(100)], category=["a", "b"] * 50)
    draft = propose([sent, twice])
    assert draft.sources[0].lookups == ()
    assert [t.sample.name for t, _ in draft.unused] == ["catalogue"]


def test_customers_links_and_events_are_told_apart() -> None:
    """One row per customer, two ids, many rows per customer."""
    ids = sorted(set(WHO))
    people = table("clients", client=ids, optin_email=["oui", "non"] * (len(ids) // 2) + ["oui"] * (len(ids) % 2),
                   date_inscription=[date(2022, 1, 20)] * len(ids))  # fmt: skip
    cards = table("cartes", carte=[f"K{i}" for i in range(len(ids))], client=[*ids[:-1], ids[0]])
    sales = table("ventes", client=WHO, date=DAYS, montant=MONEY)
    draft = propose([people, cards, sales])
    assert [s.table.sample.name for s in draft.sources] == ["ventes"]
    assert [link.table.sample.name for link in draft.links] == ["cartes"]
    loaded = study(draft)
    assert loaded["customers"] == {
        "path": "clients.parquet", "customer": "client", "since": "date_inscription",
        "consent": {"email": "optin_email"},
    }  # fmt: skip
    assert "identity" not in loaded  # merging is asked for, never proposed as done


def test_an_id_that_a_link_table_knows_is_the_customer() -> None:
    """Sales by card number, and a table that says whose card it is."""
    ids = sorted(set(WHO))
    cards = table("cartes", no_ticketing=[f"K{who}" for who in ids], client=[*ids[:-1], ids[0]])
    sales = table("ventes", no_ticketing=[f"K{who}" for who in WHO], date=DAYS, montant=MONEY)
    others = table("ventes", no_ticketing=[f"Z{who}" for who in WHO], date=DAYS, montant=MONEY)
    known = propose([cards, sales]).sources[0].entries[0]
    assert (known.text, known.level) == ("no_ticketing", "medium")
    assert "cartes says which customer" in known.reason
    assert propose([cards, others]).sources[0].entries[0].level == "low"


def test_a_log_without_purchases_asks_what_is_coming_back() -> None:
    """Billing and logins are no purchase: the label is a gap, the preset that of subscriptions."""
    draft = propose(
        [table("prelevements", abonne=WHO, date=DAYS), table("connexions", abonne=WHO, date=DAYS)]
    )
    loaded = study(draft)
    assert loaded["activity"]["preset"] == "subscription"
    assert "labels" not in loaded
    assert [gap.key for gap in draft.all_gaps] == ["labels"]


def test_an_id_that_never_repeats_is_doubted_in_events() -> None:
    """It is the row's own number, more likely than a customer's."""
    rows = [f"R{i}" for i in range(N)]
    unique = propose_columns(table(user_id=rows, date=DAYS, amount=MONEY))["customer"]
    assert unique.level == "low"
    people = propose([table("users", user_id=rows, city=ITEMS)]).customers
    assert people is not None
    assert people.entries[0].level == "high"


def test_a_table_of_some_customers_that_says_nothing_is_left_out() -> None:
    """Customers it lacks would be strangers nobody may write to; with consent, or all, it counts."""
    ids = sorted(set(WHO))
    sales = table("ventes", client=WHO, date=DAYS, montant=MONEY)
    some = table("clients", client=ids[:20], age=list(range(20)))
    every = table("clients", client=ids, age=list(range(len(ids))))
    asked = table("clients", client=ids[:20], optin_email=[True, False] * 10)
    left = propose([some, sales])
    assert left.customers is None
    assert [t.sample.name for t, _ in left.unused] == ["clients"]
    assert propose([every, sales]).customers is not None
    assert propose([asked, sales]).customers is not None


def test_attributes_are_numbers_and_texts_of_few_values() -> None:
    """As the study reads them back; nothing that says who somebody is, nor an id, nor a constant."""
    ids = sorted(set(WHO))
    n = len(ids)
    people = table(
        "clients", client=ids, optin_email=["oui", "non"] * (n // 2) + ["oui"] * (n % 2),
        Age=[20 + i % 50 for i in range(n)], **{"Panier moyen": [f"{i % 30},5" for i in range(n)]},
        Segment=["or", "argent", None] * (n // 3) + ["or"] * (n % 3),
        carte_pro=[True, False] * (n // 2) + [True] * (n % 2),
        nom=[f"Nom{i % 7}" for i in range(n)], prenom=["Anne", "Jean"] * (n // 2) + ["Anne"] * (n % 2),
        nom_naissance=["Roy", "Petit"] * (n // 2) + ["Roy"] * (n % 2), tel=[600_000_000 + i % 9 for i in range(n)],
        adresse1=["rue A", "rue B"] * (n // 2) + ["rue A"] * (n % 2), code_postal=[75_000 + i % 20 for i in range(n)],
        annee_naissance=[1950 + i % 40 for i in range(n)], num_agence=[1 + i % 9 for i in range(n)],
        parrain=[10_000 + i for i in range(n)], ville=[f"V{i}" for i in range(n)], pays=["France"] * n,
        mel=[f"m{i % 5}@example.org" for i in range(n)], **{"2024": [i % 3 for i in range(n)]},
        commentaires=["bon client", "rappeler"] * (n // 2) + ["rappeler"] * (n % 2),
    )  # fmt: skip
    sales = table("ventes", client=WHO, date=DAYS, montant=MONEY)
    said = study(propose([people, sales]))["customers"]
    assert said["attributes"] == {
        "age": "Age",
        "panier_moyen": {"expression": "try_cast(replace(\"Panier moyen\", ',', '.') as double)"},
        "segment": "Segment",
        "carte_pro": "carte_pro",
    }
    CustomersSettings.model_validate(said)


def test_cancelled_orders_are_left_out_by_their_state() -> None:
    """And the sentence is one that the reader of expressions understands."""
    states = ["payée", "annulée", "l'autre"] * (N // 3) + ["payée"] * (N % 3)
    (source,) = propose([table(client=WHO, date=DAYS, montant=MONEY, statut=states)]).sources
    assert source.where is not None
    assert source.where.columns == ("statut",)
    loaded = study(propose([table(client=WHO, date=DAYS, montant=MONEY, statut=states)]))
    assert "'annulée'" in loaded["sources"][0]["where"]
    assert "payée" not in loaded["sources"][0]["where"]


def test_no_value_of_the_data_is_written() -> None:
    """No id, name or address stands in the study; words of kinds and states may."""
    mails = [f"{who.lower()}@example.org" for who in WHO]
    names = [f"Nom{who}" for who in WHO]
    draft = propose(
        [
            table("ventes", client=WHO, date=DAYS, montant=MONEY, commande=ORDERS, courriel=mails),
            table(
                "clients", client=sorted(set(WHO)), nom=sorted(set(names)), mel=sorted(set(mails))
            ),
        ]
    )
    text = study_text(draft, name="shop", folder=Path("/data"), language="fr")
    said = text + " ".join(g.what for g in draft.all_gaps)
    said += " ".join(e.reason for s in draft.sources for e in s.entries)
    for value in {*WHO, *mails, *names, *ORDERS}:
        assert value not in said


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12))
def test_any_name_is_written_so_that_it_is_read_back(name: str) -> None:
    """Whatever a column is called: as YAML, in an expression, and as a word of the data."""
    assert yaml.safe_load(f"key: {scalar(name)}") == {"key": name}
    assert yaml.safe_load(f"[{scalar(name)}, x]") == [name, "x"]
    told = yaml.safe_load(f"key: {expression(column(name))}")["key"]["expression"]
    assert told == column(name)


@settings(deadline=None, max_examples=30)
@given(st.text(st.sampled_from("aé \"'_%;-"), min_size=1, max_size=8).map(lambda s: f"a{s}"))
def test_any_name_works_in_an_expression(name: str) -> None:
    """Quotes within a name or a word do not end it."""
    import ibis  # noqa: PLC0415

    held = ibis.memtable({name: [2.0], "plain": [name]})
    assert row_expression(f"{column(name)} * 2", held, key="amount").execute().tolist() == [4.0]
    same = row_expression(f"plain = {literal(name)}", held, key="where")
    assert same.execute().tolist() == [True]


def test_coverage_leaves_out_half_a_first_and_last_day() -> None:
    """A day cut by the export is not complete; a stray year does not stretch the log."""
    days = [date(2023, 1, 1)] + [date(2023, 1, 2) + timedelta(i // 20) for i in range(2000)]
    days += [date(2023, 4, 12)] * 2 + [date(1900, 1, 1), date(9999, 12, 31), date(2040, 1, 1)]
    span = span_of(pa.array(days))
    assert span is not None
    assert (span.start, span.end) == (date(2023, 1, 2), date(2023, 4, 12))
    assert (span.first, span.last) == (date(2023, 1, 1), date(2023, 4, 12))


@pytest.mark.parametrize("days", [130, 200, 365, 540, 739, 1100, 2000])
def test_windows_leave_cutoffs_to_learn_from(days: int) -> None:
    """From four months of log on there is at least one training cutoff, and somebody inactive."""
    span = span_of(pa.array([date(2020, 1, 1) + timedelta(i) for i in range(days)]))
    assert span is not None
    fit = lengths_for(span)
    assert fit.cutoffs >= 1
    assert fit.within <= fit.min_history <= days / 2
