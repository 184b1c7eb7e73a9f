"""What each feature means: the idea behind every name of the catalogue.

In:  the name of a feature, the kinds it may hold.
Out: a function of the Past of one customer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from oracle_ideas import (
    BY,
    Answer,
    activation,
    amount_change,
    amount_max,
    amount_mean,
    amount_mean_ratio,
    bought_by,
    campaigns_clicked,
    channel_recency,
    channels,
    channels_active,
    channels_bought,
    clumpiness,
    count_change,
    days_until,
    decayed,
    decayed_amount,
    distinct,
    engagement_share,
    gap_cv,
    gap_last,
    gap_last_ratio,
    gaps,
    if_followed,
    is_over,
    kinds_seen,
    lapsed_days,
    less,
    mean,
    money,
    net,
    offers,
    over,
    overdue,
    overdue_shrunk,
    per_email,
    points,
    points_spent_share,
    profile,
    rate,
    rating_last,
    ratings,
    recency,
    repeat_share,
    return_share,
    silences,
    since,
    spell_days,
    tenure,
    trend,
)

ORACLE: dict[str, Answer] = {
    "activity_tenure_days": lambda p: tenure(p, *BY),
    "member_tenure_days": lambda p: None if p.person is None else p.ago(p.person.since),
    "purchase_rate": rate,
    "purchase_amount_sum": net,
    "purchase_amount_mean": amount_mean,
    "purchase_amount_max": amount_max,
    "purchase_amount_mean_ratio_84d": amount_mean_ratio,
    "return_amount_share": return_share,
    "return_amount_sum_364d": lambda p: -money(p.rows("return", days=364)),
    "return_rate": lambda p: over(len(p.of("return")), len(p.of("purchase"))),
    "purchase_gap_max": lambda p: max(gaps(p, "purchase"), default=None),
    "purchase_gap_last": gap_last,
    "purchase_gap_last_ratio": gap_last_ratio,
    "purchase_overdue_max_ratio": lambda p: overdue(
        p, max(gaps(p, "purchase"), default=None), "purchase"
    ),
    "purchase_overdue_shrunk_ratio": overdue_shrunk,
    "purchase_amount_last_year_next_84d": lambda p: net(p, 364, 280),
    "purchase_season_share": lambda p: over(
        len(p.of("purchase", days=364, until=280)), len(p.of("purchase", days=364))
    ),
    "purchase_count_last_year_around_56d": lambda p: len(p.of("purchase", days=392, until=336)),
    "purchase_channel_distinct": channels_bought,
    "purchase_item_per_order": lambda p: over(distinct(p, "item"), len(p.of("purchase"))),
    "purchase_line_mean": lambda p: over(len(p.named("purchase", "item")), len(p.of("purchase"))),
    "purchase_item_repeat_share": repeat_share,
    "purchase_category_distinct_ratio_84d": lambda p: over(
        distinct(p, "category", 84), distinct(p, "category")
    ),
    "engagement_kind_count_84d": lambda p: kinds_seen(p, 84),
    "engagement_share_84d": lambda p: engagement_share(p, 84),
    "channel_active_count_84d": channels_active,
    "email_click_rate_change_84d": lambda p: less(
        per_email(p, "email_click", 84), per_email(p, "email_click", 168, 84)
    ),
    "email_unanswered_count": lambda p: since(p, "email_sent", "email_click", "commercial"),
    "email_unclicked_count": lambda p: since(p, "email_sent", "email_click"),
    "email_activation_days": activation,
    "email_campaign_click_share_364d": campaigns_clicked,
    "email_click_life_days": lambda p: less(tenure(p, "email_click"), recency(p, "email_click")),
    "email_open_recency_days": if_followed(lambda p: recency(p, "email_open")),
    "email_click_to_open_rate_364d": if_followed(
        lambda p: over(len(p.of("email_click", days=364)), len(p.of("email_open", days=364)))
    ),
    "email_unopened_count": if_followed(lambda p: since(p, "email_sent", "email_open")),
    "contact_offer_count_84d": offers,
    "contact_offer_share_84d": lambda p: over(offers(p), len(p.of("marketer", days=84))),
    "contact_unanswered_count": lambda p: since(p, "marketer", *BY),
    "rating_last": rating_last,
    "rating_count_364d": ratings,
    "points_balance": lambda p: points(p, "points_earned") - points(p, "points_spent"),
    "points_stagnant_days": lambda p: recency(p, "points_earned", "points_spent"),
    "points_spent_share": points_spent_share,
    "state_overdue_ratio": lambda p: over(recency(p, "activity"), p.told.limit_days),
    "state_is_over": is_over,
    "state_spell_days": spell_days,
    "state_lapse_count": lambda p: len(silences(p)),
    "state_lapsed_days": lapsed_days,
    "contract_days_left": lambda p: p.person and days_until(p, p.person.contract_end),
}
"""Features with a meaning of their own."""

SIGNALS = {"contact": "marketer", "state_activity": "activity"}
"""What a name calls otherwise than the log."""

PATTERNS: dict[str, Callable[..., Answer]] = {
    r"channel_(\w+)_activity_count_(\d+)d": lambda word, days: (
        lambda p: len(p.of(*BY, days=int(days), by=channels(p)[word]))
    ),
    r"channel_(\w+)_activity_recency_days": lambda word: lambda p: channel_recency(p, word),
    r"channel_(\w+)_purchase_share_364d": lambda word: lambda p: bought_by(p, word),
    r"purchase_amount_sum_(\d+)d": lambda days: lambda p: net(p, int(days)),
    r"purchase_amount_mean_(\d+)d": lambda days: lambda p: amount_mean(p, int(days)),
    r"purchase_amount_change_(\d+)d": lambda days: lambda p: amount_change(p, int(days)),
    r"purchase_decayed_amount_(\d+)d": lambda days: lambda p: decayed_amount(p, int(days)),
    r"purchase_count_last_year_next_(\d+)d": lambda days: (
        lambda p: len(p.of("purchase", days=364, until=364 - int(days)))
    ),
    r"(\w+)_count_last_year_next_84d": lambda of: lambda p: len(p.of(of, days=364, until=280)),
    r"purchase_(item|category)_distinct": lambda column: lambda p: distinct(p, column),
    r"purchase_(item|category)_distinct_(\d+)d": lambda column, days: (
        lambda p: distinct(p, column, int(days))
    ),
    r"email_(open|click)_rate_(\d+)d": lambda of, days: (
        if_followed(lambda p: per_email(p, "email_open", int(days)))
        if of == "open"
        else lambda p: per_email(p, "email_click", int(days))
    ),
    r"points_(earned|spent)_sum_(\d+)d": lambda of, days: (
        lambda p: points(p, f"points_{of}", int(days))
    ),
    r"profile_(\w+)": lambda name: lambda p: profile(p, name),
    r"(\w+)_decayed_count_(\d+)d": lambda of, days: lambda p: decayed(p, int(days), of),
    r"(\w+)_trend_ratio": lambda of: lambda p: trend(p, of),
    r"(\w+)_gap_mean": lambda of: lambda p: mean(gaps(p, of)),
    r"(\w+)_gap_cv": lambda of: lambda p: gap_cv(p, of),
    r"(\w+)_clumpiness": lambda of: lambda p: clumpiness(p, of),
    r"(\w+)_overdue_ratio": lambda of: lambda p: overdue(p, mean(gaps(p, of)), of),
    r"(\w+)_count_change_(\d+)d": lambda of, days: lambda p: count_change(p, int(days), of),
    r"(\w+)_count_(\d+)d": lambda of, days: lambda p: len(p.of(of, days=int(days))),
    r"(\w+)_count": lambda of: lambda p: len(p.of(of)),
    r"(\w+)_recency_days": lambda of: lambda p: recency(p, of),
    r"(\w+)_tenure_days": lambda of: lambda p: tenure(p, of),
}
"""Features that a name tells apart; the first pattern that matches the whole name."""

OWN_WORDS = re.compile(r"(commercial|engagement|marketer|incident|passive|activity)")


def answer(name: str, kinds: Iterable[str]) -> Answer:
    """Look up what a feature means.

    Raises
    ------
    KeyError
        When nothing here says what a name means: a feature without an oracle.
    """
    if name in ORACLE:
        return ORACLE[name]
    for pattern, write in PATTERNS.items():
        if found := re.fullmatch(pattern, name):
            words = [SIGNALS.get(word, word) for word in found.groups()]
            of = words[0]
            signal = pattern.startswith(r"(\w+)_")
            if signal and of not in kinds and not OWN_WORDS.fullmatch(of):
                continue
            return write(*words)
    raise KeyError(f"say in the oracle what {name} means")
