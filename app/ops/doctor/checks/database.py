"""Whether the database can be read and written, has the tables of this version, and is the one to which the log beside it belongs."""

from __future__ import annotations

from collections.abc import Iterator

from app.core import database, database_faults, database_schema
from app.core.settings import Settings
from app.ops.doctor.diagnosis import Diagnosis, error


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """What a service that starts now would say."""
    if not settings.database_url and (found := database_faults.forbidden(settings.data / "dqmhub.db")):
        yield error(*found)
        return
    try:
        with database_schema.reading(settings):
            yield Diagnosis("ok", f"the database is usable ({database.server_version()})")
    except database.UnusableDatabase as unusable:
        yield error(unusable.reason, unusable.remedy)
