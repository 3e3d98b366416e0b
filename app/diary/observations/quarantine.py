"""Records of sources that cannot be used: the newest are kept with text and reason, all are counted."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from app.core.database import proxy, rows
from app.diary.models import DiaryQuarantine, DiarySource
from app.diary.observations.checks import clean

KEPT_CHARS = 4000
"""Characters of a record that are kept."""
REASON_CHARS = 500
AT_ONCE, OLD_AT_ONCE = 100, 1000
"""Most records that are kept and removed at once, so that others do not wait long."""


def quarantine(source: str, refused: Sequence[tuple[str, str]], now: float, keep: int) -> None:
    """Count records that cannot be used, and keep the newest `keep` ones of the source. refused: text and reason of each."""
    if not refused:
        return
    with proxy.atomic():
        DiarySource.update(quarantined=DiarySource.quarantined + len(refused)).where(DiarySource.name == source).execute()
        for text, reason in refused[-min(keep, AT_ONCE) :]:
            _keep(source, str(text), clean(str(reason)[:REASON_CHARS]), now)
        mine = DiaryQuarantine.source == source
        newest = DiaryQuarantine.select(DiaryQuarantine.id).where(mine).order_by(DiaryQuarantine.at.desc(), DiaryQuarantine.id.desc())
        if old := [number for (number,) in rows(newest.offset(keep).limit(OLD_AT_ONCE))]:
            DiaryQuarantine.delete().where(DiaryQuarantine.id.in_(old)).execute()


def quarantined_records(source: str, limit: int) -> list[DiaryQuarantine]:
    """The records that are kept of a source ("": of all), those that came last first."""
    query = DiaryQuarantine.select().order_by(DiaryQuarantine.at.desc(), DiaryQuarantine.id.desc()).limit(limit)
    return list(query.where(DiaryQuarantine.source == source) if source else query)


def _keep(source: str, text: str, reason: str, now: float) -> None:
    digest = blake2b(f"{reason}\0{text}".encode(errors="surrogatepass"), digest_size=16).hexdigest()
    again = {DiaryQuarantine.at: now, DiaryQuarantine.count: DiaryQuarantine.count + 1}
    row = {"source": source, "digest": digest, "text": clean(text[:KEPT_CHARS]), "reason": reason, "first": now, "at": now}
    DiaryQuarantine.insert(row).on_conflict(conflict_target=[DiaryQuarantine.source, DiaryQuarantine.digest], update=again).execute()
