"""Activity: who counts as active at a cutoff, by the study's own definition.

In:  EventLog, ActivitySettings, a cutoff.
Out: one row per customer: state and the recencies it stands on.
Knows nothing of features, models or offers.
"""
