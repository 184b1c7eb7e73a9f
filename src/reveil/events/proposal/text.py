"""A draft as a commented study file.

In:  Draft, a name, a language.
Out: YAML: each proposal with its confidence and reason, other readings commented out, gaps as
`# TODO` and the line to write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from os.path import relpath
from pathlib import Path

from reveil.events.proposal.columns import level
from reveil.events.proposal.draft import Draft, Entry, Gap, Lookup, People, Source
from reveil.events.proposal.profile import Profile
from reveil.events.proposal.windows import Lengths, Span, gaps_between, lengths_for, span_of
from reveil.events.proposal.yaml import scalar

SUBSCRIPTION = frozenset({"billing"})
RELATION = frozenset(
    {"training", "survey_answer", "referral", "service_use", "points_spent", "form"}
)

HEAD = """\
# Proposed by `reveil init` from the files themselves: read it, correct it, then `reveil check`.
# high, medium, low: how sure a proposal is. CHECK: only you can know. `# TODO`: a gap; remove
# these two marks, and what follows is the line to write."""

TARGETING = """\
# Needed by `reveil target` alone: what a contact costs, how many can be made, what is offered.
# targeting:
#   budget: 500
#   channels:
#     email: {cost: 0.02, capacity: 5000, consent: required, co2e_grams: 4}
#   offers:
#     - {name: you are missed, channels: [email]}"""


def study_text(draft: Draft, *, name: str, folder: Path, language: str) -> str:
    """Write a draft as a study file.

    Parameters
    ----------
    name
        Of the study.
    folder
        Where the file will lie: paths start there.
    """
    return "\n".join(_lines(draft, name, folder, language)) + "\n"


def coverage_of(draft: Draft) -> Span | None:
    """Propose the coverage from the first source whose dates can be read in one way."""
    for source in draft.sources:
        if source.at is None or any(gap.key == "at" for gap in source.gaps):
            continue
        span, held = span_of(source.at), source.dates
        known = source.table.sample.bounds.get(held.name) if held is not None else None
        if span is None or known is None:
            return span
        # Blocks of a big file may miss its last rows; its own statistics do not.
        low, high = (getattr(end, "date", lambda end=end: end)() for end in known)
        if not isinstance(low, date) or not isinstance(high, date):
            return span
        return replace(
            span,
            start=min(span.start, low), end=max(span.end, high + timedelta(1)),
            first=min(span.first, low), last=max(span.last, high),
        )  # fmt: skip
    return None


def preset_of(draft: Draft) -> tuple[str, str]:
    """Propose a preset of activity, and say why."""
    seen = {kind for source in draft.sources for kind in source.kinds.seen}
    if found := sorted(seen & SUBSCRIPTION):
        return "subscription", f"there is {found[0]}"
    if len(seen & RELATION) >= 2:
        return "relational", f"there are {', '.join(sorted(seen & RELATION))}"
    return "retail", "there are purchases" if "purchase" in seen else "nothing says otherwise"


def _lines(draft: Draft, name: str, folder: Path, language: str) -> Iterator[str]:
    yield HEAD
    yield f"name: {name}"
    yield f"language: {language}"
    sign = _sign(draft)
    yield f"currency: {sign or 'EUR'}   # {'seen beside the amounts' if sign else 'CHECK'}"
    yield ""
    if draft.sources:
        yield "sources:"
    else:
        # Without the key, reading the study back says that `sources` is required.
        yield "# TODO sources:"
    yield from (line for gap in draft.gaps if gap.where == "sources" for line in _todo(gap, "  "))
    for source in draft.sources:
        yield from _source(source, folder)
    own = {kind: role for source in draft.sources for kind, role in source.kinds.own.items()}
    if own:
        yield ""
        yield "# Kinds of this study alone, and what they say about a customer: commercial, engagement,"
        yield "# marketer (our own doing), passive or incident."
        yield "kinds:"
        yield from (f"  {scalar(kind)}: {role}" for kind, role in own.items())
    if draft.customers is not None:
        yield from _customers(draft.customers, folder)
        yield from (line for g in draft.gaps if g.where == "customers" for line in _todo(g, "  "))
    if draft.links:
        yield from _links(draft.links, folder)
    yield from _times(draft)
    yield ""
    yield TARGETING
    if draft.unused:
        yield ""
        yield "# Not used:"
        for table, why in draft.unused:
            yield f"#   {_plain(relpath(table.sample.place.file, folder))}: {why}"


