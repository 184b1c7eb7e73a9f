"""Simulation: a customer base whose truth is known.

In:  SimulationSettings (how many customers, from when to when, a seed).
Out: SimulatedBase: the log, customers, contacts, and every truth behind them.
Knows nothing of features, models or offers' worth.
"""
