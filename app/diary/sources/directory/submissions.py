"""New submission logs. Each is read once; a log that is incomplete, or that the hub has no permission to read, is tried again."""

from __future__ import annotations

import codecs
import errno
import os
import re
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

from app.diary.observations.checks import clean
from app.diary.sources.batch_fields import without_secrets
from app.diary.sources.directory.config import SubmissionRules
from app.diary.sources.directory.files import Watched, read_beginning
from app.diary.sources.directory.texts import SubmissionLog, read_submission_log

AT_ONCE = 2000
"""Most new logs of one scan."""
LOG_BYTES = 256 << 10
MOST_LATE = 1000
"""Most logs that are tried again."""


class Submissions:
    """The folder of submission logs.

    Attributes:
        read: Hashes of the names that were read; names take ten times the memory.
        waiting: Names that a scan had no time for, the last one first.
    """

    def __init__(self, rules: SubmissionRules, zone: ZoneInfo) -> None:
        self.rules = rules
        self.zone = zone
        self.form = re.compile(rules.pattern)
        self.errors = "surrogateescape" if codecs.lookup(rules.encoding).name == "utf-8" else "replace"  # as in names of files
        self.seen = Watched()
        self.read: set[int] = set()
        self.late: dict[str, Watched] = {}
        self.waiting: list[str] = []

    def note(self, name: str) -> None:
        """Do not read the log of this name again."""
        self.read.add(hash(clean(name)))

    def new(
        self, oldest: float, is_over: Callable[[], bool], report: Callable[[str, str, str], None]
    ) -> Iterator[tuple[str, SubmissionLog]]:
        """Path and content of new logs. Raises OSError when the folder cannot be listed.

        Args:
            oldest: Logs that changed last before are left alone; Unix s UTC.
            is_over: Whether the time of the scan is over.
            report: Called with path, text and reason of a log that cannot be used yet; the reason is "" once it can be used.
        """
        if not self.waiting and self.seen.is_due(os.stat(self.rules.folder)):
            self.waiting = self._list()
        late = list(self.late)
        for number, name in enumerate(self._names(late), 1):
            path = os.path.join(self.rules.folder, name)
            if (found := self._read(name, path, oldest, report)) is not None:
                self.late.pop(name, None)
                self.note(name)
                report(path, "", "")
                yield path, found
            if number == AT_ONCE + len(late) or is_over():
                break

    def _names(self, late: list[str]) -> Iterator[str]:
        yield from late
        while self.waiting:
            yield self.waiting.pop()

    def _list(self) -> list[str]:
        try:
            names = os.listdir(self.rules.folder)
        except OSError:
            self.seen.forget()
            raise
        new = (name for name in names if hash(clean(name)) not in self.read and name not in self.late)
        return sorted((name for name in new if self.form.fullmatch(name)), reverse=True)

    def _read(self, name: str, path: str, oldest: float, report: Callable[[str, str, str], None]) -> SubmissionLog | None:
        """A log; None: it did not change since it could not be used, or it cannot be used yet."""
        watched = self.late.get(name) or Watched()
        try:
            at = os.stat(path, follow_symlinks=False)
            if at.st_mtime < oldest:
                self.note(name)
                return None
            if not watched.is_due(at):
                return None
            text = read_beginning(path, LOG_BYTES).decode(self.rules.encoding, self.errors)
        except OSError as error:
            watched.forget()
            if error.errno == errno.ENOENT:
                self.late.pop(name, None)  # it vanished; with this name it may come again
                return None
            self._put_off(name, watched)
            report(path, path, error.strerror or str(error))
            return None
        if self.errors == "replace":
            text = clean(text)  # other encodings may give what no path can have
        is_whole = watched.is_settled or text.endswith("\n")
        text = without_secrets(text)
        found = read_submission_log(text, self.rules, self.zone) if is_whole else None
        if found is None:
            self._put_off(name, watched)
            if watched.is_settled:
                report(path, text, f"{name} has no {self.rules.id}, or no {self.rules.workdir} that begins with /")
        return found

    def _put_off(self, name: str, watched: Watched) -> None:
        """Try a log again. If there are too many, the first without a usable text is dropped; unreadable ones are listed again."""
        self.late[name] = watched
        if len(self.late) <= MOST_LATE:
            return
        unusable = next((name for name, watched in self.late.items() if watched.stamp and watched.is_settled), None)
        if unusable is None:
            del self.late[name]
            self.seen.forget()
        else:
            del self.late[unusable]
            self.note(unusable)
