"""Engine: the only place that knows Ibis backends and applies `at < cutoff`.

In:  where files and tables are; EventLog, the aggregates that stages ask for, cutoffs.
Out: lazy tables of what stands there; one row per customer and cutoff, exact, and identical on
every backend, by every plan and in chunks of any size.
Knows nothing of what an aggregate is for.
"""
