"""Pictures of who went where: flows as ribbons, matrices as heat maps.

In:  counts, words already in the reader's language, `Formats`.
Out: SVG text, 400 units wide, like those of `plots`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reveil.reports.formats import Formats
from reveil.reports.svg import (
    ACCENT,
    FAINT,
    MUTED,
    SECOND,
    WIDTH,
    caption,
    element,
    figure,
    fitted,
    line,
    text,
)

SHADES = (ACCENT, SECOND, MUTED, FAINT)
"""Of the four states, in their order."""

DEEPEST = 0.5
"""Opacity of the fullest cell of a heat map: ink stays readable on it, by day and by night."""

LINES = 33
"""Room that a label of two lines takes."""


def apart(places: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Move places that ascend as little as needed for at least `least` between neighbours.

    Examples
    --------
    >>> apart([10, 12, 90], 20, 0, 100), apart([95, 97], 20, 0, 100)
    ([10, 30, 90], [80, 100])
    """
    moved: list[float] = []
    for place in places:
        moved.append(max(place, low) if not moved else max(place, moved[-1] + least))
    for i in reversed(range(len(moved))):
        highest = high if i == len(moved) - 1 else moved[i + 1] - least
        moved[i] = min(moved[i], highest)
    return moved


def short(words: str, room: float) -> str:
    """Cut words to one line."""
    return fitted(words, room, lines=1)[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One end of the flows: a state on one date, or coming in, or going out."""

    label: str
    shade: str


def flows(
    before: Sequence[Node],
    after: Sequence[Node],
    counts: Sequence[Sequence[int]],
    *,
    words: tuple[str, str],
    formats: Formats,
    title: str,
) -> Markup:
    """Draw who went from where to where: ribbons as wide as the customers are many.

    A ribbon is filled in the shade of where it leads to; those who change stand out from those
    who stay where their label is the same.

    Parameters
    ----------
    before, after
        Ends on the left and on the right, from the top down; one without customers is not drawn.
    counts
        Customers, `before` in rows, `after` in columns.
    words
        Headings of the two sides.

    Examples
    --------
    >>> here, gone = Node(label="active", shade=ACCENT), Node(label="inactive", shade=SECOND)
    >>> svg = flows([here, gone], [here, gone], [[6, 2], [1, 3]], words=("June", "August"),
    ...             formats=Formats(language="en"), title="Two left, one came back")
    >>> svg.count("<path"), svg.count("<rect"), ">8<" in svg
    (4, 4, True)
    """
    out = [sum(row) for row in counts]
    into = [sum(row[j] for row in counts) for j in range(len(after))]
    left, right, top, room, thick = 110, 290, 30, 250, 9
    parts = max(sum(map(bool, out)), sum(map(bool, into)), 1)
    space = 12
    whole = max(sum(out), 1)
    scale = (room - space * (parts - 1)) / whole
    drawn = [caption(words[0], 0, 12), caption(words[1], WIDTH, 12, anchor="end")]
    starts, ends = _stacked(out, scale, space, top), _stacked(into, scale, space, top)
    ribbons: list[tuple[bool, Markup]] = []
    leaving, arriving = list(starts), list(ends)
    for i, row in enumerate(counts):
        for j, count in enumerate(row):
            if not count:
                continue
            high = count * scale
            stays = before[i].label == after[j].label
            ribbons.append(
                (
                    stays,
                    _ribbon(
                        (left + thick, leaving[i]),
                        (right - thick, arriving[j]),
                        max(high, 0.7),
                        fill=after[j].shade,
                        opacity=0.22 if stays else 0.62,
                    ),
                )
            )
            leaving[i] += high
            arriving[j] += high
    # Those who stay lie under those who move.
    drawn += [ribbon for _, ribbon in sorted(ribbons, key=lambda one: not one[0])]
    lowest = top + float(room)
    for nodes, totals, tops, x, anchor in (
        (before, out, starts, left, "end"),
        (after, into, ends, right, "start"),
    ):
        shown = [i for i, total in enumerate(totals) if total]
        middles = [tops[i] + totals[i] * scale / 2 for i in shown]
        places = apart(middles, LINES, top + 8, max(top + room, top + LINES * len(shown)) - 8)
        side = -7 if anchor == "end" else 7
        for i, middle, place in zip(shown, middles, places, strict=True):
            drawn.append(
                element(
                    "rect",
                    x=x if anchor == "end" else x - thick,
                    y=tops[i],
                    width=thick,
                    height=max(totals[i] * scale, 1.2),
                    fill=nodes[i].shade,
                )
            )
            if abs(middle - place) > 1:
                drawn.append(line(x, middle, x + side * 0.7, place, stroke=MUTED))
            drawn.append(text(short(nodes[i].label, left - 8), x + side, place - 2, anchor=anchor))
            drawn.append(
                text(formats.number(totals[i]), x + side, place + 14, anchor=anchor, bold=True)
            )
            lowest = max(lowest, place + 16)
    return figure(title, lowest + 6, *drawn)


def _stacked(totals: Sequence[int], scale: float, space: float, top: float) -> list[float]:
    places, here = [], float(top)
    for total in totals:
        places.append(here)
        here += total * scale + (space if total else 0)
    return places


def _ribbon(
    start: tuple[float, float], end: tuple[float, float], high: float, *, fill: str, opacity: float
) -> Markup:
    (x, y), (u, v) = start, end
    middle = (x + u) / 2

    def at(*numbers: float) -> str:
        return ",".join(f"{round(number, 1):g}" for number in numbers)

    d = (
        f"M{at(x, y)}C{at(middle, y, middle, v, u, v)}L{at(u, v + high)}"
        f"C{at(middle, v + high, middle, y + high, x, y + high)}Z"
    )
    return element("path", d=d, fill=fill, fill_opacity=f"{opacity:g}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One cell of a heat map.

    Parameters
    ----------
    depth
        How strongly it is filled, in [0, 1].
    figure, under
        The number it shows, and a smaller one beneath.
    """

    depth: float
    figure: str
    under: str = ""


def heat_map(
    rows: Sequence[tuple[str, Sequence[Cell]]],
    columns: Sequence[str],
    *,
    words: tuple[str, str],
    title: str,
    framed_from: int | None = None,
) -> Markup:
    """Draw a table whose fuller cells are darker.

    Parameters
    ----------
    rows
        Name and cells, from the top down.
    words
        What the rows are, what the columns are.
    framed_from
        First row inside a frame that reaches to the bottom.

    Examples
    --------
    >>> svg = heat_map([("active", [Cell(depth=1, figure="60%", under="6")])], ["active"],
    ...                words=("from", "to"), title="Most stay active")
    >>> "60%" in svg, svg.count("<rect")
    (True, 1)
    """
    left = 104
    wide = (WIDTH - left) / len(columns)
    heads = [fitted(column, wide - 2, lines=2) for column in columns]
    top = 22 + 15 * max(len(head) for head in heads)
    tall = 44 if any(cell.under for _, cells in rows for cell in cells) else 32
    drawn = [caption(words[0], 0, 12), caption(words[1], WIDTH, 12, anchor="end")]
    for j, head in enumerate(heads):
        for i, part in enumerate(reversed(head)):
            drawn.append(
                text(part, left + wide * (j + 0.5), top - 7 - 15 * i, anchor="middle", size=12)
            )
    for i, (name, cells) in enumerate(rows):
        y = top + tall * i
        lines = fitted(name, left - 4, lines=2)
        for k, part in enumerate(lines):
            drawn.append(text(part, 0, y + tall / 2 + 5 + 15 * (k - (len(lines) - 1) / 2), size=12))
        for j, cell in enumerate(cells):
            x = left + wide * j
            drawn.append(
                element(
                    "rect",
                    x=x + 1,
                    y=y + 1,
                    width=wide - 2,
                    height=tall - 2,
                    rx=3,
                    fill=ACCENT if cell.depth > 0 else FAINT,
                    fill_opacity=f"{0.04 + (DEEPEST - 0.04) * min(cell.depth, 1):.2f}"
                    if cell.depth > 0
                    else "0.35",
                )
            )
            middle = y + tall / 2 + (5 if not cell.under else -2)
            drawn.append(
                text(cell.figure, x + wide / 2, middle, anchor="middle", bold=bool(cell.under))
            )
            if cell.under:
                drawn.append(text(cell.under, x + wide / 2, middle + 15, anchor="middle", size=12))
    bottom = top + tall * len(rows)
    if framed_from is not None and framed_from < len(rows):
        drawn.append(
            element(
                "rect",
                x=left - 1,
                y=top + tall * framed_from - 1,
                width=WIDTH - left + 1,
                height=bottom - top - tall * framed_from + 2,
                rx=4,
                fill="none",
                stroke=SECOND,
                stroke_width=2,
            )
        )
    return figure(title, bottom + 3, *drawn)
