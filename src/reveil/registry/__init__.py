"""Registry: runs, scoring artifacts, the gate, promotion and rollback. The only place that imports MLflow.

In:  candidates and the record of their training as plain values.
Out: runs and versions in MLflow; decisions; verified artifacts to score with.
Knows nothing of events, offers or reports.
"""
