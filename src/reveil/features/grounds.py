"""What a feature stands on: the aggregates its value is computed from, and whose events these are.

In:  a deferred value, the aggregates the engine was asked for.
Out: those the value names; their roles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import ibis
import ibis.expr.operations as ops
from ibis.common.deferred import Deferred

from reveil.engine.aggregate import Aggregate
from reveil.events.roles import Role

CUSTOMERS = "customers"
"""Stands among the roles for the customers table, whose rows are no events."""


def stood_on(
    values: Mapping[str, Deferred], aggregates: Mapping[str, Aggregate]
) -> dict[str, tuple[Aggregate, ...]]:
    """Find the aggregates that each value is computed from, sorted by key.

    Examples
    --------
    >>> from reveil.engine.asof import AsOf
    >>> log = AsOf({"purchase": Role.COMMERCIAL, "visit": Role.ENGAGEMENT})
    >>> orders, visits = log.count("purchase"), log.count("visit", days=28)
    >>> [a.statistic for a in stood_on({"x": orders + 1.0}, log.aggregates)["x"]]
    ['count']
    """
    table = ibis.table(
        {**dict.fromkeys(aggregates, "int64"), "cutoff_s": "int64"}, name="aggregates"
    )
    found = {}
    for name, value in values.items():
        (bound,) = table.bind(value)
        named = {field.name for field in bound.op().find(ops.Field)}
        found[name] = tuple(aggregates[key] for key in sorted(named & set(aggregates)))
    return found


def roles_of(grounds: Iterable[Aggregate], roles: Mapping[str, Role]) -> tuple[str, ...]:
    """Say whose events some aggregates are of, in the order of `Role`; the customers table last.

    Examples
    --------
    >>> roles_of(
    ...     [Aggregate(statistic="since", kinds=("email_sent",), after=("purchase",))],
    ...     {"purchase": Role.COMMERCIAL, "email_sent": Role.MARKETER})
    ('commercial', 'marketer')
    """
    grounds = tuple(grounds)
    found = {roles[kind] for a in grounds for kind in (*a.kinds, *a.after)}
    said = tuple(role.value for role in Role if role in found)
    read = any(a.statistic == "attribute" for a in grounds)
    return (*said, CUSTOMERS) if read else said


def covered(grounds: Iterable[Aggregate], observation_days: int) -> bool:
    """Tell whether an observation window holds every earlier window that a feature compares with.

    A window that ends at the cutoff may be longer than the observation: it is then all of it.
    One that ended before would be cut, or empty.

    Examples
    --------
    >>> before = Aggregate(statistic="count", kinds=("visit",), start_days=336, end_days=168)
    >>> covered([before], 364), covered([before], 182)
    (True, False)
    """
    return all(
        a.start_days is None or not a.end_days or a.start_days <= observation_days for a in grounds
    )


def days_since(second: Deferred) -> Deferred:
    """Days from a moment, in seconds since 1970, to the cutoff; negative when it lies after."""
    return (ibis._["cutoff_s"] - second) / 86_400.0
