"""Run a mirror: `python3 -m services.mirror --keys ...` from the folder above `services`, or `dqmhub mirror`."""

from __future__ import annotations

import logging
import os
import sys

from .options import OptionError, read


def main() -> None:
    """Read the options and serve; what an operator can mend is one line on standard error and exit code 1."""
    try:
        options = read(sys.argv[1:], "python3 -m services.mirror")
    except OptionError as error:
        sys.exit(f"mirror: {error}")
    os.umask(0o027)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    from .server import serve, try_to_start

    if trouble := try_to_start(options):
        sys.exit(f"mirror: {trouble}")
    serve(options)


if __name__ == "__main__":
    main()
