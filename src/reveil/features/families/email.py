"""How the customer answers e-mails; opens are left apart, machines make them too."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.activity.answers import EMAIL_ANSWERS
from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature


@family("email", needs="email_sent")
def email(log: AsOf) -> Iterator[Declared]:
    """Click rates, their change, and e-mails without an answer."""
    if not log.kinds("email_click"):
        return
    for days in (84, 364):
        yield feature(
            f"email_click_rate_{days}d",
            log.count("email_click", days=days) / log.count("email_sent", days=days).nullif(0),
            signal="email_click",
            unit=Unit.RATIO,
            meaning=Text(
                en=f"clicks per e-mail sent in {days} days",
                fr=f"clics par e-mail envoyé en {days} jours",
            ),
            null="no e-mail sent",
            window_days=days,
            reason=Text(
                en=f"clicks in {{value:.0%}} of the e-mails of the last {days} days",
                fr=f"clique dans {{value:.0%}} des e-mails des {days} derniers jours",
            ),
        )
    yield feature(
        "email_click_rate_change_84d",
        log.count("email_click", days=84) / log.count("email_sent", days=84).nullif(0)
        - log.count("email_click", days=168, until=84)
        / log.count("email_sent", days=168, until=84).nullif(0),
        signal="email_click",
        unit=Unit.RATIO,
        meaning=Text(
            en="click rate in 84 days less that of the 84 days before",
            fr="taux de clic en 84 jours, moins celui des 84 jours précédents",
        ),
        null="no e-mail sent in one of the two",
        window_days=168,
    )
    yield feature(
        "email_unanswered_count",
        log.since("email_sent", after=EMAIL_ANSWERS),
        signal="email_unanswered",
        unit=Unit.COUNT,
        meaning=Text(
            en="e-mails since the last click, order, return or quote",
            fr="e-mails depuis le dernier clic, achat, retour ou devis",
        ),
        null="never null",
        reason=Text(
            en="{value:.0f} e-mails without a click or an order",
            fr="{value:.0f} e-mails sans clic ni achat",
        ),
    )
