"""Simulation: a customer base whose truth is known.

In:  SimulationSettings (how many customers, from when to when, a seed).
Out: SimulatedBase: the log, customers, contacts, and every truth behind them.
Knows nothing of features, models or what an offer is worth.

`simulate.simulate` makes a base, `simulate.write` stores it, `truth.truth_at` is the oracle;
the mathematics is in `experiments/2026-11_simulated-base/`, its numbers in `parameters`.
"""
