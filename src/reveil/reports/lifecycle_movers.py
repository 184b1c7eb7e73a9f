"""What distinguished those who moved, as one figure of the lifecycle report.

In:  `Movement`, words, `Formats`.
Out: title, note and picture, as the template shows them.
"""

from __future__ import annotations

from datetime import date

from reveil.reports import lifecycle_plots
from reveil.reports.formats import Formats
from reveil.reports.lifecycle_values import Distinction, Movement
from reveil.reports.words import Words


def movement_figure(
    movement: Movement, since: date, words: Words, formats: Formats
) -> dict[str, object]:
    """Draw the distinctions of one move; its title names the first of them."""
    first = movement.distinctions[0]
    more = "more" if first.difference.estimate > 0 else "less"
    title = words(f"plot.movement.{more}", move=_move(movement, words), meaning=first.meaning)
    rows = [
        lifecycle_plots.Contrasted(
            label=one.meaning,
            values=words(
                f"plot.movement.{one.typical}",
                moved=_value(one, one.moved, words, formats),
                stayed=_value(one, one.stayed, words, formats),
            ),
            difference=one.difference,
        )
        for one in movement.distinctions
    ]
    svg = lifecycle_plots.distinctions(
        rows,
        words=(words("plot.movement.left"), words("plot.movement.right")),
        formats=formats,
        title=title,
    )
    note = words(
        "plot.movement.note",
        moved=formats.number(movement.moved),
        stayed=formats.number(movement.stayed),
        since=formats.day(since),
    )
    return {"title": title, "note": note, "svg": svg}


def _move(movement: Movement, words: Words) -> str:
    return words(f"move.{movement.before}_{movement.after}")


def _value(one: Distinction, value: float, words: Words, formats: Formats) -> str:
    digits = 0 if abs(value) >= 10 or value == round(value) else 1 if abs(value) >= 1 else 2
    if one.unit == "share":
        return formats.percent(value, 0 if value in (0.0, 1.0) or value >= 0.1 else 1)
    if one.unit == "money":
        return formats.cents(value) if value else formats.money(value)
    written = formats.number(value, digits)
    return words("unit.days", n=written) if one.unit == "days" else written
