"""Whether this host has the same keys, settings and shared folders as the other hosts of the hub."""

from __future__ import annotations

from collections.abc import Iterator

from app.core import database, database_schema
from app.core.settings import Settings
from app.ops.doctor.diagnosis import Diagnosis
from app.ops.hosts import host_problems


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """Compare this host with those whose services run now."""
    try:
        with database_schema.reading(settings):
            found = list(host_problems(settings))
    except database.UnusableDatabase:
        return  # another check says so
    for text, remedy in found:
        yield Diagnosis("error", text, remedy)
    if not found:
        yield Diagnosis("ok", "the hosts of this hub have the same keys and settings")
