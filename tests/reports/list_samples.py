"""A list of a shop of 5,000 customers, for the tests of the reports: invented, and it adds up."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from reveil.features.declare import Language
from reveil.reports.values import (
    Budget,
    Capacity,
    Certificate,
    Count,
    DriftRow,
    Example,
    Exclusion,
    Histogram,
    ListReport,
    ModelUsed,
    ReasonWords,
    Wave,
)


def listing(language: Language = "en", *, offer: str | None = None) -> ListReport:
    fr = language == "fr"
    offer = offer or ("Vous nous manquez" if fr else "You are missed")
    sentences = (
        (
            "dernière commande il y a 194 jours, 2,3 fois son délai habituel",
            "11 commandes depuis deux ans",
            "a cliqué dans un e-mail il y a 12 jours",
        )
        if fr
        else (
            "last order 194 days ago, 2.3 times the usual gap",
            "11 orders over two years",
            "clicked in an e-mail 12 days ago",
        )
    )
    rng = np.random.default_rng(1)
    examples = tuple(
        Example(
            rank=rank,
            state="inactive",
            group="multi-acheteur endormi" if fr else "lapsed multi-buyer",
            offer=offer,
            channel="e-mail" if rank % 3 else "courrier" if fr else "print",
            probability=0.52 - 0.025 * rank,
            margin_if_returns=float(430 - 9 * rank + rng.integers(-40, 40)),
            expected_margin=float(204 - 11 * rank),
            cost=0.04 if rank % 3 else 1.1,
            reasons=(
                ReasonWords(sentence=sentences[1], direction="raises"),
                ReasonWords(sentence=sentences[2], direction="raises"),
                ReasonWords(sentence=sentences[0], direction="lowers"),
            ),
        )
        for rank in range(1, 11)
    )
    edges = np.linspace(0, 0.6, 25)
    shape = np.exp(-edges[:-1] / 0.09)
    everyone = np.round(2_180 * shape / shape.sum()).astype(np.int64)
    taken = np.round(everyone * np.clip(edges[:-1] / 0.2 - 0.25, 0, 0.92)).astype(np.int64)
    rules = (
        ("prospect", "Never bought", "N’a jamais acheté", 112),
        ("former", "Former customer", "Ancien client", 388),
        ("active", "Still active, nothing to win back", "Encore actif, rien à reconquérir", 2_790),
        (
            "holdout",
            "Global hold-out, kept apart for measuring",
            "Réserve globale, gardée pour mesurer",
            109,
        ),
        (
            "pressure",
            "Contacted 3 times or more in 28 days",
            "Contacté 3 fois ou plus en 28 jours",
            74,
        ),
        (
            "consent",
            "No consent for any channel",
            "Aucun consentement, quel que soit le canal",
            402,
        ),
        ("unusable", "No usable contact point", "Aucune coordonnée utilisable", 88),
        ("worth", "Expected margin below the cost", "Marge attendue inférieure au coût", 301),
        ("budget", "Budget or capacity spent", "Budget ou capacité épuisés", 246),
    )
    return ListReport(
        study="Online Retail",
        currency="EUR" if fr else "GBP",
        cutoff=date(2011, 9, 1),
        mode="propensity",
        selected=874,
        control=97,
        exclusions=tuple(
            Exclusion(rule=code, label=french if fr else english, customers=n)
            for code, english, french, n in rules
        ),
        expected_returns=212.4,
        expected_margin=48_210.5,
        cost=412.36,
        budget=Budget(used=412.36, available=412.5, shadow_price=3.27),
        capacities=(
            Capacity(channel="e-mail", used=574, available=2_000),
            Capacity(
                channel="courrier" if fr else "print", used=300, available=300, shadow_price=0.84
            ),
            Capacity(channel="SMS", used=0, available=None),
        ),
        certificate=Certificate(worth=47_798.1, bound=47_811.9),
        probability=Histogram(edges=edges, everyone=everyone, selected=taken),
        groups=tuple(
            Count(label=fr_label if fr else en_label, customers=n)
            for en_label, fr_label, n in (
                ("lapsed multi-buyer", "multi-acheteur endormi", 401),
                ("lapsed loyal customer", "client fidèle endormi", 233),
                ("lapsed mono-buyer", "mono-acheteur endormi", 171),
                ("engaged reader who does not buy", "lecteur engagé qui n’achète pas", 69),
            )
        ),
        channels=(
            Count(label="e-mail", customers=574),
            Count(label="courrier" if fr else "print", customers=300),
        ),
        offers=(
            Count(label=offer, customers=610),
            Count(label="−20 %" if fr else "−20%", customers=264),
        ),
        triggers=tuple(
            Count(label=fr_label if fr else en_label, customers=n)
            for en_label, fr_label, n in (
                ("many orders in the past", "beaucoup de commandes passées", 388),
                ("clicked lately", "a cliqué récemment", 251),
                ("ordered in this season last year", "commande à cette saison l’an dernier", 142),
                ("last order not long ago", "dernière commande assez récente", 93),
            )
        ),
        examples=examples,
        waves=tuple(
            Wave(number=i + 1, send_on=date(2011, 9, 8) + timedelta(7 * i), customers=n)
            for i, n in enumerate((120, 240, 260, 254))
        ),
        drift=(
            DriftRow(
                check="Nombre de clients" if fr else "Number of customers",
                observed="+3 %" if fr else "+3%",
                required="±20 %" if fr else "within 20%",
                state="ok",
            ),
            DriftRow(
                check="Répartition des probabilités (PSI)"
                if fr
                else "Distribution of probabilities (PSI)",
                observed="0,14" if fr else "0.14",
                required="< 0,10" if fr else "< 0.10",
                state="warning",
            ),
        ),
        models=(
            ModelUsed(target="reactivation", version="3", digest="5b1d03c9a6f27e10"),
            ModelUsed(target="margin_if_returns", version="2", digest="c0ffee12ab98d4f0"),
        ),
    )
