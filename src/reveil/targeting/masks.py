"""Who may not be contacted, and by which rule: the first one that applies.

In:  scored customers, TargetingSettings.
Out: for every customer the first rule that keeps them off the list (or none), and the channels
     on which they may be reached.

Masks are never constraints: no budget buys a customer past one of them. A rule is a pure function
of the snapshot; `RULES` is their order, and the order is what an excluded customer is told.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reveil.errors import DataError
from reveil.features.declare import Language
from reveil.targeting import rules
from reveil.targeting.control import holdout
from reveil.targeting.settings import TargetingSettings, wrong_purpose
from reveil.targeting.worth import Flags, actions_of

Applies = Callable[[pd.DataFrame, TargetingSettings], Flags]

NO_RULE = -1


def _flags(frame: pd.DataFrame, column: str) -> Flags:
    """Where a column says yes; a null is a no."""
    return frame[column].eq(True).to_numpy(dtype=np.bool_, na_value=False)


def _flags_if_any(frame: pd.DataFrame, column: str, *, otherwise: bool) -> Flags:
    """Like `_flags`, for columns that a snapshot may not have."""
    if column in frame.columns:
        return _flags(frame, column)
    return np.full(len(frame), otherwise, dtype=np.bool_)


def _counts(frame: pd.DataFrame, column: str) -> NDArray[np.int64]:
    return frame[column].fillna(0).to_numpy(dtype=np.int64)


def _in_state(state: str) -> Applies:
    def applies(frame: pd.DataFrame, settings: TargetingSettings) -> Flags:
        is_state = frame["state"].eq(state).to_numpy(dtype=np.bool_, na_value=False)
        return is_state if state not in settings.states else np.zeros(len(frame), dtype=np.bool_)

    return applies


def dormant(frame: pd.DataFrame, settings: TargetingSettings) -> Flags:
    """Pays without using (column `dormant`, where there is one), unless the study wakes them."""
    if settings.wake_dormant:
        return np.zeros(len(frame), dtype=np.bool_)
    return _flags_if_any(frame, "dormant", otherwise=False)


def not_in_target(frame: pd.DataFrame, settings: TargetingSettings) -> Flags:
    """Outside the market the study addresses (column `in_target`, where there is one)."""
    return ~_flags_if_any(frame, "in_target", otherwise=True)


def objected(frame: pd.DataFrame, settings: TargetingSettings) -> Flags:
    """Objected to marketing or to profiling (column `objection`, where there is one)."""
    return _flags_if_any(frame, "objection", otherwise=False)


def held_out(frame: pd.DataFrame, settings: TargetingSettings) -> Flags:
    """In the global hold-out, the same customers in every campaign."""
    return holdout(frame["customer_id"], salt=settings.salt, share=settings.holdout_share)


def sleeping(frame: pd.DataFrame, settings: TargetingSettings) -> Flags:
    """Known to react badly to a contact (column `sleeping`, where there is one)."""
    return _flags_if_any(frame, "sleeping", otherwise=False)


def under_pressure(frame: pd.DataFrame, settings: TargetingSettings) -> Flags:
    """Contacted often enough lately."""
    return _counts(frame, "contacts_recent") >= settings.pressure.max_contacts


def given_up(frame: pd.DataFrame, settings: TargetingSettings) -> Flags:
    """Left too many contacts in a row without an answer."""
    return _counts(frame, "unanswered") >= settings.attempts_cap


def consented(frame: pd.DataFrame, settings: TargetingSettings) -> Flags:
    """Consent per channel that an offer uses, shape (n, channels); see `channels_of`."""
    columns = [consent_of(name, frame, settings) for name in channels_of(settings)]
    return np.column_stack(
        [np.ones(len(frame), np.bool_) if name is None else _flags(frame, name) for name in columns]
    )


def consent_of(channel: str, frame: pd.DataFrame, settings: TargetingSettings) -> str | None:
    """Name the column of a channel's consent: the purpose's, where consent is per purpose.

    Examples
    --------
    >>> s = TargetingSettings.model_validate({
    ...     "channels": {"email": {"cost": 0.02}}, "purpose": "offers",
    ...     "offers": [{"name": "miss you", "channels": ["email"]}],
    ... })
    >>> consent_of("email", pd.DataFrame(columns=["consent_email_for_offers"]), s)
    'consent_email_for_offers'
    >>> consent_of("email", pd.DataFrame(columns=["consent_email"]), s)
    'consent_email'
    """
    if settings.channels[channel].consent == "not_required":
        return None
    per_purpose = f"consent_{channel}_for_{settings.purpose}"
    return per_purpose if per_purpose in frame.columns else f"consent_{channel}"


def wanted(frame: pd.DataFrame, settings: TargetingSettings) -> Flags:
    """Consent to a channel that the customer has not declined in the preference centre."""
    wants = np.column_stack(
        [_flags_if_any(frame, f"wants_{name}", otherwise=True) for name in channels_of(settings)]
    )
    return consented(frame, settings) & wants


def reachable(frame: pd.DataFrame, settings: TargetingSettings) -> Flags:
    """Consent, not declined, and a contact point that works, per channel, shape (n, channels)."""
    usable = np.column_stack([_flags(frame, f"usable_{name}") for name in channels_of(settings)])
    return wanted(frame, settings) & usable


def no_consent(frame: pd.DataFrame, settings: TargetingSettings) -> Flags:
    """Consented to no channel that an offer uses."""
    return _nowhere(consented(frame, settings))


def no_wanted_channel(frame: pd.DataFrame, settings: TargetingSettings) -> Flags:
    """Declined every channel consented to."""
    return _nowhere(wanted(frame, settings))


def no_contact_point(frame: pd.DataFrame, settings: TargetingSettings) -> Flags:
    """Consented, but no contact point works on the channels consented to and wanted."""
    return _nowhere(reachable(frame, settings))


def _nowhere(channels: Flags) -> Flags:
    somewhere: Flags = np.logical_or.reduce(channels, axis=1)
    return ~somewhere


RULES: tuple[tuple[rules.Rule, Applies], ...] = (
    (rules.PROSPECT, _in_state("prospect")),
    (rules.FORMER, _in_state("former")),
    (rules.ACTIVE, _in_state("active")),
    (rules.DORMANT_SUBSCRIBER, dormant),
    (rules.NOT_IN_TARGET, not_in_target),
    (rules.OBJECTION, objected),
    (rules.HOLDOUT, held_out),
    (rules.SLEEPING, sleeping),
    (rules.PRESSURE_CAP, under_pressure),
    (rules.ATTEMPTS_CAP, given_up),
    (rules.NO_CONSENT, no_consent),
    (rules.UNWANTED_CHANNEL, no_wanted_channel),
    (rules.UNUSABLE_CONTACT_POINT, no_contact_point),
)
"""The masks, in the order in which an excluded customer is told."""

EVERY_RULE: tuple[rules.Rule, ...] = (
    *(rule for rule, _ in RULES),
    rules.WORTH_BELOW_COST,
    rules.BUDGET_OR_CAPACITY,
)
"""All rules in order; a customer's rule is a position in this tuple."""


