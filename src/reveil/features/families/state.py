"""Where the customer stands by the study's own definition of activity, and since when."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import ACTIVITY, AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature


@family(
    "state", needs=ACTIVITY, also="the days without activity after which a customer is inactive"
)
def state(log: AsOf) -> Iterator[Declared]:
    """Time since activity, in days and limits; spells of activity and how often one ended."""
    if not log.limit_days:
        return
    yield from _silence(log)
    spell = log.spells(ACTIVITY, longer_than=log.limit_days)
    yield feature(
        "state_spell_days",
        spell.days(),
        signal="state",
        unit=Unit.DAYS,
        meaning=Text(
            en="days since the customer was last new or came back",
            fr="jours depuis l'arrivée ou le dernier retour du client",
        ),
        null="no activity in the observation window",
        reason=Text(
            en="new or back {value:.0f} days ago", fr="arrivé ou revenu il y a {value:.0f} jours"
        ),
    )
    yield feature(
        "state_lapse_count",
        spell.lapses(),
        signal="state",
        unit=Unit.COUNT,
        meaning=Text(en="times the customer became inactive", fr="passages à l'inactivité"),
        null="never null",
        reason=Text(
            en="became inactive {value:.0f} times so far",
            fr="passages à l'inactivité à ce jour : {value:.0f}",
        ),
    )
    yield feature(
        "state_lapsed_days",
        spell.lapsed_days(),
        signal="silence",
        unit=Unit.DAYS,
        meaning=Text(
            en="days since the customer last became inactive",
            fr="jours depuis le dernier passage à l'inactivité",
        ),
        null="never inactive in the observation window",
        reason=Text(
            en="last became inactive {value:.0f} days ago",
            fr="dernier passage à l'inactivité il y a {value:.0f} jours",
        ),
    )


def _silence(log: AsOf) -> Iterator[Declared]:
    recency, limit = log.recency(ACTIVITY), log.limit_days
    spell = log.spells(ACTIVITY, longer_than=limit)
    yield feature(
        "state_activity_recency_days",
        recency,
        signal="silence",
        unit=Unit.DAYS,
        meaning=Text(
            en="days since anything that counts as activity",
            fr="jours depuis toute activité au sens de l'étude",
        ),
        null="no activity in the observation window",
        reason=Text(
            en="no activity for {value:.0f} days", fr="aucune activité depuis {value:.0f} jours"
        ),
    )
    yield feature(
        "state_overdue_ratio",
        recency / float(limit),
        signal="silence",
        unit=Unit.RATIO,
        meaning=Text(
            en=f"days since the last activity over the {limit} that make a customer inactive",
            fr=f"jours depuis la dernière activité, rapportés aux {limit} qui font un inactif",
        ),
        null="no activity in the observation window",
        reason=Text(
            en=f"{{value:.0%}} of the {limit} days without activity that make a customer inactive",
            fr=f"{{value:.0%}} des {limit} jours sans activité qui font un client inactif",
        ),
    )
    yield feature(
        "state_is_over",
        spell.is_over().cast("float64"),
        signal="silence",
        unit=Unit.COUNT,
        meaning=Text(
            en=f"1 when the last activity is more than {limit} days ago, else 0",
            fr=f"1 si la dernière activité remonte à plus de {limit} jours, 0 sinon",
        ),
        null="no activity in the observation window",
    )