def _source(source: Source, folder: Path) -> Iterator[str]:
    table = source.table
    said = "about " if not table.sample.exact else ""
    rows = f"{said}{table.sample.rows:,} rows"
    if table.sample.files > 1:
        rows += f" in {table.sample.files:,} files"
    yield f"  - name: {scalar(table.sample.name)}   # {rows}"
    yield f"    path: {_path(table, folder, decimal=source.decimal)}"
    for note in table.sample.notes:
        yield f"    # CHECK: {_plain(note)}"
    yield from _lookups(source.lookups, folder)
    yield "    columns:"
    for key in ("customer", "at"):
        for gap in source.gaps:
            if gap.key == key:
                yield from _todo(gap, "      ")
    for entry in source.entries:
        yield from _entry(entry, "      ")
    yield f"    # {level(source.kinds.confidence)}: {_plain(source.kinds.reason)}"
    yield from (f"    {line}" for line in source.kinds.lines)
    for gap in source.gaps:
        if gap.key == "kind" and gap.line.startswith("kind:"):
            yield from _todo(gap, "    ")
    if source.where is not None:
        yield from _entry(source.where, "    ")
    for gap in source.gaps:
        if gap.key not in ("customer", "at", "kind"):
            yield from _todo(gap, "    ")


def _lookups(lookups: tuple[Lookup, ...], folder: Path) -> Iterator[str]:
    if lookups:
        yield "    lookups:"
    for lookup in lookups:
        yield f"      - path: {_path(lookup.table, folder)}"
        yield f"        key: {_on(lookup)}   # {lookup.match:.2%} of its values are found there"
        yield f"        columns: [{', '.join(scalar(c) for c in lookup.columns)}]"


def _customers(people: People, folder: Path) -> Iterator[str]:
    yield ""
    yield f"customers:   # {people.table.sample.rows:,} rows, {people.reason}"
    yield f"  path: {_path(people.table, folder)}"
    groups: dict[str, list[Entry]] = {}
    for entry in people.entries:
        head, _, channel = entry.key.partition(".")
        if channel:
            groups.setdefault(head, []).append(entry)
        else:
            yield from _entry(entry, "  ")
    for head, entries in groups.items():
        yield f"  {head}:"
        for entry in entries:
            channel = entry.key.partition(".")[2]
            yield from _entry(entry, "    ", key=channel)
    if "consent" not in groups:
        yield "  # No column of consent was found; channels that need it reach nobody without:"
        yield "  # consent: {email: <your column>}"


def _links(links: tuple[People, ...], folder: Path) -> Iterator[str]:
    yield ""
    yield "# Nothing is merged that you do not ask for: remove the marks if these ids are the same people."
    yield "# identity:"
    yield "#   links:"
    for link in links:
        said = ", ".join(f"{e.key}: {e.text}" for e in link.entries)
        yield f"#     - {{path: {_path(link.table, folder)}, {said}}}   # {link.reason}"


