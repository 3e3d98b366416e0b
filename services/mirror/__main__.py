"""Run a mirror: `python3 -m services.mirror --keys ...` in the folder that holds `services` and `protocol`, or `dqmhub mirror`."""

from __future__ import annotations

import logging
import os
import sys

from protocol.log_lines import JsonFormatter, TextFormatter, log_uncaught_errors

from .options import OptionError, Options, read


def main() -> None:
    """Read the options and serve; errors that an operator can fix are one line on standard error with exit code 1."""
    try:
        options = read(sys.argv[1:], "python3 -m services.mirror")
    except OptionError as error:
        sys.exit(f"mirror: {error}")
    os.umask(0o027)
    _start_logging(options)
    from .server import serve, startup_problem

    if problem := startup_problem(options):
        sys.exit(f"mirror: {problem}")
    serve(options)


def _start_logging(options: Options) -> None:
    handler = logging.StreamHandler()
    if options.log_format == "json":
        handler.setFormatter(JsonFormatter("mirror"))
        log_uncaught_errors()
    else:
        handler.setFormatter(TextFormatter())
    logging.basicConfig(level=options.log_level.upper(), handlers=[handler])


if __name__ == "__main__":
    main()
