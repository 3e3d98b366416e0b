"""Quarantine: a monitor element (ME) that three render processes were lost to is not drawn any more.

It holds for one version of the file; a new version of the file is drawn again, and so is what an operator releases.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from peewee import JOIN, Case, Query

from app.core.database import prepared, proxy, rows
from app.gui.catalog.catalog import OpenSample
from app.gui.files.register import LARGEST
from app.gui.models import File, Quarantine
from app.security import audit
from app.web import Problem
from render.errors import RenderLost

MOST_CRASHES = 3
"""So many render processes may be lost to an ME."""

KEEP_S = 90 * 86400.0
"""What was not seen again for so long is forgotten."""

SHOWN = 100


class Held(NamedTuple):
    """An ME in quarantine; last: Unix s UTC."""

    id: int
    url: str
    me: str
    crashes: int
    reason: str
    plugin: str
    last: float


def lost(sample: OpenSample, path: bytes, error: RenderLost) -> None:
    """Count a render process that was lost to an ME."""
    version, now = _version(sample), time.time()
    crashes = Case(None, ((Quarantine.version == version, Quarantine.crashes + 1),), 1)
    told = {Quarantine.version: version, Quarantine.reason: error.reason, Quarantine.plugin: error.plugin, Quarantine.last: now}
    file = File.get_or_none(File.url == sample.url)
    if file is None:  # registered anew meanwhile under another name
        return
    Quarantine.delete().where(Quarantine.last < now - KEEP_S).execute()
    row = {Quarantine.file: file.id, Quarantine.me: _stored(path), Quarantine.crashes: 1, **told}
    Quarantine.insert(row).on_conflict(
        conflict_target=[Quarantine.file, Quarantine.me], update={Quarantine.crashes: crashes, **told}
    ).execute()


@prepared
def _crashes() -> Query:
    query = Quarantine.select(Quarantine.crashes, Quarantine.reason, Quarantine.plugin).join(File, JOIN.INNER)
    return query.where(File.url == "", Quarantine.me == "", Quarantine.version == "")


def refuse_held(sample: OpenSample, path: bytes) -> None:
    """Raise a Problem when an ME is in quarantine."""
    for crashes, reason, plugin in _crashes(sample.url, _stored(path), _version(sample)):
        if crashes >= MOST_CRASHES:
            where = f" in the plugin {plugin}" if plugin else ""
            raise Problem(
                422,
                f"{path.decode(errors='replace')} is in quarantine: {crashes} render processes were lost to it, the last one {reason}{where}; "
                "an operator can release it on the page Status, and a new version of the file is drawn again",
            )


def held() -> list[Held]:
    """The MEs in quarantine, the latest first, at most SHOWN."""
    columns = Quarantine.id, File.url, Quarantine.me, Quarantine.crashes, Quarantine.reason, Quarantine.plugin, Quarantine.last
    query = Quarantine.select(*columns, Quarantine.version, File.size, File.mtime_ns).join(File).where(Quarantine.crashes >= MOST_CRASHES)
    found = rows(query.order_by(Quarantine.last.desc()).limit(SHOWN))
    return [Held(*row) for *row, version, size, mtime_ns in found if version == f"{size} {mtime_ns}"]


def release(number: int) -> None:
    """Have an ME drawn again; Problem 404 when it is not in quarantine."""
    with proxy.atomic():
        row = Quarantine.get_or_none(Quarantine.id == number) if number <= LARGEST else None
        if row is None:
            raise Problem(404, f"there is no number {number} in quarantine (any more)")
        row.delete_instance()
        audit("release from quarantine", f"{row.me} in {row.file.url}", answer=f"{row.crashes} lost render processes, {row.reason}")


def _version(sample: OpenSample) -> str:
    """Size and time of change of the file, out of the sample's identity, without its NULs, which PostgreSQL does not store."""
    return " ".join(sample.identity.split("\0")[1:])


def _stored(path: bytes) -> str:
    r"""A name as a text that every database takes: bytes that are no UTF-8 as \xNN."""
    return path.decode(errors="backslashreplace").replace("\0", "\\x00")
