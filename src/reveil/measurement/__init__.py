"""Measurement: what a list was worth, contacted against control.

In:  a published list, the outcomes after it.
Out: CampaignEffect with intervals.
Knows nothing of models or allocation.
"""
