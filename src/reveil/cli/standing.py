"""What `reveil states` prints: who is active, how engaged, who moved, whom purchases alone miss.

In:  what the pipeline returned.
Out: text for a person; plain values for `--json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from math import isfinite

from reveil.activity.transitions import Transitions
from reveil.cli.printing import table
from reveil.config import Study
from reveil.pipeline.lifecycle import Lifecycle
from reveil.pipeline.movers import Movers
from reveil.pipeline.standing import Standing

SHOWN = 5
"""Features named for each move."""


def told(study: Study, found: Lifecycle) -> str:
    """Tell the finding, the counts, who moved, and where the files are."""
    counted = found.standing
    known = sum(counted.states.values())
    blocks = [
        f"{known:,} customers known before {counted.cutoff}\n{_finding(study, counted)}",
        _states(counted),
        _counts("group", counted.groups),
        _counts("engagement", counted.bands),
    ]
    if counted.dormant is not None:
        blocks.append(f"{counted.dormant:,} dormant subscribers pay and are inactive")
    if counted.moves is not None:
        since = min(counted.history)
        blocks.append(_moves(counted.moves, f"from {since} to {counted.cutoff}"))
    if counted.steps is not None:
        head = f"mean of {counted.steps.periods} periods of {counted.step_days} days"
        blocks.append(_moves(counted.steps, head, mean=True))
    blocks += [_distinctions(one) for one in found.movers]
    if found.manifest is not None:
        files = found.manifest.files
        blocks.append(table([name, str(found.manifest.path(name))] for name in files))
    return "\n\n".join(blocks)


def _finding(study: Study, counted: Standing) -> str:
    active = counted.states.get("active", 0)
    if counted.purchases_only:
        return (
            "the study counts purchases alone as activity: "
            "readers, visitors and users who do not buy are inactive here"
        )
    if not counted.wrong:
        return f"a purchase-only rule would find the same {active:,} active customers"
    return (
        f"a purchase-only rule would call {counted.wrong:,} of the {active:,} active customers "
        f"inactive ({counted.wrong / active:.1%}), who brought {counted.wrong_margin:,.2f} "
        f"{study.currency} of margin in the 364 days before"
    )


def _states(counted: Standing) -> str:
    known = sum(counted.states.values())
    earlier = min(counted.history)
    rows = [["state", "customers", "share"]]
    rows += [[state, f"{n:,}", f"{n / known:.1%}"] for state, n in counted.states.items()]
    if earlier != counted.cutoff:
        before = counted.history[earlier]
        rows[0].append(str(earlier))
        for row in rows[1:]:
            row.append(f"{before[row[0]]:,}")
    return table(rows, right=frozenset({1, 2, 3}))


def _counts(name: str, counts: Mapping[str, int]) -> str:
    known = sum(counts.values())
    rows = [[name, "customers", "share"]]
    rows += [[label, f"{n:,}", f"{n / known:.1%}"] for label, n in counts.items()]
    return table(rows, right=frozenset({1, 2}))


def _moves(moves: Transitions, head: str, *, mean: bool = False) -> str:
    """Lay a matrix out; a state that nobody was in or came to is left out."""
    per = moves.periods if mean else 1

    def cell(count: int, share: float) -> str:
        told = f"{count / per:,.1f}" if mean else f"{count:,}"
        return f"{told} {share:6.1%}" if isfinite(share) else ""

    def row(label: str, counts: tuple[int, ...], shares: tuple[float, ...]) -> list[str]:
        return [label, *(cell(counts[i], shares[i]) for i in kept)]

    kept = [i for i in range(len(moves.labels)) if moves.before[i] or moves.after[i]]
    rows = [[head, *(moves.labels[i] for i in kept)]]
    rows += [row(moves.labels[i], moves.counts[i], moves.shares[i]) for i in kept]
    for label, counts in (("(new)", moves.entries), ("(gone)", moves.exits)):
        total = sum(counts)
        if total:
            rows.append(row(label, counts, tuple(n / total for n in counts)))
    return table(rows, right=frozenset(range(1, len(rows[0]))))


def _distinctions(one: Movers) -> str:
    rows = [["feature", "difference", "moved", "stayed"]]
    rows += [
        [c.name, c.difference.text(digits=2, signed=True), *(f"{v:,.4g}" for v in c.typical)]
        for c in one.clearest[:SHOWN]
    ]
    drawn = "" if one.compared == one.moved + one.stayed else f", {one.compared:,} compared"
    head = (
        f"{one.before} to {one.after}: {one.moved:,} moved, {one.stayed:,} stayed{drawn}; "
        f"their features on {one.since}"
    )
    if not one.clearest:
        return f"{head}\nno feature tells them clearly apart"
    return f"{head}\n{table(rows, right=frozenset({1, 2, 3}))}"


def told_json(found: Lifecycle) -> dict[str, object]:
    """Give the same to a program."""
    counted = found.standing
    first = min(counted.history)
    return {
        "cutoff": str(counted.cutoff),
        "states": counted.states,
        "groups": counted.groups,
        "engagement_bands": counted.bands,
        "dormant": counted.dormant,
        "purchase_only_rule": {
            "wrongly_inactive": counted.wrong,
            "their_margin": counted.wrong_margin,
            "is_the_study's": counted.purchases_only,
        },
        "history": [
            {"date": str(day), "states": counts} for day, counts in counted.history.items()
        ],
        "transitions": _moves_json(counted.moves, first, counted.cutoff),
        "mean_transitions": _moves_json(counted.steps, first, counted.cutoff),
        "movers": [
            {
                "from": one.before.value,
                "to": one.after.value,
                "since": str(one.since),
                "moved": one.moved,
                "stayed": one.stayed,
                "compared": one.compared,
                "differences": {
                    c.name: [c.difference.estimate, c.difference.low, c.difference.high]
                    for c in one.contrasts
                    if c.difference.exists
                },
            }
            for one in found.movers
        ],
        "files": {}
        if found.manifest is None
        else {name: str(found.manifest.path(name)) for name in found.manifest.files},
    }


def _moves_json(moves: Transitions | None, first: date, last: date) -> dict[str, object] | None:
    if moves is None:
        return None
    return {
        "since": str(first),
        "until": str(last),
        "periods": moves.periods,
        "labels": list(moves.labels),
        "counts": [list(row) for row in moves.counts],
        "shares": [[s if isfinite(s) else None for s in row] for row in moves.shares],
        "entries": list(moves.entries),
        "exits": list(moves.exits),
    }
