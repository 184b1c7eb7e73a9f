"""LightGBM on two threads, alone and beside a busy process, for several spin counts of OpenMP.

Run: .venv/bin/python experiments/benchmarks/shared_machine.py
Prints seconds of wall time and CPU for 60 rounds on 120,000 rows, and the ratio to spinning
as OpenMP does by default.
"""

import os
import subprocess
import sys
import time

ROWS, FEATURES, ROUNDS = 120_000, 61, 60


def train() -> None:
    """Train once in this process and print wall and CPU seconds."""
    import lightgbm as lgb
    import numpy as np

    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, FEATURES)).astype(np.float32)
    y = (x[:, 0] + x[:, 35] + rng.normal(size=ROWS) > 0).astype(float)
    params = {
        "objective": "binary", "num_leaves": 8, "min_data_in_leaf": 1200, "feature_fraction": 0.5,
        "bagging_fraction": 0.8, "bagging_freq": 1, "deterministic": True, "force_row_wise": True,
        "verbose": -1, "num_threads": 2,
    }  # fmt: skip
    data = lgb.Dataset(x, y, params=params).construct()
    wall, cpu = time.perf_counter(), time.process_time()
    lgb.train(params, data, ROUNDS)
    print(time.perf_counter() - wall, time.process_time() - cpu)


def measured(spin: str | None) -> tuple[float, float]:
    """Median of three processes with a spin count."""
    environment = {k: v for k, v in os.environ.items() if k != "GOMP_SPINCOUNT"}
    if spin is not None:
        environment["GOMP_SPINCOUNT"] = spin
    runs = []
    for _ in range(3):
        out = subprocess.check_output([sys.executable, __file__, "once"], env=environment)
        wall, cpu = out.split()
        runs.append((float(wall), float(cpu)))
    return sorted(runs)[1]


def main() -> None:
    """Compare spin counts, first alone, then beside a process that keeps one core busy."""
    for place in ("alone", "beside a busy process"):
        busy = None
        if place != "alone":
            busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        try:
            base = measured(None)
            print(f"{place:22} default      wall {base[0]:.2f}  cpu {base[1]:.2f}")
            for spin in ("100", "1000", "10000"):
                wall, cpu = measured(spin)
                print(
                    f"{place:22} {spin:>6} spins wall {wall:.2f}  cpu {cpu:.2f}  "
                    f"ratio {wall / base[0]:.2f} {cpu / base[1]:.2f}"
                )
        finally:
            if busy is not None:
                busy.kill()


if __name__ == "__main__":
    train() if sys.argv[1:] == ["once"] else main()
