"""How a customer answers e-mails over the whole of the log.

In:  EventLog, a cutoff.
Out: activation delay, shares of campaigns opened and clicked, span of clicks, sends in a row
without an answer.

Opens are kept apart and named indicative: mail programs open by themselves, and many people
forbid them to tell.
"""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
from ibis.common.deferred import Deferred

from reveil.activity.answers import EMAIL_ANSWERS
from reveil.activity.states import as_of
from reveil.engine.asof import AsOf
from reveil.engine.plan import aggregate
from reveil.events.log import EventLog


def mail(log: EventLog, cutoff: date) -> ir.Table:
    """Describe how every customer known at a cutoff answers e-mails.

    Returns
    -------
    ibis.Table
        `customer_id, cutoff`, then

        `email_activation_days`
            from the first e-mail sent to the first click; null without either, and when the
            first click came before any e-mail in the log;
        `email_open_share_indicative`, `email_click_share`
            campaigns opened, clicked, over campaigns sent, at most 1; null when none was sent
            or no source names campaigns;
        `email_click_span_days`
            from the first click to the last: for how long the customer has been clicking. It
            is the lifetime of the clicker; how long one mailing goes on being clicked is a
            property of the mailing. Null without a click;
        `email_unanswered`
            e-mails since the last click, order, return or quote.
    """
    asof = as_of(log)
    columns = mail_columns(asof)
    table = aggregate(log, None, cutoff, asof.aggregates.values())
    return table.select("customer_id", cutoff=ibis.date(str(cutoff)), **columns)


def mail_columns(asof: AsOf) -> dict[str, Deferred | ir.Value]:
    """Ask for the e-mail indicators, in one pass over the log with other questions."""
    delay = asof.tenure("email_sent") - asof.tenure("email_click")
    span = asof.tenure("email_click") - asof.recency("email_click")
    return {
        "email_activation_days": (delay >= 0.0).ifelse(delay, None),
        "email_open_share_indicative": _share(asof, "email_open"),
        "email_click_share": _share(asof, "email_click"),
        "email_click_span_days": span,
        "email_unanswered": asof.since("email_sent", after=EMAIL_ANSWERS).cast("int64"),
    }


def _share(asof: AsOf, signal: str) -> Deferred | ir.Value:
    if not asof.columns("campaign"):
        return ibis.null("float64")
    sent = asof.distinct("email_sent", column="campaign").nullif(0.0)
    # A campaign may be clicked whose sends the log does not hold.
    return (asof.distinct(signal, column="campaign") / sent).clip(upper=1.0)
