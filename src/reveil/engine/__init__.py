"""Engine: the only place that knows Ibis backends and applies `at < cutoff`.

In:  EventLog, the aggregates that stages ask for, cutoffs.
Out: one row per customer and cutoff, exact and identical on every backend.
Knows nothing of what an aggregate is for.
"""
