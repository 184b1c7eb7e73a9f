"""Reports: values become one self-contained HTML page, in English or French.

In:  frozen values of plain numbers and words.
Out: HTML with inline SVG; no script, no external request, no customer id.
Knows nothing of models, logs or studies.
"""
