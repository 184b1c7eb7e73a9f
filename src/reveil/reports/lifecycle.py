"""The lifecycle report: who is active, who moved where, and whom a purchase-only rule misses.

In:  `LifecycleReport`, a language.
Out: one HTML page; customers are counted, never named.
"""

from __future__ import annotations

from math import inf, isnan

import numpy as np

from reveil.activity.words import word
from reveil.features.declare import Language
from reveil.reports import lifecycle_flows, lifecycle_plots, plots
from reveil.reports.formats import Formats
from reveil.reports.lifecycle_flows import SHADES, Cell, Node
from reveil.reports.lifecycle_movers import movement_figure
from reveil.reports.lifecycle_values import (
    STATES,
    Dormant,
    Flows,
    LastOrderByEngagement,
    LifecycleReport,
)
from reveil.reports.render import render
from reveil.reports.svg import INK
from reveil.reports.words import Words


def lifecycle_report(values: LifecycleReport, language: Language) -> str:
    """Write the lifecycle report.

    Parameters
    ----------
    values
        What `pipeline.lifecycle` counted.
    language
        `en` or `fr`; groups and meanings inside `values` are expected in it already.

    Returns
    -------
    str
        HTML, self-contained; equal values give equal bytes.

    Examples
    --------
    >>> from datetime import date
    >>> from reveil.reports.lifecycle_values import BaseAt, CallingItWrong
    >>> nobody = (0, 0, 0, 0)
    >>> page = lifecycle_report(LifecycleReport(
    ...     study="Shop", currency="EUR",
    ...     base=(BaseAt(day=date(2011, 8, 4), customers=(10, 2, 0, 0)),
    ...           BaseAt(day=date(2011, 9, 1), customers=(9, 4, 0, 0))),
    ...     flows=Flows(counts=np.diag([9, 2, 0, 0]) + np.eye(4, k=1, dtype=np.int64),
    ...                 entries=(0, 1, 0, 0), exits=nobody),
    ...     step_flows=None, step_days=28,
    ...     engagement=LastOrderByEngagement(rows=(1.0, inf), bands=("low",),
    ...                                      counts=np.array([[8], [1]]), limit_days=180),
    ...     wrong=CallingItWrong(customers=1, margin=50, purchases_only=False),
    ...     dormant=Dormant(customers=0, paying_known=False),
    ...     clock_days=(28,), clocks=(), groups=()), "fr")
    >>> "Cycle de vie des clients au 1er septembre 2011" in page
    True
    """
    return render("lifecycle.html", language, lifecycle_page(values, language))


def lifecycle_page(values: LifecycleReport, language: Language) -> dict[str, object]:
    """Put the values into the words and figures the template shows."""
    words, formats = Words(language=language), Formats(language=language, currency=values.currency)
    # The finding first: what is missed, or, where nothing could be, who is active.
    said = [_wrong(values, words, formats), _lead(values, words, formats)]
    if values.wrong.purchases_only:
        said.reverse()
    heading, flows = words("lifecycle.title", cutoff=formats.day(values.cutoff)), values.flows
    return {
        "title": f"{heading} · {values.study}",
        "study": values.study,
        "heading": heading,
        "lead": said[0],
        "second": said[1],
        "tiles": _tiles(values, words, formats),
        "base": [_over_time(values, words, formats), _groups(values, words, formats)],
        "flows": []
        if flows is None
        else [
            _flows(values, flows, words, formats),
            _matrix(flows, words, formats),
        ],
        "moves": [] if flows is None else _moves(values, flows, words, formats),
        "engagement": _engagement(values.engagement, words, formats),
        "clocks": _clocks(values, words, formats),
        "blind": _blind(values, words, formats),
        "dormant": _dormant(values.dormant, words, formats),
        "movements": [
            movement_figure(movement, values.since, words, formats)
            for movement in values.movements
            if movement.distinctions
        ],
        "since": formats.day(values.since),
        "reading": [words(f"lifecycle.reading.{key}") for key in ("state", "engagement", "cause")],
    }


def _lead(values: LifecycleReport, words: Words, formats: Formats) -> str:
    now, flows = values.now, values.flows
    said = words(
        "lifecycle.lead",
        active=formats.number(now.customers[0]),
        known=formats.number(now.known),
        share=formats.percent(now.customers[0] / max(now.known, 1)),
    )
    if flows is None:
        return said
    moves = words(
        "lifecycle.lead.moves",
        since=formats.day(values.since),
        lost=formats.number(flows.moved("active", "inactive")),
        back=formats.number(flows.moved("inactive", "active")),
    )
    return f"{said} {moves}"


