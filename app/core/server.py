"""The web server: gunicorn with threads, configured by the settings."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

from app.core.counter_metrics import share_counts
from app.core.heartbeat import Heartbeat
from app.core.outages import log_outage, outage_of
from app.core.settings import Settings
from app.core.shared_counts import SharedCounts
from app.core.supervisor import die_with, follow_supervisor
from protocol.buffered_http.arbiter import ReportingArbiter
from protocol.buffered_http.logger import PropagatingLogger
from protocol.buffered_http.worker import BufferedWorker

MAX_CONNECTIONS = 2000
"""Open connections of each worker process; each browser that polls holds one."""


RETRY_S = 0.5
"""Pause between tries of a new worker to start in an outage."""


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with the application; each worker process loads the application itself, so none shares a connection."""

    def __init__(self, settings: Settings, create_app: Callable[[Settings], object]) -> None:
        self.settings = settings
        self.create_app = create_app
        self.counts = SharedCounts(4 * settings.web_workers + 4)  # old and new ones at a reload
        super().__init__()

    @property
    def address(self) -> str:
        """Host and port to listen on."""
        host = f"[{self.settings.web_host}]" if ":" in self.settings.web_host else self.settings.web_host
        return f"{host}:{self.settings.web_port}"

    def check_address(self) -> None:
        """Raise OSError if the address cannot be listened on; gunicorn would retry for a while and not name the settings.

        It does not listen: the end of this socket would break connections that a proxy has just made.
        """
        with socket.socket(socket.AF_INET6 if ":" in self.settings.web_host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((self.settings.web_host, self.settings.web_port))

    def run(self) -> None:
        """Serve until a signal stops it. All worker processes count in memory that they share."""
        share_counts(self.counts)
        ReportingArbiter(self).run()

    def load_config(self) -> None:
        """Give the options to gunicorn, which calls this."""
        for name, value in self.options().items():
            self.cfg.set(name, value)

    def options(self) -> dict[str, Any]:
        """The options of gunicorn."""
        settings = self.settings
        return {
            "bind": self.address,
            "workers": settings.web_workers,
            "worker_class": BufferedWorker,
            "threads": settings.web_threads,
            "keepalive": 15,
            "worker_connections": MAX_CONNECTIONS,
            "limit_request_line": 8190,  # an overlay of ten monitor elements with whole paths; the most that gunicorn allows
            "timeout": 120,
            "graceful_timeout": 3 if os.environ.get("DQMHUB_SUPERVISOR_PID") else 10,  # `dqmhub run` kills after 5 s
            "proc_name": "dqmhub-web",
            "control_socket_disable": True,
            "loglevel": settings.log_level,
            "logger_class": PropagatingLogger,
            "forwarded_allow_ips": "",
            "when_ready": lambda _: follow_supervisor(),
            "pre_fork": lambda _, worker: self.counts.reserve(worker.age),
            "post_fork": self._begin_worker,
            "post_worker_init": lambda _: Heartbeat("web", self.settings).start(),
            "child_exit": lambda _, worker: self.counts.end(worker.age),
        }

    def _begin_worker(self, master: Any, worker: Any) -> None:
        """Called in each new worker process."""
        die_with(master.pid)
        self.counts.start(worker.age)

    def load(self) -> Any:
        """Create the application in a worker process; gunicorn calls this.

        In an outage it waits: gunicorn would end the whole server because of a worker that cannot start.
        """
        while True:
            try:
                return self.create_app(self.settings)
            except Exception as error:
                if (outage := outage_of(error)) is None:
                    raise
                log_outage("A new web process waits", outage)
                time.sleep(RETRY_S)
