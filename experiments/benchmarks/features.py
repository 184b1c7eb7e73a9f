"""The features of one cutoff and of twelve, against rivals that compute the same ones.

    python experiments/benchmarks/features.py --events 20M --shape sparse --what sql,reveil,polars
    python experiments/benchmarks/features.py --events 20M --shape dense --what reveil,reveil12
    python experiments/benchmarks/features.py --events 20M,100M --shape sparse --what scan,reveil

Writes logs of those sizes to a folder, then runs every job in a process of its own and by turns.
Jobs: `scan` reads the needed columns and no more; `sql`, `polars`, `pandas` and `pandas-categories`
are rivals written for this log; `reveil` is the engine, `reveil12` with twelve cutoffs, 28 days apart, `direct12`
and `periods12` with one of its plans. Figures are CPU seconds (user and system, children
included, imports left out), their ratio to the first job in the same turn, wall seconds and
peak memory. What jobs of one cutoff wrote is compared value by value, as float32.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import duckdb
from feature_rivals.asked import DAY, Job, Run, asked, cutoffs, seconds
from feature_rivals.made import customers_of, make

SCAN = """
select max(customer_id), max(kind), sum(at_s), sum(known_s), sum(amount), max(channel),
    max(campaign), max(offer), sum(rating), sum(is_start::int),
    (select max(customer_id) || max(item) || max(category) || sum(at_s)
     from read_parquet('{folder}/lines.parquet') where {seen})
