"""How often e-mails are opened, as far as opens can be believed.

Mail programs open by themselves, and to follow the opens of one person asks for a consent of its
own: the family is off unless a study includes it, and where the customers table says who consented,
of nobody else anything is computed.
"""

from __future__ import annotations

from collections.abc import Iterator

from ibis.common.deferred import Deferred

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature

CONSENT = "consent_email_for_open_tracking"


@family("opens", needs="email_open", on=False, also="email_sent")
def opens(log: AsOf) -> Iterator[Declared]:
    """Open rates, and e-mails without an open; null without the consent to follow opens."""
    if not log.kinds("email_sent"):
        return
    unsaid = ", or no consent to follow opens" if CONSENT in log.facts else ""
    for days in (84, 364):
        opened = log.count("email_open", days=days)
        yield feature(
            f"email_open_rate_{days}d",
            _consented(log, opened / log.count("email_sent", days=days).nullif(0)),
            signal="email_open",
            unit=Unit.RATIO,
            meaning=Text(
                en=f"opens per e-mail sent in {days} days, indicative",
                fr=f"ouvertures par e-mail envoyé en {days} jours, à titre indicatif",
            ),
            null=f"no e-mail sent{unsaid}",
            window_days=days,
            reason=Text(
                en=f"opens {{value:.0%}} of the e-mails of the last {days} days",
                fr=f"ouvre {{value:.0%}} des e-mails des {days} derniers jours",
            ),
        )
    yield feature(
        "email_open_recency_days",
        _consented(log, log.recency("email_open")),
        signal="email_open",
        unit=Unit.DAYS,
        meaning=Text(
            en="days since the last open, indicative",
            fr="jours depuis la dernière ouverture, à titre indicatif",
        ),
        null=f"none in the observation window{unsaid}",
        reason=Text(
            en="last e-mail opened {value:.0f} days ago",
            fr="dernier e-mail ouvert il y a {value:.0f} jours",
        ),
    )
    if log.kinds("email_click"):
        yield feature(
            "email_click_to_open_rate_364d",
            _consented(
                log,
                log.count("email_click", days=364) / log.count("email_open", days=364).nullif(0),
            ),
            signal="email_open",
            unit=Unit.RATIO,
            meaning=Text(
                en="clicks per open in 364 days, indicative",
                fr="clics par ouverture en 364 jours, à titre indicatif",
            ),
            null=f"no open in 364 days{unsaid}",
            window_days=364,
        )
    yield feature(
        "email_unopened_count",
        _consented(log, log.since("email_sent", after=("email_open",))),
        signal="email_open",
        unit=Unit.COUNT,
        meaning=Text(
            en="e-mails since the last open, indicative",
            fr="e-mails depuis la dernière ouverture, à titre indicatif",
        ),
        null="no consent to follow opens" if unsaid else "never null",
        reason=Text(
            en="{value:.0f} e-mails since the last one opened",
            fr="{value:.0f} e-mails depuis le dernier ouvert",
        ),
    )


def _consented(log: AsOf, value: Deferred) -> Deferred:
    if CONSENT not in log.facts:
        return value
    return (log.fact(CONSENT) == 1.0).ifelse(value, None)
