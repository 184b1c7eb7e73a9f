"""Learning: a training frame becomes a calibrated candidate and the reasons behind its scores.

In:  TrainingSet (features, states and outcomes of many cutoffs), LearningSettings.
Out: Candidate, its evaluation beside the baselines, drivers.
Knows nothing of MLflow, offers or files.
"""
