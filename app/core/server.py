"""The web server: gunicorn with threads, configured by our settings."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

from app.core.heartbeat import Heartbeat
from app.core.settings import Settings
from app.core.supervisor import die_with, follow_supervisor


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn serving the application; every worker loads the application by itself, so none shares a connection."""

    def __init__(self, settings: Settings, create_app: Callable[[Settings], object]) -> None:
        self.settings = settings
        self.create_app = create_app
        super().__init__()

    @property
    def address(self) -> str:
        host = f"[{self.settings.web_host}]" if ":" in self.settings.web_host else self.settings.web_host
        return f"{host}:{self.settings.web_port}"

    def try_address(self) -> None:
        """Raise OSError when nothing can listen here; gunicorn itself would try again for a while, without a word of the settings."""
        family = socket.AF_INET6 if ":" in self.settings.web_host else socket.AF_INET
        socket.create_server((self.settings.web_host, self.settings.web_port), family=family).close()

    def run(self) -> None:
        """Serve until told to stop; the web processes count together in data_dir/metrics."""
        folder = self.settings.data / "metrics"
        folder.mkdir(parents=True, exist_ok=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # read when prometheus_client is loaded
        super().run()

    def start_anew(self) -> None:
        """Called when the port is ours, so the counters of before are of processes that are gone."""
        for old in (self.settings.data / "metrics").glob("*.db"):
            old.unlink()
        follow_supervisor()

    def load_config(self) -> None:
        for name, value in self.options().items():
            self.cfg.set(name, value)

    def options(self) -> dict[str, Any]:
        settings = self.settings
        return {
            "bind": self.address,
            "workers": settings.web_workers,
            "worker_class": "gthread",
            "threads": settings.web_threads,
            "keepalive": 15,
            "limit_request_line": 8190,  # ten monitor elements on each other, each with its whole path; gunicorn allows no more
            "timeout": 120,
            "graceful_timeout": 10,
            "proc_name": "dqmhub-web",
            "control_socket_disable": True,
            "loglevel": settings.log_level,
            "forwarded_allow_ips": "",
            "when_ready": lambda _: self.start_anew(),
            "post_fork": lambda master, _: die_with(master.pid),
            "post_worker_init": lambda _: Heartbeat("web").start(),
            "child_exit": lambda _, worker: _forget(worker.pid),
        }

    def load(self) -> Any:
        return self.create_app(self.settings)


def _forget(worker: int) -> None:
    from app.core.metrics import forget

    forget(worker)
