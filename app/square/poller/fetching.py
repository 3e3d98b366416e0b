"""Fetching of documents of one host in batches.

If a batch fails its documents are fetched one by one; one that fails while the host responds otherwise is rejected.
No response in time, or a status from 500 on, is first of all no property of a document: the gateway may look at a
cluster meanwhile. So such a document is requested once more after the host has responded. A batch and a single
document each may take half of the timeout, so a bad document delays the others by one and a half timeouts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NamedTuple

from app.square.errors import P5BadResponse, P5Unavailable
from app.square.upstream import MAX_REV, Upstream

log = logging.getLogger(__name__)

ShouldStop = Callable[[], bool]

Documents = dict[str, dict[str, Any]]
"""Documents by key."""

Failures = dict[str, tuple[str, bytes]]
"""Reason and received text of each failed document, by key."""


class Fetched(NamedTuple):
    """The result of a request for documents."""

    documents: Documents
    failures: Failures
    done: int  # number of keys, from the first, that were processed before the time was over


class DocumentFetcher:
    """Fetches documents of one host; used by one thread at a time. All methods raise P5Error if the host does not respond."""

    def __init__(self, upstream: Upstream, name: str) -> None:
        self.upstream, self.name = upstream, name

    def fetch(self, keys: list[str], should_stop: ShouldStop) -> Fetched:
        """Documents by key. If the request fails they are fetched one by one until `should_stop`, but at least one."""
        try:
            found = self.upstream.documents(self.name, keys)
            return Fetched({key: found[key] for key in keys if key in found}, {}, len(keys))
        except P5BadResponse as error:
            level = logging.INFO if isinstance(error, P5Unavailable) else logging.WARNING
            log.log(level, "Fetching %d documents of %s one by one: %s", len(keys), self.name, error)
        documents: Documents = {}
        failures: Failures = {}
        for done, key in enumerate(keys):
            if done and should_stop():
                return Fetched(documents, failures, done)
            found, failure = self._fetch_one(key)
            if isinstance(failure, P5Unavailable):
                found, failure = self._fetch_one(key)
            documents |= {key: found[key]} if key in found else {}
            failures |= {key: (str(failure), failure.raw)} if failure else {}
        return Fetched(documents, failures, len(keys))

    def _fetch_one(self, key: str) -> tuple[Documents, P5BadResponse | None]:
        """A document, or nothing if P5 does not have it; and the failure, if the host responds otherwise."""
        try:
            return self.upstream.documents(self.name, [key]), None
        except P5BadResponse as error:
            failure = error
        self._require_response()
        return {}, failure

    def _require_response(self) -> None:
        """Raise P5Error unless the host responds to a request without result: then a document is not the reason of a failure."""
        self.upstream.headers(self.name, MAX_REV)
