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

from collections.abc import Mapping, Sequence
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

Values = dict[str, Deferred | ir.Value]


def engagement(log: EventLog, settings: EngagementSettings, cutoff: date) -> ir.Table:
    """Score the engagement of every customer known at a cutoff.

    Returns
    -------
    ibis.Table
        `customer_id, cutoff, engagement, engagement_band`, `engagement_by_<name>` for every
        name of `weights`, `engagement_on_<channel>` for every channel; all of 0 to 100.

    Raises
    ------
    StudyError
        When a weight names something unknown, or what the marketer does.
    """
    asof = as_of(log)
    columns = engagement_columns(asof, log, settings, channels_of(log, settings, cutoff))
    table = aggregate(log, None, cutoff, asof.aggregates.values())
    return table.select("customer_id", cutoff=ibis.date(str(cutoff)), **columns)


def channels_of(log: EventLog, settings: EngagementSettings, cutoff: date) -> tuple[str, ...]:
    """List the channels that get a score: the study's, else those weighted signals came by so far."""
    if settings.channels is not None:
        return settings.channels
    if "channel" not in log.columns:
        return ()
    weighed = sorted(kind for kinds in weighed_kinds(log, settings).values() for kind in kinds)
    events = log.before(cutoff).events
    seen = events.filter(events.kind.isin(weighed), events.channel.notnull())
    found: list[str] = seen.select("channel").distinct().to_pyarrow()["channel"].to_pylist()
    return tuple(sorted(found))


def weighed_kinds(log: EventLog, settings: EngagementSettings) -> dict[str, tuple[str, ...]]:
    """Give each name of `weights` its kinds of the log: a kind said wins over its role.

    Raises
    ------
    StudyError
        When a weight names something unknown, or what the marketer does.
    """
    known = {*log.roles, *(role.value for role in log.roles.values())}
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
    asof: AsOf, log: EventLog, settings: EngagementSettings, channels: Sequence[str]
) -> Values:
    """Ask for the scores, in one pass over the log with other questions.

    Raises
    ------
    StudyError
        When a weight names something unknown, or what the marketer does.
    """
    kinds = weighed_kinds(log, settings)
    days = settings.half_life.days

    def worth(name: str, channel: str | None = None) -> Deferred:
        count = asof.decayed(*kinds[name], half_life=days, channel=channel)
        return count * float(settings.weights[name])

    def score(names: Sequence[str], channel: str | None = None) -> Deferred:
        # Added in one order: a float sum is as exact as its order is fixed.
        total = reduce(add, [worth(name, channel) for name in names])
        return total * 100.0 / (total + float(settings.half_score))

    overall = score(list(kinds))
    columns: Values = {"engagement": overall, "engagement_band": band(overall)}
    columns |= {f"engagement_by_{name}": score([name]) for name in kinds}
    columns |= {f"engagement_on_{channel}": score(list(kinds), channel) for channel in channels}
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
