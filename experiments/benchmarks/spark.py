"""The matrix of one cutoff by `reveil features` on Spark, with one thread and with two.

Run: .venv/bin/python experiments/benchmarks/spark.py --events 1000000
Writes a log of that size to a folder, then runs the command once for each thread count. Prints
wall seconds and CPU seconds of the command and everything it started, Java included; how busy
the machine was before; and whether all runs wrote the same values.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

CUTOFF = "2022-01-01"
ADOPT_ORPHANS = 36
"""PR_SET_CHILD_SUBREAPER of Linux: who outlives its parent becomes ours to wait for."""

EVENTS = """
copy (
    select
        'C' || (hash(n) % ({events} // 20))::varchar as customer,
        timestamp '2020-01-01' + to_seconds((hash(n + 1) % (730 * 86400))::bigint) as at,
        case when hash(n + 2) % 10 < 3 then 'purchase' when hash(n + 2) % 10 < 8 then 'visit'
            else 'form' end as what,
        case when hash(n + 2) % 10 < 3 then (hash(n + 3) % 10000) / 100 end as amount
    from range({events}) as t(n)
) to '{file}' (format parquet)
"""

STUDY = """
name: bench
sources:
  - name: log
    path: {file}
    columns: {{customer: customer, at: at, amount: amount}}
    kind: {{column: what}}
coverage: {{start: 2020-01-01, end: 2022-01-01}}
activity: {{any_of: [purchase, visit], within: 84 days}}
windows: {{observation: 364 days, horizon: 90 days}}
engine: {engine}
"""


def run(folder: Path, name: str, engine: str) -> tuple[float, float]:
    """Write the matrix in a process of its own; wall and CPU seconds."""
    study = folder / f"{name}.yaml"
    study.write_text(STUDY.format(file=folder / "log.parquet", engine=engine))
    command = [sys.executable, "-m", "reveil", "features", str(study), "--cutoff", CUTOFF]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen([*command, "--out", str(folder / name)], stderr=subprocess.DEVNULL)
    if process.wait():
        sys.exit(f"{name} failed")
    wall = time.perf_counter() - began
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu


def main() -> None:
    """Run one and two threads, and compare what they wrote."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--memory", default="2GB")
    given = parser.parse_args()
    ctypes.CDLL(None).prctl(ADOPT_ORPHANS, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        duckdb.sql(EVENTS.format(events=given.events, file=folder / "log.parquet"))
        for threads in (1, 2):
            load = os.getloadavg()[0]
            engine = f"{{backend: spark, threads: {threads}, memory: {given.memory}}}"
            wall, cpu = run(folder, f"local{threads}", engine)
            print(
                f"local[{threads}]  wall {wall:.1f}  cpu {cpu:.1f}  load before {load:.1f}",
                flush=True,
            )
        one, two = (f"from '{folder}/local{n}/*.parquet'" for n in (1, 2))
        apart = duckdb.sql(
            f"select count(*) from ((select * {one} except all select * {two}) union all "
            f"(select * {two} except all select * {one}))"
        ).fetchall()[0][0]
        print(f"rows that differ: {apart}")


if __name__ == "__main__":
    main()
