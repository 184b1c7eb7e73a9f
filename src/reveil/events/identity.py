"""Identity: who is who across sources, as the study says and no further.

In:  rows with `source` and `customer_id`, IdentitySettings, the link tables.
Out: the same rows with the customer each id stands for; what is odd about the links.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import ibis
import ibis.expr.types as ir

from reveil.errors import DataError
from reveil.events.audit import Finding
from reveil.events.reader import Reader, reading, require_column
from reveil.events.settings import IdentitySettings, LinkSettings
from reveil.events.values import identifier

CUSTOMERS = "customers"
"""The name under which a link table speaks of the ids of the customers table."""

BLANKS = "[\\s\u00a0\u202f]+"
"""White space, those of typography included."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A link table, read: one row per id, and per source where it says whose id it is.

    Parameters
    ----------
    table
        `link_id, link_customer`, and `link_source` where `by_source`.
    name
        What messages call it.
    """

    table: ir.Table
    name: str
    id: str
    by_source: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What the study says about who is who.

    Parameters
    ----------
    same
        What two writings of one id may differ by.
    links
        Followed one after the other.
    findings
        What is odd about the link tables.
    """

    same: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def merges(self) -> bool:
        """Whether two ids may become one customer."""
        return bool(self.same or self.links)


def open_identity(
    reader: Reader, settings: IdentitySettings, sources: Sequence[str] = ()
) -> Identity:
    """Read the link tables, and refuse those that give two answers.

    Parameters
    ----------
    reader
        Opens the tables and keeps them.
    settings
        What the study asks to be merged.
    sources
        The names of the study's sources, which a link table may name.

    Raises
    ------
    DataError
        When a link table is missing, lacks a column, or says of one id that it is two
        customers, or of two ids that each is the other.

    Examples
    --------
    >>> from reveil.engine.duckdb import DuckDB
    >>> from reveil.engine.settings import EngineSettings
    >>> open_identity(DuckDB(EngineSettings(threads=1)), IdentitySettings()).merges
    False
    """
    findings: list[Finding] = []
    links = []
    for link in settings.links:
        with reading(link.path.name):
            opened = _open_link(reader, link, settings.same, findings)
            _require_sources(opened, link, sources)
            links.append(opened)
    return Identity(same=settings.same, links=tuple(links), findings=tuple(findings))


def _open_link(
    reader: Reader, link: LinkSettings, same: Sequence[str], findings: list[Finding]
) -> Link:
    raw = reader.read(link.path)
    columns = {"link_id": link.id, "link_customer": link.customer}
    if link.source is not None:
        columns["link_source"] = link.source
    for column in columns.values():
        require_column(raw, column, link.path.name)
    read = {name: identifier(raw[column]) for name, column in columns.items()}
    for name in ("link_id", "link_customer"):
        read[name] = written(read[name], same)
    rows = raw.select(**read)
    complete = reduce(lambda a, b: a & b, (rows[name].notnull() for name in columns))
    table = reader.store(rows.filter(complete).distinct())
    total, kept = _count(raw), _count(rows.filter(complete))
    if kept == 0:
        raise DataError(
            f'no row of {link.path.name} has both "{link.id}" and "{link.customer}"',
            hint="check `identity.links`, or remove it from the study",
        )
    if kept < total:
        findings.append(
            Finding(
                check="link without answer",
                state="warning",
                source=link.path.name,
                column=link.customer,
                rows=total - kept,
                fix="left out: a link needs an id and the customer it stands for",
                fix_fr="écartées : un lien demande un identifiant et le client qu'il désigne",
            )
        )
    opened = Link(table=table, name=link.path.name, id=link.id, by_source=link.source is not None)
    _refuse_two_answers(opened, link)
    chained = _chained(opened, link)
    if chained:
        findings.append(
            Finding(
                check="link followed once",
                state="warning",
                source=link.path.name,
                column=link.customer,
                rows=chained,
                fix="the customer is itself an id that stands for another; to follow on, name "
                "the table once more under `identity.links`",
                fix_fr="le client est lui-même un identifiant qui en désigne un autre ; pour "
                "aller plus loin, nommer la table une fois de plus sous `identity.links`",
            )
        )
    return opened


def _require_sources(opened: Link, link: LinkSettings, sources: Sequence[str]) -> None:
    """Refuse a link table that links no id at all: it names other sources than the study."""
    if not opened.by_source:
        return
    named = opened.table.select("link_source").distinct().order_by("link_source").limit(20)
    found = named.to_pyarrow()["link_source"].to_pylist()
    if not {*sources, CUSTOMERS} & set(found):
        raise DataError(
            f'column "{link.source}" of {opened.name} names no source of the study '
            f"({', '.join(sources)}), and so links no id",
            hint=f"write the names of the study there, or `{CUSTOMERS}` for ids of the customers table",
        )


def _refuse_two_answers(opened: Link, link: LinkSettings) -> None:
    keys = ["link_id", "link_source"] if opened.by_source else ["link_id"]
    answers = opened.table.group_by(keys).aggregate(customers=opened.table.count())
    if bad := _count(answers.filter(answers.customers > 1)):
        raise DataError(
            f'{bad:,} values of "{link.id}" in {link.path.name} stand for several values of '
            f'"{link.customer}"; one customer per id is required',
            hint="keep one row per id in that file"
            + (
                ""
                if opened.by_source
                else ", or add `source: <column>` if ids of several sources clash"
            ),
        )


