"""Targeting: who is contacted, with which offer, on which channel, and why not the others.

In:  scored customers, TargetingSettings.
Out: ReactivationList: selected, control, excluded, certificate.
Knows nothing of models or events.
"""
