"""A proposed study: what the files of a folder hold, and what a study would say of them.

In:  the files of a folder.
Out: `profile`: a Profile per table; `propose`: a Draft; `text`: the commented study.yaml.
Knows nothing of any study: `pipeline.starting` writes the file and asks whether it loads.
"""
