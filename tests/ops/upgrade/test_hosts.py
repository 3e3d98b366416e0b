"""`dqmhub upgrade` of a hub on two hosts with one PostgreSQL, by the commands of docs/operators/scaling.md."""

from __future__ import annotations

import re
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from app.core.installation import current, switch
from app.core.settings import TREE, Settings
from app.core.version import VERSION
from tests.ops.upgrade.test_upgrade import MIGRATION, NEXT
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import environment, until
from tests.support.releases import make_release
from tests.support.servers import PostgreSQL
from tests.support.site import address, answers

pytestmark = pytest.mark.slow

BOOT = """
trap '' CHLD  # the kernel forgets processes without a parent
hostname "$1" && echo up && exec sleep infinity
"""
"""The first process of a host: when it is killed, all others of the host are."""
HEARTBEAT = "app/core/heartbeat.py"
"""Says when a service is silent: not as soon on hosts that may stall for a while."""
SERVICES = """#!/bin/sh
case $1 in
start) {prefix}/current/bin/dqmhub web >>{prefix}/web.log 2>&1 & echo $! >{prefix}/web.pid ;;
stop) kill "$(cat {prefix}/web.pid)" ;;
esac
"""
"""The command of an administrator without systemd."""


class Host:
    """A host with a name, processes, releases and a data folder of its own, in the network of this machine."""

    def __init__(self, name: str, folder: Path, database_url: str) -> None:
        self.prefix = folder / name
        data = str(self.prefix / "var")
        key = "one key for all of the hosts of this hub"
        self.settings = Settings(data_dir=data, database_url=database_url, secret_key=key, web_port=free_port(), web_workers=1)
        patient = {HEARTBEAT: re.sub(r"^SILENT_S = .*$", f"SILENT_S = {PATIENCE_S}", (TREE / HEARTBEAT).read_text(), flags=re.M)}
        for version, files in ((VERSION, patient), (NEXT, patient | {"migrations/9001_next.py": MIGRATION})):
            make_release(self.prefix, version, files)
        switch(self.prefix, VERSION)
        self._services = self.prefix / "services"
        self._services.write_text(SERVICES.format(prefix=self.prefix))
        self._services.chmod(0o755)
        command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts", "sh", "-c", BOOT, "boot", name]
        self._unshare = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._unshare.stdout
        if self._unshare.stdout.readline() != b"up\n":
            self.end()
            pytest.skip("this machine gives no process and mount namespaces")
        self._first = Path(f"/proc/{self._unshare.pid}/task/{self._unshare.pid}/children").read_text().strip()

    def end(self) -> None:
        """Kill all processes of the host."""
        self._unshare.kill()
        self._unshare.communicate()

    def run(self, *command: str) -> str:
        """Run a command on the host, and return what it said, or with which error it ended."""
        words = ["nsenter", "-t", self._first, "-m", "-u", "-p", "--", "env", "-C", str(TREE), *command]
        variables = environment(self.settings)
        done = subprocess.run(
            words, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        return done.stderr.splitlines()[-1] if done.returncode else done.stdout

    def start(self) -> None:
        """Start its web server, and wait for that."""
        self.run(str(self._services), "start")
        until(self.works, "the web server")

    def stop(self) -> None:
        """Stop its web server, and wait until nobody counts that as running any more."""
        self.run(str(self._services), "stop")
        has_ended = f"grep -qs . /proc/$(cat {self.prefix}/web.pid)/cmdline || echo ended"
        until(lambda: self.run("sh", "-c", has_ended) == "ended\n", "the web server to end")
        with psycopg.connect(self.settings.database_url) as connection:  # as a while later
            connection.execute("UPDATE service SET seen = seen - %s", (PATIENCE_S,))

    def works(self) -> bool:
        """Whether its web server answers."""
        return answers(self.settings)

    def upgrade(self, *arguments: str) -> str:
        """Run `dqmhub upgrade` of the release in use."""
        return self.run(f"{self.prefix}/current/bin/dqmhub", "upgrade", "--services", str(self._services), *arguments)

    @property
    def version(self) -> str:
        """The release in use."""
        found = current(self.prefix)
        return found.version if found else ""


@contextmanager
def old_hub(folder: Path, server: PostgreSQL) -> Iterator[tuple[Host, Host]]:
    """Two hosts with running web servers of the old release."""
    with ExitStack() as stack:
        url = stack.enter_context(server.database(server.template()))
        first, second = hosts = [Host(name, folder, url) for name in ("host1", "host2")]
        for host in hosts:
            stack.callback(host.end)
            host.start()
        yield first, second


def test_two_hosts_are_upgraded_one_after_the_other_and_the_way_back(tmp_path: Path, postgresql: PostgreSQL) -> None:
    with old_hub(tmp_path, postgresql) as (first, second):
        refused = first.run(f"{first.prefix}/current/bin/dqmhub", "upgrade")
        assert refused.startswith("Error: Services use the database: web on host2 ")
        assert first.works(), "nothing was changed"

        second.stop()
        assert f"{NEXT} is in use; the backup made before is " in first.upgrade()
        assert second.upgrade() == f"{NEXT} is in use\n"
        assert (first.version, second.version) == (NEXT, NEXT)
        until(lambda: first.works() and second.works(), "both web servers")

        refused = second.upgrade("--back")
        assert f"no way back to {VERSION}, nothing was changed: the database has 9001_next" in refused
        second.stop()
        assert first.upgrade("--back").startswith(f"{VERSION} is in use again. The migrated database is kept in ")
        assert second.upgrade("--back") == f"{VERSION} is in use again\n"
        assert (first.version, second.version) == (VERSION, VERSION)
        until(lambda: first.works() and second.works(), "both web servers")


def test_web_servers_are_upgraded_without_downtime_and_the_way_back(tmp_path: Path, postgresql: PostgreSQL) -> None:
    with old_hub(tmp_path, postgresql) as (first, second):
        first.run(f"{first.prefix}/current/bin/dqmhub", "backup")
        assert first.run(f"{first.prefix}/{NEXT}/bin/dqmhub", "db", "upgrade") == "applied 9001_next\n"
        with urllib.request.urlopen(f"{address(second.settings)}/status", timeout=PATIENCE_S) as answer:
            assert "The database belongs to a newer version" in answer.read().decode()
        assert (first.works(), second.works()) == (True, True)

        assert first.upgrade() == f"{NEXT} is in use\n"
        assert (first.version, second.version, second.works()) == (NEXT, VERSION, True)
        assert second.upgrade() == f"{NEXT} is in use\n"
        assert first.works()
        assert second.works()

        first.stop()
        second.stop()
        assert first.run(f"{first.prefix}/current/bin/dqmhub", "restore").startswith("restored ")
        for host in (first, second):
            assert host.upgrade("--back") == f"{VERSION} is in use again\n"
        until(lambda: first.works() and second.works(), "both web servers")
