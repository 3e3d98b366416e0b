"""Whether Python, third-party packages and the running services are those of this version, and no upgrade is unfinished."""

from __future__ import annotations

import json
import re
import socket
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import distributions
from pathlib import Path

from peewee import PeeweeException

from app.core import database, database_schema
from app.core.heartbeat import Service, is_alive
from app.core.settings import TREE, Settings
from app.core.version import VERSION
from app.ops.doctor.diagnosis import Diagnosis
from app.ops.upgrade.state import status_lines

LIST, LOCK = TREE / "sbom.json", TREE / "requirements" / "run.txt"
"""The tested versions: in a package and in an image, and in a checkout."""

INSTALLERS = ("pip", "setuptools")
"""In the lock, but not used by what runs."""

REINSTALL = "Install this version again, as docs/operators/install.md says"


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """The versions in this process, and those in the heartbeats of this host."""
    yield Diagnosis("ok", f"DQM Hub {VERSION} with Python {sys.version.split()[0]} from {sys.prefix}")
    found = reversed(list(distributions()))  # the first on the path is the one that is imported
    wrong = list(version_differences(tested_versions(LIST, LOCK), {canonical(one.metadata["Name"]): one.version for one in found}))
    for text in wrong:
        yield Diagnosis("error", text, REINSTALL)
    if not wrong:
        yield Diagnosis("ok", "the third-party packages have the versions that were tested")
    yield from _services(settings)
    yield from (Diagnosis("warning", line.text, line.detail) for line in status_lines(settings))


def tested_versions(contents: Path, lock: Path) -> dict[str, str]:
    """Version of each Python package, from the list of contents (CycloneDX) or else from a lock. Raises OSError or ValueError."""
    if contents.is_file():
        components = json.loads(contents.read_text(encoding="utf-8"))["components"]
        return {one["name"]: one["version"] for one in components if one["purl"].startswith("pkg:pypi/")}
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", lock.read_text(encoding="utf-8"), re.M))


def version_differences(wanted: Mapping[str, str], installed: Mapping[str, str]) -> Iterator[str]:
    """Packages whose version is not the tested one. Missing ones are left out: extras are optional, and others fail at the start."""
    for name, version in wanted.items():
        found = installed.get(canonical(name), version)
        if found != version and name not in INSTALLERS:
            yield f"{name} is {found}, and this version of DQM Hub was tested with {version}"


def canonical(name: str) -> str:
    """A name of a package as locks have it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _services(settings: Settings) -> Iterator[Diagnosis]:
    """Services of this host that run another version of DQM Hub."""
    try:
        with database_schema.reading(settings):
            here = (Service.host == socket.gethostname()) & is_alive()
            running = list(Service.select().where(here))
    except (PeeweeException, database.UnusableDatabase):  # the check of the database says so
        return
    for one in running:
        if one.version != VERSION:
            text = f"dqmhub {one.name}, process {one.process}, runs version {one.version}, and {VERSION} is installed"
            yield Diagnosis("error", text, "Restart it: systemctl restart dqmhub.target")
    names = ", ".join(sorted({one.name for one in running}))
    yield Diagnosis("ok", f"running on this host: {names or 'no service'}")
