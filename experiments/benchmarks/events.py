"""Reading, cleaning and states, against a plain scan-and-aggregate of the same columns.

    python experiments/benchmarks/events.py --events 20_000_000 --customers 1_000_000

Writes a Parquet log of that size to a temporary folder, then runs, each in a process of its own
and by turns: DuckDB counting, summing and taking the largest of every column per customer and
kind; and reveil reading, auditing and cleaning the log and naming every customer's state.
Figures are CPU seconds (user and system), their ratio in the same turn, and peak memory.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

START, END, CUTOFF = date(2022, 1, 3), date(2025, 1, 6), date(2024, 12, 2)

# Of 100 rows: 12 lines of orders (of 3 lines each), 45 newsletters, 25 opens, 6 clicks, 12 visits.
MAKE = """
copy (
    with drawn as (
        select i,
            hash(i) % {customers} as who,
            hash(i // 3, 1) % 100 as die,
            hash(i, 2) % {seconds} as later
        from range({events}) t(i)
    ),
    kinds as (
        select *, case when die < 12 then 'purchase' when die < 57 then 'email_sent'
            when die < 82 then 'email_open' when die < 88 then 'email_click' else 'visit' end as kind
        from drawn
    )
    select
        'C' || lpad(case when kind = 'purchase' then hash(i // 3, 3) % {customers} else who end::varchar, 9, '0') as customer_id,
        timestamp '{start}' + to_seconds((case when kind = 'purchase' then hash(i // 3, 4) % {seconds}
            when kind = 'email_sent' then later // 604800 * 604800 + 36000 + hash(i, 8) % 3600 else later end)::bigint) as "at",
        kind,
        case when kind = 'purchase' then round(5 + (hash(i, 5) % 20000) / 100.0, 2) end as amount,
        case when kind = 'purchase' then 'O' || (i // 3) end as order_id,
        case when kind = 'purchase' then 'P' || (hash(i, 6) % 5000) end as item,
        case when kind in ('purchase', 'visit') then if(hash(i, 7) % 2 = 0, 'web', 'store') else 'email' end as channel,
        case when kind like 'email%' then 'W' || (later // 604800) end as campaign
    from kinds order by "at"
) to '{path}' (format parquet)
"""

PLAIN = """
select count(*), sum(n), sum(s), max(a), max(o), max(i), max(c), max(k) from (
    select customer_id, kind, count(*) n, max("at") a, sum(amount) s, max(order_id) o,
        max(item) i, max(channel) c, max(campaign) k
    from read_parquet('{path}') group by customer_id, kind
)
"""


def study(path: Path, memory: str) -> dict[str, object]:
    """Write what a user would about this log."""
    columns = {"customer": "customer_id", "at": "at", "amount": "amount", "order": "order_id",
               "item": "item", "channel": "channel", "campaign": "campaign"}  # fmt: skip
    return {
        "name": "benchmark",
        "sources": [{"name": "log", "path": path, "columns": columns, "kind": {"column": "kind"}}],
        "coverage": {"start": START, "end": END},
        "engine": {"threads": 2, "memory": memory},
    }


def plain(path: Path, memory: str) -> dict[str, object]:
    """Scan and aggregate in DuckDB."""
    import duckdb

    connection = duckdb.connect(config={"threads": 2, "memory_limit": memory})
    connection.execute("set enable_progress_bar = false")
    found = connection.execute(PLAIN.format(path=path)).fetchone()
    return {"rows": found[1]}


def reveil(path: Path, memory: str) -> dict[str, object]:
    """Read, audit and clean, then name every customer's state."""
    import reveil as rv
    from reveil.activity.states import states

    parsed = rv.parse_study(study(path, memory))
    marks = {"start": time.process_time()}
    log = rv.open_events(parsed)
    marks["open"] = time.process_time()
    people = states(log, parsed.activity, CUTOFF)
    counted = people.group_by("state").aggregate(n=people.count()).to_pyarrow().to_pylist()
    marks["states"] = time.process_time()
    return {
        "states": {row["state"]: row["n"] for row in counted},
        "cpu_open": marks["open"] - marks["start"],
        "cpu_states": marks["states"] - marks["open"],
    }


def measured(job: str, path: Path, memory: str) -> dict[str, float]:
    """Run one job in a process of its own."""
    command = [sys.executable, __file__, "--job", job, "--path", str(path), "--memory", memory]
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{job} failed")
    return {
        "cpu": used.ru_utime + used.ru_stime,
        "wall": time.monotonic() - started,
        "peak_gb": used.ru_maxrss / 1e6,
        **{k: v for k, v in json.loads(said).items() if isinstance(v, float)},
    }


def main() -> None:
    """Run both by turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=lambda s: int(s.replace("_", "")), default=20_000_000)
    parser.add_argument("--customers", type=lambda s: int(s.replace("_", "")), default=1_000_000)
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--path", type=Path)
    parser.add_argument("--job", choices=["plain", "reveil"])
    asked = parser.parse_args()
    if asked.job:
        job = plain if asked.job == "plain" else reveil
        print(json.dumps(job(asked.path, asked.memory), default=str))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = asked.path or Path(folder) / "log.parquet"
        if not path.exists():
            make(path, asked.events, asked.customers)
        print(
            f"{asked.events:,} events, {asked.customers:,} customers, {path.stat().st_size / 1e6:,.0f} MB, memory {asked.memory}"
        )
        ratios = []
        for turn in range(asked.turns):
            base, ours = (measured(job, path, asked.memory) for job in ("plain", "reveil"))
            ratios.append(ours["cpu"] / base["cpu"])
            print(
                f"turn {turn + 1}: plain {base['cpu']:.1f} CPU s, {base['peak_gb']:.2f} GB; "
                f"reveil {ours['cpu']:.1f} CPU s (open {ours['cpu_open']:.1f}, states {ours['cpu_states']:.1f}), "
                f"{ours['wall']:.0f} s wall, {ours['peak_gb']:.2f} GB; ratio {ratios[-1]:.2f}"
            )
        print(
            f"ratio: median {statistics.median(ratios):.2f}, least {min(ratios):.2f}, most {max(ratios):.2f}"
        )


def make(path: Path, events: int, customers: int) -> None:
    """Write the log, with memory to spare: it is not what is measured."""
    import duckdb

    connection = duckdb.connect(config={"threads": 2, "memory_limit": "6GB", "temp_directory": str(path.parent / "spill")})  # fmt: skip
    connection.execute("set enable_progress_bar = false")
    seconds = (END - START).days * 86_400
    connection.execute(
        MAKE.format(events=events, customers=customers, seconds=seconds, start=START, path=path)
    )


if __name__ == "__main__":
    # The limit of open files is low on some machines, and spilling opens many.
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    main()
