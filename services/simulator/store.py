"""Documents of one host, as fff_web stores them, and the messages of the `sync` protocol."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

Document = dict[str, Any]
Header = dict[str, Any]

HEADERS_PER_MESSAGE = 1000
HEADER_ORDER = ("timestamp", "type", "hostname", "tag", "run", "_id", "_rev")
"""Order of the keys in response to a sync_request; headers pushed to a websocket have the order of `make_header`."""


class StoredDocument:
    """A document at its newest revision."""

    def __init__(self, header: Header, document: Document) -> None:
        self.header = header
        self.document = document

    @classmethod
    def from_text(cls, text: str) -> StoredDocument:
        """A document that was uploaded earlier, with its header of then."""
        document = json.loads(text)
        return cls(make_header(document, document["_rev"], document["timestamp"]), document)

    @cached_property
    def text(self) -> str:
        """The document as JSON."""
        return json.dumps(self.document)


class DocumentStore:
    """Documents and their headers by id. Revisions count from 1; a document that is uploaded again gets a new revision.

    Attributes:
        generation: 1, and one more after each reset of the revisions.
        stored: current documents by id, in the order of their revisions.
        listeners: called with the headers of each upload.
        history: all documents since the start with their generations, including dropped and lost ones.
        changed: ids that the state file does not have yet.
    """

    def __init__(self, host: str) -> None:
        self.host = host
        self.generation = 1
        self.stored: dict[str, StoredDocument] = {}
        self.listeners: list[Callable[[list[Header]], None]] = []
        self.history: dict[str, tuple[int, StoredDocument]] = {}
        self.changed: set[str] = set()
        self._rev = 0

    def upload(self, documents: Iterable[Document], now: float) -> list[Header]:
        """Store documents, add the seven fields of the header to them, and call the listeners. Returns the headers."""
        headers = []
        rev = self._rev
        for document in documents:
            rev += 1
            header = make_header(document, rev, now)
            document.update(header)
            self.stored.pop(header["_id"], None)  # so that the newest revision is the last
            self.stored[header["_id"]] = StoredDocument(header, document)
            self.history[header["_id"]] = self.generation, self.stored[header["_id"]]
            self.changed.add(header["_id"])
            headers.append(header)
            self._rev = max(self._rev, int(header["_rev"]))
        for listener in list(self.listeners) if headers else []:
            listener(headers)
        return headers

    def drop(self, ids: Iterable[str]) -> None:
        """Remove documents. The next revision follows the newest remaining one, as with MAX(rev)+1 in the original."""
        for id in ids:
            if self.stored.pop(id, None):
                self.changed.add(id)
        self._rev = max((int(stored.header["_rev"]) for stored in self.stored.values()), default=0)

    def forget(self, run: int) -> None:
        """Remove the documents of a run, also from the history."""
        ids = [id for id, (_, stored) in self.history.items() if stored.header["run"] == run]
        for id in ids:
            del self.history[id]
            self.stored.pop(id, None)
        self.changed.update(ids)

    def restore(self, id: str, generation: int, is_stored: bool, stored: StoredDocument) -> None:
        """Add a document from the state file; called in the order of revisions."""
        self.history[id] = generation, stored
        if is_stored:
            self.stored[id] = stored
            self._rev = max(self._rev, int(stored.header["_rev"]))

    def reset(self) -> None:
        """Remove everything and start at revision 1, as after an upgrade at P5 with a new database name."""
        self.changed.update(self.stored)
        self.stored.clear()
        self._rev = 0
        self.generation += 1

    def headers(self, after: int | None) -> list[Header]:
        """Headers in the order of their revisions: all, or those newer than `after`."""
        found = [stored.header for stored in self.stored.values() if after is None or stored.header["_rev"] > after]
        found.sort(key=lambda header: int(header["_rev"]))
        return [{key: header[key] for key in HEADER_ORDER} for header in found]

    def handle_message(self, message: str) -> Iterator[str]:
        """The messages in response to a message of a client. ValueError, KeyError or TypeError if it is invalid."""
        request = json.loads(message)
        if request["event"] == "sync_request":
            known = request.get("known_rev")
            yield from header_messages(self.headers(None if known is None else int(known) - 1))
        elif request["event"] == "request_documents":
            texts = [self.stored[id].text for id in dict.fromkeys(request["ids"]) if id in self.stored]
            yield f'{{"event": "update_documents", "documents": [{", ".join(texts)}]}}'


def make_header(document: Document, rev: int, now: float) -> Header:
    """The header of a document. Its own revision takes precedence; without a time of its own it has that of the upload."""
    return {
        "_id": document.get("_id"),
        "_rev": document.get("_rev", rev),
        "timestamp": document.get("timestamp", document.get("report_timestamp", now)),
        **{key: document.get(key) for key in ("hostname", "type", "tag", "run")},
    }


def header_messages(headers: list[Header]) -> Iterator[str]:
    """update_headers messages; none without headers."""
    for start in range(0, len(headers), HEADERS_PER_MESSAGE):
        part = headers[start : start + HEADERS_PER_MESSAGE]
        yield json.dumps(
            {
                "event": "update_headers",
                "rev": [part[0]["_rev"], part[-1]["_rev"]],
                "sync_to_rev": headers[-1]["_rev"],
                "headers": part,
                "total_sent": start + len(part),
                "total_avail": len(headers),
            }
        )
