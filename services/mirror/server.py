"""gunicorn serving a mirror: one process with threads, which does nothing but read one file and send bytes."""

from __future__ import annotations

import ctypes
import logging
import os
import resource
import select
import signal
import socket
import sqlite3
import struct
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from .options import Options
from .web import LARGE
from .worker import Worker

CONNECTIONS = 4000
"""Kept open at once: each browser that polls has one."""

SILENT_S, STALLED_S = 5, 30
"""So long a client may be silent within its request, and take nothing of its answer, before its connection is closed; so none holds a thread for long."""

PR_SET_PDEATHSIG = 1


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """A master, which starts a worker that has ended anew, and one worker."""

    def __init__(self, mirror: Options) -> None:
        self.mirror = mirror
        super().__init__()

    def load_config(self) -> None:
        host = f"[{self.mirror.host}]" if ":" in self.mirror.host else self.mirror.host
        given: dict[str, Any] = {
            "bind": f"{host}:{self.mirror.port}", "workers": 1, "worker_class": Worker, "threads": self.mirror.threads,
            "worker_connections": CONNECTIONS, "backlog": 1024, "keepalive": 15, "timeout": 120, "graceful_timeout": 10,
            "limit_request_line": 4094, "limit_request_fields": 60, "control_socket_disable": True, "proc_name": "dqmhub-mirror",
            "forwarded_allow_ips": "", "when_ready": _ready, "post_fork": lambda master, _: _die_with(master.pid),
        }  # fmt: skip
        for name, value in given.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from .routes import Routes

        routes = Routes(self.mirror)
        if routes.folder:
            routes.folder.start()
        return routes.application


def try_to_start(options: Options) -> str:
    """What is in the way of a start, or nothing."""
    try:
        family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
        socket.create_server((options.host, options.port), family=family).close()
    except OSError as error:
        return f"nothing can listen on {options.host}:{options.port}: {os.strerror(error.errno or 0)}; see host and port"
    try:
        Path(options.data).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"{options.data} cannot be the folder for data: {error.strerror}"
    try:
        with closing(sqlite3.connect(Path(options.data) / "mirror.db")) as file:
            file.execute("SELECT COUNT(*) FROM sqlite_master")
    except sqlite3.Error as error:
        return f"{options.data}/mirror.db cannot be used ({error}); without it the hub sends everything again"
    return "" if os.access(options.data, os.W_OK) else f"{options.data}, the folder for data, cannot be written"


def serve(options: Options) -> None:
    """Serve until SIGTERM or SIGINT, or until the process DQMHUB_SUPERVISOR_PID has ended."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * CONNECTIONS)), hard))
    sys.argv = sys.argv[:1]  # gunicorn reads nothing from there
    logging.getLogger("gunicorn.error").addFilter(lambda record: not _is_silence(record))
    Server(options).run()


def _is_silence(record: logging.LogRecord) -> bool:
    """Whether a record tells, with a traceback, of a client that was silent for too long; of such there may be any number."""
    return bool(record.exc_info and isinstance(record.exc_info[1], BlockingIOError))


def _ready(master: Any) -> None:
    """Called in the master when it listens: connections get their limits from the listening socket, and room for an answer that is not large."""
    for listener in master.LISTENERS:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SILENT_S, 0))
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", STALLED_S, 0))
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * LARGE)
    supervisor = os.environ.get("DQMHUB_SUPERVISOR_PID")
    if supervisor:
        threading.Thread(target=_follow, args=(int(supervisor),), daemon=True).start()


def _follow(supervisor: int) -> None:
    with suppress(ProcessLookupError):
        poll = select.poll()
        poll.register(os.pidfd_open(supervisor), select.POLLIN)
        poll.poll()
    os.kill(os.getpid(), signal.SIGTERM)


def _die_with(parent: int) -> None:
    """In the worker: end with the master, however that ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
