"""Command line: one command per pipeline function; it prints, and decides nothing.

In:  arguments.
Out: text or JSON on standard output, progress on a terminal, an exit code.
"""

from reveil.cli.commands import main
from reveil.cli.features import features
from reveil.cli.init import init

__all__ = ["features", "init", "main"]
