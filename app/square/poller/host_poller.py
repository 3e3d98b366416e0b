"""Polling of one machine at P5 for documents that changed.

The poller requests the headers from the last revision that it read on, which is included. As long as the revisions at
P5 continue, the document of that revision is among them, at that revision or a newer one. If it is not, the revisions
were reset (or the document was dropped), and all documents that differ from the stored ones are fetched. After an
outage the revisions may have been reset and already passed the stored one; then one of a few probed documents is gone,
has a lower revision than before, or another time at the same revision. Documents that are found to be gone are stored
with revision 0, so that they are missed only once.

Documents are fetched in batches, see app.square.poller.fetching. A machine that does not respond is left alone for a
time that doubles with each failure; the other machines are not affected. An unreachable gateway is probed by one poller
at a time, and all resume once it responds, see app.square.gateway.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

from app.core.database import rows
from app.core.settings import Settings
from app.square.documents import TYPES, DocumentRows, rows_of
from app.square.errors import P5BadResponse, P5Busy, P5Error, P5Unavailable, P5Unreachable
from app.square.models import DeadLetter, Document, Host, Job
from app.square.poller import store
from app.square.poller.fetching import DocumentFetcher, Failures, ShouldStop
from app.square.poller.store import RejectedDocument
from app.square.runs import newest_run
from app.square.settings import SquareSettings
from app.square.upstream import MAX_REV, DocumentHeader, DocumentHeaders, Upstream, short_name
from app.square.values import integer, moment

log = logging.getLogger(__name__)

BATCH = 64
"""Documents of one request."""

MAX_PAUSE_S = 60.0
"""Longest time for which a failing machine is left alone."""

MAX_GAP_S = 3.0
"""After a gap of this plus two periods a reset of the revisions may have been missed."""

PROBES = 8
"""Newest documents, and newest documents of ended jobs, that are probed after a gap."""

FULL_LIST_ATTEMPTS = 3
"""Failures after which the poller no longer requests all headers of a machine at once."""

MAX_RECHECKED = 50
"""Unfinished jobs of older runs, and dead letters, that are fetched again in each run of the poller."""

RECHECK_DAYS = 14
DEAD_LETTER_RETRY_S = 120.0
DEAD_LETTER_ATTEMPTS = 10

DAY_S = 86400


class HostPoller:
    """Polls one machine of a system during one run of the poller; used by one thread at a time."""

    def __init__(self, system: str, name: str, settings: Settings) -> None:
        self.system, self.name = system, short_name(name)
        self.upstream = Upstream(settings)
        self.period_s = settings.of(SquareSettings).square_poll_s
        self.gateway = self.upstream.gateway_state
        self.fetcher = DocumentFetcher(self.upstream, self.name)
        self.not_before: float | None = None  # monotonic time before which the machine is left alone
        self.is_rechecked = False
        self.unknown_types: set[str] = set()  # that were logged
        self.rejected_headers: set[bytes] = set()  # that were stored

    def poll(self, should_stop: ShouldStop) -> bool:
        """Fetch new documents until there are no more or `should_stop`; False if the machine does not respond."""
        host = self._row()
        if self._is_paused(host):
            return False
        try:
            self._fetch_new(host, should_stop)
        except P5Busy as error:
            store.record_busy(host, str(error), time.time())
        except P5Error as error:
            self._record_failure(host, error)
            return False
        return True

    def _is_paused(self, host: Host) -> bool:
        """Whether the machine is left alone now: not to probe the gateway, nor once that has recovered."""
        if self.gateway.needs_probe() or self.gateway.recovered_at > (host.last_error or 0.0):
            return False
        if self.not_before is None:  # another process may have polled the machine before
            self.not_before = time.monotonic() + min(host.not_before - time.time(), MAX_PAUSE_S)
        return time.monotonic() < self.not_before

    def _fetch_new(self, host: Host, should_stop: ShouldStop) -> None:
        new = self._new_headers(host)
        done = 0
        while done < len(new):
            if should_stop():
                return
            done += self._store_batch(host, new[done : done + BATCH], len(new) - done, should_stop)
        self._recheck(host, should_stop)
        store.record_response(host, time.time())

    def _record_failure(self, host: Host, error: P5Error) -> None:
        now, pause = time.time(), min(2.0 ** min(host.failures, 10), MAX_PAUSE_S)
        self.not_before = time.monotonic() + pause
        is_unavailable = isinstance(error, P5Unavailable | P5Unreachable)
        if host.failures == (1 if is_unavailable else 0) and not self.gateway.problem:
            log.warning("%s of %s does not respond: %s", self.name, self.system, error)
        if not host.failures and not is_unavailable and isinstance(error, P5BadResponse) and error.raw:
            store.save(host, [], [RejectedDocument("", None, str(error), error.raw)], now)
        store.record_failure(host, str(error), now, now + pause)

    def _row(self) -> Host:
        role = "fu" if "fu" in self.name else "bu"
        Host.insert(system=self.system, name=self.name, role=role).on_conflict_ignore().execute()
        found: Host = Host.get(Host.system == self.system, Host.name == self.name)
        return found

    def _new_headers(self, host: Host) -> list[DocumentHeader]:
        """The headers of the documents to fetch, by ascending revision."""
        headers, rejected = self.upstream.headers(self.name, host.rev) if host.rev else self._all_headers(host)
        known = next((header for header in headers if header.key == host.rev_key), None)
        if host.rev and (known is None or self._is_another(known) or (self._has_gap(host) and self._was_reset())):
            headers, rejected = self._all_headers(host)
            headers = self._changed_after_reset(host, headers)
        elif known and known.rev == host.rev:
            headers.remove(known)
        self._store_rejected(host, rejected)
        return headers

    def _store_rejected(self, host: Host, rejected: list[tuple[str, bytes]]) -> None:
        for reason, raw in rejected:
            if raw not in self.rejected_headers:  # P5 sends them each time
                self.rejected_headers.add(raw)
                log.warning("%s of %s: %s", self.name, self.system, reason)
                store.save(host, [], [RejectedDocument("", None, reason, raw)], time.time())

    def _is_another(self, header: DocumentHeader) -> bool:
        """Whether the stored document of this key has the same revision and another time: P5 has created it again."""
        same = Document.system == self.system, Document.key == header.key, Document.rev == header.rev
        stored = rows(Document.select(Document.timestamp).where(*same))
        return bool(stored) and header.timestamp not in (None, stored[0][0])

    def _has_gap(self, host: Host) -> bool:
        """Whether the machine or the poller was down since the last poll."""
        return host.failures > 0 or time.time() - (host.last_ok or 0.0) > 2 * self.period_s + MAX_GAP_S

    def _was_reset(self) -> bool:
        """Whether P5 lacks a probed document, has a lower revision of it, or created it again."""
        here = Document.system == self.system, Document.host == self.name, Document.rev > 0
        newest = Document.select(Document.key, Document.rev).where(*here).order_by(Document.rev.desc()).limit(PROBES)
        job = (Job.system == Document.system) & (Job.key == Document.key)
        ended = newest.join(Job, on=job).where(Job.exit_code.is_null(False))  # P5 will not create these again
        stored = dict(rows(newest)) | dict(rows(ended))
        present = self.upstream.documents(self.name, stored) if stored else {}
        headers = {key: _own_header(key, document) for key, document in present.items()}
        return any(key not in headers or headers[key].rev < rev or self._is_another(headers[key]) for key, rev in stored.items())

    def _all_headers(self, host: Host) -> DocumentHeaders:
        """All headers of a machine or, if requests for all fail repeatedly, as many of the newest as it can send.

        A machine sends all headers from a revision on, or none: the lowest revision that works is found by bisection.
        """
        try:
            return self.upstream.headers(self.name, 0)
        except P5BadResponse as error:
            if host.failures < FULL_LIST_ATTEMPTS:
                raise
            log.warning("%s of %s cannot send all headers, fetching the newest: %s", self.name, self.system, error)
        too_old, too_new = 0, MAX_REV
        self.upstream.headers(self.name, too_new)  # if this fails as well, the number of headers is not the reason
        while too_new - too_old > 1:
            middle = (too_old + too_new) // 2
            try:
                found = self.upstream.headers(self.name, middle)
            except P5BadResponse:
                too_old = middle
                continue
            if found.headers:
                return found
            too_new = middle
        return DocumentHeaders([], [])

    def _changed_after_reset(self, host: Host, headers: list[DocumentHeader]) -> list[DocumentHeader]:
        """The headers, of all, that differ from the stored documents, when the last revision that was read is gone."""
        newest = max((header.rev for header in headers), default=0)
        log.warning("%s of %s has revisions up to %d, after %d before: comparing all documents", self.name, self.system, newest, host.rev)
        here = Document.system == self.system, Document.host == self.name, Document.rev > 0
        query = Document.select(Document.key, Document.rev, Document.timestamp).where(*here)
        stored = {key: (rev, timestamp) for key, rev, timestamp in rows(query)}
        is_reset = newest < host.rev or any(header.key in stored and header.rev < stored[header.key][0] for header in headers)
        store.mark_missing(self.system, [*(stored.keys() - {header.key for header in headers})])
        store.save(host, [], [], time.time(), rev=0, rev_key="", resets=host.resets + is_reset)
        return [header for header in headers if header is headers[-1] or stored.get(header.key) != (header.rev, header.timestamp)]

    def _store_batch(self, host: Host, headers: Sequence[DocumentHeader], left: int, should_stop: ShouldStop) -> int:
        """Fetch and store a batch, or its beginning until `should_stop`; the number of documents processed.

        Args:
            left: Number of documents still to be fetched, including these.
        """
        documents, failures, done = self.fetcher.fetch([header.key for header in headers], should_stop)
        headers = headers[:done]
        by_key = {header.key: header for header in headers}
        now = time.time()
        found = self._convert(documents, by_key, now, failures)
        for key in by_key.keys() - documents.keys() - failures.keys():
            failures[key] = ("it was dropped at P5 before it was fetched", b"")
        rejected = [RejectedDocument(key, by_key[key].rev, reason, raw) for key, (reason, raw) in failures.items()]
        last = headers[-1]
        progress = {"rev": last.rev, "rev_key": last.key, "last_ok": now, "last_new": now, "behind": left - done, "failures": 0}
        store.save(host, found, rejected, now, **progress)
        return done

    def _convert(
        self, documents: dict[str, dict[str, Any]], headers: dict[str, DocumentHeader], now: float, failures: Failures
    ) -> list[DocumentRows]:
        """The rows of documents; those that cannot be stored are added to `failures`."""
        found = []
        for key, document in documents.items():
            try:
                found.append(self._rows(document, headers[key].rev, headers[key].timestamp, now))
            except (ValueError, RecursionError, OverflowError) as error:
                failures[key] = (f"it cannot be stored: {error}", b"")
        return found

    def _rows(self, document: dict[str, Any], rev: int, timestamp: float | None, now: float) -> DocumentRows:
        reported = timestamp if timestamp is not None else moment(document.get("report_timestamp"))
        found = rows_of(self.system, self.name, document, rev, now if reported is None else reported, now)
        kind = found.document["type"]
        if kind not in TYPES and kind not in self.unknown_types:
            self.unknown_types.add(kind)
            log.warning("%s of %s has documents of the unknown type %r; they are stored", self.name, self.system, kind)
        return found

    def _recheck(self, host: Host, should_stop: ShouldStop) -> None:
        """Fetch documents again that should have changed, once in each run of the poller."""
        if self.is_rechecked:
            return
        self.is_rechecked = True
        keys = self._recheck_candidates()
        for start in range(0, len(keys), BATCH):
            documents, failures, _ = self.fetcher.fetch(list(keys)[start : start + BATCH], should_stop)
            now = time.time()
            headers = {key: _own_header(key, document) for key, document in documents.items()}
            changed = {key: document for key, document in documents.items() if headers[key].rev != keys[key]}
            found = self._convert(changed, headers, now, failures)
            rejected = [RejectedDocument(key, keys[key], reason, raw) for key, (reason, raw) in failures.items()]
            store.save(host, found, rejected, now)

    def _recheck_candidates(self) -> dict[str, int | None]:
        """Unfinished jobs of older runs with their stored revision, and dead letters with None, by key."""
        newest = newest_run(self.system)
        jobs = Job.select(Job.key, Document.rev).join(Document, on=(Document.system == Job.system) & (Document.key == Job.key))
        older = Job.system == self.system, Job.host == self.name, Job.exit_code.is_null(), Job.run != newest
        recent = jobs.where(*older, Job.reported > time.time() - RECHECK_DAYS * DAY_S).order_by(Job.reported.desc()).limit(MAX_RECHECKED)
        here = DeadLetter.system == self.system, DeadLetter.host == self.name, DeadLetter.key != ""
        due = DeadLetter.times < DEAD_LETTER_ATTEMPTS, DeadLetter.last < time.time() - DEAD_LETTER_RETRY_S
        letters = rows(DeadLetter.select(DeadLetter.key).where(*here, *due).order_by(DeadLetter.last).limit(MAX_RECHECKED))
        return dict(rows(recent)) | dict.fromkeys((key for (key,) in letters), None)


def _own_header(key: str, document: dict[str, Any]) -> DocumentHeader:
    """The header of a document from its own fields."""
    return DocumentHeader(key, integer(document.get("_rev")) or 0, moment(document.get("timestamp")))
