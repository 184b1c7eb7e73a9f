"""Three clocks per customer, never mixed: commerce, provable contact, e-mail.

In:  EventLog, a cutoff.
Out: for each clock, when it was last wound, by which event, and how many days ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import ibis
import ibis.expr.types as ir
from ibis.common.deferred import Deferred

from reveil.activity.states import as_of
from reveil.engine.asof import AsOf
from reveil.engine.plan import aggregate
from reveil.events.log import EventLog

CLOCKS: Mapping[str, tuple[str, ...]] = {
    # What the customer trades: order, return, quote.
    "commercial": ("commercial",),
    # What proves that the customer is there: retention counts from it. A click or an order
    # does; an open, our own send, a billing or a bounce does not.
    "contact": ("commercial", "engagement", "complaint", "unsubscribe", "cancel_request"),
    # What a mailbox provider looks at: deliverability only, since machines open too.
    "email": ("email_click", "email_open"),
}
"""Each clock, and what winds it; of two events of one second the one named first is told."""


def clocks(log: EventLog, cutoff: date) -> ir.Table:
    """Read the three clocks of every customer known at a cutoff.

    Returns
    -------
    ibis.Table
        `customer_id, cutoff`, then for `commercial`, `contact` and `email` in turn
        `<clock>_at` (on the wall clock of the study), `<clock>_kind` (the event it stands on) and
        `<clock>_days` (to the cutoff); all null where nothing ever wound it.
    """
    asof = as_of(log)
    columns = clock_columns(asof)
    table = aggregate(log, None, cutoff, asof.aggregates.values())
    return table.select("customer_id", cutoff=ibis.date(str(cutoff)), **columns)


def clock_columns(asof: AsOf) -> dict[str, Deferred | ir.Value]:
    """Ask for the three clocks, in one pass over the log with other questions."""
    columns: dict[str, Deferred | ir.Value] = {}
    for clock, signals in CLOCKS.items():
        last = asof.last_kind(*signals)
        since_1970 = last.seconds().as_interval("s")
        columns[f"{clock}_at"] = since_1970 + ibis.timestamp("1970-01-01 00:00:00")
        columns[f"{clock}_kind"] = last.kind()
        columns[f"{clock}_days"] = last.days()
    return columns
