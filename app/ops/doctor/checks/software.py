"""Whether Python, the packages of others and the running services are those of this version."""

from __future__ import annotations

import re
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import distributions

from peewee import PeeweeException

from app.core import database
from app.core.heartbeat import SILENT_S, Service
from app.core.settings import TREE, Settings
from app.core.version import VERSION
from app.ops.doctor.diagnosis import Diagnosis

LOCK = TREE / "requirements" / "run.txt"
INSTALLERS = ("pip", "setuptools")
"""In the lock, but not used by what runs."""

AGAIN = "Install this version again, as docs/operators/install.md says"


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """The versions in this process, and those in the heartbeats of this host."""
    yield Diagnosis("ok", f"DQM Hub {VERSION} with Python {sys.version.split()[0]} from {sys.prefix}")
    if LOCK.is_file():
        found = reversed(list(distributions()))  # the first on the path is the one that is imported
        names = {re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower(): one.version for one in found}
        wrong = list(differences(LOCK.read_text(encoding="utf-8"), names))
        for text in wrong:
            yield Diagnosis("error", text, AGAIN)
        if not wrong:
            yield Diagnosis("ok", "the packages of others have the versions that were tested")
    yield from _services(settings)


def differences(lock: str, installed: Mapping[str, str]) -> Iterator[str]:
    """Packages whose version is not the one of the lock. Missing ones are left out: extras are optional, and others fail at the start."""
    for name, version in re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", lock, re.M):
        found = installed.get(name, version)
        if found != version and name not in INSTALLERS:
            yield f"{name} is {found}, and this version of DQM Hub was tested with {version}"


def _services(settings: Settings) -> Iterator[Diagnosis]:
    """Services of this host that run another version of DQM Hub."""
    try:
        database.check(database.connect(settings))
        here = (Service.host == socket.gethostname()) & (Service.seen > time.time() - SILENT_S)
        running = list(Service.select().where(here))
    except (PeeweeException, database.UnusableDatabase):  # the check of the database says so
        return
    for one in running:
        if one.version != VERSION:
            text = f"dqmhub {one.name}, process {one.process}, runs version {one.version}, and {VERSION} is installed"
            yield Diagnosis("error", text, "Restart it: systemctl restart dqmhub.target")
    names = ", ".join(sorted({one.name for one in running}))
    yield Diagnosis("ok", f"running on this host: {names or 'no service'}")
