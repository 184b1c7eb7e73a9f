"""Events: tables in any shape become one clean, audited log.

In:  the study's sources, a connection from `engine`.
Out: EventLog: typed columns, one purchase event per order, the stated coverage; an audit of what was wrong.
Knows nothing of cutoffs, features or models.
"""
