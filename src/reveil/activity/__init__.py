"""Activity: who counts as active at a cutoff, by the study's own definition.

In:  EventLog, ActivitySettings, cutoffs.
Out: one row per customer known at a cutoff: state, groups, engagement, the three clocks, e-mail
indicators; RFM cells; transitions between two such tables.
Knows nothing of features, models or offers.
"""
