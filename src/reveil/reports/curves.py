"""Figures that judge a model: intervals side by side, gains, reliability, the time line.

In:  values of the training report, words in the reader's language, `Formats`.
Out: SVG text, 400 units wide, like those of `plots`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from markupsafe import Markup

from reveil.evaluation.interval import Interval
from reveil.reports.formats import Formats
from reveil.reports.svg import (
    ACCENT,
    FAINT,
    INK,
    MUTED,
    PAPER,
    SECOND,
    WIDTH,
    Scale,
    caption,
    element,
    figure,
    fitted,
    line,
    path,
    text,
)
from reveil.reports.values import Gains, ReliabilityBin
from reveil.windows import Split


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One estimate to compare: its name, its interval, whether it is the model's."""

    label: str
    interval: Interval
    is_model: bool


def intervals(
    groups: Sequence[tuple[str, Sequence[Row]]],
    *,
    formats: Formats,
    title: str,
    reference: float | None = None,
    digits: int = 3,
) -> Markup:
    """Draw estimates with their intervals on one scale, grouped (by test cutoff).

    Parameters
    ----------
    groups
        Heading and rows; a row without an estimate is not drawn.
    reference
        Value of chance, drawn as a dashed line when it lies on the scale.

    Examples
    --------
    >>> row = Row(label="Model", interval=Interval(estimate=0.7, low=0.6, high=0.8), is_model=True)
    >>> svg = intervals([("June", [row])], formats=Formats(language="en"), title="AUC")
    >>> "0.700" in svg, svg.count("<circle")
    (True, 1)
    """
    kept = [(head, [r for r in rows if r.interval.exists]) for head, rows in groups]
    ends = [v for _, rows in kept for r in rows for v in (r.interval.low, r.interval.high)]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    if reference is not None and low - reference < 2 * (high - low):
        low, high = min(low, reference), max(high, reference)
    room = max((high - low) * 0.03, 1e-3)
    x = Scale(low=low - room, high=high + room, start=2, end=WIDTH - 2)
    marks: list[Markup] = []
    y = 0.0
    for head, rows in kept:
        if head:
            marks.append(text(head, 0, y + 13, fill=MUTED, bold=True, size=12))
            y += 22
        for row in rows:
            colour = ACCENT if row.is_model else MUTED
            i = row.interval
            marks.append(
                text(
                    fitted(row.label, 320, lines=1, bold=True)[0],
                    0,
                    y + 13,
                    bold=row.is_model,
                    halo=True,
                )
            )
            marks.append(
                text(
                    formats.number(i.estimate, digits),
                    WIDTH,
                    y + 13,
                    anchor="end",
                    bold=row.is_model,
                )
            )
            marks.append(line(x(i.low), y + 25, x(i.high), y + 25, stroke=colour, width=2.5))
            marks.append(
                element(
                    "circle",
                    cx=x(i.estimate),
                    cy=y + 25,
                    r=5,
                    fill=colour,
                    stroke=PAPER,
                    stroke_width=1.5,
                )
            )
            y += 40
        y += 6
    grid = [line(x(t), 0, x(t), y) for t in x.ticks(4)]
    if reference is not None and x.low <= reference <= x.high:
        grid.append(line(x(reference), 0, x(reference), y, stroke=MUTED, dashed=True))
    shown = 1 if x.high - x.low > 0.5 else 2
    feet = [
        caption(formats.number(t, shown), min(max(x(t), 14), WIDTH - 14), y + 15, anchor="middle")
        for t in x.ticks(4)
    ]
    return figure(title, y + 20, *grid, *marks, *feet)


def captured_at(curve: Gains, share: float) -> float:
    """Share of the outcomes in the best-ranked `share` of customers.

    Examples
    --------
    >>> import numpy as np
    >>> g = Gains(name="model", contacted=np.array([0, 0.2, 1]), captured=np.array([0, 0.6, 1]))
    >>> round(captured_at(g, 0.1), 3)
    0.3
    """
    return float(np.interp(share, curve.contacted, curve.captured))


