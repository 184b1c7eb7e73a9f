"""How the customer answers e-mails; opens are left apart, machines make them too."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.activity.answers import EMAIL_ANSWERS
from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature


@family("email", needs="email_sent", also="email_click")
def email(log: AsOf) -> Iterator[Declared]:
    """Click rates, their change, how long clicking lasts, and e-mails without an answer."""
    if not log.kinds("email_click"):
        return
    yield from _rates(log)
    yield from _life(log)
    yield from _unanswered(log)


def _rates(log: AsOf) -> Iterator[Declared]:
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
    if log.columns("campaign"):
        yield feature(
            "email_campaign_click_share_364d",
            log.distinct("email_click", column="campaign", days=364)
            / log.distinct("email_sent", column="campaign", days=364).nullif(0),
            signal="email_click",
            unit=Unit.RATIO,
            meaning=Text(
                en="campaigns clicked per campaign sent in 364 days",
                fr="campagnes cliquées par campagne envoyée en 364 jours",
            ),
            null="no campaign sent in 364 days",
            window_days=364,
            reason=Text(
                en="clicked in {value:.0%} of the campaigns of the last 364 days",
                fr="a cliqué dans {value:.0%} des campagnes des 364 derniers jours",
            ),
        )


def _life(log: AsOf) -> Iterator[Declared]:
    delay = log.tenure("email_sent") - log.tenure("email_click")
    yield feature(
        "email_activation_days",
        (delay >= 0.0).ifelse(delay, None),
        signal="email_click",
        unit=Unit.DAYS,
        meaning=Text(
            en="days from the first e-mail to the first click",
            fr="jours du premier e-mail au premier clic",
        ),
        null="no click, or the first click came before any e-mail of the observation window",
    )
    yield feature(
        "email_click_life_days",
        log.tenure("email_click") - log.recency("email_click"),
        signal="email_click",
        unit=Unit.DAYS,
        meaning=Text(
            en="days from the first click to the last", fr="jours du premier clic au dernier"
        ),
        null="no click in the observation window",
        reason=Text(
            en="clicks in e-mails over {value:.0f} days",
            fr="clique dans les e-mails sur une durée de {value:.0f} jours",
        ),
    )


def _unanswered(log: AsOf) -> Iterator[Declared]:
    for days in (28, 84, 364):
        # How much we wrote is confounded by whom we chose: counted, and never a reason.
        yield feature(
            f"email_sent_count_{days}d",
            log.count("email_sent", days=days),
            signal="contact",
            unit=Unit.COUNT,
            meaning=Text(en=f"e-mails sent in {days} days", fr=f"e-mails envoyés en {days} jours"),
            null="never null",
            window_days=days,
        )
    yield feature(
        "email_unclicked_count",
        log.since("email_sent", after=("email_click",)),
        signal="email_unanswered",
        unit=Unit.COUNT,
        meaning=Text(en="e-mails since the last click", fr="e-mails depuis le dernier clic"),
        null="never null",
        reason=Text(
            en="{value:.0f} e-mails since the last click",
            fr="{value:.0f} e-mails depuis le dernier clic",
        ),
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
