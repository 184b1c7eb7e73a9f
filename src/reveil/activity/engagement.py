"""The engagement score: how much a customer has done lately, of what is worth how much.

In:  EventLog, EngagementSettings, a cutoff.
Out: a score of 0 to 100 overall, per role and per channel, and its band.

Each signal of the customer is worth its weight, halved with every half-life that has passed
since; a score is

    100 * W / (W + half_score),    W = sum over signals of weight * 2 ** -(age / half_life)

with ages in whole days, yesterday counting 0. So recency and frequency enter together: one
more signal never lowers a score, an older one never raises it, nothing gives 0, no score reaches
100, and two scores differ little when two pasts do. A score stands on the customer's own past
alone: it is not a rank. With the defaults (an order 4, a reaction 1, half in 84 days, 50 at 4)
an order of yesterday makes 50, one of half a year ago 18; a click of yesterday makes 20.

The score of a role or a channel is the same formula on its signals alone, so it says how much of
the customer shows there; the overall score is below the sum of its parts, and not below any.
What the marketer does never counts, nor do machine rows: the log does not hold them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir
from ibis.common.deferred import Deferred

from reveil.activity.settings import EngagementSettings
from reveil.activity.states import as_of
from reveil.engine.asof import AsOf
from reveil.engine.plan import aggregate
from reveil.errors import StudyError, nearest
from reveil.events.log import EventLog
from reveil.events.roles import Role

BANDS: Mapping[str, float] = {"none": 0.0, "low": 1.0, "medium": 20.0, "high": 50.0}
"""Each band and the score it begins at. With the defaults: high from an order of yesterday on,
medium from one within half a year, low up to about a year and a half."""

MOST_CHANNELS = 12
"""Channels found in the log that get a score, at most; a study may name more."""

MOST_SPELLINGS = 1_000
"""Spellings read to find them, the most frequent; tills and vouchers may have thousands."""

WORD = r"^\p{L}[\p{L}\p{M}0-9 &/_'-]{0,29}$"
"""What a channel found may be called. With fewer than three digits besides, so that no address,
number of a person, or formula becomes the name of a column."""

Values = dict[str, Deferred | ir.Value]


def engagement(log: EventLog, settings: EngagementSettings, cutoff: date) -> ir.Table:
    """Score the engagement of every customer known at a cutoff.

    Returns
    -------
    ibis.Table
        `customer_id, cutoff, engagement, engagement_band`, `engagement_by_<name>` for every
        name of `weights`, `engagement_on_<channel>` for every channel of `channels_of`; all of 0 to 100.

    Raises
    ------
    StudyError
        When a weight names something unknown, or what the marketer does.
    """
    asof = as_of(log)
    columns = engagement_columns(asof, log, settings, channels_of(log, settings, cutoff))
    table = aggregate(log, None, cutoff, asof.aggregates.values())
    return table.select("customer_id", cutoff=ibis.date(str(cutoff)), **columns)


def channels_of(
    log: EventLog, settings: EngagementSettings, cutoff: date
) -> dict[str, tuple[str, ...]]:
    """Find the channels that get a score, and how the log spells each.

    They become names of columns, hence only plain words do: `WORD`. A channel that one
    customer alone ever used gets no score: its name may be theirs. Events of other channels
    count in the scores that are not a channel's.

    Returns
    -------
    dict
        The study's channels, or the `MOST_CHANNELS` that most weighted signals came by so far,
        in small letters and sorted; spellings that differ by capitals alone are one channel.
    """
    if "channel" not in log.columns:
        return {name: (name,) for name in settings.channels or ()}
    weighed = sorted(kind for kinds in weighed_kinds(log, settings).values() for kind in kinds)
    events = log.before(cutoff).events
    seen = events.filter(events.kind.isin(weighed), events.channel.notnull())
    if settings.channels is not None:
        seen = seen.filter(seen.channel.lower().isin([one.lower() for one in settings.channels]))
        written = seen.select("channel").distinct().to_pyarrow()["channel"].to_pylist()
        spelled = _folded(written)
        return {
            name: tuple(sorted({name, *spelled.get(name.casefold(), ())}))
            for name in settings.channels
        }
    seen = seen.filter(seen.channel.re_search(WORD), ~seen.channel.re_search("[0-9].*[0-9].*[0-9]"))
    spelling = seen.group_by("channel").aggregate(
        n=seen.count(), one=seen.customer_id.min(), other=seen.customer_id.max()
    )
    most = spelling.order_by(ibis.desc("n"), "channel").limit(MOST_SPELLINGS)
    found = {row["channel"]: row for row in most.to_pyarrow().to_pylist()}
    spelled = {
        name: written
        for name, written in _folded(found).items()
        if len({found[w][end] for w in written for end in ("one", "other")}) > 1
    }
    signals = {name: sum(found[w]["n"] for w in written) for name, written in spelled.items()}
    kept = sorted(spelled, key=lambda name: (-signals[name], name))[:MOST_CHANNELS]
    return {name: spelled[name] for name in sorted(kept)}


def _folded(written: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Gather the spellings of each channel."""
    spelled: dict[str, list[str]] = {}
    for one in sorted(written):
        spelled.setdefault(one.casefold(), []).append(one)
    return {name: tuple(ones) for name, ones in spelled.items()}


