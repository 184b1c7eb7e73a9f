"""SVG by hand: elements, a figure that names itself, scales with round ticks.

In:  numbers and words.
Out: `Markup`. Colours are CSS variables of the page, with a fallback so that a figure also
     stands alone (in a notebook, in a run's artifacts).
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape

INK = "var(--ink,#1c2430)"
MUTED = "var(--muted,#5b6675)"
FAINT = "var(--faint,#dfe4ea)"
ACCENT = "var(--accent,#1d5fa6)"
SECOND = "var(--second,#a94a0a)"
PAPER = "var(--paper,#ffffff)"

WIDTH = 400
"""Units across a figure: one column of a page, and a phone's whole width."""

LETTER = 7.4
"""Mean width of a letter at the text size of the figures, generous on purpose."""

FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"


def element(tag: str, *children: str, **attributes: object) -> Markup:
    """Write one element; numbers are rounded to a tenth, words are escaped.

    Attribute names take `_` for `-`; `fill` and `stroke` go into `style`, where CSS variables
    are understood.

    Examples
    --------
    >>> element("rect", x=1.23, width=4, fill=INK)
    Markup('<rect x="1.2" width="4" style="fill:var(--ink,#1c2430)"/>')
    >>> element("text", "<b>")
    Markup('<text>&lt;b&gt;</text>')
    """
    style = "".join(f"{k}:{attributes.pop(k)};" for k in ("fill", "stroke") if k in attributes)
    if style:
        attributes["style"] = style[:-1]
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"'
        for name, value in attributes.items()
    )
    inside = Markup("").join(escape(child) for child in children)
    return Markup(f"<{tag}{written}>{inside}</{tag}>" if inside else f"<{tag}{written}/>")


def _plain(value: object) -> str:
    return f"{round(value, 1) + 0.0:g}" if isinstance(value, int | float) else str(value)


def text(
    words: str,
    x: float,
    y: float,
    *,
    fill: str = INK,
    anchor: str = "start",
    size: float = 13,
    bold: bool = False,
    halo: bool = False,
) -> Markup:
    """Write words at a place: `anchor` is start, middle or end; `halo` clears lines behind."""
    weight: dict[str, object] = {"font_weight": "600"} if bold else {}
    if halo:
        weight |= {"stroke": PAPER, "stroke_width": 4, "paint_order": "stroke"}
    return element("text", words, x=x, y=y, text_anchor=anchor, font_size=size, fill=fill, **weight)


def caption(words: str, x: float, y: float, *, anchor: str = "start") -> Markup:
    """Write the small words of an axis or a key."""
    return text(words, x, y, anchor=anchor, fill=MUTED, size=12)


def line(
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    *,
    stroke: str = FAINT,
    width: float = 1,
    dashed: bool = False,
) -> Markup:
    """Draw a straight line."""
    dashes = {"stroke_dasharray": "3 3"} if dashed else {}
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=width, **dashes)


def path(
    points: Iterable[tuple[float, float]], *, stroke: str, width: float = 2, dashed: bool = False
) -> Markup:
    """Draw a broken line through points."""
    d = "M" + "L".join(f"{_plain(x)},{_plain(y)}" for x, y in points)
    dashes = {"stroke_dasharray": "3 3"} if dashed else {}
    return element(
        "path",
        d=d,
        stroke=stroke,
        fill="none",
        stroke_width=width,
        stroke_linejoin="round",
        **dashes,
    )


def figure(title: str, height: float, *children: str) -> Markup:
    """Wrap drawings into an SVG that says what it shows to those who cannot see it.

    Examples
    --------
    >>> figure("Two & two", 10).startswith('<svg xmlns="http://www.w3.org/2000/svg" class="plot"')
    True
    """
    return element(
        "svg",
        element("title", title),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        class_="plot",
        viewBox=f"0 0 {WIDTH} {_plain(height)}",
        role="img",
        font_family=FONT,
        font_size=13,
    )


def fitted(words: str, room: float, *, lines: int = 2, bold: bool = False) -> list[str]:
    """Break words into lines that fit `room` units, the last one cut short if need be.

    Examples
    --------
    >>> fitted("no consent for any channel", 110)
    ['no consent for', 'any channel']
    >>> fitted("incomprehensibilities", 75)
    ['incomprehe', 'nsibiliti…']
    """
    letters = max(4, int(room / (LETTER * (1.15 if bold else 1.0))))
    wrapped = textwrap.wrap(words, letters) or [""]
    if len(wrapped) > lines:
        wrapped = [*wrapped[: lines - 1], wrapped[lines - 1][: letters - 1].rstrip() + "…"]
    return wrapped


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """Maps values between `low` and `high` to places between `start` and `end`.

    Examples
    --------
    >>> Scale(low=0, high=10, start=100, end=200)(2.5)
    125.0
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of a value; values outside stop at the border."""
        inside = min(max(value, self.low), self.high)
        return self.start + (inside - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, at_most: int = 5) -> list[float]:
        """Round values inside the scale, a step of 1, 2 or 5 apart.

        Examples
        --------
        >>> Scale(low=0.52, high=0.81, start=0, end=1).ticks()
        [0.6, 0.7, 0.8]
        """
        rough = (self.high - self.low) / at_most
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(m * size for m in (1, 2, 5, 10) if m * size >= rough * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(i * step, 10) for i in range(first, last + 1)]
