"""Everything about where a customer stands at a cutoff, in one pass over the log.

In:  EventLog, ActivitySettings, a cutoff.
Out: one row per customer known: state, groups, engagement, clocks, e-mail, money.
"""

from __future__ import annotations

from datetime import date

import ibis.expr.types as ir

from reveil.activity.answers import unanswered_offers
from reveil.activity.clocks import clock_columns
from reveil.activity.engagement import channels_of, engagement_columns
from reveil.activity.groups import buyer_columns, grouped
from reveil.activity.mail import mail_columns
from reveil.activity.rfm import rfm_columns
from reveil.activity.settings import ActivitySettings
from reveil.activity.states import COLUMNS, as_of, state_facts, stated, with_contract
from reveil.engine.plan import aggregate
from reveil.events.log import EventLog


def standing_table(log: EventLog, settings: ActivitySettings, cutoff: date) -> ir.Table:
    """Tell where every customer known at a cutoff stands.

    For a state alone, or at many cutoffs, `states` costs a fraction.

    Returns
    -------
    ibis.Table
        The columns of `states`; `group, buyer, order_channels, risk, recent` (`groups.py`);
        `unanswered`, contacts with an offer since the last answer; the scores of
        `engagement`; those of `clocks`; those of `mail`; `orders_364d, money_364d` (`rfm.py`).

    Raises
    ------
    StudyError
        When the definition of activity names nothing the log holds, or a weight of the
        engagement score nothing there is.
    """
    asof = as_of(log)
    channels = channels_of(log, settings.engagement, cutoff)
    groups = {**buyer_columns(asof), "unanswered": unanswered_offers(asof).cast("int64")}
    further = {
        **engagement_columns(asof, log, settings.engagement, channels),
        **clock_columns(asof),
        **mail_columns(asof),
        **rfm_columns(asof),
    }
    facts = {**state_facts(asof, log, settings), **groups, **further}
    counted = aggregate(log, None, cutoff, asof.aggregates.values())
    table = with_contract(counted.select("customer_id", "cutoff_s", **facts), log, cutoff)
    return grouped(stated(table, log, settings, cutoff)).select(
        *COLUMNS, "group", "buyer", "order_channels", "risk", "recent", "unanswered", *further
    )
