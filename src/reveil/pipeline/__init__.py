"""Pipeline: joins the stages; what the commands call, one module per command.

In:  a Study.
Out: values for the command line to print, and files.
The only place where values travel between stages that do not know each other.
"""