from read_parquet('{folder}/events.parquet') where {seen}
"""


def scan(job: Job) -> Run:
    """Read every column that features need, of the rows they see."""
    end = seconds(job.cutoffs[-1])
    seen = f"known_s < {end} and at_s >= {end - job.observation * DAY}"

    def run() -> None:
        connection = duckdb.connect(config={"threads": 2, "memory_limit": job.memory})
        connection.execute("set enable_progress_bar = false")
        connection.execute(SCAN.format(folder=job.folder, seen=seen)).fetchall()

    return run


def prepared(name: str, given: argparse.Namespace) -> Run:
    """Make a job ready to run, everything imported that it needs."""
    engine = re.fullmatch(r"(reveil|direct|periods)(\d*)", name)
    rival, _, how = ("reveil", "", engine[1]) if engine else name.partition("-")
    job = Job(
        folder=given.folder,
        out=given.out,
        cutoffs=cutoffs(int(engine[2] or 1) if engine else 1),
        observation=given.observation,
        memory=given.memory,
        how="" if how == "reveil" else how,
    )
    if rival == "scan":
        return scan(job)
    run: Run = import_module(f"feature_rivals.in_{rival}").prepared(job)
    return run


def measured(job: str, folder: Path, out: Path, asked_for: argparse.Namespace) -> dict[str, float]:
    """Run one job in a process of its own."""
    out.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, __file__, "--job", job, "--folder", str(folder), "--out", str(out),
        "--memory", asked_for.memory, "--observation", str(asked_for.observation),
    ]  # fmt: skip
    told = {**os.environ, "POLARS_MAX_THREADS": "2", "OMP_NUM_THREADS": "2"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=told)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{job} failed")
    found = json.loads(said)
    return {
        "cpu": used.ru_utime + used.ru_stime - found["cpu_before"],
        "wall": found["wall"],
        "peak_gb": used.ru_maxrss / 1e6,
    }


def differences(first: Path, other: Path) -> str:
    """Compare two matrices of one cutoff, value by value."""
    connection = duckdb.connect(config={"threads": 2, "memory_limit": "4GB"})
    connection.execute("set enable_progress_bar = false")
    one, two = (f"read_parquet('{place}/part-*.parquet')" for place in (first, other))
    names = [row[0] for row in connection.execute(f"describe select * from {one}").fetchall()]
    names = [name for name in names if name not in ("customer_id", "cutoff")]
    found = connection.execute(
        "select count(*), count(a.customer_id), count(b.customer_id), "
        + ", ".join(f'sum((a."{n}" is distinct from b."{n}")::int)' for n in names)
        + f" from {one} a full join {two} b using (customer_id)"
    ).fetchone()
    assert found is not None
    rows, *unequal = found
    if unequal[0] != rows or unequal[1] != rows:
        return f"{rows - min(unequal[:2])} customers in one of the two only"
    apart = {name: count for name, count in zip(names, unequal[2:], strict=True) if count}
    if not apart:
        return f"{rows:,} rows, {len(names)} features: equal, nulls included"
    return f"{rows:,} rows, different values: {apart}"


def size(text: str) -> int:
    """Read a number of events: 20M, 2_000_000."""
    return int(float(text[:-1]) * 1e6) if text.endswith("M") else int(text.replace("_", ""))


def spread(values: list[float]) -> str:
    """Say the median of some figures, and their least and most."""
    return f"{statistics.median(values):.2f} [{min(values):.2f}, {max(values):.2f}]"


def turns(place: Path, asked_for: argparse.Namespace, events: int, shape: str) -> dict[str, float]:
    """Run every job on one log by turns; returns the median CPU seconds of each."""
    folder = place / f"{events / 1e6:g}M-{shape}"
    make(folder, events, shape)
    jobs = asked_for.what.split(",")
    print(
        f"\n{events:,} events, {customers_of(events, shape):,} customers ({shape}), "
        f"{len(asked(asked_for.observation).names)} features over {asked_for.observation} days, "
        f"2 threads, memory {asked_for.memory}"
    )
    found: dict[str, list[dict[str, float]]] = {job: [] for job in jobs}
    for turn in range(asked_for.turns):
        for job in jobs:
            found[job].append(measured(job, folder, folder / f"out-{job}", asked_for))
            print(
                f"turn {turn + 1}: {job} {found[job][-1]['cpu']:.1f} CPU s, "
                f"{found[job][-1]['wall']:.1f} s, {found[job][-1]['peak_gb']:.2f} GB",
                flush=True,
            )
    print(f"\n{'':17} {'CPU s':>22} {'us an event':>12} {'wall s':>22} {'peak GB':>8}", end="")
    print("".join(f" {'CPU / ' + job:>22}" for job in jobs))
    for job, each in found.items():
        cpu, wall = ([one[key] for one in each] for key in ("cpu", "wall"))
        ratios = [
            spread([a["cpu"] / b["cpu"] for a, b in zip(each, found[base], strict=True)])
            for base in jobs
        ]
        print(
            f"{job:17} {spread(cpu):>22} {statistics.median(cpu) / events * 1e6:12.2f} "
            f"{spread(wall):>22} {max(one['peak_gb'] for one in each):8.2f}"
            + "".join(f" {ratio:>22}" for ratio in ratios)
        )
    single = [job for job in jobs if job != "scan" and not job[-1].isdigit()]
    for other in single[1:]:
        told = differences(folder / f"out-{single[0]}", folder / f"out-{other}")
        print(f"{single[0]} and {other}: {told}")
    return {job: statistics.median(one["cpu"] for one in each) for job, each in found.items()}


def main() -> None:
    """Run every job on every log."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", default="20M", help="one size or several: 20M,100M")
    parser.add_argument("--shape", default="sparse", help="sparse, dense, or both: sparse,dense")
    parser.add_argument("--what", default="sql,reveil", help="jobs, the first one the base")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--observation", type=int, default=728, help="days")
    parser.add_argument("--folder", type=Path, help="where logs are kept; a temporary one without")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.job:
        run = prepared(given.job, given)
        before, started = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        run()
        wall = time.monotonic() - started
        print(json.dumps({"cpu_before": before.ru_utime + before.ru_stime, "wall": wall}))
        return
    with tempfile.TemporaryDirectory() as scratch:
        place = given.folder or Path(scratch)
        for shape in given.shape.split(","):
            sizes = [size(text) for text in given.events.split(",")]
            medians = [turns(place, given, events, shape) for events in sizes]
            for less, more in pairwise(medians):
                for job in less:
                    print(f"{job}: {more[job] / less[job]:.2f} times the CPU of the smaller log")


if __name__ == "__main__":
    # The limit of open files is low on some machines, and spilling opens many.
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    main()
