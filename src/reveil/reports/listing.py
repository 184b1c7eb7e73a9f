"""The list report: who to contact, why, what it costs, and who was left out.

In:  `ListReport`, a language.
Out: one HTML page; customers appear by rank alone.
"""

from __future__ import annotations

from collections.abc import Callable

from reveil.activity.words import word
from reveil.features.declare import Language
from reveil.reports import plots
from reveil.reports.formats import Formats
from reveil.reports.render import render
from reveil.reports.svg import ACCENT, SECOND
from reveil.reports.values import Budget, Capacity, Count, Example, Histogram, ListReport
from reveil.reports.words import Words

COUNTS_SHOWN = 8


def list_report(values: ListReport, language: Language) -> str:
    """Write the list report.

    Parameters
    ----------
    values
        What `pipeline.target` decided.
    language
        `en` or `fr`; sentences inside `values` are expected in it already.

    Returns
    -------
    str
        HTML, self-contained; equal values give equal bytes.

    Examples
    --------
    >>> from datetime import date
    >>> page = list_report(ListReport(
    ...     study="Shop", currency="EUR", cutoff=date(2011, 9, 1), mode="propensity", selected=0,
    ...     control=0, exclusions=(), expected_returns=0, expected_margin=0, cost=0, budget=None,
    ...     capacities=(), certificate=None, probability=None, groups=(), channels=(), offers=(),
    ...     triggers=(), examples=()), "fr")
    >>> "Liste de réactivation au 1er septembre 2011" in page
    True
    """
    return render("list.html", language, list_page(values, language))


def list_page(values: ListReport, language: Language) -> dict[str, object]:
    """Put the values into the words and figures the template shows."""
    words, formats = Words(language=language), Formats(language=language, currency=values.currency)
    heading = words("list.title", cutoff=formats.day(values.cutoff))
    return {
        "title": f"{heading} · {values.study}",
        "study": values.study,
        "heading": heading,
        "lead": words(
            "list.lead" if values.selected else "list.lead.none",
            selected=formats.number(values.selected),
            control=formats.number(values.control),
            snapshot=formats.number(values.snapshot),
        ),
        "mode": words(f"list.mode.{values.mode}"),
        "tiles": _tiles(values, words, formats),
        "examples": [_example(example, words, formats) for example in values.examples],
        "who": _who(values, words, formats),
        "limits": _limits(values, words, formats),
        "shadow": _shadow(values, words, formats),
        "certificate": _certificate(values, words, formats),
        "waterfall": _waterfall(values, words, formats),
        "excluded": _excluded(values, words, formats),
        "waves": _waves(values, words, formats),
        "drift": [
            {
                "check": row.check,
                "observed": row.observed,
                "required": row.required,
                "state": words(f"drift.{row.state}"),
                "tone": "good" if row.state == "ok" else "bad",
            }
            for row in values.drift
        ],
        "reading": [
            words(f"list.reading.{key}")
            for key in ("one", "margin")
            if key != "margin" or values.mode == "propensity"
        ],
        "models": [
            words(
                "list.model.version" if model.version else "list.model.digest",
                target=words(f"target.{model.target}"),
                version=model.version,
                digest=model.digest[:12],
            )
            for model in values.models
        ],
    }


def _tiles(values: ListReport, words: Words, formats: Formats) -> list[tuple[str, str]]:
    causal = values.mode == "uplift"
    returns = "list.figure.returns.uplift" if causal else "list.figure.returns"
    return [
        (formats.number(values.selected), words("list.figure.selected")),
        (formats.number(values.expected_returns), words(returns)),
        (formats.money(values.expected_margin), words("list.figure.margin")),
        (formats.cents(values.cost), words("list.figure.cost")),
    ]


def _example(example: Example, words: Words, formats: Formats) -> dict[str, object]:
    probability = formats.percent(example.probability, 0 if example.probability >= 0.1 else 1)
    return {
        "rank": formats.number(example.rank),
        "worth": words("list.example.worth", margin=formats.cents(example.expected_margin)),
        "odds": words("list.example.odds", probability=probability),
        "margin": words("list.example.margin", margin=formats.cents(example.margin_if_returns)),
        "group": example.group or word("state", example.state, words.language),
        "action": " · ".join(
            part
            for part in (example.offer, example.channel, formats.money(example.cost, 2))
            if part
        ),
        "reasons": [
            {
                "direction": reason.direction,
                "side": words(f"list.direction.{reason.direction}"),
                "sentence": reason.sentence,
            }
            for reason in example.reasons
        ],
    }


def _who(values: ListReport, words: Words, formats: Formats) -> list[dict[str, object]]:
    figures = []
    if values.probability is not None and values.probability.everyone.sum():
        figures.append(_probability(values.probability, words, formats))
    for key, counts in (
        ("groups", values.groups),
        ("triggers", values.triggers),
        ("channels", values.channels),
        ("offers", values.offers),
    ):
        if counts:
            figures.append(_counts(key, counts, values.selected, words, formats))
    return figures


