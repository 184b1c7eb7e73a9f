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


def noun(kind: str) -> Text:
    """Name one event of a kind; an unknown kind keeps its own name.

    Examples
    --------
    >>> noun("email_click").en, noun("garden_tour").fr
    ('e-mail click', 'garden tour')
    """
    plain = kind.replace("_", " ")
    return _NOUNS.get(kind, Text(en=plain, fr=plain))
