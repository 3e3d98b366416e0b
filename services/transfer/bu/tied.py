"""Runs a program, and ends it with all its children when the standard input is closed: `python tied.py PROGRAM ARGUMENTS ...`.

The standard input is a pipe from the calling process, so that the program ends with that process, even after kill -9. This script must
be started in a session of its own. When a signal ends the program, the same signal ends this script.
"""

import os
import resource
import signal
import subprocess
import sys
import threading


def main() -> int:
    """Run the program; returns its exit code."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        code = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, check=False).returncode
    except OSError as error:
        print(f"{sys.argv[1]}: {error.strerror}", file=sys.stderr)
        return 127
    if code < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.kill(os.getpid(), -code)
    return code


def _end_with_input() -> None:
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
