"""What counts as activity in three kinds of business, for a study that does not say it all.

In:  nothing.
Out: plain values for ActivitySettings; whatever the study says itself wins over them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

PresetName = Literal["retail", "subscription", "relational"]


def retail() -> Mapping[str, object]:
    """Return a shop's definition; also that of a study without a preset.

    Counts: an order, and every reaction (click, login, visit, form, survey, review, points
    spent), within 8 months. Reading without buying is a relation, and the cheapest one to turn
    into an order; so is a visit to the store. Returns do not count: the parcel goes back, the
    customer may too. What the shop does (sends, calls) and what happens by itself (opens, points
    credited) never counts.

    Unanswered offers make nobody former here: who stops being written to is decided by the
    caps of targeting, and moving the line would change which customers models are about.

    Examples
    --------
    >>> retail()["within"]
    '8 months'
    """
    return {"any_of": ("purchase", "engagement"), "within": "8 months", "joins_by": ("purchase",)}


def subscription() -> Mapping[str, object]:
    """Return the definition of a service that is paid by the month.

    Counts: use (service_use, login, visit, training and every other engagement) and orders,
    within 3 months. A billing never counts: it happens by itself, and goes on for months after
    the last use. It makes a customer, though, and who pays without using is a dormant
    subscriber. A cancellation asked for ends the relation, until the service is used again;
    four offers in a row without an answer end it too, unless the customer still pays.

    Examples
    --------
    >>> "billing" in subscription()["any_of"], "billing" in subscription()["joins_by"]
    (False, True)
    """
    return {
        "any_of": ("purchase", "engagement"),
        "within": "3 months",
        "joins_by": ("purchase", "billing"),
        "paid_by": ("billing",),
        "closed_by": ("cancel_request",),
        "unanswered": {"contacts": 4},
    }


def relational() -> Mapping[str, object]:
    """Return the definition of a loyalty programme or of a business that lives by its relations.

    Counts: clicks, logins, services used, trainings, referrals, surveys, visits and points
    spent as much as orders, returns and quotes, within 12 months: members, who may be companies,
    order seldom. Trade of any sort, a billing, a login, a service, a training, points or a
    referral make a member; a click or a visit does not, since prospects read as well. Four offers
    in a row without an answer make a member former.

    Examples
    --------
    >>> "login" in relational()["joins_by"], "email_click" in relational()["joins_by"]
    (True, False)
    """
    return {
        "any_of": ("commercial", "engagement"),
        "within": "12 months",
        "joins_by": (
            "commercial", "billing", "login", "service_use", "training", "points_earned",
            "points_spent", "referral",
        ),
        "paid_by": ("billing",),
        "unanswered": {"contacts": 4},
    }  # fmt: skip


PRESETS: Mapping[str, Callable[[], Mapping[str, object]]] = {
    "retail": retail,
    "subscription": subscription,
    "relational": relational,
}
"""By the name a study uses."""
