"""Scoring: champions and a cutoff become scored customers, published so that no reader sees half a result.

In:  loaded champions, feature matrices.
Out: one row per customer of the snapshot; files that a manifest vouches for.
Knows nothing of offers or budgets.
"""
