"""What `reveil init` prints: each file, what it is, its columns, the gaps, what to type next.

In:  Started.
Out: text for a person; plain values for `--json`.
"""

from __future__ import annotations

from collections.abc import Iterator

from reveil.cli.printing import table
from reveil.events.proposal.columns import level
from reveil.events.proposal.draft import Entry
from reveil.events.proposal.text import preset_of
from reveil.pipeline.starting import Started


def started(made: Started) -> str:
    """Tell what was found in which file, how surely, and what is missing."""
    rows = [["file", "what it is", "column", "yours", "sure", "why"], *_rows(made)]
    gaps = made.draft.all_gaps
    head = "every setting has a proposal; read them before you believe them"
    if gaps:
        head = f"{len(gaps)} gap{'s' if len(gaps) != 1 else ''} to fill, marked TODO in {made.out}"
    elif made.refusal is not None:
        head = f"{made.out} is not complete"
    lines = [head, "", table(rows)]
    if gaps:
        lines += [
            "",
            table([["gap", "why", "line to write"], *([g.where, g.what, g.line] for g in gaps)]),
        ]
    lines.append("")
    for source in made.draft.sources:
        sample = source.table.sample
        lines += [f"check     {sample.place.name}: {note}" for note in sample.notes]
    if made.coverage is not None:
        c = made.coverage
        lines.append(
            f"coverage  {c.start} to {c.end}, from the first and last days seen: confirm it"
        )
    if made.refusal is not None:
        lines.append(f"missing   {made.refusal.message}")
    lines.append(f"study     {made.out}   (next: reveil check {made.out})")
    return "\n".join(lines)


def _rows(made: Started) -> Iterator[list[str]]:
    for source in made.draft.sources:
        sample = source.table.sample
        kinds = ", ".join(source.kinds.seen) or "of kinds unknown"
        rows = f"{'' if sample.exact else '~'}{sample.rows:,} rows"
        yield [_file(sample.place.name, sample.files), f"events, {rows}", "kind", kinds, level(source.kinds.confidence), source.kinds.reason]  # fmt: skip
        for entry in source.entries:
            yield ["", "", *_cells(entry)]
        if source.where is not None:
            yield ["", "", *_cells(source.where)]
        for lookup in source.lookups:
            other = lookup.table.sample
            yield [other.place.name, f"lookup of {sample.name}", lookup.theirs, ", ".join(lookup.columns),
                   "high" if lookup.match > 0.95 else "medium",
                   f"{lookup.match:.2%} of values found"]  # fmt: skip
    for what, people in (
        ("customers", made.draft.customers),
        *(("link table", p) for p in made.draft.links),
    ):
        if people is None:
            continue
        sample = people.table.sample
        first, *rest = people.entries
        yield [sample.place.name, f"{what}, {sample.rows:,} rows", *_cells(first)]
        for entry in rest:
            yield ["", "", *_cells(entry)]
    for unused, why in made.draft.unused:
        yield [unused.sample.place.name, "not used", "", "", "", why]
    for left in made.unread:
        yield [left.file.name, "not read", "", "", "", left.reason]


def _file(name: str, files: int) -> str:
    return name if files == 1 else f"{name} ({files} files)"


def _cells(entry: Entry) -> list[str]:
    return [entry.key, " * ".join(entry.columns) or entry.text, entry.level, entry.reason]


def started_json(made: Started) -> dict[str, object]:
    """Give what was proposed to a program."""
    draft = made.draft
    return {
        "study": str(made.out),
        "sources": [
            {
                "name": s.table.sample.name,
                "file": str(s.table.sample.place.file),
                "rows": s.table.sample.rows,
                "rows_exact": s.table.sample.exact,
                "kinds": list(s.kinds.seen),
                "kinds_confidence": s.kinds.confidence,
                "columns": [_entry_json(e) for e in s.entries],
                "lookups": [
                    {"file": str(k.table.sample.place.file), "key": [k.mine, k.theirs],
                     "columns": list(k.columns), "match": k.match}
                    for k in s.lookups
                ],
            }
            for s in draft.sources
        ],
        "customers": None
        if draft.customers is None
        else {
            "file": str(draft.customers.table.sample.place.file),
            "columns": [_entry_json(e) for e in draft.customers.entries],
        },
        "links": [str(link.table.sample.place.file) for link in draft.links],
        "unused": [{"file": str(t.sample.place.file), "why": why} for t, why in draft.unused],
        "unread": [{"file": str(u.file), "why": u.reason} for u in made.unread],
        "gaps": [{"where": g.where, "key": g.key, "what": g.what, "line": g.line} for g in draft.all_gaps],
        "coverage": None
        if made.coverage is None
        else {"start": str(made.coverage.start), "end": str(made.coverage.end)},
        "activity": preset_of(draft)[0],
        "refusal": None if made.refusal is None else str(made.refusal),
    }  # fmt: skip


def _entry_json(entry: Entry) -> dict[str, object]:
    return {
        "key": entry.key, "value": entry.text, "confidence": entry.confidence, "level": entry.level,
        "reason": entry.reason, "others": list(entry.others),
    }  # fmt: skip
