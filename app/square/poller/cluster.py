"""Status of the machines of each cluster, as the gateway reports it, and the version of DQM^2 on each machine."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509

from app.core.counters import advance
from app.core.database import proxy
from app.core.settings import Settings
from app.queue.periodic import TaskRun
from app.square.errors import P5BadResponse, P5Busy, P5Error
from app.square.events import GONE_S
from app.square.models import Host, HostStatus
from app.square.settings import SquareSettings
from app.square.upstream import Upstream, short_name
from app.square.values import is_package, mapping, text

log = logging.getLogger(__name__)

TESTED_VERSIONS = ("1.8", "1.9", "1.10")
"""Versions of fff_dqmtools with which the poller was tested."""

VERSIONS_S = 3600.0
"""Interval of the queries for versions; P5 opens a shell on each machine for them."""


_versions_at: dict[tuple[str, str], float] = {}
"""When this process last queried the versions, monotonic, by URL of P5 and system; a run of the task is much shorter than VERSIONS_S."""


@contextmanager
def cluster_watcher(system: str, settings: Settings, _: TaskRun) -> Iterator[Callable[[], None]]:
    """Yields a function that stores the status of a cluster and, less often, its versions."""
    timeout_s = settings.of(SquareSettings).square_command_timeout_s
    upstream, patient = Upstream(settings), Upstream(settings.replace(square_timeout_s=timeout_s))
    key = upstream.base, system

    def step() -> None:
        try:
            store_statuses(system, upstream)
        except P5Busy:  # the next step queries it again
            return
        if time.monotonic() - _versions_at.get(key, -VERSIONS_S) >= VERSIONS_S:
            _versions_at[key] = time.monotonic()
            store_versions(system, patient)

    try:
        yield step
    finally:
        upstream.close()
        patient.close()


def store_statuses(system: str, upstream: Upstream) -> None:
    """Query the status of each machine, and store it. Raises P5Error."""
    statuses = upstream.query("get_cluster_status", cluster=system)
    if not isinstance(statuses, dict):
        raise P5BadResponse("the status of the cluster is not an object")
    now = time.time()
    with proxy.atomic():
        version = 0
        for name, status in statuses.items():
            up, message = mapping(status).get("up") is True, text(mapping(status).get("msg"))
            name = short_name(text(name))
            last = HostStatus.select().where(HostStatus.system == system, HostStatus.name == name).order_by(HostStatus.id.desc()).first()
            if last and (last.up, last.message) == (up, message) and now - last.last < GONE_S:
                HostStatus.update(last=now).where(HostStatus.id == last.id).execute()
                continue
            version = version or advance(system)
            HostStatus.create(system=system, name=name, up=up, message=message, first=now, last=now, version=version)


def store_versions(system: str, upstream: Upstream) -> None:
    """Query the version of DQM^2 on each machine, store it, and warn of untested ones. Failures are logged.

    The gateway sends the error of an ssh, or nothing, as the version of a machine that it could not ask: that keeps its last one.
    """
    try:
        clusters = mapping(upstream.query("get_fff_versions"))
    except P5Error as error:
        log.warning("The versions at P5 cannot be queried: %s", error)
        return
    versions = {short_name(name): text(version) for cluster in clusters.values() for name, version in mapping(cluster).items()}
    for host in list(Host.select().where(Host.system == system)):  # a list: a read that is still open cannot become a write
        software = versions.get(host.name, "").strip()
        if is_package(software) and software != host.software:
            Host.update(software=software).where(Host.id == host.id).execute()
            if not is_tested(software):
                log.warning("%s of %s runs %s, which was not tested with this version of DQM Hub", host.name, system, software)


def is_tested(software: str) -> bool:
    """Whether a version, as `fff_dqmtools-1.10.1-1.noarch`, was tested with the poller, or is unknown."""
    number = re.search(r"(\d+\.\d+)", software)
    return not software or bool(number and number[1] in TESTED_VERSIONS)


def certificate_days(settings: Settings) -> float | None:
    """Days until the certificate for CMSWEB expires, negative once it has; None without one.

    Raises OSError or ValueError if it cannot be read.
    """
    path = settings.of(SquareSettings).square_certificate
    if not path:
        return None
    found = x509.load_pem_x509_certificate(Path(path).read_bytes())
    return (found.not_valid_after_utc.timestamp() - time.time()) / 86400
