"""Grabbing: each machine of P5 is asked every few seconds, in a thread of its own, for the documents that changed.

A machine is asked for the headers from the last revision on that was read, that one included: as long as P5 counts on,
its document is among them, at that revision or a newer one. When it is not, P5 counts anew (or dropped it by hand), and
everything is asked for that differs from what is stored. The documents of the headers come in batches. When nobody has
looked for a while, P5 may have counted anew, and past that revision: then one of a few documents that it had is gone or
of lower revision than before. Documents that are found to be gone have revision 0 here, so that they are missed once.

A batch that fails is fetched again one by one: what fails then, while the machine answers otherwise, is put aside as a
dead letter. A batch and a single document may take half of the time-out each, so that a bad one costs the others one. A machine that does not answer is left alone for a while, twice as long each time, and no other notices.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, NamedTuple

from peewee import fn

from app.core.database import end_thread, rows
from app.core.settings import Settings
from app.queue import TaskRun
from app.square.documents import TYPES, Rows, integer, moment, rows_of
from app.square.models import DeadLetter, Document, Host, Job, Run
from app.square.poller import store
from app.square.poller.store import Bad
from app.square.settings import SquareSettings
from app.square.upstream import MOST_REV, BadAnswer, Header, Headers, Unreachable, Upstream, short

log = logging.getLogger(__name__)

BATCH = 64
"""Documents of one request."""
LONGEST_PAUSE_S = 60.0
AWAY_S = 3.0
"""Who has not looked for so long and two periods may have missed that P5 counts anew."""
PROBES = 8
TRIES_FOR_ALL = 3
AGAIN_MOST = 50
"""What should have come but did not, and is fetched again each minute: ends of jobs of older runs, and dead letters."""
AGAIN_DAYS = 14
LETTER_AGAIN_S = 120.0
LETTER_TIMES = 10

Over = Callable[[], bool]


class Fetched(NamedTuple):
    """What came of a request for documents: those that came by key, why others cannot be had with what came of them, and how many
    of the keys, from the first, were dealt with before the time was over."""

    documents: dict[str, dict[str, Any]]
    bad: dict[str, tuple[str, bytes]]
    done: int


class HostGrabber:
    """Grabs one machine of a system for a minute; used by one thread at a time."""

    def __init__(self, system: str, name: str, settings: Settings) -> None:
        self.system, self.name = system, short(name)
        self.upstream = Upstream(settings)
        self.period_s = settings.of(SquareSettings).square_grab_s
        self.not_before: float | None = None
        self.looked_again = False
        self.odd_types: set[str] = set()
        self.bad_headers: set[bytes] = set()

    def grab(self, over: Over) -> bool:
        """Fetch what is new, until there is no more or `over`; whether the machine answered."""
        host = self._row()
        if self.not_before is None:  # somebody else may have been here before
            self.not_before = time.monotonic() + min(host.not_before - time.time(), LONGEST_PAUSE_S)
        if time.monotonic() < self.not_before:
            return False
        try:
            new = self._new(host)
            done = 0
            while done < len(new):
                if over():
                    return True
                done += self._take(host, new[done : done + BATCH], len(new) - done, over)
            self._look_again(host, over)
        except (Unreachable, BadAnswer) as error:
            pause = min(2.0 ** min(host.failures, 10), LONGEST_PAUSE_S)
            self.not_before = time.monotonic() + pause
            if not host.failures:
                log.warning("%s of %s does not answer: %s", self.name, self.system, error)
                if isinstance(error, BadAnswer) and error.raw:
                    store.save(host, [], [Bad("", None, str(error), error.raw)], time.time())
            store.failed(host, str(error), time.time(), time.time() + pause)
            return False
        store.answered(host, time.time())
        return True

    def _row(self) -> Host:
        role = "fu" if "fu" in self.name else "bu"
        Host.insert(system=self.system, name=self.name, role=role).on_conflict_ignore().execute()
        found: Host = Host.get(Host.system == self.system, Host.name == self.name)
        return found

    def _new(self, host: Host) -> list[Header]:
        """The headers of what is to be fetched, by ascending revision."""
        found, bad = self.upstream.headers(self.name, host.rev) if host.rev else self._all_headers(host)
        known = next((header for header in found if header.key == host.rev_key), None)
        if host.rev and (known is None or (self._was_away(host) and self._has_forgotten())):
            found, bad = self._all_headers(host)
            found = self._counted_anew(host, found)
        elif known and known.rev == host.rev:
            found.remove(known)
        for why, raw in bad:
            if raw not in self.bad_headers:  # they come again and again
                self.bad_headers.add(raw)
                log.warning("%s of %s: %s", self.name, self.system, why)
                store.save(host, [], [Bad("", None, why, raw)], time.time())
        return found

    def _was_away(self, host: Host) -> bool:
        """Whether the machine, or this service, was away since the last look."""
        return host.failures > 0 or time.time() - (host.last_ok or 0.0) > 2 * self.period_s + AWAY_S

    def _has_forgotten(self) -> bool:
        """Whether P5 lacks a document that it had, or has a lower revision of it, as judged by a few: all are too many to ask for."""
        here = Document.system == self.system, Document.host == self.name, Document.rev > 0
        newest = Document.select(Document.key, Document.rev).where(*here).order_by(Document.rev.desc()).limit(PROBES)
        job = (Job.system == Document.system) & (Job.key == Document.key)
        ended = newest.join(Job, on=job).where(Job.exit_code.is_null(False))  # which no later state brings back
        stored = dict(rows(newest)) | dict(rows(ended))
        there = self.upstream.documents(self.name, stored) if stored else {}
        return any(key not in there or (integer(there[key].get("_rev")) or 0) < rev for key, rev in stored.items())

    def _all_headers(self, host: Host) -> Headers:
        """All headers of a machine, or, when it failed to give them again and again, as many of the newest as it can give.

        A machine gives all from a revision on, or nothing: so the first one that it can give is searched for by halves.
        """
        try:
            return self.upstream.headers(self.name, 0)
        except BadAnswer as error:
            if host.failures < TRIES_FOR_ALL:
                raise
            log.warning("%s of %s does not give all headers, the newest are looked for: %s", self.name, self.system, error)
        too_old, too_new = 0, MOST_REV
        self.upstream.headers(self.name, too_new)  # if this fails, too, it is not for their number
        while too_new - too_old > 1:
            middle = (too_old + too_new) // 2
            try:
                found = self.upstream.headers(self.name, middle)
            except BadAnswer:
                too_old = middle
                continue
            if found.found:
                return found
            too_new = middle
        return Headers([], [])

    def _counted_anew(self, host: Host, found: list[Header]) -> list[Header]:
        """What of all headers is to be fetched when the last one that was read is gone."""
        newest = max((header.rev for header in found), default=0)
        log.warning("%s of %s has revisions up to %d, after %d before: all of it is compared", self.name, self.system, newest, host.rev)
        here = Document.system == self.system, Document.host == self.name, Document.rev > 0
        stored = {
            key: (rev, timestamp)
            for key, rev, timestamp in rows(Document.select(Document.key, Document.rev, Document.timestamp).where(*here))
        }
        anew = newest < host.rev or any(header.key in stored and header.rev < stored[header.key][0] for header in found)
        store.miss(self.system, [*(stored.keys() - {header.key for header in found})])
        store.save(host, [], [], time.time(), rev=0, rev_key="", resets=host.resets + anew)
        return [header for header in found if header is found[-1] or stored.get(header.key) != (header.rev, header.timestamp)]

    def _take(self, host: Host, headers: Sequence[Header], left: int, over: Over) -> int:
        """Fetch and store one batch, or until `over` the beginning of it; how many. `left` are still to come, those included."""
        documents, bad, done = self._fetch([header.key for header in headers], over)
        headers = headers[:done]
        by_key = {header.key: header for header in headers}
        now = time.time()
        found = self._made(documents, by_key, now, bad)
        for key in by_key.keys() - documents.keys() - bad.keys():
            bad[key] = ("it was dropped at P5 before it was fetched", b"")
        letters = [Bad(key, by_key[key].rev, why, raw) for key, (why, raw) in bad.items()]
        last = headers[-1]
        reached = {"rev": last.rev, "rev_key": last.key, "last_ok": now, "last_new": now, "behind": left - done, "failures": 0}
        store.save(host, found, letters, now, **reached)
        return done

    def _made(
        self, documents: dict[str, dict[str, Any]], headers: dict[str, Header], now: float, bad: dict[str, tuple[str, bytes]]
    ) -> list[Rows]:
        """The rows of documents; why one cannot be stored is added to `bad`."""
        found = []
        for key, document in documents.items():
            try:
                found.append(self._rows(document, headers[key].rev, headers[key].timestamp, now))
            except (ValueError, RecursionError, OverflowError) as error:
                bad[key] = (f"it cannot be stored: {error}", b"")
        return found

    def _rows(self, document: dict[str, Any], rev: int, timestamp: float | None, now: float) -> Rows:
        reported = timestamp if timestamp is not None else moment(document.get("report_timestamp"))
        made = rows_of(self.system, self.name, document, rev, now if reported is None else reported, now)
        kind = made.document["type"]
        if kind not in TYPES and kind not in self.odd_types:
            self.odd_types.add(kind)
            log.warning("%s of %s has documents of the unknown type %r; they are kept", self.name, self.system, kind)
        return made

    def _fetch(self, keys: list[str], over: Over) -> Fetched:
        """Documents by key; a request that fails is followed by one for each document until `over`, and for one at least."""
        try:
            found = self.upstream.documents(self.name, keys)
            return Fetched({key: found[key] for key in keys if key in found}, {}, len(keys))
        except BadAnswer as error:
            log.warning("%d documents of %s of %s, one by one now: %s", len(keys), self.name, self.system, error)
        documents: dict[str, dict[str, Any]] = {}
        bad: dict[str, tuple[str, bytes]] = {}
        for done, key in enumerate(keys):
            if done and over():
                return Fetched(documents, bad, done)
            try:
                found = self.upstream.documents(self.name, [key])
                documents |= {key: found[key]} if key in found else {}
            except BadAnswer as error:
                self.upstream.headers(self.name, MOST_REV)  # no header is so new; if this fails, it is not for the document
                bad[key] = (str(error), error.raw)
        return Fetched(documents, bad, len(keys))

    def _look_again(self, host: Host, over: Over) -> None:
        """Fetch again what should have changed: jobs of older runs that have not ended, and dead letters."""
        if self.looked_again:
            return
        self.looked_again = True
        keys = self._doubtful()
        for start in range(0, len(keys), BATCH):
            documents, bad, _ = self._fetch(list(keys)[start : start + BATCH], over)
            now = time.time()
            headers = {
                key: Header(key, integer(given.get("_rev")) or 0, moment(given.get("timestamp"))) for key, given in documents.items()
            }
            changed = {key: document for key, document in documents.items() if headers[key].rev != keys[key]}
            found = self._made(changed, headers, now, bad)
            store.save(host, found, [Bad(key, keys[key], why, raw) for key, (why, raw) in bad.items()], now)

    def _doubtful(self) -> dict[str, int | None]:
        """The stored revision of jobs of older runs that have not ended, None for dead letters."""
        newest = Run.select(fn.MAX(Run.run)).where(Run.system == self.system)
        jobs = Job.select(Job.key, Document.rev).join(Document, on=(Document.system == Job.system) & (Document.key == Job.key))
        older = Job.system == self.system, Job.host == self.name, Job.exit_code.is_null(), Job.run < newest
        recent = jobs.where(*older, Job.reported > time.time() - AGAIN_DAYS * 86400).order_by(Job.reported.desc()).limit(AGAIN_MOST)
        here = DeadLetter.system == self.system, DeadLetter.host == self.name, DeadLetter.key != "", DeadLetter.times < LETTER_TIMES
        due = DeadLetter.last < time.time() - LETTER_AGAIN_S
        letters = rows(DeadLetter.select(DeadLetter.key).where(*here, due).order_by(DeadLetter.last).limit(AGAIN_MOST))
        return dict(rows(recent)) | dict.fromkeys((key for (key,) in letters), None)


@contextmanager
def grabbing(system: str, machines: Sequence[str], settings: Settings, run: TaskRun) -> Iterator[Callable[[], None]]:
    """Gives a step: begin with each machine that nobody is at, and wait for them no longer than for the next step."""
    store.keep_hosts({system: [short(name) for name in names] for system, names in settings.of(SquareSettings).square_machines.items()})
    hosts = [HostGrabber(system, name, settings) for name in machines]
    at_work: dict[HostGrabber, Future[bool]] = {}

    def one(host: HostGrabber) -> bool:
        try:
            return host.grab(run.should_stop)
        finally:
            end_thread()

    def ready() -> list[Future[bool]]:
        return [at_work.pop(host) for host, future in list(at_work.items()) if future.done()]

    with ThreadPoolExecutor(len(hosts), thread_name_prefix=f"grab-{system}") as pool:

        def step() -> None:
            ended = ready()
            at_work.update({host: pool.submit(one, host) for host in hosts if host not in at_work})
            wait(at_work.values(), timeout=settings.of(SquareSettings).square_grab_s)
            ended += ready()
            answered = [future.result() for future in ended]
            if not any(answered) and not at_work:
                raise Unreachable(f"no machine of {system} answers")

        yield step
    for host in hosts:
        host.upstream.close()
