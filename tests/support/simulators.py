"""Runs simulators of P5 in forks of this process, which has loaded them: `python -m tests.support.simulators DESCRIPTOR`.

The descriptor is that of a socket. It receives the arguments of a simulator in JSON with the descriptor of its standard output,
and sends the number of the new process.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from typing import NoReturn

from services.simulator import __main__ as simulator


def main(channel: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a fork
    while True:
        request, descriptors, _, _ = socket.recv_fds(channel, 1 << 16, 1)
        if not request:
            return
        (output,) = descriptors
        pid = os.fork()
        if not pid:
            channel.close()
            run(json.loads(request), output)
        os.close(output)
        channel.send(str(pid).encode())


def run(arguments: list[str], output: int) -> NoReturn:
    """Run a simulator in this process."""
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(output, sys.stdout.fileno())
        os.close(output)
        sys.argv[1:] = arguments
        simulator.main()
        status = 0
    finally:
        sys.stdout.flush()
        os._exit(status)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
