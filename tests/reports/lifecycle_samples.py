"""A lifecycle as a shop of 5,000 customers would give it. Invented, but the counts go together."""

from __future__ import annotations

from datetime import date, timedelta
from math import inf, nan

import numpy as np

from reveil.evaluation.interval import Interval
from reveil.features.declare import Language
from reveil.reports.lifecycle_values import (
    BaseAt,
    CallingItWrong,
    ClockCurve,
    Distinction,
    Dormant,
    Flows,
    LastOrderByEngagement,
    LifecycleReport,
    Movement,
    WrittenAs,
)
from reveil.reports.list_values import Count

GROUPS = {
    "en": ("lapsed, one order", "active, several orders", "active, one order", "prospect",
           "lapsed, several orders", "engaged non-buyer", "active, loyal", "former",
           "dormant subscriber", "lapsed, loyal"),
    "fr": ("endormi, une commande", "actif, plusieurs commandes", "actif, une commande", "prospect",
           "endormi, plusieurs commandes", "engagé sans achat récent", "actif, fidèle",
           "ancien client", "abonné dormant", "endormi, fidèle"),
}  # fmt: skip
MEANINGS = {
    "en": ("days since the last order", "orders in the last 84 days", "e-mail clicks in 84 days",
           "amount of an order, on average, over the whole observation window",
           "share of orders sent back"),
    "fr": ("jours depuis la dernière commande", "commandes des 84 derniers jours",
           "clics e-mail en 84 jours",
           "montant moyen d’une commande, sur toute la fenêtre d’observation",
           "part des commandes renvoyées"),
}  # fmt: skip
SIZES = (1450, 1180, 620, 480, 410, 366, 210, 180, 90, 14)


def lifecycle(language: Language) -> LifecycleReport:
    cutoff = date(2011, 9, 1)
    days = [cutoff - timedelta(days=28 * i) for i in range(13, -1, -1)]
    growth = np.linspace(0.72, 1.0, 14)
    base = [
        BaseAt(
            day=day,
            customers=(
                int(2376 * g), int(1964 * g**2), int(180 * g**4), int(480 * g),
            ),
        )
        for day, g in zip(days, growth, strict=True)
    ]  # fmt: skip
    counts = np.array([[1226, 470, 14, 0], [188, 790, 40, 0], [4, 0, 44, 0], [58, 4, 0, 283]])
    entries = (900, 700, 82, 197)
    units: tuple[WrittenAs, ...] = ("days", "count", "count", "money", "share")
    d = (0.91, -0.84, -0.42, -0.12, 0.06)
    moved, stayed = (112.0, 0.0, 0.31, 31.2, 0.04), (38.0, 1.0, 1.62, 34.9, 0.031)
    distinctions = tuple(
        Distinction(
            meaning=meaning,
            unit=unit,
            difference=Interval(estimate=size, low=size - 0.09, high=size + 0.09),
            moved=m,
            stayed=s,
        )
        for meaning, unit, size, m, s in zip(
            MEANINGS[language], units, d, moved, stayed, strict=True
        )
    )
    return LifecycleReport(
        study="Garden Shop",
        currency="EUR",
        base=tuple(base),
        flows=Flows(counts=counts, entries=entries, exits=(0, 3, 0, 0)),
        step_flows=Flows(
            counts=np.array([[9000, 610, 9, 0], [240, 8000, 70, 0], [3, 0, 700, 0], [90, 0, 0, 4]]),
            entries=(900, 0, 0, 400),
            exits=(0, 0, 0, 0),
        ),
        step_days=28,
        engagement=LastOrderByEngagement(
            rows=(0.25, 0.5, 1.0, 2.0, inf, nan),
            bands=("none", "low", "medium", "high"),
            counts=np.array(
                [[0, 120, 640, 301], [0, 210, 402, 90], [3, 141, 88, 15], [0, 160, 71, 4],
                 [0, 88, 31, 0], [0, 11, 1, 0]]
            ),
            limit_days=244.0,
        ),
        wrong=CallingItWrong(customers=366, margin=18_422.5, purchases_only=False),
        dormant=Dormant(customers=90, paying_known=True),
        clock_days=tuple(range(28, 729, 28)),
        clocks=tuple(
            ClockCurve(
                clock=clock,
                customers=tuple(int(top * (1 - np.exp(-day / pace))) for day in range(28, 729, 28)),
            )
            for clock, top, pace in (
                ("commercial", 4500, 240),
                ("contact", 4900, 190),
                ("email", 2900, 150),
            )
        ),
        groups=tuple(
            Count(label=label, customers=n)
            for label, n in zip(GROUPS[language], SIZES, strict=True)
        ),
        movements=(
            Movement(
                before="active", after="inactive", moved=470, stayed=1226,
                distinctions=distinctions,
            ),
            Movement(
                before="inactive", after="active", moved=188, stayed=790,
                distinctions=distinctions[2:],
            ),
        ),
    )  # fmt: skip
