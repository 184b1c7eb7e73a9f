"""What a customers table says: since when, consent, contact points.

In:  the profile of a table with one row per customer.
Out: settings of `customers`: key, YAML, confidence, reason, column.
"""

from __future__ import annotations

from collections.abc import Iterator

from reveil.events.proposal.profile import Column, Profile
from reveil.events.proposal.words import channel_named, name_score
from reveil.events.proposal.yaml import scalar

Said = tuple[str, str, float, str, str]


def customers_settings(table: Profile, customer: str) -> Iterator[Said]:
    """Propose the settings of a customers table, beside its customer.

    A channel's setting has a dotted key: `consent.email`.
    """
    told: set[str] = set()
    for held in table.columns:
        if held.name == customer or not held.filled:
            continue
        for said in (_date(held), _flag(held)):
            if said is not None and said[0] not in told:
                told.add(said[0])
                yield said


def _date(held: Column) -> Said | None:
    if held.dates is None or held.dates.share < 0.9 or len(held.dates.formats) > 1:
        return None
    scores = {
        k: name_score(k, held.name) for k in ("since", "valid_from", "valid_until", "contract_end")
    }
    key = max(scores, key=lambda k: scores[k])
    if scores[key] < 0.7 or held.type == "number":
        return None
    form = held.dates.formats[0]
    text = scalar(held.name)
    if form is not None:
        text = f"{{column: {text}, format: {scalar(form)}}}"
    return key, text, scores[key], f"named so, {held.dates.evidence}", held.name


def _flag(held: Column) -> Said | None:
    if not held.flags:
        return None
    scores = {key: name_score(key, held.name) for key in ("consent", "usable", "objection")}
    key = max(scores, key=lambda k: scores[k])
    if scores[key] < 0.7:
        return None
    channel = channel_named(held.name)
    if key == "objection":
        return key, scalar(held.name), 0.7, "named so, yes or no", held.name
    if channel is None:
        return (
            f"{key}.email",
            scalar(held.name),
            0.5,
            "yes or no; the channel is a guess",
            held.name,
        )
    return f"{key}.{channel}", scalar(held.name), 0.85, "named so, yes or no", held.name
