"""Quarantine: a monitor element (ME) that crashed the render service three times is not drawn any more.

It applies to one version of the file; a new version is drawn again, and so is an ME that an operator releases. An ME that
crashed only with draw options that somebody chose is in quarantine only with these.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from peewee import JOIN, Case, Query

from app.core.database import prepared, proxy, rows
from app.gui.catalog.catalog import OpenSample
from app.gui.errors import NotInQuarantine, Quarantined
from app.gui.models import File, Quarantine
from app.gui.samples import LARGEST
from app.security.audit_log import audit
from render.errors import NO_RESPONSE, RenderLost

MAX_CRASHES = 3
"""Crashes of the render service after which an ME is quarantined."""

KILLED_S = 3600.0
"""After this time an ME is drawn again if its last process ended without a report: something else may have killed it."""

RETENTION_S = 90 * 86400.0
"""Crashes are forgotten after this time without a further one."""

MAX_ROWS = 100


class QuarantinedElement(NamedTuple):
    """An ME in quarantine."""

    id: int
    url: str
    me: str
    crashes: int
    reason: str  # of the last crash
    plugin: str  # that was running at the last crash, or ""
    last: float  # time of the last crash, Unix s UTC


def count_crash(sample: OpenSample, path: bytes, error: RenderLost) -> None:
    """Count a crash of the render service for an ME."""
    version, now = _version(sample), time.time()
    crashes = Case(None, ((Quarantine.version == version, Quarantine.crashes + 1),), 1)
    latest = {Quarantine.version: version, Quarantine.reason: error.reason, Quarantine.plugin: error.plugin, Quarantine.last: now}
    file = File.get_or_none(File.url == sample.url)
    if file is None:  # registered under another name in the meantime
        return
    Quarantine.delete().where(Quarantine.last < now - RETENTION_S).execute()
    row = {Quarantine.file: file.id, Quarantine.me: _stored_name(path), Quarantine.crashes: 1, **latest}
    Quarantine.insert(row).on_conflict(
        conflict_target=[Quarantine.file, Quarantine.me], update={Quarantine.crashes: crashes, **latest}
    ).execute()


@prepared
def _crashes() -> Query:
    query = Quarantine.select(Quarantine.crashes, Quarantine.reason, Quarantine.plugin, Quarantine.last).join(File, JOIN.INNER)
    return query.where(File.url == "", Quarantine.me == "", Quarantine.version == "")


def refuse_quarantined(sample: OpenSample, path: bytes) -> None:
    """Raise Quarantined if an ME is in quarantine."""
    for crashes, reason, plugin, last in _crashes(sample.url, _stored_name(path), _version(sample)):
        if crashes >= MAX_CRASHES and not _is_tried_again(reason, last):
            where = f" in the plugin {plugin}" if plugin else ""
            raise Quarantined(
                f"{path.decode(errors='replace')} is in quarantine: it crashed {crashes} render processes, the last one {reason}{where}; "
                "an operator can release it on the page Status, and a new version of the file is drawn again"
            )


def _is_tried_again(reason: str, last: float) -> bool:
    return reason == NO_RESPONSE and not 0 <= time.time() - last < KILLED_S


def quarantined() -> list[QuarantinedElement]:
    """The MEs in quarantine, the latest crash first, at most MAX_ROWS."""
    columns = Quarantine.id, File.url, Quarantine.me, Quarantine.crashes, Quarantine.reason, Quarantine.plugin, Quarantine.last
    query = Quarantine.select(*columns, Quarantine.version, File.size, File.mtime_ns).join(File).where(Quarantine.crashes >= MAX_CRASHES)
    found = rows(query.order_by(Quarantine.last.desc()).limit(MAX_ROWS))
    return [QuarantinedElement(*row) for *row, version, size, mtime_ns in found if version == f"{size} {mtime_ns}"]


def release(number: int) -> None:
    """Release an ME from quarantine. Raises NotInQuarantine."""
    with proxy.atomic():
        row = Quarantine.get_or_none(Quarantine.id == number) if number <= LARGEST else None
        if row is None:
            raise NotInQuarantine(f"Item {number} is no longer in quarantine")
        row.delete_instance()
        audit("release from quarantine", f"{row.me} in {row.file.url}", answer=f"{row.crashes} lost render processes, {row.reason}")


def _version(sample: OpenSample) -> str:
    """Size and time of change of the file, from the identity of the sample without its NULs, which PostgreSQL does not store."""
    return " ".join(sample.identity.split("\0")[1:])


def _stored_name(path: bytes) -> str:
    r"""A name as a text that every database stores: bytes that are not UTF-8 as \xNN."""
    return path.decode(errors="backslashreplace").replace("\0", "\\x00")
