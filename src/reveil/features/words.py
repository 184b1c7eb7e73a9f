"""What kinds of events and channels are called in sentences and in names of features."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from hashlib import sha256

from reveil.engine.asof import AsOf
from reveil.features.declare import Text

_NOUNS = {
    "purchase": Text(en="order", fr="commande"),
    "return": Text(en="return", fr="retour"),
    "quote": Text(en="quote", fr="devis"),
    "email_click": Text(en="e-mail click", fr="clic dans un e-mail"),
    "login": Text(en="login", fr="connexion"),
    "visit": Text(en="visit", fr="visite"),
    "service_use": Text(en="use of a service", fr="utilisation d'un service"),
    "training": Text(en="training", fr="formation"),
    "form": Text(en="form", fr="formulaire"),
    "survey_answer": Text(en="survey answer", fr="réponse à une enquête"),
    "referral": Text(en="referral", fr="parrainage"),
    "review": Text(en="review", fr="avis"),
    "points_spent": Text(en="points spent", fr="points dépensés"),
    "points_earned": Text(en="points earned", fr="points gagnés"),
    "sms_sent": Text(en="text message sent", fr="SMS envoyé"),
    "push_sent": Text(en="notification sent", fr="notification envoyée"),
    "print_sent": Text(en="letter sent", fr="courrier envoyé"),
    "call": Text(en="call", fr="appel"),
    "billing": Text(en="billing", fr="facturation"),
    "store_visit": Text(en="visit to a store", fr="visite en magasin"),
    "email_sent": Text(en="e-mail sent", fr="e-mail envoyé"),
    "email_open": Text(en="e-mail open", fr="ouverture d'e-mail"),
    "complaint": Text(en="complaint", fr="réclamation"),
    "unsubscribe": Text(en="unsubscription", fr="désinscription"),
    "cancel_request": Text(en="cancellation request", fr="demande de résiliation"),
    "status_loss": Text(en="loss of status", fr="perte de statut"),
    "bounce": Text(en="bounced e-mail", fr="e-mail rejeté"),
}

_SIGNALS = {
    "silence": Text(en="time since the last order", fr="temps depuis la dernière commande"),
    "orders": Text(en="number of orders", fr="nombre de commandes"),
    "tenure": Text(en="time as a customer", fr="ancienneté"),
    "amount": Text(en="amounts spent", fr="montants dépensés"),
    "rhythm": Text(en="usual time between orders", fr="délai habituel entre commandes"),
    "trend": Text(en="orders rising or falling", fr="commandes en hausse ou en baisse"),
    "season": Text(en="same season last year", fr="même saison l'an dernier"),
    "breadth": Text(en="variety of what is bought", fr="variété des achats"),
    "engagement": Text(en="signs of engagement", fr="signes d'engagement"),
    "email_unanswered": Text(en="e-mails without an answer", fr="e-mails sans réponse"),
    "channels": Text(en="number of channels used", fr="nombre de canaux utilisés"),
    "contact": Text(en="our own contacts", fr="nos sollicitations"),
    "incident": Text(en="incidents", fr="incidents"),
    "rating": Text(en="ratings given", fr="notes données"),
    "points": Text(en="loyalty points", fr="points de fidélité"),
    "state": Text(en="times inactive, and back", fr="passages à l'inactivité et retours"),
    "contract": Text(en="end of the contract", fr="fin du contrat"),
}

_PREFIXES = {
    "channel_": Text(en="use of the channel {}", fr="usage du canal {}"),
    "profile_": Text(en="profile: {}", fr="profil : {}"),
}

_OF_A_ROLE = {"contact": "marketer", "engagement": "engagement", "incident": "incident"}
"""What features of all kinds of a role are named after."""


def signal_words(signal: str) -> Text:
    """Name what a signal is news of.

    Examples
    --------
    >>> signal_words("silence").fr, signal_words("visit").en
    ('temps depuis la dernière commande', 'visit')
    >>> signal_words("channel_web").fr
    'usage du canal web'
    """
    for prefix, words in _PREFIXES.items():
        if signal.startswith(prefix):
            name = signal.removeprefix(prefix).replace("_", " ")
            return Text(en=words.en.format(name), fr=words.fr.format(name))
    return _SIGNALS.get(signal, noun(signal))


def noun(kind: str) -> Text:
    """Name one event of a kind; an unknown kind keeps its own name.

    Examples
    --------
    >>> noun("email_click").en, noun("garden_tour").fr
    ('e-mail click', 'garden tour')
    """
    plain = kind.replace("_", " ")
    return _NOUNS.get(kind, Text(en=plain, fr=plain))


def own_kinds(log: AsOf, *signals: str) -> tuple[str, ...]:
    """List kinds that get features of their own; one called as its whole role is has the role's.

    Examples
    --------
    >>> from reveil.events.roles import Role
    >>> own_kinds(AsOf({"contact": Role.MARKETER, "sms_sent": Role.MARKETER}), "marketer")
    ('sms_sent',)
    """
    return tuple(k for k in log.kinds(*signals) if _OF_A_ROLE.get(k) != log.roles[k].value)


def slugs(channels: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Make names of features from names of channels; channels of one slug are one.

    Returns
    -------
    dict
        By slug of `a-z0-9_`, in the channels' order: the name to show, and every spelling.

    Examples
    --------
    >>> slugs({"Été": ("Été",), "e-shop": ("E-Shop", "e-shop"), "e shop": ("e shop",)})
    {'ete': ('Été', ('Été',)), 'e_shop': ('e-shop', ('E-Shop', 'e shop', 'e-shop'))}
    """
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for name, spelled in channels.items():
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        slug = re.sub("[^a-z0-9]+", "_", plain).strip("_")
        # A name of other letters than Latin ones keeps its features apart by a digest.
        slug = slug or "x" + sha256(name.encode()).hexdigest()[:8]
        shown, others = found.get(slug, (name, ()))
        found[slug] = shown, tuple(sorted({*others, *spelled}))
    return found
