"""The bounds of what is kept: snapshots of a run, days, and space on disk; the oldest snapshots are removed first.

Each snapshot has a pack with what changed since the one before. When the oldest is removed, its pack stays for the next one, which
has most of its contents too. When half of the contents in such packs are no longer needed, the packs are joined.
"""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from pathlib import Path

from app.core.settings import Settings
from app.core.short_writes import delete_rows
from app.gui.settings import GuiSettings
from app.gui.snapshots.content_list import ContentList
from app.gui.snapshots.models import LiveSnapshot
from app.gui.snapshots.packs import NoContent, PackWriter, copy_contents, pack_path, pack_sizes, read_content
from app.gui.snapshots.stored import Snapshot, oldest_first, packs_of, snapshots_folder, writing

MAX_OLD_PACKS = 50
"""Packs of removed snapshots that are joined at the latest: a content is searched in all packs of its run."""

FREED = 0.9
"""Part of the allowed space to which snapshots are removed, so that it is not done for each of them."""

Runs = dict[tuple[int, int], list[Snapshot]]
"""Snapshots by dataset and run, the oldest first."""


def remove_excess(settings: Settings) -> int:
    """Remove the snapshots beyond the bounds of the settings, and what killed processes have left; returns their number."""
    gui, folder = settings.of(GuiSettings), snapshots_folder(settings)
    with writing(folder):
        runs: Runs = defaultdict(list)
        for each in oldest_first():
            runs[each.dataset, each.run].append(each)
        removed = _beyond_count(runs, gui.live_snapshots + 1 if gui.live_snapshots else 0) + _ended(
            runs, time.time() - 3600.0 * gui.live_snapshots_hours
        )
        over = _beyond_space(runs, folder, gui.live_snapshots_mb << 20)
        delete_rows(LiveSnapshot, LiveSnapshot.id.in_([each.number for each in (*removed, *over)]))
        for (dataset, run), left in runs.items():
            if left:
                _join(packs_of(folder, dataset, run), left, is_short_of_space=bool(over))
        _remove_folders(folder, {packs_of(folder, *key) for key, left in runs.items() if left})
    return len(removed) + len(over)


def _beyond_count(runs: Runs, most: int) -> list[Snapshot]:
    """Take the oldest of each run."""
    removed = []
    for left in runs.values():
        excess = max(0, len(left) - most)
        removed += left[:excess]
        del left[:excess]
    return removed


def _ended(runs: Runs, since: float) -> list[Snapshot]:
    """Take all of the runs whose newest snapshot was kept before a time, Unix s UTC."""
    ended = [left for left in runs.values() if left and left[-1].kept < since]
    removed = [each for left in ended for each in left]
    for left in ended:
        left.clear()
    return removed


def _beyond_space(runs: Runs, folder: Path, most: int) -> list[Snapshot]:
    """Take the oldest of all runs until the packs, when they are joined, fit."""
    sizes = {key: pack_sizes(packs_of(folder, *key)) for key in runs}
    if sum(sum(packs.values()) for packs in sizes.values()) <= most:
        return []
    removed = []
    while (kept := [left for left in runs.values() if left]) and sum(_joined(runs[key], sizes[key]) for key in runs) > FREED * most:
        oldest = min(kept, key=lambda left: left[0].kept)
        removed.append(oldest.pop(0))
    return removed


def _joined(left: list[Snapshot], sizes: dict[str, int]) -> int:
    """The bytes of the packs of a run when those of removed snapshots are joined."""
    return left[0].bytes + sum(sizes.get(each.contents, 0) for each in left[1:]) if left else 0


def _join(packs: Path, left: list[Snapshot], is_short_of_space: bool) -> None:
    """Join the packs of removed snapshots and of the oldest one to what the oldest one needs, if that pays.

    A content in the pack of a removed snapshot that a later one needs was in all between them, so the oldest one has it too.
    """
    oldest, sizes = left[0], pack_sizes(packs)
    old = sizes.keys() - {each.contents for each in left}
    size = sum(sizes[name] for name in old) + sizes.get(oldest.contents, 0)
    if not old or not (is_short_of_space or size > 2 * oldest.bytes or len(old) > MAX_OLD_PACKS):
        return
    try:
        listed = read_content(packs, bytes.fromhex(oldest.contents), oldest.contents)
    except NoContent:  # somebody removed packs: the oldest one cannot be opened any more
        listed = b""
    needed = {bytes.fromhex(oldest.contents), *ContentList.unpack(listed).all()}
    with PackWriter(packs) as pack:
        for name in (oldest.contents, *old):
            if name in sizes:
                copy_contents(pack_path(packs, name), needed, pack)
        pack.finish(oldest.contents)
    for name in old:
        pack_path(packs, name).unlink()


def _remove_folders(folder: Path, needed: set[Path]) -> None:
    for packs in folder.iterdir():
        if packs.is_dir() and packs not in needed:
            shutil.rmtree(packs)
