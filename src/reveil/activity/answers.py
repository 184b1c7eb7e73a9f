"""What an answer is, and how many contacts in a row went without one.

In:  the past of a customer.
Out: counts, for states, targeting and reports alike: one definition.
"""

from __future__ import annotations

from ibis.common.deferred import Deferred

from reveil.engine.asof import AsOf

ANSWERS = ("engagement", "commercial")
"""Roles of events that answer a contact."""

EMAIL_ANSWERS = ("email_click", "commercial")
"""What answers an e-mail: a click, or trade."""


def unanswered_offers(log: AsOf) -> Deferred:
    """Count contacts that name an offer since the last answer: attempts to win somebody back.

    Newsletters name no offer: a weekly one would exhaust any cap within a month.
    """
    return log.since("marketer", after=ANSWERS, naming="offer")


def unanswered_contacts(log: AsOf) -> Deferred:
    """Count all contacts since the last answer, newsletters included."""
    return log.since("marketer", after=ANSWERS)
