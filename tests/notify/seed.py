"""Rows of jobs, runs, hosts and statuses as the poller writes them, and detection of their events, for tests."""

from __future__ import annotations

import json
import time
from typing import Any

from app.core.counters import advance
from app.core.database import proxy
from app.core.settings import Settings
from app.notify.detection import EventCollector, WatchedSystem
from app.notify.models import Delivery, MaintenanceWindow, Notification, NotificationChannel
from app.square.event_source import SquareEvents
from app.square.models import Host, HostStatus, Job
from app.square.run_summary import summarise_runs

TAG = "_dqm_sourceclient-live"


def job(run: int | None, client: str, reported: float, exit_code: int | None = None, **facts: Any) -> Job:
    """A job that began 100 s before its last report; its run is summed up by it."""
    system = facts.setdefault("system", "production")
    values = {
        "key": f"dqm-source-state-{run}-{client}-{reported}",
        "run": run,
        "tag": client + TAG,
        "host": "dqmfu-c2b03-45-01",
        "exit_code": exit_code,
        "cmssw": "12_4_8",
        "runkey": "pp_run",
        "path": "",
        "started": reported - 100,
        "reported": reported,
        **facts,
    }
    with proxy.atomic():  # processes of the product may write, too
        row: Job = Job.create(**{"version": advance(system)} | values)
        if run is not None:
            summarise_runs(system, {run}, row.version)
    return row


def change(row: Job, **facts: Any) -> None:
    """A new report of a job."""
    with proxy.atomic():
        version = advance(row.system)
        Job.update(**facts).where(Job.id == row.id).execute()
        summarise_runs(row.system, {row.run}, version)


def host(name: str, last_ok: float, error: str = "", system: str = "production") -> Host:
    """A polled host; it fails if there is an error."""
    Host.delete().where(Host.system == system, Host.name == name).execute()
    row: Host = Host.create(system=system, name=name, role="fu", last_ok=last_ok, error=error, failures=3 if error else 0)
    return row


def status(name: str, up: bool, first: float, last: float, message: str = "") -> None:
    """A status of a machine that P5 reported from first to last."""
    HostStatus.create(system="production", name=name, up=up, message=message, first=first, last=last, version=1)


def detect(settings: Settings, system: str = "production") -> None:
    """The first step of a new run window of detection."""
    EventCollector(settings).collect(WatchedSystem(SquareEvents(), system), 86400.0)


def notification(number: int, kind: str = "crash", ago: float = 0.0) -> Notification:
    """A notification about a client, `ago` seconds old, without deliveries."""
    at = time.time() - ago
    made: Notification = Notification.create(
        event=f"{kind}-{number}",
        system="production",
        kind=kind,
        run=358792,
        key=f"job{number}",
        subject=f"client{number}",
        at=at,
        detected=at,
        title=f"client {number} crashed",
        text="",
        outcome="notified",
    )
    return made


def added_channel() -> None:
    """A channel of the page, which is disabled."""
    options = json.dumps({"address": "https://chat.cern.ch/hooks/s3cr3t", "key": ""})
    chat = {"kind": "webhook", "name": 'webhook "Pixel chat"', "kinds": "run-end", "options": options, "enabled": False}
    NotificationChannel.create(**chat, user="demo-operator", changed=time.time())


def fill(settings: Settings, now: float) -> None:
    """A crash that was notified, in vain, and a maintenance window. now: Unix s."""
    job(367131, "pixel", now - 5, 139)
    detect(settings)
    values = {"channel": "sound", "state": "failed", "attempts": 3, "detail": "Connection refused"}
    Delivery.create(notification=Notification.get(), since=now, not_before=now, changed=now, **values)
    MaintenanceWindow.create(system="production", hosts="fu-1", begins=now - 60, ends=now + 3600, reason="New disks", user="demo-operator")
