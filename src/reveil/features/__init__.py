"""Features: point-in-time signals, each declared once with its name, unit, meaning and reason.

In:  EventLog, populations (customers of a cutoff); what the log holds, which kinds count as
activity and for how long.
Out: FeatureSet and its matrix, float32, one row per customer and cutoff.
Knows nothing of labels, models, or which state anybody is in.
"""
