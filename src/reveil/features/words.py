"""What kinds of events are called in sentences."""

from __future__ import annotations

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
}


def signal_words(signal: str) -> Text:
    """Name what a signal is news of.

    Examples
    --------
    >>> signal_words("silence").fr, signal_words("visit").en
    ('temps depuis la dernière commande', 'visit')
    """
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
