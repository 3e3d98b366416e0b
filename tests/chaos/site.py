"""The real processes of the product on a small disk with data of every area, and requests to them."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import urllib3
from flask import Flask

from app import create_app
from app.areas import AREAS
from app.core import database, database_schema
from app.core.area import Area
from app.core.settings import TREE, Settings
from app.queue import execution
from app.queue.models import BackgroundJob
from app.queue.states import QUEUED, RUNNING
from app.security import Role, tokens
from app.security.models import User
from app.security.passwords import hash_password
from app.security.roles import GRANTED
from tests.chaos import data, hostile
from tests.support import site
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import environment, of_session, until
from tests.support.small_disk import small_disk

SERVICES = ("render", "web", "live", "worker")
PASSWORD = "violet tractor 7 harbour"
DISK_MB = 96
VALUES: dict[str, Any] = {
    "instance_name": "Chaos",
    "worker_processes": 1,
    "render_workers": 1,
    "anonymous_read": "nobody",
    "runs_oms_url": "http://127.0.0.1:1/agg/api/v1",  # where nobody listens: what is stored is shown
    "runs_period_s": 3600.0,
}
LOCK_S = 1
"""A statement waits so long for locks; ten times shorter than in production, as many of them wait in a row."""


class Answer(NamedTuple):
    """The response to a request; the text of a long one is its beginning."""

    status: int
    headers: Mapping[str, str]
    text: str


class Site:
    """A running hub with these areas. Attributes: `settings`, `areas`, `app` (for its map of addresses), `services`, `folder` of its logs."""

    def __init__(self, folder: Path, settings: Settings, further: tuple[Area, ...], migrations: Path) -> None:
        self.folder, self.settings, self.areas = folder, settings, (*AREAS, *further)
        self.services: dict[str, subprocess.Popen[bytes]] = {}
        self.threads = folder / "threads"
        self.long_transactions = folder / "long-transactions"
        self._pool = urllib3.PoolManager(maxsize=16, block=True, retries=False)
        self._environment = {
            "FURTHER_AREAS": " ".join(f"{data.package(area)}.area" for area in further),
            "MIGRATIONS": str(migrations),
            "FINDINGS": str(self.long_transactions),
            "THREADS": str(self.threads),
            "LOCK_S": str(LOCK_S),
            "DQMHUB_SUPERVISOR_PID": str(os.getpid()),
        }
        self.threads.mkdir()
        self.app: Flask = create_app(settings, self.areas)
        data.fill(settings, self.areas)
        hostile.spoil(self.areas)
        hostile.spoil_logs(settings.data)
        self._credentials = {role: {"Authorization": f"Bearer {tokens.make(_user(role), 'chaos', role, 1)[1]}"} for role in GRANTED}

    def start(self, name: str) -> None:
        """Start one of SERVICES."""
        command = [sys.executable, "-m", "tests.chaos.process", name]
        with self.log(name).open("ab") as log:
            env = environment(self.settings) | self._environment
            self.services[name] = subprocess.Popen(command, cwd=TREE, env=env, stdout=log, stderr=log, start_new_session=True)

    def stop(self) -> None:
        """End all of them."""
        for process in self.services.values():
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.services.values():
            process.wait(PATIENCE_S)

    def log(self, name: str) -> Path:
        """What a service wrote."""
        return self.folder / f"{name}.log"

    def processes(self) -> dict[str, list[int]]:
        """The living processes of each service."""
        return {name: of_session(service.pid) for name, service in self.services.items()}

    def request(self, method: str, path: str, role: Role = Role.ADMIN, **options: Any) -> Answer:
        """Send a request as a role; the status is 0 if there is no response.

        An administrator uses the session of a browser, others a token, and PUBLIC nothing.
        """
        headers = options.pop("headers", {}) | self._credentials.get(role, {})
        try:
            answer = self._pool.request(method, f"{self.home}{path}", headers=headers, redirect=False, timeout=PATIENCE_S, **options)
        except urllib3.exceptions.HTTPError as error:
            return Answer(0, {}, repr(error))
        return Answer(answer.status, answer.headers, answer.data[:1_000_000].decode("utf-8", "replace"))

    def wait_until_ready(self) -> None:
        """Wait until all services work."""
        until(lambda: self.request("GET", "/healthz/ready").status == 200, "all services to be ready")

    def wait_until_idle(self) -> None:
        """Wait until no background job is open."""
        until(lambda: not BackgroundJob.select().where(BackgroundJob.state.in_((QUEUED, RUNNING))).exists(), "all jobs to end")

    @property
    def home(self) -> str:
        """The address of the hub, without a slash at its end."""
        return site.address(self.settings)

    def browser_headers(self) -> dict[str, str]:
        """What the browser of the administrator sends with each request."""
        return {"Cookie": self._credentials[Role.ADMIN]["Cookie"]}

    def request_of_other_site(self, method: str, path: str) -> Answer:
        """Send what another site may let the browser of the administrator send."""
        return self.request(method, path, Role.PUBLIC, headers=self.browser_headers() | {"Origin": "https://other.example"})

    def sign_in(self) -> None:
        """Start the session of the administrator."""
        form = {"name": Role.ADMIN.title, "password": PASSWORD, "next": "/"}
        origin = {"Origin": self.home}
        answer = self.request("POST", "/account/sign-in", Role.PUBLIC, headers=origin, fields=form, encode_multipart=False)
        self._credentials[Role.ADMIN] = origin | {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}


def _user(role: Role) -> User:
    password = hash_password(PASSWORD) if role is Role.ADMIN else ""
    user: User = User.create(name=role.title, role=role, password=password, created=0.0)
    return user


@contextmanager
def running(folder: Path, template: Path, further: tuple[Area, ...] = ()) -> Iterator[Site]:
    """A site below a folder. template: a data folder with an empty database; further: areas beside those of the product."""
    files = folder / "files"
    files.mkdir()
    logs = str(folder / "data" / "demo" / "job-logs")
    settings = Settings(data_dir=str(folder / "data"), file_roots=(str(files),), diary_log_roots=(logs,), web_port=free_port(), **VALUES)
    with ExitStack() as stack:
        stack.enter_context(small_disk(settings.data, DISK_MB))
        subprocess.run(["cp", "-r", f"{template}/.", settings.data], check=True)
        migrations = stack.enter_context(_migrations(folder / "migrations", further))
        database_schema.upgrade(database.connect(settings), lambda _: None)
        stack.callback(gc.collect)  # errors hold statements, which keep files open
        stack.enter_context(site.bound(settings))
        stack.callback(execution.disconnect)
        found = Site(folder, settings, further, migrations)
        stack.callback(found.stop)
        for name in SERVICES:
            found.start(name)
        found.wait_until_ready()
        found.sign_in()
        found.wait_until_idle()
        yield found


@contextmanager
def _migrations(folder: Path, further: tuple[Area, ...]) -> Iterator[Path]:
    """The migrations of the product and of further areas, which this process uses, too."""
    product = database_schema.MIGRATIONS
    shutil.copytree(product, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for number, area in enumerate(further):
        shutil.copy(TREE / data.package(area).replace(".", "/") / "migration.py", folder / f"9{number:03}_{area.name}.py")
    database_schema.MIGRATIONS = folder
    try:
        yield folder
    finally:
        database_schema.MIGRATIONS = product
