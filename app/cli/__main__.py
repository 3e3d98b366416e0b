"""`python -m app.cli`: the command `dqmhub`, where it is no console script."""

from __future__ import annotations

from app import cli

if __name__ == "__main__":
    cli.main()
