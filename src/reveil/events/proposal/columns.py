"""Which column of a table is which column of the log: names first, then what the values say.

In:  the profile of a table.
Out: proposals, each with its confidence and the reason in words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from reveil.events.proposal.profile import FEW, Column, Profile
from reveil.events.proposal.words import AGAINST, WORDS, kind_named, name_score, tokens

ENOUGH = 0.4
"""Below this confidence nothing is proposed."""

_Fit = tuple[float, str]
"""How well the values fit, 0 to 1, and what they show."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A column for a column of the log.

    Parameters
    ----------
    confidence
        0 to 1.
    reason
        Why, in words, without any value of the data.
    others
        Further columns that might be meant instead, the likeliest first.
    """

    key: str
    column: str
    confidence: float
    reason: str
    others: tuple[str, ...] = ()

    @property
    def level(self) -> str:
        """The confidence in a word."""
        return level(self.confidence)


def level(confidence: float) -> str:
    """Say a confidence in a word.

    Examples
    --------
    >>> level(0.9), level(0.7), level(0.3)
    ('high', 'medium', 'low')
    """
    return "high" if confidence >= 0.8 else "medium" if confidence >= 0.6 else "low"


def propose_columns(table: Profile) -> dict[str, Proposal]:
    """Propose a column for each column of the log that the table seems to hold.

    Beside the columns of the log: `kind`, `status`, `quantity` and `price`, from which
    kinds, conditions and amounts are made.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from reveil.events.proposal.profile import profile
    >>> from reveil.events.proposal.profile_files import Sample
    >>> from reveil.events.settings import TableSettings
    >>> table = pa.table({"num_client": ["A", "B", "A"], "date_achat": ["2024-03-01"] * 3,
    ...                   "montant": ["10,50", "3,20", "7,00"]})
    >>> shop = Sample(name="shop", place=TableSettings(file="shop.csv"), table=table, rows=3)
    >>> {key: p.column for key, p in propose_columns(profile(shop)).items()}
    {'customer': 'num_client', 'amount': 'montant', 'at': 'date_achat'}
    """
    scored = [
        (round(name * fit, 3), key, column, said)
        for key, fits in _FITS.items()
        for column in table.columns
        if column.filled and (name := name_score(key, column.name))
        for fit, said in [fits(column)]
    ]
    found: dict[str, Proposal] = {}
    used: set[str] = set()

    def take(key: str, column: Column, confidence: float, reason: str) -> None:
        others = tuple(
            c.name for score, k, c, _ in ranked if k == key and score >= ENOUGH and c != column
        )
        found[key] = Proposal(
            key=key, column=column.name, confidence=confidence, reason=reason, others=others[:3]
        )
        used.add(column.name)

    def order(entry: tuple[float, str, Column, str]) -> tuple[float, int]:
        return -entry[0], list(_FITS).index(entry[1])

    ranked = sorted(scored, key=order)
    for score, key, column, said in ranked:
        if score < ENOUGH or key in found or column.name in used:
            continue
        take(key, column, score, f"named so, {said}" if said else "named so")
    _by_values(table, found, used, take)
    found = {
        key: replace(p, others=tuple(other for other in p.others if other not in used))
        for key, p in found.items()
    }
    return _one_customer_per_order(table, found)


def _by_values(
    table: Profile,
    found: dict[str, Proposal],
    used: set[str],
    take: Callable[[str, Column, float, str], None],
) -> None:
    """Propose what no name says and the values leave little doubt about."""
    left = [c for c in table.columns if c.name not in used and c.filled]
    dated = [c for c in left if c.dates and c.dates.share > 0.9 and _neutral("at", c)]
    if "at" not in found and len(dated) == 1:
        take("at", dated[0], 0.6, "the only column of dates")
    kinds = [c for c in left if _share_known(c) > 0.8]
    if "kind" not in found and kinds:
        take("kind", kinds[0], 0.6, "its words are kinds of events")
    if "at" not in found:
        return
    left = [c for c in table.columns if c.name not in used and c.filled]
    amounts = [
        c for c in left
        if c.numbers and c.numbers.share > 0.95 and c.numbers.whole < 0.95 and _neutral("amount", c)
    ]  # fmt: skip
    if not {"amount", "price"} & set(found) and len(amounts) == 1:
        take("amount", amounts[0], 0.5, "the only column of numbers with decimals")
    named = {"id", "num", "numero", "no", "nr", "code", "key", "ref"}
    repeating = [
        c for c in left
        if c.is_id and c.name not in used and c.distinct > 1 and _customer(c)[0] > 0.5
        and c.share_distinct < 0.98 and ("amount" in found or named & set(tokens(c.name)))
    ]  # fmt: skip
    if "customer" not in found and len(repeating) == 1:
        said = _customer(repeating[0])[1]
        take("customer", repeating[0], 0.5, f"the only column whose values repeat, {said}")


def _neutral(key: str, column: Column) -> bool:
    """Is there nothing in the name that speaks against?"""
    return not AGAINST[key] & set(tokens(column.name))


def _one_customer_per_order(table: Profile, found: dict[str, Proposal]) -> dict[str, Proposal]:
    """Keep as an order what belongs to one customer: a shop or a week does not."""
    if "order" not in found or "customer" not in found:
        return found
    order, customer = table[found["order"].column], table[found["customer"].column]
    pairs = pa.table({"order": order.values, "customer": customer.values}).drop_null()
    if not pairs.num_rows:
        return found
    owners = pairs.group_by("order").aggregate([("customer", "count_distinct")])
    single = float(pc.mean(pc.equal(owners["customer_count_distinct"], 1)).as_py())
    kept = dict(found)
    old = found["order"]
    if single < 0.9:
        del kept["order"]
    else:
        lines = pairs.num_rows / owners.num_rows
        kept["order"] = replace(
            old,
            confidence=round(old.confidence * single, 3),
            reason=f"{old.reason}; {single:.1%} belong to one customer, {lines:,.1f} lines each",
        )
    return kept


def _counted(column: Column) -> str:
    return f"{column.distinct:,} values over {column.filled:,} rows"


def _customer(column: Column) -> _Fit:
    if not column.is_id or column.distinct < 2 or column.flags:
        return 0.0, ""
    few = column.distinct <= FEW and column.filled > 50 * column.distinct
    fit = 0.2 if few else min(1.0, 0.5 + column.share_filled)
    if column.filled > 50 and column.share_distinct == 1:
        return fit * 0.65, f"none of its {column.filled:,} values comes twice"
    return fit, _counted(column)


def _at(column: Column) -> _Fit:
    dates = column.dates
    if dates is None:
        return 0.0, ""
    said = dates.evidence + (", with the time of day" if dates.has_time else "")
    return dates.share * (1.0 if len(dates.formats) == 1 else 0.7), said


def _money(column: Column) -> _Fit:
    n = column.numbers
    if n is None or n.share < 0.9 or column.dates is not None:
        return 0.0, ""
    said = [f"numbers with a decimal {'comma' if n.decimal == ',' else 'point'}"]
    said = said if n.whole < 1 else ["whole numbers"]
    if n.negative:
        said.append(f"{n.negative:.1%} negative")
    if n.whole == 1 and column.share_distinct == 1 and column.filled > 20:
        return 0.3, ", ".join(said)
    return n.share, ", ".join(said)


def _quantity(column: Column) -> _Fit:
    n = column.numbers
    if n is None or n.share < 0.9 or n.whole < 0.8 or column.dates is not None:
        return 0.0, ""
    return 1.0, f"whole numbers, {n.negative:.1%} negative" if n.negative else "whole numbers"


def _thing(column: Column) -> _Fit:
    if column.type in ("boolean", "other") or column.dates or column.personal or column.flags:
        return 0.0, ""
    n = column.numbers
    if n is not None and n.share > 0.9 and (n.whole < 1 or n.negative):
        return 0.0, ""
    return 1.0 if column.distinct > 1 else 0.6, _counted(column)


def _order(column: Column) -> _Fit:
    # Few orders over many rows are no orders: a shop, a week, a kind.
    fit, said = _thing(column)
    return fit if column.share_distinct > 0.01 else 0.2 * fit, said


def _named_few(column: Column) -> _Fit:
    if not column.words or column.dates or column.flags:
        return 0.0, ""
    n = column.numbers
    return 0.5 if n is not None and n.share > 0.9 else 1.0, f"{column.distinct:,} words"


def _kind(column: Column) -> _Fit:
    fit, said = _named_few(column)
    known = _share_known(column)
    return fit * (0.4 + 0.6 * known), f"{said}, {known:.0%} of rows of a kind that is known"


def _share_known(column: Column) -> float:
    if not column.words or column.distinct > FEW or column.type != "text":
        return 0.0
    known = sum(n for word, n in column.words.items() if kind_named(word))
    return known / max(1, sum(column.words.values()))


def _rating(column: Column) -> _Fit:
    n = column.numbers
    if n is None or n.share < 0.9 or n.low < -100 or n.high > 100:
        return 0.0, ""
    return 1.0, f"from {n.low:g} to {n.high:g}"


def _flag(column: Column) -> _Fit:
    return (1.0, "yes or no") if column.flags else (0.0, "")


_FITS: dict[str, Callable[[Column], _Fit]] = {
    "customer": _customer,
    "at": _at,
    "order": _order,
    "amount": _money,
    "quantity": _quantity,
    "price": _money,
    "kind": _kind,
    "status": _named_few,
    "item": _thing,
    "category": _thing,
    "channel": _named_few,
    "campaign": _thing,
    "offer": _thing,
    "rating": _rating,
    "available_at": _at,
    "is_machine": _flag,
}
"""Column of the log -> what its values must be like. Ties go to the first."""

assert set(_FITS) <= set(WORDS)