def _counts(
    key: str, counts: tuple[Count, ...], selected: int, words: Words, formats: Formats
) -> dict[str, object]:
    whole = max(selected, 1)
    fields = {"label": counts[0].label}
    if key != "triggers":
        fields["share"] = formats.percent(counts[0].customers / whole)
    title = words(f"plot.{key}", **fields)
    rows = [
        plots.Bar(
            label=count.label,
            figure=f"{formats.number(count.customers)} · {formats.percent(count.customers / whole)}",
            length=count.customers / whole,
        )
        for count in counts[:COUNTS_SHOWN]
    ]
    return {"title": title, "note": "", "svg": plots.bars(rows, title=title, track=True)}


def _probability(values: Histogram, words: Words, formats: Formats) -> dict[str, object]:
    middles = (values.edges[:-1] + values.edges[1:]) / 2
    everyone = float((middles * values.everyone).sum() / max(int(values.everyone.sum()), 1))
    selected = float((middles * values.selected).sum() / max(int(values.selected.sum()), 1))
    title = words(
        "plot.probability" if selected > everyone else "plot.probability.lower",
        selected=formats.percent(selected),
        everyone=formats.percent(everyone),
    )
    svg = plots.histogram(
        values,
        words=(
            words("plot.probability.x"),
            words("plot.probability.y"),
            words("plot.probability.everyone"),
            words("plot.probability.selected"),
        ),
        formats=formats,
        title=title,
    )
    return {"title": title, "note": words("plot.probability.note"), "svg": svg}


def _limits(values: ListReport, words: Words, formats: Formats) -> dict[str, object]:
    """Meters of what is used of the budget and of each channel."""
    meters: list[tuple[str, str, Budget | Capacity, Callable[[float], str]]] = []
    if values.budget is not None:
        name = words("list.budget")
        meters.append((name.lower(), name, values.budget, formats.money))
    for capacity in values.capacities:
        name = words("list.channel", channel=capacity.channel)
        meters.append((capacity.channel, name, capacity, formats.number))
    binding = [short for short, _, resource, _ in meters if resource.shadow_price > 0]
    title = (
        words("list.limits.title.binding", names=", ".join(binding))
        if binding
        else words("list.limits.title.free")
    )
    rows = [_meter(label, resource, written, words) for _, label, resource, written in meters]
    return {"title": title, "note": "", "svg": plots.bars(rows, title=title, track=True)}


def _meter(
    label: str, resource: Budget | Capacity, written: Callable[[float], str], words: Words
) -> plots.Bar:
    used, available = resource.used, resource.available
    if available is None:
        figure = words("list.used.unlimited", used=written(used))
        return plots.Bar(label=label, figure=figure, length=0.0)
    binds = resource.shadow_price > 0
    return plots.Bar(
        label=label,
        figure=words("list.used", used=written(used), available=written(available)),
        length=used / available if available > 0 else 0.0,
        colour=SECOND if binds else ACCENT,
        strong=binds,
    )


def _shadow(values: ListReport, words: Words, formats: Formats) -> list[str]:
    said = []
    if values.budget is not None and values.budget.shadow_price > 0:
        price = formats.money(values.budget.shadow_price, 2)
        said.append(words("list.shadow.budget", unit=formats.money(1), price=price))
    said += [
        words("list.shadow.channel", channel=c.channel, price=formats.money(c.shadow_price, 2))
        for c in values.capacities
        if c.shadow_price > 0
    ]
    return said or [words("list.shadow.none")]


def _certificate(values: ListReport, words: Words, formats: Formats) -> str:
    if values.certificate is None:
        return ""
    proof = values.certificate
    return words(
        "list.certificate",
        bound=formats.cents(proof.bound),
        worth=formats.cents(proof.worth),
        gap=formats.percent(proof.gap, 2),
    )


def _excluded(values: ListReport, words: Words, formats: Formats) -> list[str]:
    most = max(values.exclusions, key=lambda e: e.customers, default=None)
    said = []
    if most is not None and most.customers:
        customers = formats.number(most.customers)
        said.append(words("list.excluded.most", label=most.label, customers=customers))
    said.append(words("list.excluded.note"))
    return said + ([words("list.reading.control")] if values.control else [])


def _waterfall(values: ListReport, words: Words, formats: Formats) -> dict[str, object]:
    title = words(
        "plot.waterfall",
        snapshot=formats.number(values.snapshot),
        selected=formats.number(values.selected),
    )
    svg = plots.waterfall(
        values.exclusions,
        selected=values.selected,
        control=values.control,
        words=(
            words("plot.waterfall.snapshot"),
            words("plot.waterfall.control"),
            words("plot.waterfall.selected"),
        ),
        formats=formats,
        title=title,
    )
    return {"title": title, "note": "", "svg": svg}


def _waves(values: ListReport, words: Words, formats: Formats) -> dict[str, object] | None:
    if len(values.waves) < 2:
        return None
    days = [wave.send_on for wave in values.waves]
    title = words(
        "plot.waves",
        n=formats.number(len(days)),
        first=formats.day(min(days)),
        last=formats.day(max(days)),
    )
    most = max(wave.customers for wave in values.waves) or 1
    rows = [
        plots.Bar(
            label=words("plot.waves.row", number=wave.number, day=formats.day(wave.send_on)),
            figure=formats.number(wave.customers),
            length=wave.customers / most,
        )
        for wave in values.waves
    ]
    return {"title": title, "note": "", "svg": plots.bars(rows, title=title)}
