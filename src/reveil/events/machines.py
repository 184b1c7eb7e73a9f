"""Machines: opens and clicks that no person made, found by what was known on the day.

In:  the readable rows of all sources, MachineSettings.
Out: the same rows without what machines did; counts per rule and source.

A cutoff is a midnight, and sees what was known before it. So a row is judged once, by the rows
known on the day on which it became known itself, or earlier: what comes in later, a send
included, never changes the verdict, and no feature of the past moves.
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from reveil.events.audit import Finding
from reveil.events.reader import Reader
from reveil.events.settings import MachineSettings

DAY = 86_400
SENT, OPEN, CLICK = "email_sent", "email_open", "email_click"

OPENED, CLICKED, FOLLOWED = "opened at once", "clicked at once", "followed every link"
"""The rules."""


def without_machines(
    reader: Reader, clean: ir.Table, settings: MachineSettings
) -> tuple[ir.Table, list[Finding]]:
    """Leave out the opens and clicks of machines.

    Parameters
    ----------
    reader
        Keeps what was found.
    clean
        `source, customer_id, kind, at_s, known_s, campaign, item` and other columns; what a
        source flagged as a machine's is no longer in it.
    settings
        The rules' figures.

    Returns
    -------
    ibis.Table, list of Finding
        `clean` without these rows; how many of them each rule found, by source.

    Examples
    --------
    >>> from reveil.engine.duckdb import DuckDB
    >>> from reveil.engine.settings import EngineSettings
    >>> rows = ibis.memtable({
    ...     "source": ["mail"] * 3, "customer_id": ["C1"] * 3, "campaign": ["spring"] * 3,
    ...     "kind": ["email_sent", "email_click", "email_click"], "item": [None, "a", "b"],
    ...     "at_s": [0, 1, 600], "known_s": [0, 1, 600],
    ... }, schema=dict(
    ...     source="string", customer_id="string", campaign="string", kind="string",
    ...     item="string", at_s="int64", known_s="int64",
    ... ))
    >>> db = DuckDB(EngineSettings(threads=1))
    >>> people, findings = without_machines(db, db.store(rows), MachineSettings())
    >>> sorted(people.at_s.to_pyarrow().to_pylist()), [(f.check, f.rows) for f in findings]
    ([0, 600], [('machine click', 1)])
    """
    if not settings.find:
        return clean, []
    reactions = clean.filter(clean.kind.isin([OPEN, CLICK]))
    reactions = reactions.mutate(known_day=_known_day(reactions))
    sent = clean.filter(clean.kind == SENT)
    found = ibis.union(
        *_at_once(reactions, sent.mutate(known_day=_known_day(sent)), settings),
        _followed(reactions.filter(reactions.kind == CLICK), settings),
    )
    # What two rules or two sends tell is told once.
    found = reader.store(
        found.group_by(*_KEY).aggregate(rule=found.rule.min(), rows=found.rows.max())
    )
    by_rule = found.group_by("rule", "source").aggregate(rows=found.rows.sum().cast("int64"))
    counted = by_rule.order_by("rule", "source").to_pyarrow().to_pylist()
    if not counted:
        return clean, []
    in_doubt = clean.kind.isin([OPEN, CLICK])
    moments = found.select("at_s").distinct().order_by("at_s").limit(FEW + 1)
    if len(seconds := moments.to_pyarrow()["at_s"].to_pylist()) <= FEW:
        in_doubt &= clean.at_s.isin(seconds)
    reactions = clean.filter(in_doubt)
    reactions = reactions.mutate(known_day=_known_day(reactions))
    human = reactions.anti_join(found, [reactions[k].identical_to(found[k]) for k in _KEY])
    # Kept, for the log is read more than once, and this join would be made each time.
    human = reader.store(human.select(clean.columns))
    people = ibis.union(clean.filter(~in_doubt), human)
    return people, [_finding(row, settings) for row in counted]


_KEY = ("customer_id", "source", "kind", "campaign", "at_s", "known_day")
"""Rows equal in these share a verdict."""

FEW = 100
"""Seconds with machines up to which only the rows of those seconds are copied."""

SLOT = 3_600
"""Sends and reactions are matched by customer and hour first, then by the second."""


def _known_day(rows: ir.Table) -> ir.IntegerValue:
    return rows.known_s // DAY


def _at_once(
    reactions: ir.Table, sent: ir.Table, settings: MachineSettings
) -> tuple[ir.Table, ir.Table]:
    """Find opens of a bulk send, and clicks, within seconds of the send."""
    longest = max(settings.open_seconds, settings.click_seconds)
    # Sends of a campaign share few moments: whoever reacts far from all of them is a person.
    moments = sent.group_by("campaign", "at_s", "known_day").aggregate(sends=sent.count())
    fine, coarse = longest + 1, max(SLOT, longest + 1)
    slots = moments.select(slot=moments.at_s // fine).distinct()
    slots = slots.union(slots.select(slot=slots.slot + 1)).distinct()
    near = reactions.semi_join(slots, (reactions.at_s // fine) == slots.slot)
    near = near.group_by(*_KEY).aggregate(rows=near.count())
    near = near.mutate(slot=near.at_s // coarse)
    # The send of an early reaction may be in the slot before.
    early = near.filter(near.at_s % coarse < longest)
    near = near.union(early.mutate(slot=early.slot - 1))
    sends = sent.select(
        sent_to=sent.customer_id,
        sent_slot=sent.at_s // coarse,
        sent_at=sent.at_s,
        sent_known=sent.known_day,
        sent_campaign=sent.campaign,
    )
    pairs = near.inner_join(
        sends, [near.customer_id == sends.sent_to, near.slot == sends.sent_slot]
    )
    wait = pairs.at_s - pairs.sent_at
    same = (pairs.campaign == pairs.sent_campaign).fill_null(True)
    pairs = pairs.filter(wait >= 0, pairs.sent_known <= pairs.known_day, same)
    clicked = pairs.filter(pairs.kind == CLICK, wait <= settings.click_seconds)
    opened = pairs.filter(pairs.kind == OPEN, wait <= settings.open_seconds)
    bulk = _bulk(moments, settings.bulk)
    opened = opened.inner_join(
        bulk,
        [
            opened.sent_campaign.identical_to(bulk.bulk_campaign),
            opened.sent_at // DAY == bulk.bulk_day,
        ],
    )
    opened = opened.filter(opened.bulk_known <= opened.known_day)
    columns = [*_KEY, "rows"]
    return (
        opened.select(*columns, rule=ibis.literal(OPENED)),
        clicked.select(*columns, rule=ibis.literal(CLICKED)),
    )


def _bulk(moments: ir.Table, least: int) -> ir.Table:
    """Find the days of bulk sends, and from which day on that was known."""
    daily = moments.group_by(
        bulk_campaign=moments.campaign, bulk_day=moments.at_s // DAY, bulk_known=moments.known_day
    ).aggregate(sends=moments.sends.sum())
    so_far = ibis.window(
        group_by=["bulk_campaign", "bulk_day"], order_by="bulk_known", preceding=None, following=0
    )
    daily = daily.mutate(so_far=daily.sends.sum().over(so_far))
    reached = daily.filter(daily.so_far >= least)
    return reached.group_by("bulk_campaign", "bulk_day").aggregate(
        bulk_known=reached.bulk_known.min()
    )


def _followed(clicks: ir.Table, settings: MachineSettings) -> ir.Table:
    """Find clicks on many links of one e-mail within seconds, by the first click on each.

    Clicks are compared with those that became known on the same day.
    """
    links = settings.burst_links
    # No name is a name here, and joins with itself.
    clicks = clicks.mutate(mail=clicks.campaign.fill_null(""))
    mail = ["customer_id", "mail", "known_day"]
    named = clicks.filter(clicks.item.notnull())
    first = named.group_by(*mail, "item").aggregate(first_s=named.at_s.min())
    many = first.group_by(mail).aggregate(links=first.count())
    first = first.semi_join(many.filter(many.links >= links), mail)
    # A link is part of a burst when some run of so many links that holds it is short.
    by_time = {"group_by": mail, "order_by": ["first_s", "item"]}
    run = first.first_s - first.first_s.lag(links - 1).over(ibis.window(**by_time))
    first = first.mutate(ends=(run <= settings.burst_seconds).fill_null(False).cast("int8"))
    ahead = ibis.window(**by_time, preceding=0, following=links - 1)
    first = first.mutate(burst=first.ends.max().over(ahead))
    burst = first.filter(first.burst == 1).drop("ends", "burst")
    found = clicks.inner_join(burst, [*mail, "item"])
    found = found.filter(found.at_s - found.first_s <= settings.burst_seconds)
    # Whatever else was clicked in that e-mail at that second was clicked by the same machine.
    moments = found.select(*mail, "at_s").distinct()
    same = clicks.semi_join(moments, [*mail, "at_s"])
    same = same.group_by(*_KEY).aggregate(rows=same.count())
    return same.select(*_KEY, "rows", rule=ibis.literal(FOLLOWED))


def _finding(row: Mapping[str, object], settings: MachineSettings) -> Finding:
    says = {
        OPENED: (
            f"left out: opened within {settings.open_seconds} seconds of a bulk send",
            f"écartées : ouvertures moins de {settings.open_seconds} secondes après un envoi en nombre",
        ),
        CLICKED: (
            f"left out: clicked within {settings.click_seconds} seconds of the send",
            f"écartés : clics moins de {settings.click_seconds} secondes après l'envoi",
        ),
        FOLLOWED: (
            f"left out: {settings.burst_links} links or more of one e-mail within "
            f"{settings.burst_seconds} seconds",
            f"écartés : {settings.burst_links} liens ou plus d'un même e-mail en "
            f"{settings.burst_seconds} secondes",
        ),
    }
    rule = str(row["rule"])
    fix, fix_fr = says[rule]
    return Finding(
        check="machine open" if rule == OPENED else "machine click",
        state="info",
        source=str(row["source"]),
        column="kind",
        rows=int(str(row["rows"])),
        fix=fix,
        fix_fr=fix_fr,
    )
