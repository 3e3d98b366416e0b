"""What `dqmhub run --demo` adds to the services: accounts, quiet logs, and the addresses once everything responds."""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
import urllib.request

import click

from app import cli
from app.core.settings import Settings
from app.core.supervisor import die_with
from app.ops.settings import ServiceSettings
from app.security.settings import SecuritySettings

POLL_S = 0.5
LONGEST_START_S = 600.0
UPSTREAMS_S = 60.0


def prepare(settings: Settings) -> dict[str, str]:
    """Make the trends, jobs, layouts, alarm rules, walls and accounts of the demo, and set the variables of the services.

    Returns the password of each account, by name.
    """
    from app.alarms.demo import make_demo_rules
    from app.diary import demo as diary_demo
    from app.diary.settings import DiarySettings
    from app.gui.demo.arrangements import make_demo_layouts
    from app.security import demo_accounts
    from app.trends import demo as trends_demo
    from app.wall.demo import make_demo_walls

    if settings.log_level == Settings().log_level:
        os.environ["DQMHUB_LOG_LEVEL"] = "warning"
        logging.getLogger().setLevel(logging.WARNING)
    trends_demo.make_demo(settings)
    diary_demo.make_demo(settings)
    make_demo_layouts()
    make_demo_rules()
    make_demo_walls()
    if not settings.of(DiarySettings).diary_log_roots:
        os.environ["DQMHUB_DIARY_LOG_ROOTS"] = f"{diary_demo.log_folder(settings)},{diary_demo.job_folder(settings)}"
    sources = diary_demo.sources_folder(settings)
    if sources.exists() and not settings.of(DiarySettings).diary_sources_dir:
        os.environ["DQMHUB_DIARY_SOURCES_DIR"] = str(sources)
    if not demo_accounts.listens_on_loopback(settings):
        return {}
    os.environ["DQMHUB_DEMO_ACCOUNTS"] = "true"
    return demo_accounts.make(settings)


def announce_when_ready(settings: Settings, accounts: dict[str, str]) -> None:
    """Start a process that prints addresses and accounts once all respond, and ends; it also ends with this one."""
    from app.core import database

    parent = os.getpid()
    database.disconnect()
    if os.fork():
        return
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        die_with(parent)
        if _is_ready(settings):
            database.connect(settings)
            click.echo(announcement(settings, accounts))
    finally:
        os._exit(0)


def announcement(settings: Settings, accounts: dict[str, str]) -> str:
    """Addresses of hub and mirror, and names and passwords of the accounts, as a block of text."""
    from app.cli.local_link import link

    lines = ["", f"DQM Hub         {cli.hub_address(settings)}"]
    if settings.of(SecuritySettings).anonymous_read in ("local", "loopback"):
        lines += [
            f"To look around  {link(settings, '/')}",
            "                (this link works once, within ten minutes; .venv/bin/dqmhub local-link prints others)",
        ]
    lines += [f"Public mirror   http://127.0.0.1:{settings.of(ServiceSettings).mirror_port}/"]
    if accounts:
        lines += ["Accounts of the demo:"]
        lines += [f"  {name:<14}{password}" for name, password in accounts.items()]
    else:
        lines += ["Other machines can reach it, so there are no demo accounts: dqmhub user add NAME --role ROLE"]
    return "\n".join([*lines, "Ctrl-C ends everything.", ""])


def _is_ready(settings: Settings) -> bool:
    """Wait until hub and mirror respond; False if they do not in time."""
    end = time.monotonic() + LONGEST_START_S
    while not (_responds(f"{cli.hub_address(settings)}healthz/ready") and _listens(settings.of(ServiceSettings).mirror_port)):
        if time.monotonic() > end:
            return False
        time.sleep(POLL_S)
    return True


def _responds(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=POLL_S * 10) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), POLL_S).close()
    except OSError:
        return False
    return True


def wait_for_upstreams() -> None:
    """Wait, at most UPSTREAMS_S, until the ports in DQMHUB_START_AFTER listen on this machine: `dqmhub run` starts all services at once."""
    end = time.monotonic() + UPSTREAMS_S
    for port in filter(None, os.environ.get("DQMHUB_START_AFTER", "").split(",")):
        while not _listens(int(port)) and time.monotonic() < end:
            time.sleep(POLL_S)
