"""The ideas features are made of, computed slowly and plainly: one function each.

In:  the Past of one customer.
Out: a number, or None; nothing here knows of Ibis, of families or of plans.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime
from fractions import Fraction
from itertools import pairwise

from oracle_past import UNIT, Past, Piece

Answer = Callable[[Past], float | None]


# Times


def recency(p: Past, *signals: str) -> float | None:
    """Days since the last."""
    return min((p.ago(e.at) for e in p.of(*signals)), default=None)


def tenure(p: Past, *signals: str) -> float | None:
    """Days since the first."""
    return max((p.ago(e.at) for e in p.of(*signals)), default=None)


def days_until(p: Past, at: datetime | None) -> float | None:
    """Days from the cutoff to a date, below nothing when it is over."""
    return None if at is None else -p.ago(at)


def gaps(p: Past, *signals: str) -> list[float]:
    """Days between one event and the next, in order."""
    moments = sorted(e.at for e in p.of(*signals))
    return [(late - early).total_seconds() / 86_400 for early, late in pairwise(moments)]


def mean(numbers: list[float]) -> float | None:
    """Mean of some numbers; of none, none."""
    return sum(numbers) / len(numbers) if numbers else None


def over(top: float | None, bottom: float | None) -> float | None:
    """Quotient, or nothing over nothing."""
    return None if top is None or not bottom else top / bottom


def less(one: float | None, other: float | None) -> float | None:
    """Difference of two that both exist."""
    return None if one is None or other is None else one - other


# Amounts


def money(rows: Iterable[Piece]) -> float:
    """Sum of amounts."""
    return sum(row.amount for row in rows if row.amount is not None) / UNIT


def net(p: Past, days: float = float("inf"), until: int = 0) -> float:
    """Amounts ordered less amounts sent back, which are written below nothing."""
    return money(p.rows("purchase", "return", days=days, until=until))


def amount_mean(p: Past, days: float = float("inf")) -> float | None:
    """Amount of an order."""
    return over(net(p, days), len(p.of("purchase", days=days)))


def amount_max(p: Past) -> float | None:
    """Largest amount of one row of a purchase."""
    amounts = [row.amount for row in p.rows("purchase") if row.amount is not None]
    return max(amounts) / UNIT if amounts else None


def amount_mean_ratio(p: Past) -> float | None:
    """Amount of a recent order over that of any order."""
    usual = amount_mean(p)
    return None if usual is None or usual <= 0 else over(amount_mean(p, 84), usual)


def return_share(p: Past) -> float | None:
    """Amount returned over amount ordered."""
    ordered = money(p.rows("purchase"))
    return -money(p.rows("return")) / ordered if ordered > 0 else None


# Rhythm


def gap_cv(p: Past, *signals: str) -> float | None:
    """Divide the standard deviation of the gaps by their mean; exact until the root is drawn."""
    found = [Fraction(round(gap * 86_400)) for gap in gaps(p, *signals)]
    if len(found) < 2 or not sum(found):
        return None
    middle = sum(found) / len(found)
    variance = sum((gap - middle) ** 2 for gap in found) / len(found)
    return float(variance / middle**2) ** 0.5


def overdue(p: Past, usual: float | None, *signals: str) -> float | None:
    """Days since the last over a usual gap, at least a day."""
    last = recency(p, *signals)
    return None if last is None or usual is None else last / max(usual, 1.0)


def overdue_shrunk(p: Past) -> float | None:
    """Do the same with two gaps of 84 days added."""
    last, found = recency(p, "purchase"), gaps(p, "purchase")
    return None if last is None else last / ((sum(found) + 168) / (len(found) + 2))


def gap_last(p: Past) -> float | None:
    """Days between the last two orders."""
    found = gaps(p, "purchase")
    return found[-1] if found else None


def gap_last_ratio(p: Past) -> float | None:
    """Last gap over the usual one, at least a day."""
    usual = mean(gaps(p, "purchase"))
    return None if usual is None else over(gap_last(p), max(usual, 1.0))


def clumpiness(p: Past, *signals: str) -> float | None:
    """Say how unevenly the events after the first cut the time since the first.

    Second moment of the shares of time, between evenly spread, 0, and all of it in one, 1.
    """
    moments = sorted(e.at for e in p.of(*signals))
    if len(moments) < 2:
        return None
    whole = Fraction(round((p.t - moments[0]).total_seconds()))
    pieces = [
        Fraction(round((b - a).total_seconds())) / whole for a, b in pairwise([*moments, p.t])
    ]
    least = Fraction(1, len(pieces))
    return float((sum(piece**2 for piece in pieces) - least) / (1 - least))


def rate(p: Past) -> float | None:
    """Orders per 28 days, 28 idle days added."""
    first = tenure(p, "purchase")
    return None if first is None else 28 * len(p.of("purchase")) / (first + 28)


# Trend


def weight(age: int, half_life: int) -> Fraction:
    """Half as much every so many days: that of the 28 days times that within them, each rounded."""
    parts = (age % 28, 28 * (age // 28))
    near, far = (round(2.0 ** (-days / half_life) * 2**20) for days in parts)
    return Fraction(near * far, 2**40)


def decayed(p: Past, half_life: int, *signals: str) -> float:
    """Events, each weighted by its age."""
    return float(sum(weight(p.age(e.at), half_life) for e in p.of(*signals)))


def decayed_amount(p: Past, half_life: int) -> float:
    """Amounts ordered less those sent back, each weighted by its age."""
    rows = [row for row in p.rows("purchase", "return") if row.amount is not None]
    return float(sum(weight(p.age(row.at), half_life) * row.amount for row in rows) / UNIT)


def trend(p: Past, *signals: str) -> float:
    """Short memory over long memory."""
    return (decayed(p, 28, *signals) + 0.1) / (decayed(p, 84, *signals) + 0.1)


def count_change(p: Past, days: int, *signals: str) -> float:
    """Events of some days less those of as many days before."""
    return len(p.of(*signals, days=days)) - len(p.of(*signals, days=2 * days, until=days))


def amount_change(p: Past, days: int) -> float:
    """Amounts of some days less those of as many days before, returns deducted in both."""
    return net(p, days) - net(p, 2 * days, days)


# Breadth


def distinct(p: Past, column: str, days: float = float("inf")) -> int:
    """Different items or categories among the lines bought."""
    return len(set(p.named("purchase", column, days)))


def channels_bought(p: Past) -> int:
    """Different channels of purchases, pieces of other days included."""
    return len({row.channel for row in p.rows("purchase")} - {None})


def repeat_share(p: Past) -> float | None:
    """Part of the lines that name an item named already."""
    lines = len(p.named("purchase", "item"))
    return 1 - distinct(p, "item") / lines if lines else None


# Engagement and e-mail


def kinds_seen(p: Past, days: int) -> int:
    """How many kinds of engagement happened."""
    return len({e.kind for e in p.of("engagement", days=days)})


def engagement_share(p: Past, days: int) -> float | None:
    """Engagement among engagement and orders."""
    engaged = len(p.of("engagement", days=days))
    return over(engaged, engaged + len(p.of("purchase", days=days)))


def per_email(p: Past, kind: str, days: int, until: int = 0) -> float | None:
    """Events of a kind per e-mail sent."""
    sent = len(p.of("email_sent", days=days, until=until))
    return over(len(p.of(kind, days=days, until=until)), sent)


def since(p: Past, signal: str, *answers: str) -> int:
    """Events after the last answer; all of them without one."""
    last = max((e.at for e in p.of(*answers)), default=datetime.min)
    return len([e for e in p.of(signal) if e.at > last])


def activation(p: Past) -> float | None:
    """Days from the first e-mail to the first click, unless the click came first."""
    waited = less(tenure(p, "email_sent"), tenure(p, "email_click"))
    return None if waited is None or waited < 0 else waited


def campaigns_clicked(p: Past) -> float | None:
    """Different campaigns clicked over different campaigns sent."""

    def named(kind: str) -> int:
        return len({e.campaign for e in p.of(kind, days=364)} - {None})

    return over(named("email_click"), named("email_sent"))


def offers(p: Past) -> int:
    """Contacts that named an offer."""
    return len([e for e in p.of("marketer", days=84) if e.offer is not None])


def if_followed(answer: Answer) -> Answer:
    """Nothing about the opens of somebody who did not agree to be followed."""

    def asked(p: Past) -> float | None:
        needed = "consent_email_for_open_tracking" in p.told.facts
        return None if needed and not (p.person and p.person.follow_opens) else answer(p)

    return asked


# Channels

BY = ("commercial", "engagement")


def slug(channel: str) -> str:
    """Write a channel as a part of a name: small Latin letters without accents, digits, `_`."""
    plain = unicodedata.normalize("NFKD", channel.lower()).encode("ascii", "ignore").decode()
    word = re.sub("[^a-z0-9]+", "_", plain).strip("_")
    return word or "x" + hashlib.sha256(channel.encode()).hexdigest()[:8]


def channels(p: Past) -> dict[str, list[str]]:
    """Gather the ways the log spells each channel; channels of one word are one channel."""
    found: dict[str, list[str]] = {}
    for channel, spelled in p.told.channels.items():
        found.setdefault(slug(channel), []).extend(spelled)
    return found


def bought_by(p: Past, word: str) -> float | None:
    """Part of the orders that came by a channel."""
    by = p.of("purchase", days=364, by=channels(p)[word])
    return over(len(by), len(p.of("purchase", days=364)))


def channel_recency(p: Past, word: str) -> float | None:
    """Days since the last activity by a channel."""
    return min((p.ago(e.at) for e in p.of(*BY, by=channels(p)[word])), default=None)


def channels_active(p: Past) -> int:
    """How many channels saw activity."""
    return sum(bool(p.of(*BY, days=84, by=spelled)) for spelled in channels(p).values())


# Ratings and points


def rating_last(p: Past) -> float | None:
    """Find the last rating, the best of several at one second, to a thousandth."""
    rated = [(row.at, row.rating) for row in p.rows(*p.told.roles) if row.rating is not None]
    return round(max(rated)[1], 3) if rated else None


def ratings(p: Past) -> int:
    """Events that rate."""
    return len([e for e in p.of(*p.told.roles, days=364) if e.rating is not None])


def points(p: Past, kind: str, days: float = float("inf")) -> float:
    """Points of a kind."""
    return money(p.rows(kind, days=days))


def points_spent_share(p: Past) -> float | None:
    """Points spent over points earned."""
    earned = points(p, "points_earned")
    return points(p, "points_spent") / earned if earned > 0 else None


# State


def is_over(p: Past) -> float | None:
    """Whether there was no activity for longer than the limit."""
    last = recency(p, "activity")
    return None if last is None else float(last > p.told.limit_days)


def silences(p: Past) -> list[tuple[float, float]]:
    """Silences longer than the limit: how many days ago each began and ended, the last first."""
    ago = [0.0, *sorted(p.ago(e.at) for e in p.of("activity"))]
    return [(early, late) for late, early in pairwise(ago) if early - late > p.told.limit_days]


def spell_days(p: Past) -> float | None:
    """Days since the last run of activity began, over or not."""
    ended = [end for _, end in silences(p) if end > 0]
    return min(ended, default=tenure(p, "activity"))


def lapsed_days(p: Past) -> float | None:
    """Days since a silence last reached the limit."""
    found = silences(p)
    return found[0][0] - p.told.limit_days if found else None


# Profile


def profile(p: Past, name: str) -> float | None:
    """Read a number as written, or the place of a text among its levels."""
    (attribute,) = [one for one in p.told.attributes if one.name == name]
    value = None if p.person is None else getattr(p.person, name)
    if value is None or attribute.levels is None:
        return value
    levels = list(attribute.levels)
    return levels.index(value) if value in levels else len(levels)
