"""Values as a shop of 5,000 customers would give them, for the tests of the reports.

The figures are invented, but go together: counts add up, curves are curves.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from reveil.evaluation.interval import Interval
from reveil.features.declare import Language
from reveil.reports.values import (
    AuditRow,
    Budget,
    Capacity,
    Certificate,
    Contender,
    Count,
    CutoffResult,
    Difference,
    DriftRow,
    Driver,
    Example,
    Exclusion,
    Gains,
    Histogram,
    ListReport,
    ModelUsed,
    ReasonWords,
    ReliabilityBin,
    Segment,
    Target,
    TargetResult,
    TrainingReport,
    Wave,
)
from reveil.windows import Split, Windows

HOSTILE = "<script>alert('x')</script>"


def around(value: float, half: float) -> Interval:
    return Interval(estimate=value, low=value - half, high=value + half)


def contender(  # noqa: PLR0917
    name: str, auc: float, ap: float, lift: float, loss: float, brier: float
) -> Contender:
    calibrated = name != "recency"
    estimates = {
        "auc": around(auc, 0.019),
        "average_precision": around(ap, 0.026),
        "lift_at_10": around(lift, 0.31),
    }
    if calibrated:
        estimates |= {
            "log_loss": around(loss, 0.014),
            "brier": around(brier, 0.006),
            "observed_over_expected": around(1.04 if name == "model" else 1.12, 0.06),
        }
    return Contender(name=name, estimates=estimates)


def curve(name: str, power: float) -> Gains:
    contacted = np.linspace(0, 1, 51)
    return Gains(name=name, contacted=contacted, captured=1 - (1 - contacted) ** power)


def split() -> Split:
    first = date(2010, 5, 5)
    return Split(
        train=tuple(first + timedelta(28 * i) for i in range(11)),
        valid=(),
        test=(date(2011, 6, 1), date(2011, 9, 1)),
        windows=Windows(observation=timedelta(364), gap=timedelta(7), horizon=timedelta(84)),
    )


def drivers(language: Language) -> tuple[Driver, ...]:
    said = {
        "en": (
            "days since the last order",
            "last order late against the usual gap",
            "orders over the whole observation window",
            "BG/NBD expected purchases",
            "days since the last click in an e-mail",
            "orders in the same season last year",
            "mean amount of an order",
            "different products bought in the last 364 days",
        ),
        "fr": (
            "jours depuis la dernière commande",
            "retard sur le délai habituel entre commandes",
            "commandes sur toute la fenêtre d’observation",
            "achats attendus selon BG/NBD",
            "jours depuis le dernier clic dans un e-mail",
            "commandes à la même saison l’an dernier",
            "montant moyen d’une commande",
            "produits différents achetés en 364 jours",
        ),
    }[language]
    directions = ("lowers", "lowers", "raises", "raises", "lowers", "raises", None, "raises")
    weights = (0.61, 0.48, 0.33, 0.31, 0.22, 0.15, 0.08, 0.05)
    return tuple(
        Driver(name=f"f{i}", meaning=m, importance=w, direction=d)
        for i, (m, d, w) in enumerate(zip(said, directions, weights, strict=True))
    )


def reliability(base: float) -> tuple[ReliabilityBin, ...]:
    predicted = base * np.array([0.2, 0.35, 0.5, 0.7, 0.9, 1.1, 1.4, 1.8, 2.3, 3.0])
    wiggle = np.array([0.8, 1.1, 1.0, 0.95, 1.1, 1.05, 0.97, 1.04, 1.06, 0.99])
    return tuple(
        ReliabilityBin(
            predicted=float(p), observed=around(float(p * w), 0.02 + 0.08 * float(p)), rows=263
        )
        for p, w in zip(predicted, wiggle, strict=True)
    )


def target_result(
    target: Target, language: Language = "en", *, gain: float = 0.052
) -> TargetResult:
    base = 0.39 if target == "attrition" else 0.12
    auc = 0.781 if target == "attrition" else 0.695
    contenders = (
        contender("model", auc, base * 2.1, 2.6, 0.552, 0.187),
        contender("bgnbd", auc - 0.008, base * 2.0, 2.5, 0.561, 0.190),
        contender("rfm", auc - 0.021, base * 1.9, 2.3, 0.570, 0.194),
        contender("recency", auc - gain, base * 1.7, 2.1, 0, 0),
    )
    limits = {
        "en": ("Only one December lies before the test: the season is known from a single year.",),
        "fr": (
            "Un seul mois de décembre précède le test : la saison n’est connue que par une année.",
        ),
    }[language]
    return TargetResult(
        target=target,
        kind="boosted",
        split=split(),
        train_rows=31_482,
        train_customers=4_211,
        train_positives=round(31_482 * base),
        comparison=Difference(
            metric="auc",
            against="recency",
            model=auc,
            difference=around(gain, 0.016),
            cutoff=date(2011, 9, 1),
        ),
        other_comparisons=(
            Difference(metric="auc", against="bgnbd", model=auc, difference=around(0.008, 0.007)),
            Difference(metric="auc", against="rfm", model=auc, difference=around(0.021, 0.011)),
        ),
        by_cutoff=tuple(
            CutoffResult(
                cutoff=c, rows=n, customers=n, positives=round(n * base), contenders=contenders
            )
            for c, n in ((date(2011, 6, 1), 2_631), (date(2011, 9, 1), 2_790))
        ),
        gains=(curve("model", 3.6), curve("bgnbd", 3.3), curve("rfm", 3.0), curve("recency", 2.6)),
        reliability=reliability(base),
        drivers=drivers(language),
        segments=tuple(
            Segment(
                label=label,
                rows=rows,
                positives=round(rows * share),
                estimates={"auc": around(a, 0.03), "observed_over_expected": around(1.02, 0.08)},
            )
            for label, rows, share, a in (
                (
                    {"en": "one order so far", "fr": "une seule commande"}[language],
                    1_204,
                    0.08,
                    0.641,
                ),
                (
                    {"en": "two to four orders", "fr": "deux à quatre commandes"}[language],
                    902,
                    0.14,
                    0.702,
                ),
                (
                    {"en": "five orders or more", "fr": "cinq commandes ou plus"}[language],
                    525,
                    0.24,
                    0.733,
                ),
            )
        ),
        beeswarm='<svg xmlns="http://www.w3.org/2000/svg" width="800" height="500"><rect width="800"/></svg>',
        limits=limits,
    )


def training(language: Language = "en", *, study: str = "Online Retail") -> TrainingReport:
    margin = TargetResult(
        target="margin_if_returns",
        kind="boosted",
        split=split(),
        train_rows=3_914,
        train_customers=1_802,
        train_positives=3_914,
        comparison=Difference(
            metric="gini", against="mean_order", model=0.412, difference=around(0.011, 0.03)
        ),
        by_cutoff=(
            CutoffResult(
                cutoff=date(2011, 9, 1),
                rows=412,
                customers=412,
                positives=401,
                contenders=(
                    Contender(
                        name="model",
                        estimates={
                            "gini": around(0.412, 0.05),
                            "spearman": around(0.51, 0.04),
                            "decile_error": around(0.14, 0.03),
                            "bias": around(-0.03, 0.05),
                        },
                    ),
                    Contender(
                        name="mean_order",
                        estimates={
                            "gini": around(0.401, 0.05),
                            "spearman": around(0.50, 0.04),
                            "decile_error": around(0.31, 0.05),
                            "bias": around(0.12, 0.06),
                        },
                    ),
                ),
            ),
        ),
    )
    return TrainingReport(
        study=study,
        currency="GBP",
        targets=(
            target_result("attrition", language),
            target_result("reactivation", language),
            margin,
        ),
        fingerprint="9f31c2d07a44",
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


def audit(language: Language = "en") -> tuple[AuditRow, ...]:
    fr = language == "fr"
    return (
        AuditRow(
            check="kinds known" if not fr else "natures connues",
            state="ok",
            source="orders.parquet",
            column="kind",
            rows=0,
        ),
        AuditRow(
            check="lignes sans client" if fr else "lines without a customer",
            state="warning",
            source="orders.parquet",
            column="Customer ID",
            rows=243_007,
            positions=(577, 578, 1_055),
            fix="elles sont comptées et ignorées" if fr else "they are counted and dropped",
        ),
        AuditRow(
            check="dates illisibles" if fr else "unreadable dates",
            state="error",
            source="clicks.csv",
            column="date_clic",
            rows=312,
            positions=(118, 119, 4_012),
            fix='at: {column: date_clic, format: "%d/%m/%Y"}',
        ),
        AuditRow(
            check="doublons" if fr else "duplicates",
            state="info",
            source="orders.parquet",
            column="",
            rows=34_335,
        ),
    )
