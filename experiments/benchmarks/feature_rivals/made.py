"""A log of any size, written as the engine's own tables.

In:  how many events, how many of each customer, a folder.
Out: events.parquet and lines.parquet there, with the columns of `EventLog.events` and `.lines`,
and customers.parquet, whom to compute features for.

Every draw is a hash of the row's number and a salt, so that a log is the same whatever wrote it
by how many threads; and rows stand in no order of customer, kind or time.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

START, END = date(2022, 1, 3), date(2025, 1, 6)
CUTOFF = date(2024, 12, 2)
"""The latest cutoff; earlier ones step back by 28 days."""

EACH = {"sparse": 20, "dense": 300}
"""Events of a customer, on average."""

MIX = {
    "purchase": 100, "return": 10, "email_sent": 450, "email_open": 200, "email_click": 50,
    "visit": 120, "login": 40, "complaint": 5, "unsubscribe": 3, "sms_sent": 22,
}  # fmt: skip
"""Of a thousand rows."""

CHANNELS = ("email", "phone", "store", "web")
ITEMS, CATEGORIES, OFFERS = 2_000, 12, 8

# Half of the orders have one line, a quarter two, the others three or four. One purchase in
# fifty is the later row of an order that was spread over days: money, and no other order.
# Nothing becomes known late, as in a log without `available_at`. Some customers are far
# busier than others: where the mean is 20 events, one in a hundred has more than 47.
EVENTS = """
copy (
    with drawn as (
        select i, hash(i, {seed}) % 1000 as die,
            floor({customers} * pow(hash(i, {seed} + 1) // 2048 / 9007199254740992.0, 1.3))::bigint as who,
            (hash(i, {seed} + 2) % {seconds})::bigint as later
        from range({events}) t(i)
    ),
    kinds as (
        select i, 'C' || lpad((who * 7919 % {customers})::varchar, 8, '0') as customer_id,
            case {kinds} end as kind,
            case when {mailed} then later // 604800 * 604800 + 36000 + later % 3600 else later end
                as later,
            hash(i, {seed} + 3) as h
        from drawn
    )
    select
        customer_id,
        kind,
        {start} + later as at_s,
        {start} + later as known_s,
        case kind when 'purchase' then 50000 + (h // 3 % 2000000)::bigint // 100 * 100
            when 'return' then -(50000 + (h // 3 % 1000000)::bigint // 100 * 100) end as amount,
        case when kind in ('purchase', 'return') then 'O' || i end as order_id,
        case when kind like 'email%' or kind = 'unsubscribe' then 'email'
            when kind = 'sms_sent' then 'phone'
            when h // 11 % 10 < 5 then 'web' when h // 11 % 10 < 9 then 'store' else 'phone'
            end as channel,
        case when kind like 'email%' then 'W' || (later // 604800) end as campaign,
        case when kind in ('email_sent', 'sms_sent') and h // 13 % 3 = 0
            then 'offer ' || (h // 17 % {offers}) end as offer,
        case when kind in ('purchase', 'complaint') and h // 19 % 10 = 0
            then (1 + h // 23 % 5)::double end as rating,
        not (kind = 'purchase' and h // 29 % 50 = 0) as is_start
    from kinds
) to '{path}' (format parquet)
"""

LINES = """
copy (
    select customer_id, kind, at_s, known_s,
        'P' || floor({items} * pow(hash(order_id, n) // 2048 / 9007199254740992.0, 2))::bigint as item,
        'category ' || (floor({items} * pow(hash(order_id, n) // 2048 / 9007199254740992.0, 2))::bigint
            % {categories}) as category
    from read_parquet('{events}'), range(4) t(n)
    where kind in ('purchase', 'return') and n < case hash(order_id) % 8
        when 0 then 4 when 1 then 3 when 2 then 2 when 3 then 2 else 1 end
) to '{path}' (format parquet)
"""


def customers_of(events: int, shape: str) -> int:
    """How many customers a log of so many events has."""
    return round(events / EACH[shape])


def make(folder: Path, events: int, shape: str, *, seed: int = 7) -> None:
    """Write a log, unless the folder holds one; memory is not limited, it is not what is measured."""
    if (folder / "lines.parquet").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    bounds, total = [], 0
    for kind, share in MIX.items():
        total += share
        bounds.append(f"when die < {total} then '{kind}'")
    low = MIX["purchase"] + MIX["return"]
    connection = duckdb.connect(config={"threads": 2, "memory_limit": "5GB"})
    connection.execute("set enable_progress_bar = false; set preserve_insertion_order = false")
    connection.execute(f"set temp_directory = '{folder / 'spill'}'")
    written = folder / "events.parquet"
    connection.execute(
        EVENTS.format(
            seed=seed, customers=customers_of(events, shape), events=events, path=written,
            seconds=(END - START).days * 86_400, start=(START - date(1970, 1, 1)).days * 86_400,
            kinds=" ".join(bounds), mailed=f"die between {low} and {low + MIX['email_sent'] - 1}",
            offers=OFFERS,
        )
    )  # fmt: skip
    lines = folder / "lines.parquet"
    half = lines.with_suffix(".part")
    connection.execute(LINES.format(events=written, path=half, items=ITEMS, categories=CATEGORIES))
    connection.execute(
        f"copy (select distinct customer_id from read_parquet('{written}') order by 1) "
        f"to '{folder / 'customers.parquet'}' (format parquet)"
    )
    half.rename(lines)
