"""Keeping a snapshot of an ongoing run: only monitor elements (MEs) that changed since the snapshot before are written."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from app.core.database import proxy
from app.core.disk import disk_space
from app.core.outages import log_outage, outage_of
from app.core.settings import Settings
from app.formats import FORMATS, Columns, FileReplaced, FormatError, Kind, contents
from app.gui.catalog.catalog import Catalog, OpenSample
from app.gui.errors import GuiError
from app.gui.event_info import newest_event
from app.gui.models import Dataset
from app.gui.samples import SampleKey
from app.gui.settings import GuiSettings
from app.gui.snapshots.content_list import NOTHING, ContentList
from app.gui.snapshots.models import LiveSnapshot
from app.gui.snapshots.packs import HASH_BYTES, NoContent, PackWriter, content_hash, pack_path, read_content, stored_hashes
from app.gui.snapshots.stored import Snapshot, newest_first, packs_of, snapshots_folder, writing

RESERVE = 32 << 20
"""Free space that snapshots leave on the disk, bytes."""


class NotKept(Exception):
    """No snapshot was kept; the message is the reason."""


class AlreadyKept(NotKept):
    """The snapshot of the file was kept before, as by run 0 for the run itself."""


def keep_all(catalog: Catalog, keys: Sequence[SampleKey]) -> str:
    """Keep a snapshot of each of these samples of a file; returns what was kept, or why nothing was, as a sentence."""
    said, before = [], []
    for key in keys:
        try:
            kept = keep(catalog.open(key, 0.0), catalog.settings)
            said.append(f"Lumisection {kept.lumi} of run {kept.run}: {kept.me_count:,} monitor elements.")
        except AlreadyKept as reason:
            before.append(f"{reason}.")
        except NotKept as reason:
            said.append(f"{reason}.")
        except FileReplaced:  # the next version is being imported, and gives the next snapshot
            said.append("The file was replaced.")
        except GuiError as error:
            said.append(f"{error.message}.")
        except OSError as error:
            if outage := outage_of(error):
                log_outage("Snapshots are not kept", outage)
            said.append(f"{error.strerror}.")
    return " ".join(dict.fromkeys(said or before))


def keep(sample: OpenSample, settings: Settings) -> Snapshot:
    """Keep a snapshot of what the file of a sample holds now. Snapshots of this and later lumisections are of earlier versions and are removed.

    Raises NotKept, OSError, and FileReplaced if the file has changed.
    """
    if problem := why_not_kept(sample, settings):
        raise NotKept(problem)
    event = newest_event(sample)
    lumi = event.lumi or 0
    run = sample.key.run or event.run or 0
    folder = snapshots_folder(settings)
    with writing(folder):
        dataset = Dataset.get(Dataset.name == sample.key.dataset).id
        known = newest_first(sample.key.dataset, run)
        if known and sample.file_version.mtime_ns <= known[0].mtime_ns:
            raise AlreadyKept(f"The snapshot of lumisection {known[0].lumi} is as new as the file")
        replaced = [each for each in known if each.lumi >= lumi]
        packs = packs_of(folder, dataset, run)
        name, size = _write(packs, sample, known[len(replaced) :][:1])
        row = {
            "dataset": dataset,
            "run": run,
            "lumi": lumi,
            "format": sample.format,
            **sample.file_version._asdict(),
            "me_count": len(sample.names),
            "contents": name,
            "bytes": size,
            "kept": time.time(),
        }
        with proxy.atomic():
            LiveSnapshot.delete().where(LiveSnapshot.id.in_([each.number for each in replaced])).execute()
            number = LiveSnapshot.insert(row).execute()
        for each in replaced:
            if each.contents != name:
                pack_path(packs, each.contents).unlink(missing_ok=True)
    return Snapshot(number, **row)


def why_not_kept(sample: OpenSample, settings: Settings) -> str:
    """Why no snapshots of a sample are kept, or ""."""
    if not settings.of(GuiSettings).live_snapshots:
        return "The setting live_snapshots is 0"
    if FORMATS[sample.format].contents is None:
        return f"Files of the format {sample.format} are not written during a run"
    if newest_event(sample).lumi is None:
        return "None of the folders EventInfo has the lumisection (iLumiSection)"
    return space_problem(settings, sample.file_version.size)


def space_problem(settings: Settings, size: int) -> str:
    """Why no snapshot of a file of so many bytes is kept, or ""."""
    most_mb, folder = settings.of(GuiSettings).live_snapshots_mb, snapshots_folder(settings)
    free = disk_space(folder if folder.exists() else settings.data).free
    if size > most_mb << 20:
        return f"The file has {size / 1e6:,.0f} MB, more than live_snapshots_mb allows for all snapshots ({most_mb})"
    if free < size + RESERVE:
        return f"The disk is nearly full: {free / 1e6:,.0f} MB are free, and {(size + RESERVE) / 1e6:,.0f} MB are needed"
    return ""


def _write(packs: Path, sample: OpenSample, before: Sequence[Snapshot]) -> tuple[str, int]:
    """Write the pack of a snapshot after that of the one before; returns its name, and the bytes of all contents of the snapshot."""
    known = _contents_of(packs, before[0]) if before else set()
    with PackWriter(packs) as pack:
        elements, size = _add_elements(pack, sample, known)
        lists = [sample.names.pack(), _without_places(sample.columns).pack(), sample.facts.pack()]
        hashes = [content_hash(each) for each in lists]
        for each, content in zip(hashes, lists, strict=True):
            if each not in known:
                pack.add(each, content)
        listed = ContentList(hashes[0], hashes[1], hashes[2], elements).pack()
        name = content_hash(listed)
        pack.add(name, listed)
        pack.finish(name.hex())
    return name.hex(), size + len(listed)


def _contents_of(packs: Path, snapshot: Snapshot) -> set[bytes]:
    """The hashes of the contents of a snapshot that are in packs; those of a lost pack are written again with the next snapshot."""
    try:
        listed = ContentList.unpack(read_content(packs, bytes.fromhex(snapshot.contents), snapshot.contents))
        return listed.all() & stored_hashes(packs)
    except NoContent:
        return set()


def _add_elements(pack: PackWriter, sample: OpenSample, known: set[bytes]) -> tuple[bytes, int]:
    """Add the MEs that are not known; returns the hashes of all of them, and their bytes."""
    columns = sample.columns
    scalars = {kind for kind in Kind if kind.scalar}
    histograms = [index for index, kind in enumerate(columns.kind) if kind not in scalars]
    found = bytearray(NOTHING * len(columns))
    size = 0
    rows = [columns.row(index) for index in histograms]
    for number, content in contents(sample.url, sample.format, rows, sample.file_version):
        if isinstance(content, FormatError):
            continue
        name = content_hash(content)
        at = histograms[number] * HASH_BYTES
        found[at : at + HASH_BYTES] = name
        size += len(content)
        if name not in known:
            pack.add(name, content)
    return bytes(found), size


def _without_places(columns: Columns) -> Columns:
    """The columns without places in the file, so that snapshots share them."""
    none = [0] * len(columns)
    kept = (columns.objlen, columns.keylen, columns.kind, columns.status, columns.flags)
    return Columns([none, none, *kept, none, columns.class_version])
