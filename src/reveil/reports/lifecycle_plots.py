"""Pictures of the lifecycle: the base over time, the clocks, what distinguishes those who moved.

In:  counts, words already in the reader's language, `Formats`.
Out: SVG text, 400 units wide, like those of `plots`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from reveil.evaluation.interval import Interval
from reveil.reports.formats import Formats
from reveil.reports.lifecycle_flows import LINES, SHADES, apart, short
from reveil.reports.svg import (
    ACCENT,
    FAINT,
    INK,
    LETTER,
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


def over_time(
    days: Sequence[date],
    states: Sequence[tuple[str, Sequence[int]]],
    *,
    formats: Formats,
    title: str,
) -> Markup:
    """Draw the base date by date, states stacked, each named and counted at its last date.

    Parameters
    ----------
    days
        Ascending.
    states
        Name and customers at each day, from the bottom up.

    Examples
    --------
    >>> svg = over_time([date(2011, 8, 4), date(2011, 9, 1)], [("active", [10, 12]), ("inactive", [2, 3])],
    ...                 formats=Formats(language="en"), title="The base grows")
    >>> svg.count("<rect"), ">12<" in svg, "Aug 2011" in svg
    (4, True, True)
    """
    left, right, top, bottom = 50, 284, 14, 250
    most = max(sum(counts[i] for _, counts in states) for i in range(len(days)))
    y = Scale(low=0, high=max(most, 1), start=bottom, end=top)
    drawn = []
    for tick in y.ticks(4):
        drawn.append(line(left, y(tick), right, y(tick)))
        drawn.append(caption(formats.number(tick), left - 6, y(tick) + 4, anchor="end"))
    slot = (right - left) / len(days)
    thick = min(slot * 0.78, 60)
    centres = [left + slot * (i + 0.5) for i in range(len(days))]
    beneath = [0] * len(days)
    labels: list[tuple[float, str, int]] = []
    for shade, (name, counts) in zip(SHADES, states, strict=False):
        for i, count in enumerate(counts):
            if count:
                ends = y(beneath[i]), y(beneath[i] + count)
                drawn.append(
                    element(
                        "rect",
                        x=centres[i] - thick / 2,
                        y=ends[1],
                        width=thick,
                        height=max(ends[0] - ends[1] - 0.6, 0.6),
                        fill=shade,
                    )
                )
        if any(counts):
            labels.append((y(beneath[-1] + counts[-1] / 2), name, counts[-1]))
        beneath = [a + b for a, b in zip(beneath, counts, strict=True)]
    drawn.append(line(left, bottom, right, bottom, stroke=INK))
    labels.reverse()
    places = apart([place for place, _, _ in labels], LINES, top + 10, bottom - 12)
    for place, (real, name, count) in zip(places, labels, strict=True):
        drawn.append(line(right + 1, real, right + 9, place, stroke=MUTED))
        drawn.append(text(short(name, WIDTH - right - 12), right + 12, place - 2))
        drawn.append(text(formats.number(count), right + 12, place + 14, bold=True))
    drawn.append(caption(formats.month(days[0]), left, bottom + 17))
    if len(days) > 1:
        drawn.append(caption(formats.month(days[-1]), right, bottom + 17, anchor="end"))
    return figure(title, bottom + 24, *drawn)


def clock_curves(
    days: Sequence[int],
    curves: Sequence[tuple[str, Sequence[float], str]],
    *,
    words: tuple[str, str],
    limit: float | None,
    limit_words: str,
    formats: Formats,
    title: str,
) -> Markup:
    """Draw, for each clock, the share of customers whose last sign is at most so many days old.

    Parameters
    ----------
    curves
        Name, share at each of `days`, and the figure that the key shows.
    words
        Names of the horizontal and of the vertical axis.
    limit
        Days of the limit between active and inactive, a dashed line; None where it is personal.

    Examples
    --------
    >>> svg = clock_curves([28, 56], [("orders", [0.2, 0.5], "50%")], words=("days", "customers"),
    ...                    limit=40, limit_words="limit", formats=Formats(language="en"), title="Clocks")
    >>> svg.count("<path"), "limit" in svg
    (1, True)
    """
    left = 44
    top = 46 + 20 * len(curves)
    bottom = top + 190
    x = Scale(low=0, high=max(days), start=left, end=WIDTH - 6)
    y = Scale(low=0, high=1, start=bottom, end=top)
    drawn = []
    styles = ((ACCENT, 3.0, False), (SECOND, 2.0, False), (MUTED, 2.0, True))
    for i, ((name, _, said), (colour, width, dashed)) in enumerate(
        zip(curves, styles, strict=False)
    ):
        place = 10 + 20 * i
        drawn.append(line(0, place, 22, place, stroke=colour, width=width, dashed=dashed))
        drawn.append(text(short(name, WIDTH - 40 - LETTER * len(said)), 30, place + 4))
        drawn.append(text(said, WIDTH, place + 4, anchor="end", bold=True))
    drawn.append(caption(words[1], 0, top - 14))
    for share in (0, 0.25, 0.5, 0.75, 1):
        drawn.append(line(left, y(share), WIDTH - 6, y(share)))
        drawn.append(caption(formats.percent(share), left - 6, y(share) + 4, anchor="end"))
    drawn.append(line(left, bottom, WIDTH - 6, bottom, stroke=INK))
    if limit is not None and limit < max(days):
        drawn.append(line(x(limit), top - 4, x(limit), bottom, stroke=INK, dashed=True))
        beside = x(limit) < WIDTH * 0.6
        # At the foot: curves that rise leave room there, on the right of the line.
        drawn.append(
            text(
                limit_words, x(limit) + (5 if beside else -5), bottom - 7,
                anchor="start" if beside else "end", fill=MUTED, size=12, halo=True,
            )
        )  # fmt: skip
    for (_, shares, _), (colour, width, dashed) in reversed(
        list(zip(curves, styles, strict=False))
    ):
        points = [(x(0), y(0)), *((x(d), y(s)) for d, s in zip(days, shares, strict=True))]
        drawn.append(path(points, stroke=colour, width=width, dashed=dashed))
    for tick in x.ticks(5):
        anchor = "end" if x(tick) > WIDTH - 20 else "middle"
        drawn.append(caption(formats.number(tick), x(tick), bottom + 17, anchor=anchor))
    drawn.append(caption(words[0], WIDTH, bottom + 36, anchor="end"))
    return figure(title, bottom + 42, *drawn)


@dataclass(frozen=True, kw_only=True, slots=True)
class Contrasted:
    """One line of the picture of distinctions."""

    label: str
    values: str
    difference: Interval


def distinctions(
    rows: Sequence[Contrasted], *, words: tuple[str, str], formats: Formats, title: str
) -> Markup:
    """Draw standardised differences to the left and right of none, each with its interval.

    Parameters
    ----------
    words
        What lies to the left, and to the right, of the middle.

    Examples
    --------
    >>> d = Contrasted(label="orders", values="1 against 3",
    ...                difference=Interval(estimate=-0.8, low=-0.9, high=-0.7))
    >>> svg = distinctions([d], words=("less", "more"), formats=Formats(language="en"), title="Less")
    >>> "−0.8" in svg, "1 against 3" in svg
    (True, True)
    """
    most = max((max(abs(r.difference.low), abs(r.difference.high)) for r in rows), default=1.0)
    x = Scale(low=-most, high=most, start=2, end=WIDTH - 2)
    drawn: list[Markup] = []
    y = 24.0
    for row in rows:
        for words_ in fitted(row.label, WIDTH - 4, lines=2):
            drawn.append(text(words_, 0, y + 11, halo=True))
            y += 16
        drawn.append(text(short(row.values, WIDTH - 34), 0, y + 11, fill=MUTED, size=12, halo=True))
        d = row.difference
        drawn.append(
            text(formats.number(d.estimate, 1, signed=True), WIDTH, y + 11, anchor="end", bold=True)
        )
        y += 18
        colour = ACCENT if d.estimate > 0 else SECOND
        start, end = sorted((x(0), x(d.estimate)))
        drawn.append(
            element(
                "rect", x=start, y=y, width=max(end - start, 1), height=8, fill=colour,
                fill_opacity="0.85",
            )
        )  # fmt: skip
        drawn.append(line(x(d.low), y + 4, x(d.high), y + 4, stroke=PAPER, width=3.5))
        drawn.append(line(x(d.low), y + 4, x(d.high), y + 4, stroke=INK, width=1.4))
        y += 20
    heads = [caption(f"◀ {words[0]}", 0, 12), caption(f"{words[1]} ▶", WIDTH, 12, anchor="end")]
    middle = line(x(0), 18, x(0), y - 6, stroke=FAINT)
    return figure(title, y - 4, middle, *heads, *drawn)
