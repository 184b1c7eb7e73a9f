"""`python -m reveil`: the command line."""

from reveil.cli import main

main()