def gains(
    curves: Sequence[tuple[str, Gains]],
    *,
    words: tuple[str, str, str, str],
    formats: Formats,
    title: str,
    share: float = 0.1,
) -> Markup:
    """Draw the outcomes found against the customers taken, best ranked first.

    The key sits under the diagonal, where no sensible curve goes, and gives each curve's
    figure at `share`.

    Parameters
    ----------
    curves
        Name in words and curve; the model first.
    words
        Names of the horizontal axis, the vertical axis, the key, chance.

    Examples
    --------
    >>> import numpy as np
    >>> g = Gains(name="model", contacted=np.array([0, 0.1, 1]), captured=np.array([0, 0.3, 1]))
    >>> svg = gains([("Model", g)], words=("x", "y", "in the top 10%", "chance"),
    ...             formats=Formats(language="en"), title="Gains")
    >>> "30%" in svg and "10%" in svg
    True
    """
    left, top, bottom = 40, 26, 330
    x = Scale(low=0, high=1, start=left, end=WIDTH - 8)
    y = Scale(low=0, high=1, start=bottom, end=top)
    drawn = [caption(words[1], 0, 12)]
    for tick in (0, 0.25, 0.5, 0.75, 1):
        drawn.append(line(left, y(tick), WIDTH - 8, y(tick)))
        drawn.append(caption(formats.percent(tick), left - 6, y(tick) + 4, anchor="end"))
        anchor = "end" if tick == 1 else "middle"
        place = WIDTH if tick == 1 else x(tick)
        drawn.append(caption(formats.percent(tick), place, bottom + 17, anchor=anchor))
    drawn.append(path([(x(0), y(0)), (x(1), y(1))], stroke=MUTED, width=1.2, dashed=True))
    styles = [
        (ACCENT, 3.0, False),
        (SECOND, 1.8, False),
        (MUTED, 1.8, False),
        (SECOND, 1.6, True),
        (INK, 1.4, True),
    ]
    styled = [
        (name, curve, styles[min(i, len(styles) - 1)]) for i, (name, curve) in enumerate(curves)
    ]
    for _, curve, (colour, width, dashed) in reversed(styled):
        points = [(x(a), y(b)) for a, b in zip(curve.contacted, curve.captured, strict=True)]
        drawn.append(path(points, stroke=colour, width=width, dashed=dashed))
    if styled:
        drawn.append(
            line(x(share), y(0), x(share), y(captured_at(styled[0][1], share)), stroke=ACCENT)
        )
        spot = (x(share), y(captured_at(styled[0][1], share)))
        drawn.append(
            element(
                "circle", cx=spot[0], cy=spot[1], r=4.5, fill=ACCENT, stroke=PAPER, stroke_width=1.5
            )
        )
    key = y(0) - 20 * (len(styled) + 1) - 4
    drawn.append(caption(words[2], WIDTH - 12, key - 6, anchor="end"))
    entries = [(name, captured_at(curve, share), style) for name, curve, style in styled]
    entries.append((words[3], share, (MUTED, 1.2, True)))
    for i, (name, value, (colour, width, dashed)) in enumerate(entries):
        place = key + 20 * i + 10
        drawn.append(text(formats.percent(value), WIDTH - 12, place + 4, anchor="end", bold=i == 0))
        drawn.append(
            line(WIDTH - 76, place, WIDTH - 54, place, stroke=colour, width=width, dashed=dashed)
        )
        drawn.append(
            text(
                fitted(name, 220, lines=1, bold=True)[0],
                WIDTH - 82,
                place + 4,
                anchor="end",
                bold=i == 0,
            )
        )
    drawn.append(caption(words[0], WIDTH, bottom + 36, anchor="end"))
    return figure(title, bottom + 42, *drawn)


def reliability(
    bins: Sequence[ReliabilityBin],
    *,
    words: tuple[str, str, str],
    formats: Formats,
    title: str,
) -> Markup:
    """Draw what came against what was forecast; on the diagonal, forecasts are right.

    Parameters
    ----------
    words
        Names of the horizontal axis, the vertical axis, the diagonal.

    Examples
    --------
    >>> b = ReliabilityBin(predicted=0.1, observed=Interval(estimate=0.12, low=0.1, high=0.14), rows=200)
    >>> reliability([b], words=("p", "o", "perfect"), formats=Formats(language="en"), title="t").count("<circle")
    1
    """
    left, top, bottom = 40, 26, 330
    most = max((max(b.predicted, b.observed.high) for b in bins), default=1.0)
    most = min(1.0, most * 1.05) or 1.0
    x = Scale(low=0, high=most, start=left, end=WIDTH - 8)
    y = Scale(low=0, high=most, start=bottom, end=top)
    drawn = [caption(words[1], 0, 12)]
    digits = 0 if most > 0.06 else 1
    for tick in x.ticks(5):
        drawn.append(line(left, y(tick), WIDTH - 8, y(tick)))
        drawn.append(caption(formats.percent(tick, digits), left - 6, y(tick) + 4, anchor="end"))
        place = min(x(tick), WIDTH - 14)
        drawn.append(caption(formats.percent(tick, digits), place, bottom + 17, anchor="middle"))
    drawn.append(path([(x(0), y(0)), (x(most), y(most))], stroke=MUTED, width=1.2, dashed=True))
    drawn.append(caption(words[2], WIDTH - 12, bottom - 10, anchor="end"))
    largest = max((b.rows for b in bins), default=1)
    for b in bins:
        place = x(b.predicted)
        drawn.append(
            line(place, y(b.observed.low), place, y(b.observed.high), stroke=ACCENT, width=2)
        )
    for b in bins:
        radius = 3 + 3 * (b.rows / largest) ** 0.5
        drawn.append(
            element(
                "circle",
                cx=x(b.predicted),
                cy=y(b.observed.estimate),
                r=radius,
                fill=ACCENT,
                stroke=PAPER,
                stroke_width=1.5,
            )
        )
    drawn.append(caption(words[0], WIDTH, bottom + 36, anchor="end"))
    return figure(title, bottom + 42, *drawn)


