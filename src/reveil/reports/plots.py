"""Figures for counts and shares: bars, a waterfall of exclusions, meters, a histogram.

In:  numbers, words already in the reader's language, `Formats`.
Out: SVG text, 400 units wide, that fits a phone, follows light and dark, and needs nothing.

Every label stands on its own line above its bar, so that long French names have room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reveil.reports.formats import Formats
from reveil.reports.svg import (
    ACCENT,
    FAINT,
    INK,
    LETTER,
    MUTED,
    SECOND,
    WIDTH,
    Scale,
    caption,
    element,
    figure,
    fitted,
    line,
    text,
)
from reveil.reports.values import Driver, Exclusion, Histogram

BAR = 7
"""Thickness of a bar."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One labelled bar.

    Parameters
    ----------
    label, figure
        Words on the left, the number on the right.
    start, length
        Shares of the width, in [0, 1].
    colour
        A colour of `svg`.
    strong
        Label and figure in bold.
    """

    label: str
    figure: str
    length: float
    start: float = 0.0
    colour: str = ACCENT
    strong: bool = False


def bars(rows: Sequence[Bar], *, title: str, track: bool = False) -> Markup:
    """Draw labelled bars from top to bottom.

    Parameters
    ----------
    rows
        In the order to draw.
    title
        What the figure says, for those who cannot see it.
    track
        Whether to show the whole width behind each bar (a share of something).

    Returns
    -------
    Markup
        An SVG element.

    Examples
    --------
    >>> "loyal &lt;3" in bars([Bar(label="loyal <3", figure="12", length=0.5)], title="Groups")
    True
    """
    drawn: list[Markup] = []
    y = 0.0
    for row in rows:
        lines = fitted(row.label, WIDTH - LETTER * len(row.figure) - 14, bold=row.strong)
        for i, words in enumerate(lines):
            drawn.append(text(words, 0, y + 13 + 16 * i, bold=row.strong))
        y += 16 * len(lines)
        drawn.append(text(row.figure, WIDTH, y - 3, anchor="end", bold=row.strong))
        y += 3
        if track:
            drawn.append(element("rect", x=0, y=y, width=WIDTH, height=BAR, rx=2, fill=FAINT))
        start = min(max(row.start, 0.0), 1.0) * WIDTH
        # A count that is not zero is never drawn as nothing.
        length = max(min(max(row.length, 0.0), 1.0) * WIDTH, 1.5 if row.length > 0 else 0.0)
        if length:
            x = min(start, WIDTH - length)
            drawn.append(
                element(
                    "rect",
                    x=x,
                    y=y,
                    width=length,
                    height=BAR,
                    rx=min(2, length / 2),
                    fill=row.colour,
                )
            )
        y += BAR + 10
    return figure(title, max(y - 8, 10), *drawn)


def waterfall(
    exclusions: Sequence[Exclusion],
    *,
    selected: int,
    control: int,
    words: tuple[str, str, str],
    formats: Formats,
    title: str,
) -> Markup:
    """Draw how a snapshot shrinks, rule after rule, to the control and the contacts.

    Parameters
    ----------
    exclusions
        In the order of the rules; a rule that left out nobody is not drawn.
    words
        Names of the snapshot, the control and the contacts.

    Examples
    --------
    >>> svg = waterfall([Exclusion(rule="former", label="Former", customers=60)], selected=35,
    ...                 control=5, words=("All", "Control", "Contacts"),
    ...                 formats=Formats(language="en"), title="From 100 to 35")
    >>> [part in svg for part in ("−60 · 60%", ">100<", ">35<")]
    [True, True, True]
    """
    left = total = selected + control + sum(e.customers for e in exclusions)
    whole = max(total, 1)
    rows = [
        Bar(label=words[0], figure=formats.number(total), length=1.0, colour=MUTED, strong=True)
    ]
    for exclusion in exclusions:
        if exclusion.customers:
            left -= exclusion.customers
            rows.append(
                Bar(
                    label=exclusion.label,
                    figure=f"{formats.number(-exclusion.customers)} · {formats.percent(exclusion.customers / whole)}",
                    start=left / whole,
                    length=exclusion.customers / whole,
                    colour=MUTED,
                )
            )
    rows.append(
        Bar(
            label=words[1],
            figure=formats.number(control),
            start=selected / whole,
            length=control / whole,
            colour=SECOND,
        )
    )
    rows.append(
        Bar(label=words[2], figure=formats.number(selected), length=selected / whole, strong=True)
    )
    return bars(rows, title=title)


def driver_bars(drivers: Sequence[Driver], *, formats: Formats, title: str) -> Markup:
    """Draw the mean weight of each driver; an arrow says what a high value does.

    Examples
    --------
    >>> d = Driver(name="purchase_recency_days", meaning="days since the last order",
    ...            importance=0.8, direction="lowers")
    >>> "▼" in driver_bars([d], formats=Formats(language="en"), title="Drivers")
    True
    """
    most = max((d.importance for d in drivers), default=0.0) or 1.0
    arrows = {"raises": "▲ ", "lowers": "▼ ", None: ""}
    rows = [
        Bar(
            label=f"{arrows[d.direction]}{d.meaning}",
            figure=formats.number(d.importance, 2),
            length=d.importance / most,
            colour=SECOND if d.direction == "lowers" else ACCENT,
        )
        for d in drivers
    ]
    return bars(rows, title=title)


def histogram(
    values: Histogram,
    *,
    words: tuple[str, str, str, str],
    formats: Formats,
    title: str,
) -> Markup:
    """Draw customers by probability, and those of them on the list in front.

    Parameters
    ----------
    words
        Names of the horizontal axis, the vertical axis, everyone, the list.

    Examples
    --------
    >>> import numpy as np
    >>> h = Histogram(edges=np.array([0.0, 0.1, 0.2]), everyone=np.array([90, 10]),
    ...               selected=np.array([1, 9]))
    >>> histogram(h, words=("p", "customers", "all", "list"), formats=Formats(language="en"),
    ...           title="t").count("<rect")
    6
    """
    left, top, height = 46, 48, 190
    bottom = top + height
    x = Scale(low=float(values.edges[0]), high=float(values.edges[-1]), start=left, end=WIDTH - 4)
    y = Scale(low=0, high=max(int(values.everyone.max()), 1), start=bottom, end=top)
    drawn = [
        element("rect", x=left, y=5, width=11, height=11, rx=2, fill=FAINT),
        text(words[2], left + 17, 15, fill=MUTED),
        element("rect", x=left, y=25, width=11, height=11, rx=2, fill=ACCENT),
        text(words[3], left + 17, 35, fill=ACCENT, bold=True),
    ]
    for tick in y.ticks(4):
        drawn.append(line(left, y(tick), WIDTH, y(tick)))
        drawn.append(caption(formats.number(tick), left - 6, y(tick) + 4, anchor="end"))
    for counts, colour in ((values.everyone, FAINT), (values.selected, ACCENT)):
        for low, high, count in zip(values.edges, values.edges[1:], counts, strict=False):
            if count:
                place = y(float(count))
                drawn.append(
                    element(
                        "rect",
                        x=x(float(low)) + 0.5,
                        y=place,
                        width=max(x(float(high)) - x(float(low)) - 1, 0.5),
                        height=bottom - place,
                        fill=colour,
                    )
                )
    drawn.append(line(left, bottom, WIDTH, bottom, stroke=INK))
    digits = 0 if x.high - x.low > 0.05 else 1
    drawn += [
        caption(formats.percent(tick, digits), x(tick), bottom + 17, anchor="middle")
        for tick in x.ticks(5)
    ]
    drawn.append(caption(words[0], WIDTH, bottom + 36, anchor="end"))
    return figure(title, bottom + 42, *drawn)