def _wrong(values: LifecycleReport, words: Words, formats: Formats) -> str:
    wrong = values.wrong
    if wrong.purchases_only:
        return words("lifecycle.wrong.purchases_only")
    active = values.now.customers[0]
    return words(
        "lifecycle.wrong" if wrong.customers else "lifecycle.wrong.nobody",
        customers=formats.number(wrong.customers),
        share=_percent(wrong.customers / max(active, 1), formats),
        active=formats.number(active),
        margin=formats.cents(wrong.margin),
    )


def _tiles(values: LifecycleReport, words: Words, formats: Formats) -> list[tuple[str, str]]:
    now = values.now
    tiles = [
        (formats.number(now.known), words("lifecycle.figure.known")),
        (formats.percent(now.customers[0] / max(now.known, 1)), words("lifecycle.figure.active")),
    ]
    if not values.wrong.purchases_only:
        tiles.append((formats.number(values.wrong.customers), words("lifecycle.figure.wrong")))
        tiles.append((formats.cents(values.wrong.margin), words("lifecycle.figure.margin")))
    if values.dormant.paying_known:
        tiles.append((formats.number(values.dormant.customers), words("lifecycle.figure.dormant")))
    return tiles


def _over_time(values: LifecycleReport, words: Words, formats: Formats) -> dict[str, object]:
    first, last = (base.customers[0] / max(base.known, 1) for base in (values.base[0], values.now))
    title = words(
        "plot.base" if len(values.base) > 1 else "plot.base.now",
        before=formats.percent(first),
        now=formats.percent(last),
        since=formats.day(values.since),
    )
    states = [
        (word("state", state, words.language), [base.customers[i] for base in values.base])
        for i, state in enumerate(STATES)
    ]
    days = [base.day for base in values.base]
    svg = lifecycle_plots.over_time(days, states, formats=formats, title=title)
    note = words("plot.base.note", days=values.step_days) if len(days) > 1 else ""
    return {"title": title, "note": note, "svg": svg}


def _groups(values: LifecycleReport, words: Words, formats: Formats) -> dict[str, object]:
    whole = max(values.now.known, 1)
    title = (
        words(
            "plot.lifecycle_groups",
            label=values.groups[0].label,
            share=formats.percent(values.groups[0].customers / whole),
        )
        if values.groups
        else words("plot.lifecycle_groups.none")
    )
    rows = [
        plots.Bar(
            label=group.label,
            figure=f"{formats.number(group.customers)} · {_percent(group.customers / whole, formats)}",
            length=group.customers / whole,
        )
        for group in values.groups
    ]
    return {"title": title, "note": "", "svg": plots.bars(rows, title=title, track=True)}


def _percent(share: float, formats: Formats) -> str:
    """Write a share; a decimal where it would otherwise read as 0 %."""
    return formats.percent(share, 0 if share >= 0.01 or share == 0 else 1)


def _flows(
    values: LifecycleReport, flows: Flows, words: Words, formats: Formats
) -> dict[str, object]:
    title = words(
        "plot.flows",
        lost=formats.number(flows.moved("active", "inactive")),
        back=formats.number(flows.moved("inactive", "active")),
        entered=formats.number(sum(flows.entries)),
    )
    states = [
        Node(label=word("state", state, words.language), shade=shade)
        for state, shade in zip(STATES, SHADES, strict=True)
    ]
    before = [*states, Node(label=words("lifecycle.entered"), shade=INK)]
    after = [*states, Node(label=words("lifecycle.left"), shade=INK)]
    counts = [[*map(int, row), left] for row, left in zip(flows.counts, flows.exits, strict=True)]
    counts.append([*flows.entries, 0])
    svg = lifecycle_flows.flows(
        before,
        after,
        counts,
        words=(formats.day(values.since), formats.day(values.cutoff)),
        formats=formats,
        title=title,
    )
    return {"title": title, "note": words("plot.flows.note"), "svg": svg}


def _matrix(flows: Flows, words: Words, formats: Formats) -> dict[str, object]:
    title = words(
        "plot.matrix",
        lost=formats.percent(flows.share("active", "inactive")),
        back=formats.percent(flows.share("inactive", "active")),
    )
    names = [word("state", state, words.language) for state in STATES]
    lines = [(names[i], flows.counts[i], flows.shares[i]) for i in range(len(STATES))]
    if sum(flows.entries):
        entries = np.array(flows.entries)
        lines.append((words("lifecycle.entered"), entries, entries / entries.sum()))
    # A state that nobody left or came to would be a line of nothing.
    there = [j for j in range(len(STATES)) if any(counts[j] for _, counts, _ in lines)]
    rows = [
        (
            name,
            [
                Cell(
                    depth=float(shares[j]),
                    figure=_percent(float(shares[j]), formats),
                    under=formats.number(int(counts[j])),
                )
                for j in there
            ],
        )
        for name, counts, shares in lines
        if counts.sum()
    ]
    svg = lifecycle_flows.heat_map(
        rows,
        [names[j] for j in there],
        words=(words("plot.matrix.from"), words("plot.matrix.to")),
        title=title,
    )
    return {"title": title, "note": words("plot.matrix.note"), "svg": svg}


