"""Labels: what happened to each customer after the cutoff.

In:  EventLog, a population (customer, cutoff), the label's windows.
Out: customer, cutoff, y. Every eligible customer is labelled, silent ones included.
Knows nothing of features or models.
"""
