"""Evaluation: arrays in, figures out, with customer-clustered intervals.

In:  outcomes, scores, customers as arrays.
Out: ranking, calibration and amount figures; paired differences; drift.
Knows nothing of models, frames or studies.
"""
