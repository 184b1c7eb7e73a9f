"""Who may not be contacted, and by which rule: the first one that applies.

In:  scored customers, TargetingSettings.
Out: for every customer the first rule that keeps them off the list (or none), and the channels
     on which they may be reached.

Masks are never constraints: no budget buys a customer past one of them. A rule is a pure function
of the snapshot; `RULES` is their order, and the order is what an excluded customer is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reveil.errors import DataError
from reveil.features.declare import Language, Text
from reveil.targeting.control import holdout
from reveil.targeting.settings import TargetingSettings
from reveil.targeting.worth import Flags, actions_of

Applies = Callable[[pd.DataFrame, TargetingSettings], Flags]

NO_RULE = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Why a customer is not on the list.

    Parameters
    ----------
    name
        As written in `excluded`.
    label
        A few words, for tables and pictures.
    sentence
        A sentence of explanation; may hold `{max_contacts}`, `{within_days}`, `{attempts_cap}`.

    Examples
    --------
    >>> RULES[0][0].label.of("fr")
    'Prospect'
    """

    name: str
    label: Text
    sentence: Text

    def explain(self, settings: TargetingSettings) -> str:
        """Return the sentence with the study's own figures, in its language."""
        return self.sentence.of(settings.language).format(
            max_contacts=settings.pressure.max_contacts,
            within_days=settings.pressure.within_days,
            attempts_cap=settings.attempts_cap,
        )


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
    columns = [
        _flags(frame, f"consent_{name}")
        if settings.channels[name].consent == "required"
        else np.ones(len(frame), dtype=np.bool_)
        for name in channels_of(settings)
    ]
    return np.column_stack(columns)


def reachable(frame: pd.DataFrame, settings: TargetingSettings) -> Flags:
    """Consent and a contact point that works, per channel, shape (n, channels)."""
    usable = np.column_stack([_flags(frame, f"usable_{name}") for name in channels_of(settings)])
    return consented(frame, settings) & usable


def no_consent(frame: pd.DataFrame, settings: TargetingSettings) -> Flags:
    """Consented to no channel that an offer uses."""
    somewhere: Flags = np.logical_or.reduce(consented(frame, settings), axis=1)
    return ~somewhere


def no_contact_point(frame: pd.DataFrame, settings: TargetingSettings) -> Flags:
    """Consented, but no contact point works on the consented channels."""
    somewhere: Flags = np.logical_or.reduce(reachable(frame, settings), axis=1)
    return ~somewhere


RULES: tuple[tuple[Rule, Applies], ...] = (
    (
        Rule(
            name="prospect",
            label=Text(en="Prospect", fr="Prospect"),
            sentence=Text(
                en="Has never ordered: not a customer to win back.",
                fr="N'a jamais commandé : ce n'est pas un client à reconquérir.",
            ),
        ),
        _in_state("prospect"),
    ),
    (
        Rule(
            name="former",
            label=Text(en="Former customer", fr="Ancien client"),
            sentence=Text(
                en="Has left for good, or has stopped answering: no longer contacted.",
                fr="Est parti, ou ne répond plus : n'est plus sollicité.",
            ),
        ),
        _in_state("former"),
    ),
    (
        Rule(
            name="active",
            label=Text(en="Still active", fr="Encore actif"),
            sentence=Text(
                en="Is still active: nothing to reactivate.",
                fr="Est encore actif : il n'y a rien à réactiver.",
            ),
        ),
        _in_state("active"),
    ),
    (
        Rule(
            name="not_in_target",
            label=Text(en="Outside the target market", fr="Hors cible"),
            sentence=Text(
                en="Is no longer in the market this study addresses.",
                fr="N'appartient plus au marché visé par cette étude.",
            ),
        ),
        not_in_target,
    ),
    (
        Rule(
            name="objection",
            label=Text(en="Objected", fr="Opposition"),
            sentence=Text(
                en="Has objected to marketing or to profiling.",
                fr="S'est opposé à la prospection ou au profilage.",
            ),
        ),
        objected,
    ),
    (
        Rule(
            name="holdout",
            label=Text(en="Permanent hold-out", fr="Témoin permanent"),
            sentence=Text(
                en="Belongs to the random hold-out that no campaign contacts.",
                fr="Appartient au groupe témoin permanent, tiré au sort et jamais sollicité.",
            ),
        ),
        held_out,
    ),
    (
        Rule(
            name="sleeping",
            label=Text(en="Better left alone", fr="À ne pas réveiller"),
            sentence=Text(
                en="Is expected to react badly to a contact.",
                fr="Risque de mal réagir à une sollicitation.",
            ),
        ),
        sleeping,
    ),
    (
        Rule(
            name="pressure_cap",
            label=Text(en="Contacted often enough", fr="Pression maximale atteinte"),
            sentence=Text(
                en="Already had {max_contacts} or more marketing contacts in the last "
                "{within_days} days.",
                fr="A déjà reçu {max_contacts} sollicitations ou plus en {within_days} jours.",
            ),
        ),
        under_pressure,
    ),
    (
        Rule(
            name="attempts_cap",
            label=Text(en="Too many unanswered contacts", fr="Trop de relances sans réponse"),
            sentence=Text(
                en="Left the last {attempts_cap} contacts or more without an answer.",
                fr="A laissé sans réponse les {attempts_cap} dernières sollicitations ou plus.",
            ),
        ),
        given_up,
    ),
    (
        Rule(
            name="no_consent",
            label=Text(en="No consent", fr="Sans consentement"),
            sentence=Text(
                en="Has consented to none of the channels of the offers.",
                fr="N'a consenti à aucun des canaux des offres.",
            ),
        ),
        no_consent,
    ),
    (
        Rule(
            name="unusable_contact_point",
            label=Text(en="No usable contact point", fr="Coordonnées inutilisables"),
            sentence=Text(
                en="No address or number works on the channels consented to.",
                fr="Aucune adresse ni aucun numéro valable sur les canaux consentis.",
            ),
        ),
        no_contact_point,
    ),
)
"""The masks, in the order in which an excluded customer is told."""

WORTH_BELOW_COST = Rule(
    name="worth_below_cost",
    label=Text(en="Not worth its cost", fr="Ne vaut pas son coût"),
    sentence=Text(
        en="No offer is expected to bring back more than it costs.",
        fr="Aucune offre ne devrait rapporter plus qu'elle ne coûte.",
    ),
)
BUDGET_OR_CAPACITY = Rule(
    name="budget_or_capacity",
    label=Text(en="Beyond budget or capacity", fr="Au-delà du budget ou de la capacité"),
    sentence=Text(
        en="Would be worth a contact, but others are worth more for this budget and capacity.",
        fr="Mériterait un contact, mais d'autres valent plus pour ce budget et cette capacité.",
    ),
)

EVERY_RULE: tuple[Rule, ...] = (
    *(rule for rule, _ in RULES),
    WORTH_BELOW_COST,
    BUDGET_OR_CAPACITY,
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
        if settings.channels[name].consent == "required":
            needed.append(f"consent_{name}")
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
