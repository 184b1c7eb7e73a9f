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
    Contender,
    CutoffResult,
    Difference,
    Driver,
    Gains,
    ReliabilityBin,
    Segment,
    Target,
    TargetResult,
    TrainingReport,
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
