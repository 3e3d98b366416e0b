"""Slowing down whoever guesses passwords, over all web processes, by name and by address.

An attempt is counted as failed before its password is looked at, so that many at the same moment do not slip through.
A name waits a minute at most, so that nobody can lock somebody out; an address waits up to a quarter of an hour.
"""

from __future__ import annotations

import ipaddress
import time
from hashlib import sha256
from math import ceil

from app.core.database import proxy
from app.security.models import Attempt
from app.web import Problem

FORGET_S = 900.0
"""A key without a failure for so long starts anew."""

KEEP_S = 86400.0
"""Rows without a failure for so long are removed."""

RULES = {"address": (20, 900.0), "name": (5, 60.0)}
"""Failures that are free, and the longest wait, s. A control room may share one address, so that has more."""


def keys(name: str, address: str) -> list[str]:
    """The keys of an attempt, always in one order so that two attempts never wait for each other.

    Of the name only a few bits are kept: it may be a password that was typed in the wrong field.
    """
    return [f"address:{_network(address)}", f"name:{sha256(name.encode()).hexdigest()[:6]}"]


def _network(address: str) -> str:
    """An IPv6 client has a whole /64 network of addresses to itself, so that counts as one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 and not ip.ipv4_mapped else str(ip)


def wait_after(kind: str, failures: int) -> float:
    """Seconds until the next attempt: none at first, then 2, 4, 8, ... up to the longest."""
    free, longest = RULES[kind]
    return 0.0 if failures < free else min(longest, 2.0 ** min(failures - free + 1, 30))


def claim(name: str, address: str) -> None:
    """Count one attempt; raise Problem 429, which says how long to wait, when it may not be made yet."""
    now = time.time()
    with proxy.atomic():
        rows = [_locked(key) for key in keys(name, address)]
        # a wait from the future is of a clock that was set back since; a minute is what the clocks of two hosts may differ
        wait = max((row.until for row in rows if row.last < now + 60), default=now) - now
        for row in rows if wait <= 0 else ():
            row.failures = row.failures + 1 if row.last > now - FORGET_S else 1
            row.until, row.last = now + wait_after(row.key.partition(":")[0], row.failures), now
            row.save()
    if wait > 0:
        seconds = ceil(wait)
        raise Problem(429, f"too many wrong attempts: wait {seconds} s, then try again", headers={"Retry-After": str(seconds)})


def forgive(name: str, address: str) -> None:
    """The attempt was good: the name starts anew, and the address has one failure less."""
    at_address, of_name = keys(name, address)
    with proxy.atomic():
        row = _locked(at_address)
        row.failures = max(0, row.failures - 1)
        row.until = 0.0 if row.failures < RULES["address"][0] else row.until
        row.save()
        Attempt.delete().where(Attempt.key == of_name).execute()
    Attempt.delete().where(Attempt.last < time.time() - KEEP_S).execute()


def _locked(key: str) -> Attempt:
    """The row of a key, made when missing, which nobody else changes before this transaction ends."""
    same = {Attempt.failures: Attempt.failures}  # writing takes the lock, in SQLite and PostgreSQL alike
    Attempt.insert(key=key, last=time.time()).on_conflict(conflict_target=[Attempt.key], update=same).execute()
    row: Attempt = Attempt.get(Attempt.key == key)
    return row
