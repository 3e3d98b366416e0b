"""Runs a mirror with gunicorn: one worker process with threads, which only reads one file and sends bytes."""

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

from .head_worker import HeadWorker
from .options import Options
from .responses import LARGE_BYTES

MAX_CONNECTIONS = 4000
"""Open connections; each browser that polls holds one."""

READ_TIMEOUT_S, WRITE_TIMEOUT_S = 5, 30
"""Longest pause of a client within its request, and within the response, so that no client occupies a thread for long."""

PR_SET_PDEATHSIG = 1


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """A gunicorn master, which replaces its worker when that ends, and one worker."""

    def __init__(self, options: Options) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        """Set the options of gunicorn."""
        host = f"[{self.options.host}]" if ":" in self.options.host else self.options.host
        settings: dict[str, Any] = {
            "bind": f"{host}:{self.options.port}",
            "workers": 1,
            "worker_class": HeadWorker,
            "threads": self.options.threads,
            "worker_connections": MAX_CONNECTIONS,
            "backlog": 1024,
            "keepalive": 15,
            "timeout": 120,
            "graceful_timeout": 10,
            "limit_request_line": 4094,
            "limit_request_fields": 60,
            "control_socket_disable": True,
            "loglevel": self.options.log_level,
            "proc_name": "dqmhub-mirror",
            "forwarded_allow_ips": "",
            "when_ready": _master_ready,
            "post_fork": lambda master, _: _end_with_master(master.pid),
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The WSGI application; called in the worker."""
        from .routes import Routes

        routes = Routes(self.options)
        if routes.watcher:
            routes.watcher.start()
        return routes.application


def startup_problem(options: Options) -> str:
    """Check the address and the data folder; a message if the mirror cannot start, otherwise ""."""
    try:
        family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
        socket.create_server((options.host, options.port), family=family).close()
    except OSError as error:
        return f"Cannot listen on {options.host}:{options.port}: {os.strerror(error.errno or 0)}; see the options host and port"
    try:
        Path(options.data).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"Cannot create the data folder {options.data}: {error.strerror}"
    try:
        with closing(sqlite3.connect(Path(options.data) / "mirror.db")) as file:
            file.execute("SELECT COUNT(*) FROM sqlite_master")
    except sqlite3.Error as error:
        return f"Cannot use {options.data}/mirror.db ({error}); remove it, and the hub sends everything again"
    return "" if os.access(options.data, os.W_OK) else f"Cannot write to the data folder {options.data}"


def serve(options: Options) -> None:
    """Serve until SIGTERM or SIGINT, or until the process DQMHUB_SUPERVISOR_PID ends."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * MAX_CONNECTIONS)), hard))
    sys.argv = sys.argv[:1]  # gunicorn would read its own options from there
    logging.getLogger("gunicorn.error").addFilter(lambda record: not _is_read_timeout(record))
    Server(options).run()


def _is_read_timeout(record: logging.LogRecord) -> bool:
    """Whether a record is the traceback of a client that paused too long; there may be any number of them."""
    return bool(record.exc_info and isinstance(record.exc_info[1], BlockingIOError))


def _master_ready(master: Any) -> None:
    """Called in the master once it listens; connections inherit the timeouts and the send buffer of the listening socket."""
    for listener in master.LISTENERS:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", READ_TIMEOUT_S, 0))
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", WRITE_TIMEOUT_S, 0))
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * LARGE_BYTES)
    supervisor = os.environ.get("DQMHUB_SUPERVISOR_PID")
    if supervisor:
        threading.Thread(target=_end_with_supervisor, args=(int(supervisor),), daemon=True).start()


def _end_with_supervisor(supervisor: int) -> None:
    with suppress(ProcessLookupError):
        poll = select.poll()
        poll.register(os.pidfd_open(supervisor), select.POLLIN)
        poll.poll()
    os.kill(os.getpid(), signal.SIGTERM)


def _end_with_master(master: int) -> None:
    """Called in the worker: end it when the master ends in any way."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != master:
        os._exit(1)
