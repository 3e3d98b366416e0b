"""Whether the clock of this machine is synchronised, and agrees with other machines."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from contextlib import closing
from email.utils import parsedate_to_datetime

from peewee import PeeweeException

from app.core import database, database_schema
from app.core.heartbeat import PERIOD_S, SILENT_S, Service
from app.core.settings import Settings
from app.http_client import HttpClient, HttpError
from app.ops.doctor.addresses import server_addresses
from app.ops.doctor.diagnosis import Diagnosis

TIME_ERROR = 5
"""Result of adjtimex(2) while nothing synchronises the clock."""

WARN_S, WRONG_S = 5.0, 60.0
TIMEOUT_S = 5.0
SYNCHRONISE = "Let chrony or another NTP client synchronise the clock; `chronyc tracking` shows its state"


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """The state in the kernel, the `Date` of each server in the settings, and the heartbeats of other hosts."""
    buffer = (ctypes.c_byte * 512)()  # struct timex with modes 0: only reads
    if ctypes.CDLL(None).adjtimex(ctypes.byref(buffer)) == TIME_ERROR:
        yield Diagnosis("warning", "Nothing synchronises the clock of this machine", SYNCHRONISE)
    else:
        yield Diagnosis("ok", "the clock is synchronised")
    for address in sorted(server_addresses(settings, url)):
        yield from _compare(address)
    yield from _heartbeats_ahead(settings)


def _compare(address: str) -> Iterator[Diagnosis]:
    """The time of a server, which its response has to the second, compared with the times of request and response."""
    start = time.time()
    try:
        with closing(HttpClient()) as client:
            answer = client.request("HEAD", address, deadline_s=TIMEOUT_S, max_bytes=1 << 16, truncate=True)
        end, server = time.time(), parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (HttpError, KeyError, ValueError, TypeError):  # other checks say whether it can be reached
        return
    offset = start - server - 1 if start > server + 1 else min(end - server, 0.0)
    if abs(offset) < WARN_S:
        yield Diagnosis("ok", f"the clock agrees with that of {address}")
    else:
        way = "ahead of" if offset > 0 else "behind"
        text = f"The clock of this machine is {abs(offset):.0f} s {way} that of {address}"
        yield Diagnosis("error" if abs(offset) >= WRONG_S else "warning", text, SYNCHRONISE)


def _heartbeats_ahead(settings: Settings) -> Iterator[Diagnosis]:
    """Heartbeats with a time that has not come yet."""
    try:
        with database_schema.reading(settings):
            found = Service.select().where(Service.seen > time.time() + PERIOD_S)
            ahead = [(row.name, row.host, row.seen - time.time()) for row in found]
    except (PeeweeException, database.UnusableDatabase):  # the check of the database says so
        return
    for name, host, seconds in ahead:
        text = f"The service {name} on {host} wrote a heartbeat {seconds:.0f} s in the future"
        yield Diagnosis("error" if seconds > SILENT_S else "warning", text, f"Compare the clocks of this machine and {host}. {SYNCHRONISE}")
