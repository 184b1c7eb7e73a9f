"""What names of columns and files mean, in English and French.

In:  a name, as `Num_Commande`, `InvoiceDate` or `email_clicks_2024`.
Out: how well it names a column of the log, or which kind of event it speaks of.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from itertools import pairwise

WORDS: Mapping[str, Mapping[str, float]] = {
    "customer": {
        "customer": 1, "client": 1, "cliente": 1, "cust": 0.95, "household": 0.9, "foyer": 0.9,
        "member": 0.9, "adherent": 0.95, "user": 0.9, "utilisateur": 0.9, "subscriber": 0.9,
        "abonne": 0.9, "buyer": 0.9, "acheteur": 0.9, "shopper": 0.9, "donor": 0.9,
        "donateur": 0.9, "membre": 0.9, "societaire": 0.9, "patient": 0.8, "account": 0.75,
        "compte": 0.75, "contact": 0.75, "person": 0.75, "personne": 0.75, "visitor": 0.7,
        "visiteur": 0.7, "clt": 0.8, "carte": 0.5, "card": 0.5, "porteur": 0.7, "id": 0.3,
    },
    "at": {
        "timestamp": 1, "datetime": 1, "date": 0.95, "horodatage": 1, "moment": 0.8, "jour": 0.8,
        "day": 0.7, "time": 0.7, "dt": 0.8, "at": 0.8, "le": 0.5, "when": 0.7, "created": 0.6,
    },
    "amount": {
        "amount": 1, "montant": 1, "ttc": 0.95, "revenue": 0.95, "ca": 0.8, "turnover": 0.9,
        "total": 0.85, "sales": 0.85, "ventes": 0.7, "value": 0.6, "valeur": 0.7, "paid": 0.8,
        "paye": 0.8, "ht": 0.75, "spend": 0.85, "spent": 0.85, "net": 0.6, "sum": 0.6, "somme": 0.7,
        "amt": 0.9,
    },
    "quantity": {
        "quantity": 1, "quantite": 1, "qty": 1, "qte": 1, "units": 0.8, "unites": 0.8, "nb": 0.6,
        "nombre": 0.6, "pieces": 0.7,
    },
    "price": {"price": 1, "prix": 1, "pu": 0.95, "puttc": 0.95, "puht": 0.9, "tarif": 0.8, "unit": 0.5},
    "order": {
        "order": 1, "invoice": 1, "commande": 1, "facture": 1, "basket": 0.95, "ticket": 0.95,
        "panier": 0.95, "receipt": 0.95, "cmd": 0.9, "bon": 0.5, "transaction": 0.85, "trans": 0.6,
        "achat": 0.6, "purchase": 0.6, "booking": 0.8, "reservation": 0.8, "cart": 0.7,
    },
    "item": {
        "item": 1, "product": 1, "produit": 1, "article": 1, "sku": 1, "stockcode": 1, "ean": 0.95,
        "upc": 0.8, "reference": 0.7, "ref": 0.7, "gtin": 0.95, "asin": 0.95, "stock": 0.6,
    },
    "category": {
        "category": 1, "categorie": 1, "department": 0.95, "rayon": 0.95, "famille": 0.95,
        "family": 0.9, "univers": 0.9, "gamme": 0.8, "section": 0.6, "secteur": 0.6,
    },
    "channel": {"channel": 1, "canal": 1, "media": 0.7, "device": 0.5, "touchpoint": 0.8},
    "campaign": {"campaign": 1, "campagne": 1, "camp": 0.7, "mailing": 0.8, "operation": 0.5},
    "offer": {"offer": 1, "offre": 1, "coupon": 0.9, "promotion": 0.85, "promo": 0.85, "voucher": 0.9,
              "bon": 0.4},
    "rating": {"rating": 1, "note": 0.85, "score": 0.7, "nps": 1, "satisfaction": 1, "stars": 0.9,
               "etoiles": 0.9},
    "available_at": {"available": 1, "loaded": 1, "ingested": 1, "inserted": 0.9, "load": 0.8,
                     "chargement": 1, "charge": 0.8, "integration": 0.8, "received": 0.7,
                     "disponible": 1},
    "is_machine": {"machine": 1, "bot": 1, "robot": 1, "automated": 0.9},
    "kind": {"event": 1, "evenement": 1, "type": 0.8, "kind": 1, "action": 0.95, "activity": 0.8,
             "activite": 0.8, "interaction": 0.9, "nature": 0.7, "operation": 0.6},
    "status": {"status": 1, "statut": 1, "etat": 1, "state": 0.8},
    "since": {"since": 1, "cree": 0.95, "created": 0.95, "creation": 1, "inscription": 1, "signup": 1,
              "registration": 1, "registered": 1, "joined": 0.95, "adhesion": 0.95, "depuis": 1,
              "ouverture": 0.7, "subscribed": 0.7},
    "consent": {"consent": 1, "consentement": 1, "optin": 1, "opt": 0.9, "rgpd": 0.9, "gdpr": 0.9,
                "newsletter": 0.8, "accord": 0.7, "abonnement": 0.5},
    "usable": {"usable": 1, "valid": 0.95, "valide": 0.95, "deliverable": 1, "joignable": 1},
    "objection": {"objection": 1, "opposition": 1, "optout": 1, "bloctel": 0.9, "stop": 0.7,
                  "robinson": 0.9, "donotcontact": 1},
    "contract_end": {"echeance": 0.9, "expiry": 0.8, "expiration": 0.8, "contract": 0.6,
                     "contrat": 0.6, "renewal": 0.7},
    "valid_from": {"validfrom": 1, "from": 0.6, "debut": 0.6},
    "valid_until": {"validuntil": 1, "validto": 1, "until": 0.6, "fin": 0.5},
}  # fmt: skip
"""Column of the log -> word -> how surely the word means it, 0 to 1."""

AGAINST: Mapping[str, frozenset[str]] = {
    "customer": frozenset({"name", "nom", "prenom", "type", "segment", "age", "size", "count",
                           "email", "mail", "date", "country", "pays", "city", "ville", "nb", "comp"}),
    "at": frozenset({"birth", "naissance", "end", "fin", "update", "updated", "modified", "maj",
                     "expiry", "expiration", "loaded", "load", "chargement", "inserted", "delivery",
                     "livraison", "echeance", "until", "available", "ingested", "id", "zone"}),
    "amount": frozenset({"disc", "discount", "remise", "tax", "tva", "vat", "qty", "shipping", "port",
                         "points", "coupon", "id", "count", "rate"}),
    "order": frozenset({"date", "status", "statut", "amount", "montant", "type", "time", "timestamp",
                        "total", "value", "channel", "canal", "line", "ligne"}),
    "item": frozenset({"name", "nom", "description", "libelle", "type", "category", "categorie",
                       "count", "price", "prix", "quantity", "group"}),
    "category": frozenset({"price", "count"}),
    "campaign": frozenset({"type", "date", "start", "end", "cost", "name"}),
    "offer": frozenset({"disc", "date", "amount", "montant", "match"}),
    "price": frozenset({"cost", "total", "disc", "discount", "remise"}),
    "channel": frozenset({"id"}),
    "kind": frozenset({"date", "customer", "client", "product", "produit", "campaign", "id"}),
    "since": frozenset({"birth", "naissance"}),
}  # fmt: skip
"""Words beside which the others mean something else."""

KINDS: Mapping[str, tuple[str, ...]] = {
    # The first match names the kind: the more particular words stand above.
    "unsubscribe": ("unsubscribe", "unsubscribed", "desabonnement", "desinscription", "optout"),
    "bounce": ("bounce", "bounced", "rebond", "npai", "erreur"),
    "cancel_request": ("resiliation", "cancelrequest", "churn", "termination"),
    "complaint": ("complaint", "reclamation", "plainte", "sav", "litige"),
    "points_spent": ("pointsspent", "pointsused", "burn", "redeemedpoints"),
    "points_earned": ("pointsearned", "pointsgagnes", "earn"),
    "email_click": ("click", "clicks", "clicked", "clic", "clics", "clique"),
    "email_open": ("open", "opens", "opened", "ouverture", "ouvertures", "ouvert"),
    "sms_sent": ("sms",),
    "push_sent": ("push", "notification"),
    "print_sent": ("print", "courrier", "postal", "directmail", "catalogue", "flyer"),
    "call": ("call", "calls", "called", "appel", "appels", "phoning", "outbound"),
    "email_sent": ("sent", "send", "sends", "envoi", "envois", "envoye", "delivered", "email",
                   "emails", "emailing", "mailing", "newsletter"),
    "return": ("return", "returns", "returned", "retour", "retours", "refund", "refunds", "refunded",
               "remboursement", "avoir", "avoirs", "creditnote"),
    "quote": ("quote", "quotes", "devis", "quotation"),
    "billing": ("billing", "billed", "prelevement", "prelevements", "debit", "facturation"),
    "survey_answer": ("survey", "surveys", "sondage", "enquete", "nps", "questionnaire"),
    "review": ("review", "reviews", "avis", "evaluation"),
    "referral": ("referral", "referrals", "parrainage", "parrainages"),
    "training": ("training", "trainings", "formation", "formations", "course", "courses"),
    "form": ("form", "forms", "formulaire", "formulaires", "lead", "leads"),
    "login": ("login", "logins", "connexion", "connexions", "signin", "session", "sessions"),
    "store_visit": ("storevisit", "passage"),
    "service_use": ("usage", "usages", "use", "uses", "utilisation", "utilisations", "service"),
    "visit": ("visit", "visits", "visite", "visites", "pageview", "pageviews", "web", "browse",
              "navigation", "view", "views"),
    "purchase": ("purchase", "purchases", "purchased", "achat", "achats", "order", "orders", "commande",
                 "commandes", "sale", "sales", "vente", "ventes", "transaction", "transactions",
                 "invoice", "invoices", "facture", "factures", "ticket", "tickets", "basket", "panier",
                 "bought", "tickets"),
}  # fmt: skip
"""Kind -> words for it."""

CHANNELS: Mapping[str, tuple[str, ...]] = {
    "email": ("email", "mail", "mel", "courriel", "newsletter"),
    "sms": ("sms", "mobile"),
    "print": ("print", "postal", "courrier", "adresse", "address", "paper", "papier"),
    "phone": ("phone", "tel", "telephone", "call", "appel"),
    "push": ("push", "app"),
}  # fmt: skip
"""Channel -> words for it."""


PERSONAL = frozenset({
    "name", "names", "nom", "noms", "prenom", "prenoms", "surname", "forename", "firstname",
    "lastname", "maiden", "nickname", "pseudo", "username", "login", "initials", "initiales",
    "email", "mail", "mel", "courriel", "phone", "tel", "telephone", "mobile", "portable", "gsm",
    "fax", "address", "addr", "adresse", "street", "rue", "voie", "avenue", "house", "appartement",
    "zip", "zipcode", "postcode", "postal", "postalcode", "codepostal", "cp", "latitude", "longitude",
    "lat", "lon", "lng", "gps", "birth", "born", "birthday", "dob", "naissance", "anniversaire", "iban",
    "bic", "rib", "siret", "siren", "ssn", "nir", "secu", "passport", "passeport", "licence", "license",
    "ip", "device", "cookie", "uuid", "guid", "twitter", "facebook", "linkedin", "comment", "comments",
    "commentaire", "commentaires", "remarque", "remarques", "note", "notes", "description",
})  # fmt: skip
"""Words for what says who somebody is or where to find them, and for free text, which may."""

PEOPLE = frozenset({
    "customer", "customers", "client", "clients", "crm", "adherent", "adherents", "member",
    "members", "membre", "membres", "contact", "contacts", "user", "users", "household",
    "households", "demographic", "demographics", "profil", "profils", "subscriber", "subscribers",
    "abonne", "abonnes", "account", "accounts", "compte", "comptes", "person", "persons",
})  # fmt: skip
"""Words for a table of customers."""

LINKS = frozenset({
    "link", "links", "lien", "liens", "map", "mapping", "matching", "identity", "identite",
    "identites", "alias", "aliases", "xref", "correspondance", "bridge", "crosswalk", "cards",
    "cartes",
})  # fmt: skip
"""Words for a table that says who is who."""

REACTIONS = frozenset({
    "redemption", "redemptions", "redeemed", "loyalty", "fidelite", "game", "jeu", "wishlist",
    "favoris",
})  # fmt: skip
"""Words for what a customer does, and no kind has the name of."""

MAILINGS = frozenset({
    "campaign", "campaigns", "campagne", "campagnes", "contact", "contacts", "ciblage", "targeting",
})  # fmt: skip
"""Words for whom a company addressed."""


def tokens(name: str) -> tuple[str, ...]:
    """Split a name into plain lower-case words.

    Examples
    --------
    >>> tokens("Num_Commande"), tokens("InvoiceDate"), tokens("Montant TTC (€)")
    (('num', 'commande'), ('invoice', 'date'), ('montant', 'ttc'))
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", plain)
    return tuple(word.lower() for word in words)


