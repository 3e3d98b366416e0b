"""The files of a run on the BU, and the snapshots of its clients that go into a concatenation.

A snapshot is replaced by the next one under the same name. A hard link keeps the last good one of each client until the next one
is known to be good, so that the histograms of a client do not vanish from the live page because of one incomplete snapshot.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

from ..names import FileKind, parse_name

WORK_FOLDER = ".bu"
"""The folder for links and concatenations in the folder of a run, since hard links must be on the same file system."""
_GOOD, _NEW = "good", "new"
log = logging.getLogger(__name__)


class RunFile(NamedTuple):
    """A complete file of a run on the BU.

    Attributes:
        path: Its path.
        kind: What it is.
        client: The tag of the client; empty if it has none.
        host: The FU that it comes from; empty for files made here.
        lumi: Lumisection of a snapshot of an older client; otherwise 0.
        version: Version of a ROOT file; otherwise 0.
        size: Bytes.
        inode: Number of the inode.
        arrived: Time of arrival by the clock of this host, ns since 1970.
        changed: Time of the last change of the content, ns since 1970.
    """

    path: Path
    kind: FileKind
    client: str
    host: str
    lumi: int
    version: int
    size: int
    inode: int
    arrived: int
    changed: int


def list_files(folder: Path, run: int, unreadable: dict[str, str] | None = None) -> list[RunFile]:
    """The files of a run in its folder, and in the folders of clients in it.

    Args:
        folder: The folder of the run.
        run: Its number.
        unreadable: Filled with the names of unreadable folders of clients, and the reasons; the other folders are read.

    Raises `OSError` when the folder of the run cannot be read.
    """
    found, folders = _listed(os.fspath(folder), "", run)
    for client in folders:
        try:
            found += _listed(os.path.join(folder, client), client, run)[0]
        except FileNotFoundError:
            continue  # removed meanwhile
        except OSError as error:
            if unreadable is not None:
                unreadable[client] = error.strerror or str(error)
    return found


def _listed(place: str, client: str, run: int) -> tuple[list[RunFile], list[str]]:
    """The files of a run in one folder, and the names of the folders in it. Raises `OSError`."""
    files, folders = [], []
    with os.scandir(place) as entries:
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                files.append(_run_file(entry, client, run))
            elif not entry.name.startswith("."):
                folders.append(entry.name)
    return [file for file in files if file], folders


def _run_file(entry: os.DirEntry[str], folder: str, run: int) -> RunFile | None:
    """A file by its name; None for other files, and for files of clients without the host in their names, since these are incomplete."""
    name = parse_name(entry.name, folder)
    if name is None or name.run != run or not (name.host or name.kind == FileKind.MERGED_FILE):
        return None
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None  # replaced or removed meanwhile
    if not stat.S_ISREG(status.st_mode):
        return None
    times = (status.st_ctime_ns, status.st_mtime_ns)
    return RunFile(Path(entry.path), name.kind, name.tag, name.host, name.lumi, name.version, status.st_size, status.st_ino, *times)


@dataclass(frozen=True)
class Snapshot:
    """One version of the snapshot of a client on one FU.

    Attributes:
        path: The file to read: a link, which no later version replaces.
        name: Its path below the folder of the run.
        host: The FU.
        client: The tag of the client.
        lumi: Lumisection of a snapshot of an older client; otherwise 0.
        size: Bytes.
        inode: Number of the inode.
        arrived: Time of arrival by the clock of this host, ns since 1970.
        is_good: Whether it was in a concatenation.
    """

    path: Path
    name: str
    host: str
    client: str
    lumi: int
    size: int
    inode: int
    arrived: int
    is_good: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Host and client."""
        return self.host, self.client

    @property
    def age_order(self) -> tuple[int, int]:
        """Orders the versions of one client: by lumisection where the name has one, and by arrival."""
        return self.lumi, self.arrived


