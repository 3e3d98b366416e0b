"""Files that were completed below a folder: by inotify, and by scans where events may be missing."""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import select
import struct
import time
from collections.abc import Collection
from typing import Self

from .log import one_line
from .names import parse_name

IN_CLOSE_WRITE, IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE = 0x8, 0x40, 0x80, 0x100
IN_MOVE_SELF, IN_Q_OVERFLOW, IN_IGNORED = 0x800, 0x4000, 0x8000
IN_ONLYDIR, IN_DONT_FOLLOW, IN_ISDIR = 0x1000000, 0x2000000, 0x40000000
_MASK = IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_MOVE_SELF | IN_ONLYDIR
_EVENT = struct.Struct("iIII")
_BUFFER = 1 << 16
_VANISHED = {errno.ENOENT, errno.ENOTDIR}
_MOST_STRANGERS = 1000
_libc = ctypes.CDLL(None, use_errno=True)
log = logging.getLogger(__name__)


class FolderWatch:
    """Watches a folder and its subfolders, which may be made later, as may the folder itself.

    The folder may be a symbolic link. Other links, and folders and pipes with names of files, are named once in the log.

    Attributes:
        scans: Number of scans so far.
        overflows: How often the kernel dropped events; each leads to a scan.
    """

    def __init__(self, folder: str, depth: int = 3, scan_s: float = 30.0, linked: Collection[str] = ()) -> None:
        """Begin to watch.

        Args:
            folder: The folder.
            depth: Levels of subfolders that are watched.
            scan_s: Seconds between two scans of everything.
            linked: Names of direct subfolders that may be links, too.
        """
        self._folder, self._depth, self._scan_s, self._linked = folder, depth, scan_s, linked
        self._places: dict[int, tuple[str, int]] = {}
        self._inotify = -1
        self._next_scan = time.monotonic()
        self._is_limited = False
        self._unreadable: set[str] = set()
        self._strangers: set[str] = set()
        self.scans = self.overflows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End watching."""
        if self._inotify >= 0:
            os.close(self._inotify)
        self._inotify = -1
        self._places.clear()

    def scan_next(self) -> None:
        """Let the next call of `changes` scan everything."""
        self._next_scan = time.monotonic()

    def changes(self, timeout_s: float) -> set[str]:
        """Paths of files that were closed after writing, or moved here, since the last call; waits for some until the time is over.

        Unchanged and removed files may be included: after a scan, the result has all files. When inotify cannot be used, since other
        programs have too many watches, there are only scans.
        """
        end = time.monotonic() + timeout_s
        while True:
            found: set[str] = set()
            if self._inotify < 0 and self._begin():
                self._next_scan = time.monotonic()
            is_complete = self._inotify < 0 or self._read_events(found)
            if not is_complete or time.monotonic() >= self._next_scan:
                self._scan(self._folder, 0, found)
                self.scans += 1
                self._next_scan = time.monotonic() + self._scan_s
            left = min(end, self._next_scan) - time.monotonic()
            if found or end <= time.monotonic():
                return found
            poll = select.poll()
            if self._inotify >= 0:
                poll.register(self._inotify, select.POLLIN)
            poll.poll(max(0, 1000 * left) + 1)

    def _begin(self) -> bool:
        """Begin to use inotify; False when that is impossible now."""
        try:
            self._inotify = _checked(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        except OSError as error:
            self._note_limit(self._folder, error)
            return False
        return True

    def _note_limit(self, folder: str, error: OSError) -> None:
        if not self._is_limited:
            log.warning("Cannot watch %s, new files are found by scans alone: %s", folder, error.strerror)
        self._is_limited = True

    def _read_events(self, found: set[str]) -> bool:
        """Read all waiting events; False when everything must be scanned."""
        is_complete = True
        while True:
            try:
                data = os.read(self._inotify, _BUFFER)
            except BlockingIOError:
                return is_complete
            at = 0
            while at < len(data):
                watch, mask, _, length = _EVENT.unpack_from(data, at)
                name = os.fsdecode(data[at + _EVENT.size : at + _EVENT.size + length].rstrip(b"\0"))
                at += _EVENT.size + length
                if mask & IN_MOVE_SELF or (mask & IN_ISDIR and mask & IN_MOVED_FROM):
                    self.close()  # watches have other paths now: all begin again
                    self._begin()
                    return False
                is_complete = self._handle(watch, mask, name, found) and is_complete

    def _handle(self, watch: int, mask: int, name: str, found: set[str]) -> bool:
        """Handle one event; False when events are missing."""
        if mask & IN_Q_OVERFLOW:
            self.overflows += 1
            return False
        if mask & IN_IGNORED:
            self._places.pop(watch, None)
        elif watch in self._places and name:
            folder, depth = self._places[watch]
            path = os.path.join(folder, name)
            if mask & IN_ISDIR:
                if mask & (IN_CREATE | IN_MOVED_TO):
                    self._scan(path, depth + 1, found)
            elif mask & (IN_CLOSE_WRITE | IN_MOVED_TO):
                found.add(path)
        return True

    def _scan(self, folder: str, depth: int, found: set[str]) -> None:
        """Watch a folder, and add all files below it; the watch comes first, so that no file is between the two."""
        if depth > self._depth:
            return
        try:
            self._watch(folder, depth)
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=depth == 0 and entry.name in self._linked):
                        if parse_name(entry.name):
                            self._note_stranger(entry.path, "is a folder with the name of a file")
                        self._scan(entry.path, depth + 1, found)
                    elif entry.is_file(follow_symlinks=False):
                        found.add(entry.path)
                    else:
                        what = "is a symbolic link, and is not followed" if entry.is_symlink() else "is no file"
                        self._note_stranger(entry.path, what)
        except OSError as error:
            is_gone = error.errno == errno.ENOENT or (error.errno == errno.ENOTDIR and depth > 0)
            if not is_gone and folder not in self._unreadable:
                self._unreadable.add(folder)
                log.error("Cannot scan %s: %s", folder, error.strerror)
        else:
            self._unreadable.discard(folder)

    def _note_stranger(self, path: str, what: str) -> None:
        if path not in self._strangers and len(self._strangers) < _MOST_STRANGERS:
            self._strangers.add(path)
            log.warning("%s %s", one_line(path), what)

    def _watch(self, folder: str, depth: int) -> None:
        if self._inotify < 0:
            return
        try:
            watch = _checked(_libc.inotify_add_watch(self._inotify, os.fsencode(folder), _MASK | self._link_mask(folder, depth)))
        except OSError as error:
            if error.errno in _VANISHED:
                raise
            self._note_limit(folder, error)
        else:
            self._places[watch] = (folder, depth)

    def _link_mask(self, folder: str, depth: int) -> int:
        """IN_DONT_FOLLOW, except for folders that may be links."""
        return 0 if depth == 0 or (depth == 1 and os.path.basename(folder) in self._linked) else IN_DONT_FOLLOW


def _checked(result: int) -> int:
    """The result of a function of the C library. Raises `OSError` when it failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