def timeline(
    split: Split, *, words: tuple[str, str, str, str, str, str], formats: Formats, title: str
) -> Markup:
    """Draw one line per cutoff: observation, gap and horizon, for train, valid and test.

    Parameters
    ----------
    words
        Names of train, valid, test, then of observation, gap, horizon.

    Examples
    --------
    >>> from datetime import timedelta
    >>> from reveil.windows import Windows
    >>> s = Split(train=(date(2011, 2, 9),), valid=(), test=(date(2011, 6, 1),),
    ...           windows=Windows(observation=timedelta(364), horizon=timedelta(90)))
    >>> svg = timeline(s, words=("train", "valid", "test", "observation", "gap", "horizon"),
    ...                formats=Formats(language="en"), title="t")
    >>> "train" in svg, "valid" in svg
    (True, False)
    """
    windows, left = split.windows, 46
    groups = [
        (word, cutoffs, colour)
        for word, cutoffs, colour in (
            (words[0], split.train, MUTED),
            (words[1], split.valid, SECOND),
            (words[2], split.test, ACCENT),
        )
        if cutoffs
    ]
    first = windows.observation_start(min(split.cutoffs))
    last = windows.outcome_end(max(split.cutoffs))
    x = Scale(low=first.toordinal(), high=last.toordinal(), start=left, end=WIDTH - 1)
    step = min(16.0, max(4.0, 260 / len(split.cutoffs)))
    drawn: list[Markup] = []
    y = 22.0
    for word, cutoffs, colour in groups:
        drawn.append(text(word, 0, y + 10, fill=colour, bold=True))
        for cutoff in cutoffs:
            begin, here = x(windows.observation_start(cutoff).toordinal()), x(cutoff.toordinal())
            start, end = (
                x(d(cutoff).toordinal()) for d in (windows.outcome_start, windows.outcome_end)
            )
            thick = step * 0.6
            drawn.append(
                element("rect", x=begin, y=y, width=here - begin, height=thick, fill=FAINT)
            )
            drawn.append(
                element("rect", x=start, y=y, width=end - start, height=thick, fill=colour)
            )
            drawn.append(line(here, y - 1.5, here, y + thick + 1.5, stroke=INK, width=1.5))
            y += step
        y += max(20 - step * len(cutoffs), 6)
    cutoff = min(split.cutoffs)
    middle = (x(windows.observation_start(cutoff).toordinal()) + x(cutoff.toordinal())) / 2
    drawn.append(caption(words[3], middle, 14, anchor="middle"))
    gap = windows.gap.days
    later = words[5] if gap == 0 else f"{words[4]}, {words[5]}"
    drawn.append(caption(later, x(cutoff.toordinal()), 14))
    edge = x(min(split.test).toordinal()) if split.test else None
    if edge is not None:
        drawn.append(line(edge, 20, edge, y, stroke=ACCENT, dashed=True))
    drawn.append(line(left, y, WIDTH, y, stroke=INK))
    for tick in _quarters(first, last):
        place = x(tick.toordinal())
        drawn.append(line(place, y, place, y + 4, stroke=INK))
        if place < WIDTH - 26:
            drawn.append(
                caption(formats.month(tick), max(place, left + 20), y + 18, anchor="middle")
            )
    return figure(title, y + 24, *drawn)


def _quarters(first: date, last: date) -> list[date]:
    """First days of months, few enough for their names to fit."""
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next(s for s in (1, 2, 3, 6, 12, 24, 120) if months / s <= 5)
    start = first.year * 12 + first.month - 1 + (first.day > 1)
    return [
        date(m // 12, m % 12 + 1, 1)
        for m in range(start, last.year * 12 + last.month)
        if m % step == 0
    ]
