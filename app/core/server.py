"""The web server: gunicorn with threads, configured by the settings."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

from app.core import rejected
from app.core.heartbeat import Heartbeat
from app.core.settings import Settings
from app.core.supervisor import die_with, follow_supervisor


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with the application; each worker process loads the application itself, so none shares a connection."""

    def __init__(self, settings: Settings, create_app: Callable[[Settings], object]) -> None:
        self.settings = settings
        self.create_app = create_app
        super().__init__()

    @property
    def address(self) -> str:
        """Host and port to listen on."""
        host = f"[{self.settings.web_host}]" if ":" in self.settings.web_host else self.settings.web_host
        return f"{host}:{self.settings.web_port}"

    def check_address(self) -> None:
        """Raise OSError if the address cannot be listened on; gunicorn would retry for a while and not name the settings."""
        family = socket.AF_INET6 if ":" in self.settings.web_host else socket.AF_INET
        socket.create_server((self.settings.web_host, self.settings.web_port), family=family).close()

    def run(self) -> None:
        """Serve until a signal stops it. All worker processes count in the files of data_dir/metrics."""
        folder = self.settings.data / "metrics"
        folder.mkdir(parents=True, exist_ok=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # prometheus_client reads it when it is imported
        super().run()

    def remove_old_counters(self) -> None:
        """Called when the server listens, so files of counters belong to processes that have ended."""
        for old in (self.settings.data / "metrics").glob("*.db"):
            old.unlink()
        follow_supervisor()

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
            "worker_class": "gthread",
            "threads": settings.web_threads,
            "keepalive": 15,
            "limit_request_line": 8190,  # an overlay of ten monitor elements with whole paths; the most that gunicorn allows
            "timeout": 120,
            "graceful_timeout": 3 if os.environ.get("DQMHUB_SUPERVISOR_PID") else 10,  # `dqmhub run` kills after 5 s
            "proc_name": "dqmhub-web",
            "control_socket_disable": True,
            "loglevel": settings.log_level,
            "forwarded_allow_ips": "",
            "when_ready": lambda _: self.remove_old_counters(),
            "post_fork": lambda master, _: die_with(master.pid),
            "post_worker_init": lambda _: _start_worker(),
            "child_exit": lambda _, worker: _forget(worker.pid),
        }

    def load(self) -> Any:
        """Create the application in a worker process; gunicorn calls this."""
        return self.create_app(self.settings)


def _start_worker() -> None:
    rejected.install()
    Heartbeat("web").start()


def _forget(worker: int) -> None:
    from app.core.metrics import forget

    forget(worker)