def channels_of(settings: TargetingSettings) -> tuple[str, ...]:
    """Channels that at least one offer uses, in the order of the study.

    Examples
    --------
    >>> s = TargetingSettings.model_validate({
    ...     "channels": {"email": {"cost": 0.02}, "print": {"cost": 0.9}},
    ...     "offers": [{"name": "miss you", "channels": ["print"]}],
    ... })
    >>> channels_of(s)
    ('print',)
    """
    used = {action.channel for action in actions_of(settings)}
    return tuple(name for name in settings.channels if name in used)


def rule_labels(language: Language) -> dict[str, str]:
    """Name each rule in a few words, in the rules' order.

    Examples
    --------
    >>> list(rule_labels("fr").values())[:3]
    ['Prospect', 'Ancien client', 'Encore actif']
    """
    return {rule.name: rule.label.of(language) for rule in EVERY_RULE}


def first_rule(frame: pd.DataFrame, settings: TargetingSettings) -> NDArray[np.int64]:
    """Position in `EVERY_RULE` of the first mask that applies, `NO_RULE` where none does.

    Parameters
    ----------
    frame
        Scored customers, one row each.

    Returns
    -------
    ndarray
        int64, shape (n,).

    Raises
    ------
    DataError
        When a column that a rule reads is missing, or a state is unknown.

    Examples
    --------
    >>> s = TargetingSettings.model_validate({
    ...     "channels": {"email": {"cost": 0.02}}, "holdout_share": 0,
    ...     "offers": [{"name": "miss you", "channels": ["email"]}],
    ... })
    >>> frame = pd.DataFrame({
    ...     "customer_id": ["C1", "C2", "C3"], "state": ["active", "inactive", "inactive"],
    ...     "contacts_recent": [9, 0, 0], "unanswered": [0, 0, 4],
    ...     "consent_email": [True, True, False], "usable_email": [True, True, True],
    ... })
    >>> [EVERY_RULE[i].name if i >= 0 else "may be contacted" for i in first_rule(frame, s)]
    ['active', 'may be contacted', 'attempts_cap']
    """
    _check(frame, settings)
    found = np.full(len(frame), NO_RULE, dtype=np.int64)
    for position, (_, applies) in enumerate(RULES):
        found[(found == NO_RULE) & applies(frame, settings)] = position
    return found


def _check(frame: pd.DataFrame, settings: TargetingSettings) -> None:
    needed = ["customer_id", "state", "contacts_recent", "unanswered"]
    for name in channels_of(settings):
        needed.append(f"usable_{name}")
        column = consent_of(name, frame, settings)
        if column is not None:
            _check_purpose(name, frame, settings)
            needed.append(column)
    missing = [column for column in needed if column not in frame.columns]
    if missing:
        consent = any(column.startswith("consent_") for column in missing)
        raise DataError(
            f"the scored customers have no column {', '.join(f'`{c}`' for c in missing)}",
            hint="map consent and contact points per channel in the study's customers table"
            + (", or say `consent: not_required` for the channel" if consent else ""),
        )
    known = {"prospect", "active", "inactive", "former"}
    unknown = int((~frame["state"].isin(known)).sum())
    if unknown:
        raise DataError(
            f"{unknown:,} of {len(frame):,} scored customers are in no known state",
            hint=f"a state is one of: {', '.join(sorted(known))}",
        )


def _check_purpose(channel: str, frame: pd.DataFrame, settings: TargetingSettings) -> None:
    """Refuse a purpose that a channel's consents do not know, or the lack of one."""
    start = f"consent_{channel}_for_"
    purposes = [c.removeprefix(start) for c in frame.columns if c.startswith(start)]
    wrong = wrong_purpose(channel, settings.purpose, purposes)
    if wrong is not None:
        message, hint = wrong
        raise DataError(message, hint=hint)