def _moves(values: LifecycleReport, flows: Flows, words: Words, formats: Formats) -> list[str]:
    said = [
        words(
            "lifecycle.entries",
            since=formats.day(values.since),
            entered=formats.number(sum(flows.entries)),
            left=formats.number(sum(flows.exits)),
        )
    ]
    steps = values.step_flows
    if steps is not None and np.isfinite(steps.share("active", "inactive")):
        said.append(
            words(
                "lifecycle.step",
                days=values.step_days,
                lost=formats.percent(steps.share("active", "inactive"), 1),
                back=formats.percent(steps.share("inactive", "active"), 1),
            )
        )
    return said


def _engagement(grid: LastOrderByEngagement, words: Words, formats: Formats) -> dict[str, object]:
    wrong = int(grid.counts[grid.beyond :].sum())
    title = words(
        "plot.engagement" if wrong else "plot.engagement.nobody", customers=formats.number(wrong)
    )
    most = max(int(grid.counts.max()), 1)
    rows = []
    lower = 0.0
    for upper, counts in zip(grid.rows, grid.counts, strict=True):
        # Counts differ by orders of magnitude: the square root keeps the small ones visible.
        cells = [Cell(depth=(int(n) / most) ** 0.5, figure=formats.number(int(n))) for n in counts]
        rows.append((_range(lower, upper, grid.limit_days, words, formats), cells))
        lower = upper
    svg = lifecycle_flows.heat_map(
        rows,
        [word("engagement_band", band, words.language) for band in grid.bands],
        words=(words("plot.engagement.rows"), words("plot.engagement.columns")),
        title=title,
        framed_from=grid.beyond,
    )
    return {"title": title, "note": words("plot.engagement.note"), "svg": svg}


def _range(lower: float, upper: float, limit: float | None, words: Words, formats: Formats) -> str:
    if isnan(upper):
        return words("plot.engagement.never")
    unit = 1.0 if limit is None else limit
    kind = "share" if limit is None else "days"
    digits = 2 if limit is None else 0
    low, high = (formats.number(end * unit, digits) for end in (lower, upper))
    return words(f"plot.engagement.{'more_' if upper == inf else ''}{kind}", low=low, high=high)


def _clocks(values: LifecycleReport, words: Words, formats: Formats) -> dict[str, object] | None:
    known = max(values.now.known, 1)
    if not values.clocks:
        return None
    limit = values.engagement.limit_days
    at = max(
        (i for i, day in enumerate(values.clock_days) if limit is not None and day <= limit),
        default=len(values.clock_days) - 1,
    )
    day = formats.number(values.clock_days[at])
    title = words(
        "plot.clocks",
        share=formats.percent(values.clocks[0].customers[at] / known),
        contact=formats.percent(values.clocks[1].customers[at] / known),
        days=day,
    )
    svg = lifecycle_plots.clock_curves(
        values.clock_days,
        [
            (
                words(f"clock.{curve.clock}"),
                [n / known for n in curve.customers],
                formats.percent(curve.customers[at] / known),
            )
            for curve in values.clocks
            if any(curve.customers)
        ],
        words=(words("plot.clocks.x"), words("plot.clocks.y")),
        limit=limit,
        limit_words="" if limit is None else words("plot.clocks.limit", days=formats.number(limit)),
        formats=formats,
        title=title,
    )
    return {"title": title, "note": words("plot.clocks.note", days=day), "svg": svg}


def _blind(values: LifecycleReport, words: Words, formats: Formats) -> list[str]:
    if values.wrong.purchases_only:
        return [words("lifecycle.wrong.why_none")]
    return [words("lifecycle.wrong.why")] if values.wrong.customers else []


def _dormant(dormant: Dormant, words: Words, formats: Formats) -> str:
    if not dormant.paying_known:
        return words("lifecycle.dormant.unknown")
    return words(
        "lifecycle.dormant" if dormant.customers else "lifecycle.dormant.nobody",
        customers=formats.number(dormant.customers),
    )
