"""State of the snapshots of ongoing runs for the status page and /metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from peewee import fn

from app.core.area import StatusLine
from app.core.metrics import gauge
from app.core.settings import Settings
from app.formats import FORMATS
from app.gui.models import File, Sample
from app.gui.settings import GuiSettings
from app.gui.snapshots.keeping import space_problem
from app.gui.snapshots.packs import pack_sizes
from app.gui.snapshots.stored import Snapshot, oldest_first, packs_of, snapshots_folder

if TYPE_CHECKING:
    from prometheus_client import Metric


def status_lines(settings: Settings) -> Iterator[StatusLine]:
    """How many snapshots there are, and whether space limits them; no line without any, unless space is the reason."""
    found, gui = oldest_first(), settings.of(GuiSettings)
    problem = space_problem(settings, _live_size()) if gui.live_snapshots else ""
    if not found:
        if problem:
            yield StatusLine("snapshots", "warn", "none are kept of the ongoing run", detail=problem)
        return
    newest, size = found[-1], _size(settings, found)
    of_newest = sum((each.dataset, each.run) == (newest.dataset, newest.run) for each in found)
    others = f", {len(found) - of_newest} of other runs" if len(found) > of_newest else ""
    text = f"{of_newest} of run {newest.run} to lumisection {newest.lumi}{others}; {size / 1e6:,.0f} MB"
    if problem:
        yield StatusLine("snapshots", "warn", f"{text}; no new ones are kept", detail=problem)
        return
    room = (gui.live_snapshots_mb << 20) * len(found) // max(size, 1)
    is_short = room < gui.live_snapshots
    yield StatusLine("snapshots", "ok", text, detail=f"live_snapshots_mb leaves room for about {room} of such size" if is_short else "")


def metrics(settings: Settings) -> Iterator[Metric]:
    """Snapshots, and their size on disk."""
    found = oldest_first()
    yield gauge("dqmhub_live_snapshots", "Kept snapshots of ongoing runs", [({}, len(found))])
    yield gauge("dqmhub_live_snapshot_bytes", "Size of the kept snapshots of ongoing runs on disk", [({}, _size(settings, found))])


def _live_size() -> int:
    """Bytes of the largest file of run 0, in a format with snapshots; 0 without any."""
    formats = [name for name, each in FORMATS.items() if each.contents]
    query = File.select(fn.MAX(File.size)).join(Sample, on=Sample.file == File.id)
    size: int | None = query.where(Sample.run == 0, Sample.lumi == 0, File.format.in_(formats)).scalar()
    return size or 0


def _size(settings: Settings, found: list[Snapshot]) -> int:
    """Bytes on disk."""
    folder = snapshots_folder(settings)
    return sum(sum(pack_sizes(packs_of(folder, *key)).values()) for key in {(each.dataset, each.run) for each in found})
