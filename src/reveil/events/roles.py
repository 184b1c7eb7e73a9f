"""Kinds of events and the role each plays: what counts as commerce, as engagement, as our own doing."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from reveil.errors import StudyError


class Role(StrEnum):
    """What an event says about a customer."""

    COMMERCIAL = "commercial"
    """The customer trades: purchase, return, quote."""
    ENGAGEMENT = "engagement"
    """The customer does something without trading: clicks, logs in, visits, answers."""
    MARKETER = "marketer"
    """We did something: never activity of the customer."""
    PASSIVE = "passive"
    """It happened by itself: an open counted by a machine, a billing, points credited."""
    INCIDENT = "incident"
    """Something went wrong, or the customer said stop."""


ROLES: Mapping[str, Role] = {
    **dict.fromkeys(("purchase", "return", "quote"), Role.COMMERCIAL),
    **dict.fromkeys(
        (
            "email_click",
            "login",
            "visit",
            "service_use",
            "training",
            "form",
            "survey_answer",
            "referral",
            "review",
            "points_spent",
            "store_visit",
        ),
        Role.ENGAGEMENT,
    ),
    **dict.fromkeys(("email_sent", "sms_sent", "push_sent", "print_sent", "call"), Role.MARKETER),
    **dict.fromkeys(("email_open", "points_earned", "billing"), Role.PASSIVE),
    **dict.fromkeys(
        ("complaint", "unsubscribe", "cancel_request", "status_loss", "bounce"), Role.INCIDENT
    ),
}
"""The kinds every study knows. A study adds its own under `kinds`."""


ORDERS = ("purchase",)
"""Kinds that are an order: what makes a prospect a customer."""

MONEY = ("purchase", "return")
"""Kinds whose amounts add up to what a customer brought: an order sent back whole is nothing."""


def roles_of(own: Mapping[str, Role]) -> dict[str, Role]:
    """Join the study's own kinds to the known ones.

    Raises
    ------
    StudyError
        When the study gives a known kind another role: two lists would then
        mean different things by the same word.

    Examples
    --------
    >>> roles_of({"adjustment": Role.PASSIVE})["adjustment"].value
    'passive'
    >>> roles_of({"purchase": Role.PASSIVE})
    Traceback (most recent call last):
    ...
    reveil.errors.StudyError: `kinds.purchase` is passive, but purchase is always commercial
    Hint: give the events a kind of their own, such as `own_purchase: passive`
    """
    folded = {kind.casefold(): kind for kind in ROLES}
    for kind, role in own.items():
        same = folded.setdefault(kind.casefold(), kind)
        if same != kind:
            raise StudyError(
                f"`kinds.{kind}` and {same} differ by capitals only: "
                "they would be one column of features",
                hint=f"write {same} in both, or map one to it in the source's `kind.values`",
            )
        if ROLES.get(kind, role) is not role:
            raise StudyError(
                f"`kinds.{kind}` is {role.value}, but {kind} is always {ROLES[kind].value}",
                hint=f"give the events a kind of their own, such as `own_{kind}: {role.value}`",
            )
    return {**ROLES, **own}