class Snapshots:
    """The snapshots of a run: of each client the newest, and the last good one."""

    def __init__(self, folder: Path, run: int) -> None:
        """Continue with the links in the folder of a run."""
        self._folder, self._run = folder, run
        self._work = folder / WORK_FOLDER
        self._good: dict[tuple[str, str], Snapshot] = {}
        self._new: dict[tuple[str, str], Snapshot] = {}
        self._damaged: dict[tuple[str, str], str] = {}
        self._cannot_link = False
        self._load()

    @property
    def inputs(self) -> list[Snapshot]:
        """The snapshots for the next concatenation, in the order of their arrival."""
        usable = self._good | {key: new for key, new in self._new.items() if key not in self._damaged}
        return sorted(usable.values(), key=lambda one: (one.arrived, one.key))

    @property
    def left_out(self) -> list[tuple[Snapshot, str]]:
        """The damaged snapshots, each with the reason, while they are the newest of their clients."""
        return [(self._new[key], reason) for key, reason in sorted(self._damaged.items())]

    @property
    def digest(self) -> str:
        """Hash of the versions of the snapshots, and of those left out: 32 hex digits."""
        lines = [f"{one.name}\0{one.size}\0{one.inode}\0{one.arrived}\n" for one in self.inputs]
        lines += ["left out\n", *(f"{one.name}\0{one.size}\0{one.inode}\0{one.arrived}\n" for one, _ in self.left_out)]
        return hashlib.md5("".join(lines).encode(errors="surrogateescape"), usedforsecurity=False).hexdigest()

    def update(self, files: Iterable[RunFile]) -> None:
        """Notice the newest snapshot of each client, in the order of arrival, since linking a file changes its time of arrival."""
        newest: dict[tuple[str, str], Snapshot] = {}
        for file in files:
            if file.kind == FileKind.SNAPSHOT:
                found = self._known(self._snapshot(file))
                if found.key not in newest or found.age_order > newest[found.key].age_order:
                    newest[found.key] = found
        for snapshot in sorted(newest.values(), key=lambda one: one.arrived):
            self._notice(snapshot)

    def accept(self, paths: Iterable[Path]) -> None:
        """Note that these snapshots are good: new ones become the last good ones of their clients. Raises `OSError`."""
        included = set(paths)
        for key, new in list(self._new.items()):
            if new.path in included and key not in self._damaged:
                good = replace(new, is_good=True)
                if self._is_link(new):
                    good = replace(good, path=self._work / _link_name(good))
                    new.path.replace(good.path)
                older = self._good.get(key)
                self._good[key] = good
                del self._new[key]
                self._remove(older)

    def reject(self, path: Path, reason: str) -> bool:
        """Leave out a damaged snapshot; returns whether an older one of its client takes its place."""
        for key, one in self._new.items():
            if one.path == path:
                self._damaged[key] = reason
                return key in self._good
        for key, one in list(self._good.items()):
            if one.path == path:  # it was readable before
                self._remove(self._new.get(key))
                self._new[key], self._damaged[key] = self._good.pop(key), reason
        return False

    def _snapshot(self, file: RunFile) -> Snapshot:
        name = os.path.relpath(file.path, self._folder)
        return Snapshot(file.path, name, file.host, file.client, file.lumi, file.size, file.inode, file.arrived)

    def _known(self, found: Snapshot) -> Snapshot:
        """The linked version, with its time of arrival, if this snapshot is linked already; otherwise the snapshot."""
        linked = (self._new.get(found.key), self._good.get(found.key))
        for one in linked:
            if one and (one.inode, one.size) == (found.inode, found.size) and (self._is_link(one) or one.arrived == found.arrived):
                return one
        return found

    def _notice(self, snapshot: Snapshot) -> None:
        """Link a snapshot unless its version is known."""
        key = snapshot.key
        older = self._new.get(key)
        if snapshot is older or snapshot is self._good.get(key):
            return
        link = self._work / _link_name(snapshot)
        try:
            self._work.mkdir(exist_ok=True)
            link.unlink(missing_ok=True)
            link.hardlink_to(snapshot.path)
            if link.stat().st_ino != snapshot.inode:
                link.unlink()  # replaced meanwhile: the next round notices the newer one
                return
        except FileNotFoundError:
            return
        except OSError as error:
            if not self._cannot_link:
                log.warning("Cannot keep the last good snapshots of run %d: %s", self._run, error)
            self._cannot_link = True
            link = snapshot.path
        if key in self._good and not self._is_link(self._good[key]):
            del self._good[key]  # this version replaced the file
        self._new[key] = replace(snapshot, path=link)
        self._damaged.pop(key, None)
        if not snapshot.size:
            self._damaged[key] = "it is empty"
        self._remove(older)

    def _is_link(self, snapshot: Snapshot) -> bool:
        return snapshot.path.parent == self._work

    def _remove(self, snapshot: Snapshot | None) -> None:
        if snapshot and self._is_link(snapshot):
            snapshot.path.unlink(missing_ok=True)

    def _load(self) -> None:
        """Find the links of an earlier process; of several links of one client, as after a crash, only the newest is kept."""
        try:
            names = os.listdir(self._work)
        except OSError:
            return
        for name in names:
            with suppress(OSError):
                if found := self._from_link(name):
                    places = self._good if found.is_good else self._new
                    one, other = sorted([found, places.get(found.key, found)], key=lambda version: version.age_order)
                    places[found.key] = other
                    if one is not other:
                        self._remove(one)

    def _from_link(self, link: str) -> Snapshot | None:
        arrived, _, rest = link.partition("-")
        state, _, quoted = rest.partition("-")
        if not arrived.isdecimal() or state not in (_GOOD, _NEW):
            return None
        name = os.fsdecode(unquote_to_bytes(quoted))
        parsed = parse_name(os.path.basename(name), os.path.dirname(name))
        if parsed is None:
            return None
        path = self._work / link
        status = path.stat()
        return Snapshot(
            path, name, parsed.host, parsed.tag, parsed.lumi, status.st_size, status.st_ino, int(arrived), is_good=state == _GOOD
        )


def _link_name(snapshot: Snapshot) -> str:
    """The name of a link; it contains everything that must survive a restart."""
    return f"{snapshot.arrived}-{_GOOD if snapshot.is_good else _NEW}-{quote_from_bytes(os.fsencode(snapshot.name), safe='')}"
