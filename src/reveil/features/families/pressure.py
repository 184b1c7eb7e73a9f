"""How much we wrote to the customer. Confounded by past targeting, so never a reason."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.activity.answers import unanswered_contacts
from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature
from reveil.features.words import noun, own_kinds

MAIL = "email_sent"
"""Counted by the family of e-mails."""


@family("pressure", needs="marketer")
def pressure(log: AsOf) -> Iterator[Declared]:
    """Count our own contacts."""
    for days in (7, 28, 84, 364):
        yield feature(
            f"contact_count_{days}d",
            log.count("marketer", days=days),
            signal="contact",
            unit=Unit.COUNT,
            meaning=Text(en=f"contacts in {days} days", fr=f"sollicitations en {days} jours"),
            null="never null",
            window_days=days,
        )
    yield feature(
        "contact_recency_days",
        log.recency("marketer"),
        signal="contact",
        unit=Unit.DAYS,
        meaning=Text(en="days since the last contact", fr="jours depuis la dernière sollicitation"),
        null="none in the observation window",
    )
    yield feature(
        "contact_count_change_28d",
        log.count("marketer", days=28) - log.count("marketer", days=56, until=28),
        signal="contact",
        unit=Unit.COUNT,
        meaning=Text(
            en="contacts in 28 days less those of the 28 days before",
            fr="sollicitations en 28 jours, moins celles des 28 jours précédents",
        ),
        null="never null",
        window_days=56,
    )
    for kind in own_kinds(log, "marketer"):
        if kind != MAIL:
            word = noun(kind)
            yield feature(
                f"{kind}_count_84d",
                log.count(kind, days=84),
                signal="contact",
                unit=Unit.COUNT,
                meaning=Text(
                    en=f"{word.en}: events in 84 days", fr=f"{word.fr} : nombre en 84 jours"
                ),
                null="never null",
                window_days=84,
            )
    if log.columns("offer"):
        yield from _offers(log)
    yield feature(
        "contact_unanswered_count",
        unanswered_contacts(log),
        signal="contact",
        unit=Unit.COUNT,
        meaning=Text(
            en="contacts since the last trade or sign of engagement",
            fr="sollicitations depuis le dernier achat ou signe d'engagement",
        ),
        null="never null",
    )


def _offers(log: AsOf) -> Iterator[Declared]:
    offers = log.count("marketer", days=84, naming="offer")
    yield feature(
        "contact_offer_count_84d",
        offers,
        signal="contact",
        unit=Unit.COUNT,
        meaning=Text(
            en="contacts with an offer in 84 days", fr="sollicitations avec une offre en 84 jours"
        ),
        null="never null",
        window_days=84,
    )
    yield feature(
        "contact_offer_share_84d",
        offers / log.count("marketer", days=84).nullif(0),
        signal="contact",
        unit=Unit.SHARE,
        meaning=Text(
            en="share of the contacts of 84 days that made an offer",
            fr="part des sollicitations de 84 jours qui portent une offre",
        ),
        null="no contact in 84 days",
        window_days=84,
    )
