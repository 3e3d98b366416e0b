"""The whole log of a job, fetched from the machine on which the job ran."""

from __future__ import annotations

from typing import IO

from app.core.settings import Settings
from app.square import runs
from app.square.errors import HostNotListed, HostUnreachable, LogUnavailable, NoP5Configured, P5Error
from app.square.models import Job
from app.square.settings import SquareSettings
from app.square.systems import SYSTEMS
from app.square.upstream import Upstream, is_reachable, short_name


def fetch_whole_log(settings: Settings, job: Job, file: IO[bytes]) -> None:
    """Write the whole log of a job into a file. Raises LogUnavailable."""
    square = settings.of(SquareSettings)
    if not square.square_url:
        raise NoP5Configured("No P5 is configured: the setting square_url is empty")
    if not is_reachable(settings, job.host):
        raise HostUnreachable(
            f"The whole log is on {job.host}, but CMSWEB only reaches {square.square_gateway}. It can be fetched by a hub inside P5"
        )
    if not _is_listed(square, job.system, job.host):
        raise HostNotListed(f"{job.host} is not a known host of P5, so the hub does not connect to it")
    upstream = Upstream(settings)
    try:
        upstream.log(job.host, job.key, file)
    except P5Error as error:
        raise LogUnavailable(f"{job.host} did not send the whole log: {error}") from error
    finally:
        upstream.close()


def _is_listed(square: SquareSettings, system: str, host: str) -> bool:
    """Whether the settings, the polling or the statuses of P5 list this machine."""
    listed = {square.square_gateway} | {name for one in SYSTEMS for name in square.machines_of(one)}
    listed |= {machine.name for machine in runs.machines(system)} | {one.name for one in runs.hosts(system)}
    return short_name(host) in {short_name(name) for name in listed}
