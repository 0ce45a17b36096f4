"""`python -m cli`: the same as `kawal`."""

from cli.main import main

main()
