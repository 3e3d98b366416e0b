"""Which machines of P5 are up, as its gateway sees them, and which version of DQM^2 each runs."""

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
from app.queue import TaskRun
from app.square.documents import mapping, text
from app.square.models import Host, HostStatus
from app.square.settings import SquareSettings
from app.square.upstream import BadAnswer, Unreachable, Upstream, short

log = logging.getLogger(__name__)

TRIED = ("1.8", "1.9", "1.10")
"""Versions of fff_dqmtools whose documents and protocol the grabber was tried with."""
VERSIONS_S = 3600.0
"""Seconds between two questions for versions, for which P5 opens a shell on each machine."""
GONE_S = 600.0
"""A state that was not confirmed for so long is over, whatever comes next."""


@contextmanager
def watching(system: str, settings: Settings, _: TaskRun) -> Iterator[Callable[[], None]]:
    """Gives a step that asks for the state of a cluster, and now and then for its versions."""
    upstream, patient = (
        Upstream(settings),
        Upstream(settings.replace(square_timeout_s=settings.of(SquareSettings).square_command_timeout_s)),
    )
    asked = -VERSIONS_S

    def step() -> None:
        nonlocal asked
        look(system, upstream)
        if time.monotonic() - asked >= VERSIONS_S:
            asked = time.monotonic()
            note_versions(system, patient)

    try:
        yield step
    finally:
        upstream.close()
        patient.close()


def look(system: str, upstream: Upstream) -> None:
    """Ask which machines are up, and write it down."""
    answer = upstream.command("get_cluster_status", cluster=system)
    if not isinstance(answer, dict):
        raise BadAnswer("the state of the cluster is no object")
    now = time.time()
    with proxy.atomic():
        version = 0
        for name, state in answer.items():
            up, message = mapping(state).get("up") is True, text(mapping(state).get("msg"))
            name = short(text(name))
            last = HostStatus.select().where(HostStatus.system == system, HostStatus.name == name).order_by(HostStatus.id.desc()).first()
            if last and (last.up, last.message) == (up, message) and now - last.last < GONE_S:
                HostStatus.update(last=now).where(HostStatus.id == last.id).execute()
                continue
            version = version or advance(system)
            HostStatus.create(system=system, name=name, up=up, message=message, first=now, last=now, version=version)


def note_versions(system: str, upstream: Upstream) -> None:
    """Ask which version of DQM^2 each machine runs, and warn of those that were never tried; without an answer nothing changes."""
    try:
        clusters = mapping(upstream.command("get_fff_versions"))
    except (BadAnswer, Unreachable) as error:
        log.warning("P5 does not say which versions it runs: %s", error)
        return
    machines = {short(name): text(said) for cluster in clusters.values() for name, said in mapping(cluster).items()}
    for host in list(Host.select().where(Host.system == system)):  # a read that is still open could not become a write
        software = machines.get(host.name, "").strip()
        if software and software != host.software:
            Host.update(software=software).where(Host.id == host.id).execute()
            if not tried(software):
                log.warning("%s of %s runs %s, with which this version of DQM Hub was never tried", host.name, system, software)


def tried(software: str) -> bool:
    """Whether the grabber was tried with a version, given as `fff_dqmtools-1.10.1-1.noarch` or alike, or is not known."""
    number = re.search(r"(\d+\.\d+)", software)
    return not software or bool(number and number[1] in TRIED)


def certificate_days(settings: Settings) -> float | None:
    """Days until the certificate for CMSWEB expires, negative when it has; None without one. OSError or ValueError when it cannot be read."""
    if not settings.of(SquareSettings).square_certificate:
        return None
    found = x509.load_pem_x509_certificate(Path(settings.of(SquareSettings).square_certificate).read_bytes())
    return (found.not_valid_after_utc.timestamp() - time.time()) / 86400