def _chained(opened: Link, link: LinkSettings) -> int:
    """Links to a customer who is an id of the same table, and stands for yet another."""
    moving = opened.table.filter(opened.table.link_id != opened.table.link_customer)
    onward = moving.select(
        onward_id=moving.link_id, onward_customer=moving.link_customer,
        **({"onward_source": moving.link_source} if opened.by_source else {}),
    )  # fmt: skip
    keys = [moving.link_customer == onward.onward_id]
    if opened.by_source:
        keys.append(moving.link_source == onward.onward_source)
    steps = moving.inner_join(onward, keys)
    back = steps.onward_customer == steps.link_id
    counted = steps.aggregate(steps=steps.count(), back=steps.count(where=back)).to_pyarrow()
    if swapped := counted["back"][0].as_py():
        raise DataError(
            f'{swapped:,} rows of {link.path.name} go in circles: "{link.id}" stands for '
            f'"{link.customer}" and the reverse',
            hint="say of each id once, in one direction, which customer it stands for",
        )
    return int(counted["steps"][0].as_py())


def written(ids: ir.StringValue, same: Sequence[str]) -> ir.StringValue:
    """Write ids so that those which differ only by what `same` names are equal.

    Parameters
    ----------
    ids
        Ids as text.
    same
        Of `spaces` (taken away), `case` (capitals), `leading_zeros` (taken away; a zero stays).

    Examples
    --------
    >>> ibis.literal(" 00 12a").pipe(written, ["spaces", "case", "leading_zeros"]).to_pyarrow()
    <pyarrow.StringScalar: '12A'>
    """
    if "spaces" in same:
        ids = ids.re_replace(BLANKS, "").nullif("")
    if "case" in same:
        ids = ids.upper()
    if "leading_zeros" in same:
        ids = (ids.re_replace("^0+", "") == "").ifelse("0", ids.re_replace("^0+", ""))
    return ids


def reconciled(rows: ir.Table, identity: Identity) -> ir.Table:
    """Replace every id by the customer it stands for; an id without a link stays as it is.

    Parameters
    ----------
    rows
        With `source` and `customer_id`; events, or the customers table as source `customers`.

    Returns
    -------
    ibis.Table
        The same rows and columns.

    Examples
    --------
    >>> rows = ibis.memtable({"source": ["web", "shop"], "customer_id": ["c1", "C1"]})
    >>> sorted(reconciled(rows, Identity(same=("case",))).customer_id.to_pyarrow().to_pylist())
    ['C1', 'C1']
    """
    if identity.same:
        rows = rows.mutate(customer_id=written(rows.customer_id, identity.same))
    for link in identity.links:
        keys = [rows.customer_id == link.table.link_id]
        if link.by_source:
            keys.append(rows.source == link.table.link_source)
        joined = rows.left_join(link.table, keys)
        # As it stands first, lest Ibis takes this join and the next for one.
        whole = joined.select(*rows.columns, "link_customer")
        customer = ibis.coalesce(whole.link_customer, whole.customer_id)
        rows = whole.mutate(customer_id=customer).drop("link_customer")
    return rows


def merged_customers(table: ir.Table) -> ir.Table:
    """Make one row per customer where several contacts or ids have become one.

    Written to only where every row consents; reached where any contact point works.

    Parameters
    ----------
    table
        `customer_id`, and any of `since_s, consent_*, usable_*, wants_*, objection,
        in_target, contract_end_s`, as they hold at one moment; with `attribute_*`, also
        `place`: which of a customer's rows goes first.

    Returns
    -------
    ibis.Table
        The same columns but `place`, one row per customer: the earliest `since_s`, the latest
        `contract_end_s`; consent where all consent, and `wants` where all who answered do;
        `usable`, `objection` and `in_target` where any is; of each attribute, the first
        that is not empty.

    Raises
    ------
    ValueError
        When a column has no rule.

    Examples
    --------
    >>> two = ibis.memtable({
    ...     "customer_id": ["ACME", "ACME"], "since_s": [86400, 0],
    ...     "consent_email": [True, False], "usable_email": [True, False],
    ... })
    >>> merged_customers(two).to_pyarrow().to_pylist()
    [{'customer_id': 'ACME', 'since_s': 0, 'consent_email': False, 'usable_email': True}]
    """
    values = [name for name in table.columns if name not in ("customer_id", "place")]
    return table.group_by("customer_id").aggregate(
        **{name: _merged(table, name) for name in values}
    )


def _merged(table: ir.Table, name: str) -> ir.Value:
    column = table[name]
    if name.startswith("attribute_"):
        return column.argmin(table.place, where=column.notnull())
    if name == "since_s":
        return column.min()
    if name == "contract_end_s":
        return column.max()
    if name.startswith("consent_"):
        # Not known is not a yes.
        return column.fill_null(False).all()
    if name.startswith("wants_"):
        return column.all()
    if name in ("objection", "in_target") or name.startswith("usable_"):
        return column.any()
    raise ValueError(f"no rule says how several rows of one customer share `{name}`")


def _count(table: ir.Table) -> int:
    return int(table.count().to_pyarrow().as_py())
