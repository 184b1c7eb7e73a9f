"""The rules that keep a customer off the list, in words: a name, a label, a sentence.

In:  nothing.
Out: one Rule per reason; which customers it keeps off is told by `masks`, or by the allocation.
"""

from __future__ import annotations

from dataclasses import dataclass

from reveil.features.declare import Text
from reveil.targeting.settings import TargetingSettings


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
    >>> PROSPECT.label.of("fr")
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


PROSPECT = Rule(
    name="prospect",
    label=Text(en="Prospect", fr="Prospect"),
    sentence=Text(
        en="Has never ordered: not a customer to win back.",
        fr="N'a jamais commandé : ce n'est pas un client à reconquérir.",
    ),
)

FORMER = Rule(
    name="former",
    label=Text(en="Former customer", fr="Ancien client"),
    sentence=Text(
        en="Has left for good, or has stopped answering: no longer contacted.",
        fr="Est parti, ou ne répond plus : n'est plus sollicité.",
    ),
)

ACTIVE = Rule(
    name="active",
    label=Text(en="Still active", fr="Encore actif"),
    sentence=Text(
        en="Is still active: nothing to reactivate.",
        fr="Est encore actif : il n'y a rien à réactiver.",
    ),
)

DORMANT_SUBSCRIBER = Rule(
    name="dormant_subscriber",
    label=Text(en="Dormant subscriber", fr="Abonné dormant"),
    sentence=Text(
        en="Pays without using the service: a contact may remind them to cancel.",
        fr="Paie sans utiliser le service : une sollicitation peut lui rappeler de résilier.",
    ),
)

NOT_IN_TARGET = Rule(
    name="not_in_target",
    label=Text(en="Outside the target market", fr="Hors cible"),
    sentence=Text(
        en="Is no longer in the market this study addresses.",
        fr="N'appartient plus au marché visé par cette étude.",
    ),
)

OBJECTION = Rule(
    name="objection",
    label=Text(en="Objected", fr="Opposition"),
    sentence=Text(
        en="Has objected to marketing or to profiling.",
        fr="S'est opposé à la prospection ou au profilage.",
    ),
)

HOLDOUT = Rule(
    name="holdout",
    label=Text(en="Permanent hold-out", fr="Témoin permanent"),
    sentence=Text(
        en="Belongs to the random hold-out that no campaign contacts.",
        fr="Appartient au groupe témoin permanent, tiré au sort et jamais sollicité.",
    ),
)

SLEEPING = Rule(
    name="sleeping",
    label=Text(en="Better left alone", fr="À ne pas réveiller"),
    sentence=Text(
        en="Is expected to react badly to a contact.",
        fr="Risque de mal réagir à une sollicitation.",
    ),
)

PRESSURE_CAP = Rule(
    name="pressure_cap",
    label=Text(en="Contacted often enough", fr="Pression maximale atteinte"),
    sentence=Text(
        en="Already had {max_contacts} or more marketing contacts in the last {within_days} days.",
        fr="A déjà reçu {max_contacts} sollicitations ou plus en {within_days} jours.",
    ),
)

ATTEMPTS_CAP = Rule(
    name="attempts_cap",
    label=Text(en="Too many unanswered contacts", fr="Trop de relances sans réponse"),
    sentence=Text(
        en="Left the last {attempts_cap} contacts or more without an answer.",
        fr="A laissé sans réponse les {attempts_cap} dernières sollicitations ou plus.",
    ),
)

NO_CONSENT = Rule(
    name="no_consent",
    label=Text(en="No consent", fr="Sans consentement"),
    sentence=Text(
        en="Has consented to none of the channels of the offers.",
        fr="N'a consenti à aucun des canaux des offres.",
    ),
)

UNWANTED_CHANNEL = Rule(
    name="unwanted_channel",
    label=Text(en="Prefers other channels", fr="Préfère d'autres canaux"),
    sentence=Text(
        en="Has asked, in the preference centre, for none of the channels consented to.",
        fr="A écarté, dans ses préférences, tous les canaux auxquels il consent.",
    ),
)

UNUSABLE_CONTACT_POINT = Rule(
    name="unusable_contact_point",
    label=Text(en="No usable contact point", fr="Coordonnées inutilisables"),
    sentence=Text(
        en="No address or number works on the channels consented to.",
        fr="Aucune adresse ni aucun numéro valable sur les canaux consentis.",
    ),
)

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
