"""Whether the customer is warming up or cooling down."""

from __future__ import annotations

from collections.abc import Iterator

from ibis.common.deferred import Deferred

from reveil.engine.asof import AsOf
from reveil.events.roles import MONEY
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature


@family("trend", needs="purchase")
def trend(log: AsOf) -> Iterator[Declared]:
    """Decayed counts and amounts with half-lives of 28 and 84 days, and recent over earlier.

    A change is no reason: to somebody silent for longer than a window it says "+0".
    """
    yield from _counts(log, "purchase", orders, signal="trend", changes=(28, 84, 168))
    yield from _amounts(log)
    if log.kinds("engagement"):
        yield from _counts(log, "engagement", signs, signal="engagement", changes=(28, 84))


orders = Text(en="orders", fr="commandes")
signs = Text(en="signs of engagement", fr="signes d'engagement")


def _counts(
    log: AsOf, name: str, word: Text, *, signal: str, changes: tuple[int, ...]
) -> Iterator[Declared]:
    each = "chacune" if name == "purchase" else "chacun"
    short, long = (log.decayed(name, half_life=days) for days in (28, 84))
    for days, value in ((28, short), (84, long)):
        yield feature(
            f"{name}_decayed_count_{days}d",
            value,
            signal=signal,
            unit=Unit.COUNT,
            meaning=Text(
                en=f"{word.en}, each counting half as much every {days} days",
                fr=f"{word.fr}, {each} comptant moitié moins tous les {days} jours",
            ),
            null="never null",
        )
    yield feature(
        f"{name}_trend_ratio",
        (short + 0.1) / (long + 0.1),
        signal=signal,
        unit=Unit.RATIO,
        meaning=Text(
            en=f"recent decayed {word.en} over slowly decayed ones",
            fr=f"{word.fr} : tendance récente rapportée à la tendance longue",
        ),
        null="never null",
    )
    for days in changes:
        yield feature(
            f"{name}_count_change_{days}d",
            log.count(name, days=days) - log.count(name, days=2 * days, until=days),
            signal=signal,
            unit=Unit.COUNT,
            meaning=Text(
                en=f"{word.en} in {days} days less those of the {days} days before",
                fr=f"{word.fr} en {days} jours, moins les {days} jours précédents",
            ),
            null="never null",
            window_days=2 * days,
        )


def _amounts(log: AsOf) -> Iterator[Declared]:
    for days in (28, 84):
        yield feature(
            f"purchase_decayed_amount_{days}d",
            log.decayed(*MONEY, half_life=days, column="amount"),
            signal="amount",
            unit=Unit.MONEY,
            meaning=Text(
                en=f"amounts less returns, each counting half as much every {days} days",
                fr=f"montants, retours déduits, chacun comptant moitié moins tous les {days} jours",
            ),
            null="never null",
        )
    for days in (84, 168):
        yield feature(
            f"purchase_amount_change_{days}d",
            _amount(log, days) - _amount(log, 2 * days, until=days),
            signal="amount",
            unit=Unit.MONEY,
            meaning=Text(
                en=f"amount of orders less returns in {days} days, less the {days} days before",
                fr=f"montant des commandes en {days} jours, retours déduits, "
                f"moins les {days} jours précédents",
            ),
            null="never null",
            window_days=2 * days,
        )


def _amount(log: AsOf, days: int, until: int = 0) -> Deferred:
    return log.sum(*MONEY, column="amount", days=days, until=until)
