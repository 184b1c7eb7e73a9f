"""What a log holds, as far as features can tell.

In:  a log's customers table as it held at one moment, or what an artifact carries.
Out: Contents: plain frozen values, enough to write the same features again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import ibis.expr.types as ir

from reveil.events.roles import Role

ATTRIBUTE = "attribute_"
"""How columns of attributes begin."""

FACTS = ("since_s", "contract_end_s", "consent_email_for_open_tracking")
"""Columns of the customers table that families of features ask for by name."""

MIN_CUSTOMERS = 20
"""Fewer customers make no level: levels stand in artifacts, in MLflow and in features.lock, and
a text that few share may be somebody's own; nor does a tree find a rate in so few."""

MIN_SHARE = 0.005
"""Nor does a smaller share of those who have a text: on a large base twenty are noise."""

MOST_LEVELS = 50
"""More are not told apart: their order says less and less, and a sentence has to name them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """What the customers table says of a customer: a number, or one of some texts.

    Parameters
    ----------
    name
        As the study calls it; the column of the log is `attribute_<name>`.
    levels
        The texts it is told by, the most frequent first; None for a number. Rarer texts, and
        texts that come later, count as one other text.
    """

    name: str
    levels: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """Kinds, columns, channels and attributes of a log.

    Parameters
    ----------
    kinds
        Role of each kind the log holds.
    columns
        The optional columns its sources fill.
    channels
        The channels its events come by, each with the ways the log spells it.
    attributes
        Of the customers table.
    facts
        Columns of the customers table that features use: `since_s`, `contract_end_s`, and
        consents to be followed.
    """

    kinds: Mapping[str, Role]
    columns: tuple[str, ...] = ()
    channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: tuple[Attribute, ...] = ()
    facts: tuple[str, ...] = ()


def attributes_of(customers: ir.Table | None) -> tuple[Attribute, ...]:
    """Find the attributes of a customers table, and freeze the levels of texts.

    A text attribute without a level tells nobody apart, and is left out.

    Parameters
    ----------
    customers
        As it held at one moment: the levels are those known then.

    Examples
    --------
    >>> import ibis
    >>> people = ibis.memtable({
    ...     "customer_id": [f"c{n}" for n in range(60)],
    ...     "attribute_age": [20.0 + n for n in range(60)],
    ...     "attribute_town": ["Lyon"] * 39 + ["Brest"] * 20 + ["Ys"],
    ... })
    >>> [(one.name, one.levels) for one in attributes_of(people)]
    [('age', None), ('town', ('Lyon', 'Brest'))]
    """
    if customers is None:
        return ()
    found = []
    for column in sorted(c for c in customers.columns if c.startswith(ATTRIBUTE)):
        name = column.removeprefix(ATTRIBUTE)
        if not customers[column].type().is_string():
            found.append(Attribute(name=name))
        elif levels := levels_of(customers, column):
            found.append(Attribute(name=name, levels=levels))
    return tuple(found)


def levels_of(customers: ir.Table, column: str) -> tuple[str, ...]:
    """List the texts of a column that enough customers share.

    Returns
    -------
    tuple
        At most `MOST_LEVELS`, the most frequent first; of equals, the first by its letters.
        Each is shared by `MIN_CUSTOMERS` and by `MIN_SHARE` of the customers who have a text.
    """
    texts = customers.filter(customers[column].notnull())
    counted = texts.group_by(text=texts[column]).aggregate(
        n=texts.customer_id.nunique().cast("int64")
    )
    all_ = counted.aggregate(total=counted.n.sum().cast("int64"))
    total = all_.to_pyarrow()["total"][0].as_py() or 0
    enough = max(MIN_CUSTOMERS, -int(-total * MIN_SHARE // 1))
    rows = counted.filter(counted.n >= enough).to_pyarrow().to_pylist()
    ranked = sorted(rows, key=lambda row: (-row["n"], row["text"]))
    return tuple(str(row["text"]) for row in ranked[:MOST_LEVELS])
