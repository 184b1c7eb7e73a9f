"""From a dict to a page: Jinja with autoescape, one style sheet written into the page.

In:  a template's name, a dict of plain values.
Out: one HTML document that asks nothing of any other file or server.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reveil.features.declare import Language
from reveil.reports.words import Words


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("reveil.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, language: Language, page: Mapping[str, object]) -> str:
    """Fill a template.

    Parameters
    ----------
    template
        File name under `templates/`.
    page
        What the template shows; every string is escaped unless it is `Markup`.

    Raises
    ------
    jinja2.UndefinedError
        When the template wants a value that `page` does not hold.
    """
    style = Markup(_environment().loader.get_source(_environment(), "style.css")[0])  # type: ignore[union-attr]
    return (
        _environment()
        .get_template(template)
        .render(page, language=language, words=Words(language=language), style=style)
    )
