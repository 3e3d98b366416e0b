"""A hub on hosts of its own: PostgreSQL, Redis, two web servers with their render services behind nginx, two workers, two live hosts.

All hosts see the folder of the registered files, as of a shared file system; each has a data folder, as on a disk of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import urllib3
from urllib3.exceptions import HTTPError

from app.core.settings import TREE, Settings
from tests.notify.receivers import Hook, hook
from tests.support.certificates import write_certificate
from tests.support.network import ip
from tests.support.nginx import nginx
from tests.support.p5 import P5, run_simulator
from tests.support.patience import PATIENCE_S
from tests.support.processes import environment, until
from tests.support.running_hub import ONE_OF_EACH, Answer
from tests.support.servers import PostgreSQL, new_postgresql
from tests.transfer.site.hosts import SWITCH, Host, HostProcess, hosts

NETWORK, FRONT, CLIENTS = "198.18.0.0/24", "198.18.0.1", "198.18.0.200"
"""Of the hosts, the address of nginx in it, and that of the clients, since a proxy has no rights."""
SERVICES = {
    "postgresql": (),
    "redis": (),
    "web1": ("render", "web"),
    "web2": ("render", "web"),
    "live1": ("live",),
    "live2": ("live",),
    "worker1": ("worker",),
    "worker2": ("worker",),
}
"""Hosts, and what runs there."""
PORT = 8889
PAGE = TREE / "docs/operators/scaling.md"
"""Has the configuration of the proxy."""


class ManyHosts:
    """A hub on many hosts.

    Attributes:
        settings: Of all hosts.
        postgresql: The database server.
        p5: The simulator of P5.
        chat: The receiver of the notifications.
    """

    def __init__(self, hosts: dict[str, Host], settings: Settings, postgresql: PostgreSQL, command: list[str], p5: P5, chat: Hook) -> None:
        self.hosts, self.settings, self.postgresql, self.p5, self.chat = hosts, settings, postgresql, p5, chat
        redis = ["redis-server", "--bind", hosts["redis"].address, "--protected-mode", "no", "--save", "", "--appendonly", "no"]
        self._commands = {"postgresql": ["setpriv", *command], "redis": redis}
        self._running: dict[str, list[HostProcess]] = {}
        self._pool = urllib3.PoolManager(maxsize=8, block=True, retries=False, source_address=(CLIENTS, 0))

    def start(self, name: str) -> None:
        """Start what runs on a host."""
        host = self.hosts[name]
        if name in self._commands:
            self._running[name] = [host.start(self._commands[name], host.folder / f"{name}.log")]
        else:
            self._running[name] = [self._start_service(host, service) for service in SERVICES[name]]

    def _start_service(self, host: Host, service: str) -> HostProcess:
        own = self.settings.replace(data_dir=str(host.folder / "var"), web_host=host.address)
        command = [sys.executable, "-c", f"from app.cli import main; main([{service!r}])"]
        return host.start(command, host.folder / f"{service}.log", environment(own))

    def kill(self, name: str) -> None:
        """Kill all processes of a host at once."""
        self.hosts[name].kill()
        if name == "postgresql":
            self.postgresql.close()

    def revive(self, name: str) -> None:
        """Start a host again, with what runs there."""
        self.hosts[name].boot()
        self.start(name)
        self.wait_for(name)

    def wait_for(self, name: str) -> None:
        """Wait until a host works."""
        if name == "postgresql":
            until(lambda: self._has_died(name) or self._database_answers(), "PostgreSQL")
        elif name.startswith("web"):
            until(lambda: self._has_died(name) or self._is_ready(name), f"the web server of {name}")
        assert not self._has_died(name), self.logs(name)

    def _is_ready(self, name: str) -> bool:
        return self.request("GET", "/healthz/ready", self.hosts[name].address, PORT).status == 200

    def _has_died(self, name: str) -> bool:
        return any(process.has_died() for process in self._running[name])

    def _database_answers(self) -> bool:
        try:
            self.postgresql.run("SELECT 1")
        except psycopg.OperationalError:
            self.postgresql.close()
            return False
        return True

    def request(self, method: str, path: str, host: str = FRONT, port: int = 80, **options: Any) -> Answer:
        """Send a request to the proxy, or to a host."""
        try:
            answer = self._pool.request(method, f"http://{host}:{port}{path}", redirect=False, timeout=PATIENCE_S, **options)
        except HTTPError as error:
            return Answer(0, repr(error))
        return Answer(answer.status, answer.data.decode("utf-8", "replace"))

    def get(self, path: str) -> Answer:
        """Send a request for a page to the proxy."""
        return self.request("GET", path)

    def logs(self, *names: str) -> str:
        """The logs of these hosts, by default of all."""
        folders = [self.hosts[name].folder for name in names or self.hosts]
        return "\n".join(file.read_text(errors="replace") for folder in folders for file in folder.glob("*.log"))


@contextmanager
def many_hosts(folder: Path, files: Path, **values: Any) -> Iterator[ManyHosts]:
    """A hub on many hosts, whose services run.

    Args:
        folder: For the files of the hosts.
        files: The shared folder of files that may be registered.
        values: Further settings.
    """
    with ExitStack() as stack:
        found = stack.enter_context(hosts(folder, *SERVICES))
        ip("addr", "add", f"{CLIENTS}/24", "dev", SWITCH)
        postgresql_folder, command = stack.enter_context(new_postgresql(found["postgresql"].address, NETWORK))
        server = PostgreSQL(postgresql_folder, command)
        stack.callback(server.close)
        simulator = stack.enter_context(run_simulator("--host", "0.0.0.0", "--quiet-start"))
        p5_port = urlsplit(simulator.address).port
        p5 = P5(f"http://127.0.0.1:{p5_port}")  # only this machine may cause incidents
        certificate = write_certificate(folder, "webhook", address=FRONT)
        chat = stack.enter_context(hook(certificate, FRONT))
        settings = Settings(
            database_url=f"postgresql://dqmhub@{found['postgresql'].address}/hub",
            huey_url=f"redis://{found['redis'].address}:6379/0",
            secret_key="one key for all of the hosts of this hub",
            file_roots=(str(files),),
            anonymous_read="everyone",
            register_networks=(NETWORK,),
            trusted_proxies=(f"{FRONT}/32",),
            allowed_hosts=(FRONT, *(host.address for host in found.values())),
            square_url=f"http://{FRONT}:{p5_port}",
            square_poll_s=0.5,
            square_playback=(),
            notify_webhooks=(chat.address,),
            notify_ca=certificate,
            job_lease_s=3.0,
            **ONE_OF_EACH | values,
        )
        site = ManyHosts(found, settings, server, command, p5, chat)
        for name in ("postgresql", "redis"):
            site.start(name)
            site.wait_for(name)
        server.run("ALTER ROLE dqmhub SET synchronous_commit = on")  # what is committed outlives the kill of the server
        server.run(f"CREATE DATABASE hub TEMPLATE {server.template()}")
        others = [name for name in SERVICES if SERVICES[name]]
        for name in others:
            site.start(name)
        for name in others:
            site.wait_for(name)
        set_kernel_options()
        web = [f"{found[name].address}:{PORT}" for name in ("web1", "web2")]
        stack.enter_context(nginx(folder / "nginx", 80, proxy_configuration(*web), FRONT))
        yield site


def set_kernel_options() -> None:
    """Set the options of the kernel for the proxy, in the network of this thread."""
    for line in block_of_page("ini").splitlines():
        name, _, value = line.partition(" = ")
        Path("/proc/sys", *name.split(".")).write_text(value)


def proxy_configuration(*addresses: str) -> str:
    """The configuration of nginx, with these addresses of web servers."""
    text = block_of_page("nginx")
    for number, address in enumerate(addresses, 1):
        text = text.replace(f"web{number}.example.ch:8889", address)
    return text


def block_of_page(language: str) -> str:
    """The first block of this language on the page for operators."""
    return PAGE.read_text(encoding="utf-8").partition(f"```{language}\n")[2].partition("```")[0]