def _times(draft: Draft) -> Iterator[str]:
    span = coverage_of(draft)
    yield ""
    if span is None:
        yield "# TODO coverage: {start: 2023-01-01, end: 2025-01-01}   # the dates between which nothing is missing"
        return
    fit = lengths_for(span)
    yield f"# CHECK: the first event is of {span.first}, the last of {span.last}. Coverage says between which"
    yield "# dates nothing is missing, the end being the first day that is not complete any more."
    sample = draft.sources[0].table.sample
    if not sample.whole and not sample.bounds:
        seen = sample.table.num_rows
        yield f"# Seen in a sample of {seen:,} rows: earlier and later days may exist."
    yield f"coverage: {{start: {span.start}, end: {span.end}}}"
    yield ""
    preset, why = preset_of(draft)
    yield f"# {preset}: {why}; the others are {', '.join(sorted({'retail', 'subscription', 'relational'} - {preset}))}."
    rhythm = _rhythm(draft)
    if rhythm is not None:
        yield f"# Half the customers' gaps are of {rhythm[0]} days at most, nine in ten of {rhythm[1]}."
        if rhythm[1] > fit.within:
            yield "# CHECK: many who are only between two orders will be called inactive."
    yield f"activity: {{preset: {preset}, within: {fit.within} days}}"
    yield ""
    yield f"# {span.days:,} days of log leave {_training(fit)} before the test cutoff, the last that the coverage allows."
    yield f"windows: {{observation: {fit.observation} days, gap: {fit.gap} days, horizon: {fit.horizon} days}}"
    yield f"cutoffs: {{min_history: {fit.min_history} days}}"
    if not fit.cutoffs:
        yield "# TODO more history: no training cutoff fits, whatever the windows"
    yield ""
    asked = [gap for gap in draft.gaps if gap.where == "labels"]
    yield from (line for gap in asked for line in _todo(gap, ""))
    if not asked:
        yield "labels: {returns_on: [purchase], margin_rate: 1.0}   # CHECK: how much of an amount is margin"


def _training(fit: Lengths) -> str:
    return f"{fit.cutoffs} training cutoff{'s' if fit.cutoffs != 1 else ''}"


def _rhythm(draft: Draft) -> tuple[int, int] | None:
    if not draft.sources or draft.sources[0].at is None:
        return None
    source = draft.sources[0]
    customer = next((e for e in source.entries if e.key == "customer"), None)
    if customer is None or not source.table.sample.whole:
        return None
    return gaps_between(source.table[customer.columns[0]].values, source.at)


def _sign(draft: Draft) -> str | None:
    signs = {
        c.numbers.sign
        for source in draft.sources
        for c in source.table.columns
        if c.numbers is not None and c.numbers.sign
    }
    return {"€": "EUR", "$": "USD", "£": "GBP"}[signs.pop()] if len(signs) == 1 else None


def _entry(entry: Entry, indent: str, *, key: str | None = None) -> Iterator[str]:
    said = f"{indent}{key or entry.key}: {entry.text}"
    comment = f"# {entry.level}: {_plain(entry.reason)}"
    if len(said) + len(comment) + 3 <= 100:
        yield f"{said}   {comment}"
    else:
        yield f"{indent}{comment}"
        yield said
    if entry.others:
        yield f"{indent}# or {key or entry.key}: {' | '.join(entry.others)}"


def _todo(gap: Gap, indent: str) -> Iterator[str]:
    yield f"{indent}# TODO {gap.line}   # {_plain(gap.what)}"


def _path(table: Profile, folder: Path, *, decimal: str = ".") -> str:
    place = table.sample.place
    file = scalar(Path(relpath(place.file, folder)).as_posix())
    more = {
        "table": place.table,
        "delimiter": place.delimiter,
        "decimal": decimal if decimal != "." else None,
        "encoding": place.encoding if place.encoding != "utf-8" else None,
    }
    said = [
        f"{key}: {_mark(value) if key != 'table' else scalar(value)}"
        for key, value in more.items()
        if value
    ]
    return f"{{file: {file}, {', '.join(said)}}}" if said else file


def _mark(value: str) -> str:
    return '"\\t"' if value == "\t" else f'"{value}"' if len(value) == 1 else value


def _on(lookup: Lookup) -> str:
    if lookup.mine == lookup.theirs:
        return scalar(lookup.mine)
    return f"{{{scalar(lookup.mine)}: {scalar(lookup.theirs)}}}"


def _plain(text: str) -> str:
    return " ".join(text.split())
