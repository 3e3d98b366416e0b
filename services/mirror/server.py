"""Runs a mirror with gunicorn: one worker process with threads, which only reads one file and sends bytes."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import socket
import sqlite3
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from protocol.buffered_http.arbiter import ReportingArbiter
from protocol.buffered_http.logger import PropagatingLogger

from .options import Options
from .worker import MirrorWorker

MAX_CONNECTIONS = 4000
"""Open connections; each browser that polls holds one."""

PR_SET_PDEATHSIG = 1


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """A gunicorn master, which replaces its worker when that ends, and one worker."""

    def __init__(self, options: Options) -> None:
        self.options = options
        super().__init__()

    def run(self) -> None:
        """Serve until a signal stops it."""
        ReportingArbiter(self).run()

    def load_config(self) -> None:
        """Set the options of gunicorn."""
        host = f"[{self.options.host}]" if ":" in self.options.host else self.options.host
        settings: dict[str, Any] = {
            "bind": f"{host}:{self.options.port}",
            "workers": 1,
            "worker_class": MirrorWorker,
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
            "logger_class": PropagatingLogger,
            "proc_name": "dqmhub-mirror",
            "forwarded_allow_ips": "",
            "when_ready": lambda _: _follow_supervisor(),
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
    sys.argv = sys.argv[:1]  # gunicorn would read its own options from there
    Server(options).run()


def _follow_supervisor() -> None:
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
