"""`python -m app.cli`: the command `dqmhub`, where it is no console script."""

from app.cli import main

main()
