"""The `targeting` part of a study: channels, offers, limits, and who must be left alone.

In:  the study file's `targeting` mapping.
Out: a frozen TargetingSettings, checked against itself.

Money is in the study's own currency. Nothing heavy is imported here: the study file is read
by every command, `--help` included.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from reveil.errors import nearest

Money = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, lt=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Channel(BaseModel):
    """A way to reach a customer.

    Parameters
    ----------
    cost
        Money per contact.
    capacity
        Contacts the channel can carry in one campaign; None when it has no limit.
    consent
        `required` reads the customers table's consent to the channel; `not_required` (say, postal mail under
        legitimate interest) reads none.
    co2e_grams
        Grams of CO2 equivalent per contact, where the user knows them.

    Examples
    --------
    >>> Channel(cost=0.02).consent
    'required'
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    cost: Money
    capacity: Annotated[int, Field(ge=0)] | None = None
    consent: Literal["required", "not_required"] = "required"
    co2e_grams: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class Offer(BaseModel):
    """What is proposed, where, and what each answer costs.

    Parameters
    ----------
    discount
        Money given to **everyone** who answers, those who would have come anyway included.

    Examples
    --------
    >>> Offer(name="we miss you", channels=("email",)).discount
    0.0
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1)]
    channels: Annotated[tuple[Name, ...], Field(min_length=1)]
    discount: Money = 0.0


class Pressure(BaseModel):
    """How many marketing contacts a customer may have had lately and still receive one more.

    Examples
    --------
    >>> Pressure()
    Pressure(max_contacts=3, within_days=28)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_contacts: Annotated[int, Field(ge=1)] = 3
    within_days: Annotated[int, Field(ge=1)] = 28


class Ramp(BaseModel):
    """How fast a channel may take inactive customers back without hurting its deliverability.

    Parameters
    ----------
    share
        A wave adds at most this share of `base` contacts.
    base
        Active volume of the channel, in contacts; None counts the snapshot's active customers
        who can be reached on it.
    step_days
        Days between two waves.

    Examples
    --------
    >>> Ramp(base=20_000).share
    0.1
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Name = "email"
    share: Annotated[float, Field(gt=0, le=1)] = 0.10
    base: Annotated[int, Field(ge=1)] | None = None
    step_days: Annotated[int, Field(ge=1)] = 7


def wrong_purpose(
    channel: str, purpose: str | None, purposes: Collection[str]
) -> tuple[str, str] | None:
    """Say why a purpose does not choose among the consents of a channel; None when it does.

    Parameters
    ----------
    purpose
        What the study says its contacts are for, if anything.
    purposes
        What customers consent to on the channel; empty for one consent to everything.

    Returns
    -------
    tuple of str or None
        Message and hint.

    Examples
    --------
    >>> wrong_purpose("email", "news", ["news", "offers"])
    >>> wrong_purpose("email", "new", ["news", "offers"])[1]
    'did you mean `news`?, or map it under `customers.consent.email`'
    """
    if not purposes or purpose in purposes:
        return None
    said = ", ".join(purposes)
    if purpose is None:
        return (
            f"consent to channel `{channel}` is given per purpose ({said}); one is required",
            f"say what the contacts are for: `targeting: {{purpose: {next(iter(purposes))}}}`",
        )
    return (
        f'customers consent to channel `{channel}` for: {said}; `targeting.purpose` is "{purpose}"',
        f"{nearest(purpose, purposes)}, or map it under `customers.consent.{channel}`",
    )


class TargetingSettings(BaseModel):
    """Everything `reveil target` needs to know beside the scores.

    Parameters
    ----------
    channels, offers
        What can be done. Every channel of an offer must be described.
    budget
        Money for the contacted customers: contacts, plus the discounts expected to be paid.
        None for no limit.
    purpose
        What the contacts are for, where customers consent per purpose: the consent read is
        `customers.consent.<channel>.<purpose>`. A channel with one consent for everything
        needs none.
    states
        Who may be on the list. This version scores the return of inactive customers only.
    wake_dormant
        Whether subscribers who pay without using the service may be contacted; nobody wakes
        them by default, since a contact may remind them to cancel.
    pressure, attempts_cap
        A customer at `pressure`, or who left `attempts_cap` contacts in a row unanswered, is
        left alone.
    control_share
        Share of the list that is drawn at random and not contacted, to measure against.
    holdout_share
        Share of all customers that no campaign contacts, always the same ones.
    salt
        Makes the two draws this study's own. Changing it redraws both.
    minimum_worth
        A contact must be worth more than this, in money.
    ramp
        Spreads a channel's contacts over waves; None sends one wave.
    language
        Of the rules' and prices' sentences and of the CSV.

    Raises
    ------
    pydantic.ValidationError
        Unknown key, impossible value, offer on a channel nobody described, offer named twice.

    Examples
    --------
    >>> s = TargetingSettings.model_validate({
    ...     "channels": {"email": {"cost": 0.02}, "print": {"cost": 0.9, "capacity": 500}},
    ...     "offers": [{"name": "miss you", "channels": ["email", "print"]}],
    ...     "budget": 1000,
    ... })
    >>> s.states, s.pressure.max_contacts, s.channels["print"].capacity
    (('inactive',), 3, 500)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: Annotated[dict[Name, Channel], Field(min_length=1)]
    offers: Annotated[tuple[Offer, ...], Field(min_length=1)]
    budget: Money | None = None
    purpose: Annotated[str, Field(min_length=1)] | None = None
    states: Annotated[tuple[Literal["inactive"], ...], Field(min_length=1)] = ("inactive",)
    wake_dormant: bool = False
    pressure: Pressure = Pressure()
    attempts_cap: Annotated[int, Field(ge=1)] = 4
    control_share: Annotated[float, Field(ge=0, le=0.5)] = 0.10
    holdout_share: Share = 0.05
    salt: Annotated[str, Field(min_length=1)] = "reveil"
    minimum_worth: Money = 0.0
    ramp: Ramp | None = None
    language: Literal["en", "fr"] = "en"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for offer in self.offers:
            for channel in offer.channels:
                if channel not in self.channels:
                    raise ValueError(
                        f'offer "{offer.name}" uses channel `{channel}`, which `channels` does '
                        f"not describe; {nearest(channel, self.channels)}"
                    )
        names = [offer.name for offer in self.offers]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f'offer "{twice[0]}" is described twice; give each its own name')
        if self.ramp is not None and self.ramp.channel not in self.channels:
            raise ValueError(
                f"`ramp` is about channel `{self.ramp.channel}`, which `channels` does not "
                f"describe; {nearest(self.ramp.channel, self.channels)}"
            )
        return self
