"""Waits after wrong passwords, by user name and by address, over all web processes.

An attempt counts as failed before its password is checked, so that simultaneous guesses do not slip through. A name
waits at most a minute, so that nobody can lock a user out; an address waits up to a quarter of an hour.
"""

from __future__ import annotations

import ipaddress
import time
from hashlib import sha256
from math import ceil, inf

from app.core.database import proxy
from app.security.errors import TooManyAttemptsError
from app.security.models import SignInAttempt

FORGET_S = 900.0
"""The count of a key starts again after this time without a failure."""

KEEP_S = 86400.0
"""Rows are deleted after this time without a failure."""

CLOCK_SKEW_S = 60.0
"""Largest difference between the clocks of two hosts."""

RULES = {"address": (100, 900.0), "name": (5, 60.0)}
"""Failures without a wait, and the longest wait in s. The users in a control room may share an address, so it has more."""

COUNTED_OF_A_NAME = 5
"""Most failures with one name that count for their address. Further ones are often those of a script with an old password; the wait
for the name limits them, and other users of the address must not wait."""


def keys(name: str, address: str) -> list[str]:
    """The keys of an attempt, for its address, its name and both, always in this order so that two attempts cannot deadlock.

    Only a few bits of the name are stored, since it may be a password in the wrong field.
    """
    network, short = network_of(address), sha256(name.encode()).hexdigest()[:6]
    return [f"address:{network}", f"name:{short}", f"both:{short}@{network}"]


def network_of(address: str) -> str:
    """The address, or the /64 network of an IPv6 address, because one client may use all of it."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 and not ip.ipv4_mapped else str(ip)


def wide_network_of(address: str) -> str:
    """The network of 16 bits of an IPv4 address, or of 32 bits of an IPv6 address, which few can use as a whole; "" of no address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    mapped = ip.ipv4_mapped if ip.version == 6 else ip
    return str(ipaddress.ip_network((mapped, 16) if mapped else (ip, 32), strict=False))


def wait_after(kind: str, failures: int) -> float:
    """Seconds until the next attempt: 0 for the first failures, then 2, 4, 8, ... up to the longest wait."""
    free, longest = RULES.get(kind, (inf, 0.0))
    return 0.0 if failures < free else min(longest, 2.0 ** min(failures - free + 1, 30))


def claim(name: str, address: str) -> None:
    """Count one attempt as failed.

    Raises:
        TooManyAttemptsError: no attempt is allowed yet; the error has the wait.
    """
    now = time.time()
    with proxy.atomic():
        of_address, of_name, of_both = rows = [_locked_row(key) for key in keys(name, address)]
        # a failure in the future was stored before the clock was set back
        wait = max((row.until for row in (of_address, of_name) if row.last < now + CLOCK_SKEW_S), default=now) - now
        if wait > 0:  # the transaction ends without the rows of names that a flood makes up
            raise TooManyAttemptsError(f"Too many wrong passwords: wait {ceil(wait)} s, then try again", wait)
        for row in rows:
            row.failures = row.failures if row.last > now - FORGET_S else 0
        counted = [of_name, of_both] if of_both.failures >= COUNTED_OF_A_NAME else rows
        for row in counted:
            row.failures, row.last = row.failures + 1, now
            row.until = now + wait_after(row.key.partition(":")[0], row.failures)
            row.save()


def forgive(name: str, address: str) -> None:
    """Take back what was counted for an attempt with the right password, and for the failures of this name before it."""
    with proxy.atomic():
        of_address, of_name, of_both = (_locked_row(key) for key in keys(name, address))
        of_address.failures = max(0, of_address.failures - min(of_both.failures, COUNTED_OF_A_NAME))
        if of_both.failures <= COUNTED_OF_A_NAME:  # the attempt itself was counted, so the wait is its own
            of_address.until = 0.0
        of_address.save()
        SignInAttempt.delete().where(SignInAttempt.id.in_([of_name.id, of_both.id])).execute()
    SignInAttempt.delete().where(SignInAttempt.last < time.time() - KEEP_S).execute()


def _locked_row(key: str) -> SignInAttempt:
    """The row of a key, created if missing, and locked until the transaction ends."""
    unchanged = {SignInAttempt.failures: SignInAttempt.failures}  # writing takes the lock, in SQLite and PostgreSQL alike
    insert = SignInAttempt.insert(key=key, last=time.time())
    insert.on_conflict(conflict_target=[SignInAttempt.key], update=unchanged).execute()
    row: SignInAttempt = SignInAttempt.get(SignInAttempt.key == key)
    return row
