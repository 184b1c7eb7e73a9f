"""The ids of a log: who holds most events, ids that are traps for spreadsheets, who is unknown.

In:  the clean rows, the customers table.
Out: findings that count customers and show none.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from reveil.events.audit import Finding, State
from reveil.events.settings import CustomersSettings

MOST = 0.1
"""Share of all events from which one id is suspect."""

ENOUGH = 20
"""Customers below which nothing is said about their shares."""

LONG = 200
"""Characters of an id that is none."""

LOOKS = {
    "id written as a formula": (
        r"^[=+@\t-]",
        "kept; a spreadsheet that opens a list would compute them: the lists of reveil quote them",
        "gardés ; un tableur qui ouvre une liste les calculerait : les listes de reveil les citent",
    ),
    "id with invisible characters": (
        r"[\x00-\x1F\x7F\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}\x{2066}-\x{2069}\x{FEFF}]",
        "kept: they look like another id and are not equal to it; clean the export",
        "gardés : ils ressemblent à un autre identifiant sans lui être égaux ; nettoyer l’export",
    ),
    "id in scientific notation": (
        r"^\d(\.\d+)?[eE]\+?\d+$",
        "a spreadsheet has rounded them: different customers may have become one; export as text",
        "un tableur les a arrondis : des clients différents ont pu être confondus ; exporter en texte",
    ),
    "id that looks like a date": (
        r"^\d{4}-\d{2}-\d{2}([ T].*)?$|^\d{1,2}[/.]\d{1,2}[/.]\d{4}$",
        "does `customer` name the right column?",
        "`customer` désigne-t-il la bonne colonne ?",
    ),
}
"""Check -> pattern of the id, what to do in English and in French."""


WRONG = ("id in scientific notation", "id that looks like a date")
"""What makes figures wrong: the first of one id already, the second of most."""


def people_of(clean: ir.Table, sources: Sequence[str]) -> ir.Table:
    """Count the rows of every customer in every source.

    Parameters
    ----------
    sources
        The names in `source`.

    Returns
    -------
    ibis.Table
        `source, customer_id, n, first_s`.
    """
    one = ibis.literal(sources[0]) if len(sources) == 1 else None
    keys = ["customer_id"] if one is not None else ["source", "customer_id"]
    met = clean.group_by(keys).aggregate(n=clean.count(), first_s=clean.at_s.min())
    return met if one is None else met.mutate(source=one)


def audit_people(met: ir.Table) -> list[Finding]:
    """Find ids that are no customers, or dangerous to write.

    Parameters
    ----------
    met
        As `people_of`.
    """
    people = met.group_by("customer_id").aggregate(n=met.n.sum(), sources=met.count())
    ids = people.customer_id
    counted = people.aggregate(
        customers=people.count(),
        rows=people.n.sum(),
        most=people.n.max(),
        shared=(people.sources > 1).sum(),
        long=(ids.length() > LONG).sum(),
        **{check: ids.re_search(pattern).sum() for check, (pattern, _, _) in LOOKS.items()},
    ).to_pyarrow()
    n = {name: int(counted[name][0].as_py() or 0) for name in counted.column_names}
    findings = []
    if n["customers"] > ENOUGH and n["most"] > MOST * n["rows"]:
        share = n["most"] / n["rows"]
        findings.append(
            _finding(
                "one id with most events", n["most"],
                f"rows, {share:.0%} of all: an id for sales without a customer? leave it out",
                f"lignes, {share:.0%} du total : un identifiant de passage ? l’écarter",
                line="where: \"<customer>\" <> '<that id>'",
            )
        )  # fmt: skip
    if n["shared"]:
        findings.append(
            _finding(
                "id in several sources", n["shared"],
                "customers: taken as the same person in each; if sources number their customers "
                "apart, tell them apart",
                "clients : pris pour la même personne partout ; si chaque source a sa "
                "numérotation, les distinguer",
                state="info", line="customer: {expression: concat('<source>-', \"<customer>\")}",
            )
        )  # fmt: skip
    if n["long"]:
        findings.append(
            _finding(
                "id of great length", n["long"],
                f"ids of more than {LONG} characters; does `customer` name the right column?",
                f"identifiants de plus de {LONG} caractères ; `customer` désigne-t-il la bonne colonne ?",
            )
        )  # fmt: skip
    for check, (_, en, fr) in LOOKS.items():
        if n[check]:
            wrong = check == "id in scientific notation" or n[check] > n["customers"] / 2
            state: State = "error" if wrong and check in WRONG else "warning"
            findings.append(_finding(check, n[check], en, fr, state=state))
    return findings


def audit_orders(clean: ir.Table) -> list[Finding]:
    """Count orders whose lines come from several sources: the same number, or the same order?"""
    named = clean.filter(clean.order_id.notnull())
    orders = named.group_by("customer_id", "kind", "order_id").aggregate(
        one=named.source.min(), other=named.source.max()
    )
    shared = int(orders.filter(orders.one != orders.other).count().to_pyarrow().as_py())
    if not shared:
        return []
    return [
        _finding(
            "order in several sources", shared,
            "orders of one customer with the same number in two sources: taken as one order",
            "commandes d’un client au même numéro dans deux sources : comptées pour une seule",
            line="order: {expression: concat('<source>-', \"<order>\")}",
        )
    ]  # fmt: skip


def audit_customers(
    met: ir.Table, customers: ir.Table, settings: CustomersSettings
) -> list[Finding]:
    """Compare the customers of the events with the customers table, and count dead ends.

    Parameters
    ----------
    met
        As `people_of`.
    customers
        As `open_customers`: several rows of a customer are periods.
    """
    usable = [c for c in customers.columns if c.startswith("usable_")]
    known = customers.group_by("customer_id").aggregate(
        since_s=customers.since_s.min(), **{c: customers[c].any() for c in usable}
    )
    first = met.group_by("customer_id").aggregate(first_s=met.first_s.min())
    known = known.rename(known_id="customer_id")
    both = first.outer_join(known, first.customer_id == known.known_id)
    in_events, in_table = both.customer_id.notnull(), both.known_id.notnull()
    reached = [both[c].fill_null(False) for c in usable]
    counts = {
        "events": in_events.sum(),
        "customer without attributes": (in_events & ~in_table).sum(),
        "customer without events": (in_table & ~in_events).sum(),
        "events before since": (in_events & in_table & (both.first_s < both.since_s)).sum(),
        **{c: (in_table & ~flag).sum() for c, flag in zip(usable, reached, strict=True)},
    }
    if reached:
        counts["no contact point"] = (in_table & ~ibis.or_(*reached)).sum()
    row = both.aggregate(**counts).to_pyarrow()
    n = {name: int(row[name][0].as_py() or 0) for name in counts}
    return _told(n | _periods(customers), usable, settings)


def _periods(customers: ir.Table) -> dict[str, int]:
    if "valid_until_s" not in customers.columns:
        return {}
    written = "written_id" if "written_id" in customers.columns else "customer_id"
    later = ibis.window(group_by=written, order_by=customers.valid_from_s)
    periods = customers.select(
        start=customers.valid_from_s,
        end=customers.valid_until_s,
        following=customers.valid_from_s.lead().over(later),
    )
    row = periods.aggregate(
        overlapping=(periods.following < periods.end).sum(),
        reversed=(periods.end <= periods.start).sum(),
    ).to_pyarrow()
    return {
        "overlapping periods": int(row["overlapping"][0].as_py() or 0),
        "period that ends before it begins": int(row["reversed"][0].as_py() or 0),
    }


def _told(n: dict[str, int], usable: list[str], settings: CustomersSettings) -> list[Finding]:
    table, unknown = settings.path.name, n["customer without attributes"]
    strangers: State = "error" if unknown == n["events"] else "info"
    says = {
        "customer without attributes": (
            strangers, settings.customer,
            "customers of the events: nobody may write to them, as the table does not know them",
            "clients des événements : personne ne peut leur écrire, la table ne les connaît pas",
        ),
        "customer without events": (
            "info", settings.customer, "customers of the table: prospects at every cutoff",
            "clients de la table : prospects à toute date",
        ),
        "events before since": (
            "info", settings.since.label if settings.since else "",
            "customers: unknown to a cutoff before that date, whatever they had done",
            "clients : inconnus avant cette date, quoi qu’ils aient fait",
        ),
        "overlapping periods": (
            "warning", settings.valid_until.label if settings.valid_until else "",
            "rows that another begins within: the later one counts from then on",
            "lignes pendant lesquelles une autre commence : la dernière compte dès lors",
        ),
        "period that ends before it begins": (
            "warning", settings.valid_until.label if settings.valid_until else "",
            "rows that hold on no day", "lignes qui ne valent aucun jour",
        ),
        "no contact point": (
            "warning", "", "customers: they can be reached on no channel",
            "clients : joignables sur aucun canal",
        ),
    }  # fmt: skip
    findings = [
        Finding(
            check=check, state=state, source=table, column=column, rows=n[check],
            fix=en, fix_fr=fr,
        )
        for check, (state, column, en, fr) in says.items()
        if n.get(check)
    ]  # fmt: skip
    findings += [
        Finding(
            check="unusable contact point", state="info", source=table,
            column=settings.usable[c.removeprefix("usable_")].label, rows=n[c],
            fix=f"customers: nobody writes to them by {c.removeprefix('usable_')}",
            fix_fr=f"clients : personne ne leur écrit par {c.removeprefix('usable_')}",
        )
        for c in usable
        if n[c]
    ]  # fmt: skip
    return findings


def _finding(
    check: str, rows: int, en: str, fr: str, *, state: State = "warning", line: str = ""
) -> Finding:
    return Finding(
        check=check, state=state, source="", column="", rows=rows, fix=en, fix_fr=fr, line=line
    )