def name_score(key: str, name: str) -> float:
    """Say how well a name names a column of the log, 0 to 1.

    Examples
    --------
    >>> name_score("customer", "Customer ID"), name_score("order", "order_date")
    (1, 0.25)
    >>> name_score("at", "date_naissance") < name_score("at", "date_achat")
    True
    """
    words = tokens(name)
    known = WORDS[key]
    best = max((known.get(word, 0.0) for word in (*words, "".join(words))), default=0.0)
    if best == 0 and len(words) == 1:
        # Words run together, as in `numclient` or `dateachat`.
        inside = (v for w, v in known.items() if len(w) >= 4 and w in words[0])
        best = 0.85 * max(inside, default=0.0)
    spoiled = AGAINST.get(key, frozenset()) & set(words)
    return best / 4 if spoiled else best


def kind_named(text: str) -> str | None:
    """Return the kind that a file's name or a word of the data speaks of.

    Examples
    --------
    >>> kind_named("email_clicks_2024"), kind_named("Achat"), kind_named("region")
    ('email_click', 'purchase', None)
    """
    words = tokens(text)
    pairs = {a + b for a, b in pairwise(words)}
    said = {*words, *pairs}
    said |= {word.removesuffix("s") for word in said}
    return next((kind for kind, meant in KINDS.items() if said & set(meant)), None)


def channel_named(text: str) -> str | None:
    """Return the channel a name speaks of.

    Examples
    --------
    >>> channel_named("optin_mail"), channel_named("consentement")
    ('email', None)
    """
    said = set(tokens(text))
    return next((channel for channel, meant in CHANNELS.items() if said & set(meant)), None)
