"""`python -m entrypoints.cli` is `payments`."""

from entrypoints.cli import main

main()
