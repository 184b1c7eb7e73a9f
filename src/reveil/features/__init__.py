"""Features: point-in-time signals, each declared once with its name, unit, meaning and reason.

In:  EventLog, a population (customer, cutoff).
Out: FeatureSet and its matrix, float32, one row per customer and cutoff.
Knows nothing of labels, models or states.
"""
