"""Rows of the log while they are numbers, and the Arrow tables made of them.

In:  arrays of customers, instants and codes.
Out: Rows (a numpy record per event); the `events` table, sorted by at, customer_id.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from reveil.simulation import parameters as p
from reveil.simulation.arrays import Flags, Floats, Ints
from reveil.simulation.settings import Calendar

KINDS = (
    "purchase",
    "return",
    "login",
    "visit",
    "email_sent",
    "email_open",
    "email_click",
    "print_sent",
    "bounce",
    "unsubscribe",
    "complaint",
    "survey_answer",
)
CHANNELS = ("store", "web", "email", "print")
NULL = -1
NO_MONEY = np.iinfo(np.int32).min

Rows = npt.NDArray[np.void]
ROW = np.dtype(
    [
        ("customer", np.int32),
        ("at", np.int64),
        ("kind", np.int8),
        ("cents", np.int32),
        ("order", np.int32),
        ("item", np.int16),
        ("channel", np.int8),
        ("campaign", np.int16),
        ("offer", np.int8),
        ("rating", np.int8),
        ("machine", np.int8),
    ]
)
_DEFAULTS = dict.fromkeys(ROW.names or (), NULL) | {"cents": NO_MONEY}


def rows(
    kind: str,
    customer: Ints,
    at: Ints,
    *,
    channel: str | npt.NDArray[np.integer] | None = None,
    **columns: npt.NDArray[np.integer],
) -> Rows:
    """Make rows of one kind; columns that are not given are null.

    Parameters
    ----------
    customer, at
        Position of the customer, seconds since 1970.
    channel
        A name when all rows share one, else a code per row.
    **columns
        `cents`, `order`, `item`, `campaign`, `offer`, `rating`, `machine`.

    Examples
    --------
    >>> rows("visit", np.array([3]), np.array([0]), channel="web")["channel"]
    array([1], dtype=int8)
    """
    made = np.empty(len(customer), dtype=ROW)
    for name, default in _DEFAULTS.items():
        made[name] = columns.get(name, default)
    made["customer"], made["at"], made["kind"] = customer, at, KINDS.index(kind)
    if channel is not None:
        made["channel"] = CHANNELS.index(channel) if isinstance(channel, str) else channel
    return made


def running_orders(log: Rows) -> Rows:
    """Renumber the orders of the whole base by instant, customer; drop what has no order in it.

    Returns of orders placed before the log are dropped: nothing in it explains them.

    Examples
    --------
    >>> customer, at, order = np.array([2, 1]), np.array([60, 0]), np.array([0, 7])
    >>> running_orders(rows("purchase", customer, at, order=order))["order"]
    array([1, 0], dtype=int32)
    """
    lines = log[log["kind"] == KINDS.index("purchase")]
    first = np.unique(lines["order"], return_index=True)[1]
    placed = lines[first]
    running = np.full(int(log["order"].max(initial=0)) + 1, NULL, dtype=np.int32)
    running[placed["order"][np.lexsort((placed["customer"], placed["at"]))]] = np.arange(
        len(placed)
    )
    is_line = log["order"] != NULL
    log["order"][is_line] = running[log["order"][is_line]]
    kept: Rows = log[~is_line | (log["order"] != NULL)]
    return kept


def customer_ids(customer: Ints) -> pa.Array:
    """Names of customers. Customers are exchangeable, so the number says nothing about one.

    Examples
    --------
    >>> customer_ids(np.array([123])).to_pylist()
    ['C0000123']
    """
    return _names("C", customer, 7)


def campaign_code(week: Ints, *, offer: bool | Flags) -> Ints:
    """Return the code of what left in a week: its newsletter, or its offers.

    Examples
    --------
    >>> campaign_code(np.array([104]), offer=True)
    array([209])
    """
    return 2 * week + offer


def campaign_names(calendar: Calendar) -> list[str]:
    """Name every campaign by what it is and when it left, in the order of `campaign_code`.

    Examples
    --------
    >>> from reveil.simulation.settings import SimulationSettings
    >>> campaign_names(Calendar.of(SimulationSettings()))[-2:]
    ['newsletter_2025-01-02', 'offer_2024-12-30']
    """
    names = []
    for week in range(calendar.weeks):
        monday = np.datetime64(calendar.monday(week), "s").astype("datetime64[D]")
        names += [f"newsletter_{monday + 3}", f"offer_{monday}"]
    return names


def events_table(log: Rows, campaigns: list[str]) -> pa.Table:
    """Sort the rows by at, customer_id and spell them out.

    Parameters
    ----------
    log
        Rows with running order numbers.
    campaigns
        Names of the campaigns that `log["campaign"]` points into.

    Examples
    --------
    >>> log = rows("visit", np.array([2, 1]), np.array([60, 0]), channel="web")
    >>> events_table(log, [])["customer_id"].to_pylist()
    ['C0000001', 'C0000002']
    """
    log = log[np.lexsort((log["customer"], log["at"]))]
    items = [f"{c}-{k:02d}" for c in p.CATEGORIES for k in range(1, p.ITEMS + 1)]
    category = np.where(log["item"] == NULL, NULL, log["item"] // p.ITEMS)
    ids = customer_ids(np.arange(int(log["customer"].max(initial=0)) + 1))
    return pa.table(
        {
            "customer_id": ids.take(pa.array(log["customer"])),
            "at": timestamps(log["at"]),
            "kind": spell(log["kind"], KINDS),
            "amount": money(log["cents"]),
            "order_id": _names("O", log["order"], 8),
            "item": spell(log["item"], items),
            "category": spell(category, p.CATEGORIES),
            "channel": spell(log["channel"], CHANNELS),
            "campaign": spell(log["campaign"], campaigns),
            "offer": spell(log["offer"], p.OFFERS),
            "rating": pa.array(log["rating"], mask=log["rating"] == NULL),
            "is_machine": pa.array(log["machine"] == 1, mask=log["machine"] == NULL),
        }
    )


def spell(code: npt.NDArray[np.integer], names: tuple[str, ...] | list[str]) -> pa.Array:
    """Turn codes into their names, NULL into null.

    Examples
    --------
    >>> spell(np.array([1, NULL]), ("a", "b")).to_pylist()
    ['b', None]
    """
    index = pa.array(code.astype(np.int32), mask=code == NULL)
    return pa.array(names, pa.string()).take(index)


def timestamps(seconds: Ints, *, known: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """Seconds since 1970 as naive timestamps in microseconds; null where not known.

    Examples
    --------
    >>> timestamps(np.array([0, 60]), known=np.array([True, False])).null_count
    1
    """
    mask = None if known is None else ~known
    return pa.array(seconds.astype("datetime64[s]").astype("datetime64[us]"), mask=mask)


def money(cents: npt.NDArray[np.integer]) -> pa.Array:
    """Cents as units with two digits.

    Examples
    --------
    >>> money(np.array([1999, NO_MONEY])).to_pylist()
    [19.99, None]
    """
    units: Floats = cents / 100
    return pa.array(units, mask=cents == NO_MONEY)


def _names(letter: str, number: npt.NDArray[np.integer], digits: int) -> pa.Array:
    known = number != NULL
    if not known.any():
        return pa.nulls(len(number), pa.string())
    distinct = [f"{letter}{k:0{digits}d}" for k in range(int(number.max()) + 1)]
    return spell(number, distinct)