def weighed_kinds(log: EventLog, settings: EngagementSettings) -> dict[str, tuple[str, ...]]:
    """Give each name of `weights` its kinds of the log: a kind said wins over its role.

    Raises
    ------
    StudyError
        When a weight names something unknown, or what the marketer does; when two differ by
        capitals only.
    """
    known = {*log.roles, *(role.value for role in log.roles.values())}
    folded = _folded(settings.weights)
    if twice := next((ones for ones in folded.values() if len(ones) > 1), ()):
        raise StudyError(
            f"`activity.engagement.weights` names {' and '.join(map(repr, twice))}, which differ "
            "by capitals only: the columns of their scores would have one name",
            hint="weigh one of them, or their role; `kind` of the source may map both to one kind",
        )
    ours = {kind for kind, role in log.roles.items() if role is Role.MARKETER}
    for name in settings.weights:
        if name not in known:
            raise StudyError(
                f"`activity.engagement.weights` names {name!r}, which is neither a kind nor a role",
                hint=nearest(name, known),
            )
        if name in ours or name == Role.MARKETER.value:
            raise StudyError(
                f"`activity.engagement.weights` names {name!r}, which the marketer does; "
                "only what the customer does is engagement",
                hint=f"take {name!r} out of `weights`",
            )
    asof = as_of(log)
    said = set(settings.weights)
    return {
        name: tuple(kind for kind in asof.kinds(name) if kind == name or kind not in said)
        for name in sorted(said)
    }


def engagement_columns(
    asof: AsOf,
    log: EventLog,
    settings: EngagementSettings,
    channels: Mapping[str, Sequence[str]],
) -> Values:
    """Ask for the scores, in one pass over the log with other questions.

    Parameters
    ----------
    channels
        Those with a score, and how the log spells each: `channels_of`.

    Raises
    ------
    StudyError
        When a weight names something unknown, or what the marketer does.
    """
    kinds = weighed_kinds(log, settings)
    days = settings.half_life.days

    def worth(name: str, by: Sequence[str] | None = None) -> Deferred:
        count = asof.decayed(*kinds[name], half_life=days, channel=by)
        return count * float(settings.weights[name])

    def score(names: Sequence[str], by: Sequence[str] | None = None) -> Deferred:
        # Added in one order: a float sum is as exact as its order is fixed.
        total = reduce(add, [worth(name, by) for name in names])
        return total * 100.0 / (total + float(settings.half_score))

    overall = score(list(kinds))
    columns: Values = {"engagement": overall, "engagement_band": band(overall)}
    columns |= {f"engagement_by_{name}": score([name]) for name in kinds}
    columns |= {f"engagement_on_{name}": score(list(kinds), by) for name, by in channels.items()}
    return columns


def band(score: Deferred | ir.FloatingValue) -> Deferred | ir.StringValue:
    """Name the band of a score.

    Examples
    --------
    >>> import ibis
    >>> t = ibis.memtable({"score": [0.0, 19.9, 20.0, 99.0]})
    >>> t.select(band=band(t.score)).to_pyarrow()["band"].to_pylist()
    ['none', 'low', 'medium', 'high']
    """
    falling = sorted(BANDS.items(), key=lambda item: -item[1])
    return ibis.cases(*[(score >= start, name) for name, start in falling[:-1]], else_="none")
