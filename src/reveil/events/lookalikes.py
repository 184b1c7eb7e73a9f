"""Look-alikes: ids that may be one customer written twice, and ids that no link table knows.

In:  the distinct ids of events and customers, reconciled; Identity.
Out: findings with counts; nothing is merged here, and no id is shown.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from reveil.events.audit import Finding
from reveil.events.identity import Identity, reconciled, written

RULES = ("spaces", "case", "leading_zeros")
"""What two writings of one id may differ by, in the order in which it is taken away."""


def audit_identity(ids: ir.Table, identity: Identity) -> list[Finding]:
    """Count the ids that no link table knows, and those that look like one customer twice.

    Parameters
    ----------
    ids
        The distinct `source, customer_id` of events and customers, reconciled.

    Returns
    -------
    list of Finding
        Counts of distinct ids; never an id.

    Examples
    --------
    >>> ids = ibis.memtable({"source": ["web", "shop"], "customer_id": ["c1", "C1"]})
    >>> [(f.check, f.rows, f.line) for f in audit_identity(ids, Identity())]
    [('ids that differ by case', 1, 'identity: {same: [case]}')]
    """
    return [*_unlinked(ids, identity), *_look_alikes(ids, identity)]


def _unlinked(ids: ir.Table, identity: Identity) -> list[Finding]:
    findings = []
    for position, link in enumerate(identity.links):
        # Whom the table names, as later tables rename them.
        later = Identity(links=identity.links[position + 1 :])
        source = link.table.link_source if link.by_source else ibis.null("string")
        named = link.table.select(source=source, customer_id=link.table.link_customer)
        named = reconciled(named, later).select(named_id="customer_id").distinct()
        unknown = ids.anti_join(named, ids.customer_id == named.named_id)
        counted = unknown.group_by("source").aggregate(rows=unknown.count()).order_by("source")
        findings += [
            Finding(
                check="id without link",
                state="info",
                source=row["source"],
                column=link.id,
                rows=row["rows"],
                fix=f"kept as they are written: {link.name} does not know these ids",
                fix_fr=f"gardés tels quels : {link.name} ne les connaît pas",
            )
            for row in counted.to_pyarrow().to_pylist()
        ]
    return findings


def _look_alikes(ids: ir.Table, identity: Identity) -> list[Finding]:
    distinct = ids.select("customer_id").distinct()
    once = {rule: written(distinct.customer_id, [rule]) for rule in RULES}
    once["together"] = written(distinct.customer_id, RULES)
    # Most ids are written one way: only what a rule changes is worth counting.
    touched = distinct.aggregate(
        **{rule: distinct.count(where=form != distinct.customer_id) for rule, form in once.items()}
    ).to_pyarrow()
    rules = [rule for rule in once if touched[rule][0].as_py()]
    if not rules:
        return []
    counted = distinct.aggregate(
        ids=distinct.count(), **{rule: once[rule].nunique() for rule in rules}
    ).to_pyarrow()
    total = counted["ids"][0].as_py()
    surplus = {rule: total - counted[rule][0].as_py() for rule in rules}
    together = surplus.pop("together")
    findings = [
        _look_alike(rule.replace("_", " "), [rule], rows) for rule, rows in surplus.items() if rows
    ]
    if together > sum(surplus.values()):
        rows = together - sum(surplus.values())
        findings.append(_look_alike("several of these", list(surplus), rows))
    return findings


def _look_alike(how: str, rules: Sequence[str], rows: int) -> Finding:
    return Finding(
        check=f"ids that differ by {how}",
        state="warning",
        source="",
        column="customer",
        rows=rows,
        fix="kept apart; to make them one customer",
        fix_fr="gardés distincts ; pour n'en faire qu'un client",
        line=f"identity: {{same: [{', '.join(rules)}]}}",
    )
