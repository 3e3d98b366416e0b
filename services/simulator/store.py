"""The documents of one host, as fff_web keeps them, and the messages of the protocol `sync` about them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

Document = dict[str, Any]
Header = dict[str, Any]

HEADERS_PER_MESSAGE = 1000
STORED_ORDER = ("timestamp", "type", "hostname", "tag", "run", "_id", "_rev")
"""The order of a header's keys in the answer to a sync_request; a live push has the order of `header_of`."""


class Stored:
    """A document at its newest revision; its text is made when it is first asked for."""

    def __init__(self, header: Header, document: Document) -> None:
        self.header = header
        self.document = document

    @classmethod
    def of_text(cls, text: str) -> Stored:
        """A document that was uploaded before, with its header as it was then."""
        document = json.loads(text)
        return cls(header_of(document, document["_rev"], document["timestamp"]), document)

    @cached_property
    def text(self) -> str:
        return json.dumps(self.document)


class Store:
    """Documents and their headers by id, revisions counted from 1; a document that comes again gets a new revision.

    `ever` also has, with the generation of the revisions they are of, the documents that were dropped or lost by a reset.
    `changed` are the ids of which a file that keeps the store does not know yet.
    """

    def __init__(self, host: str) -> None:
        self.host = host
        self.generation = 1
        self.stored: dict[str, Stored] = {}
        self.listeners: list[Callable[[list[Header]], None]] = []
        self.ever: dict[str, tuple[int, Stored]] = {}
        self.changed: set[str] = set()
        self._rev = 0

    def upload(self, documents: Iterable[Document], now: float) -> list[Header]:
        """Keep documents, writing the seven fields of the header into them; tell the listeners. Returns the headers."""
        headers = []
        rev = self._rev
        for document in documents:
            rev += 1
            header = header_of(document, rev, now)
            document.update(header)
            self.stored.pop(header["_id"], None)  # so that the newest revision is the last
            self.stored[header["_id"]] = Stored(header, document)
            self.ever[header["_id"]] = self.generation, self.stored[header["_id"]]
            self.changed.add(header["_id"])
            headers.append(header)
            self._rev = max(self._rev, int(header["_rev"]))
        for listener in list(self.listeners) if headers else []:
            listener(headers)
        return headers

    def drop(self, ids: Iterable[str]) -> None:
        """Forget documents; the newest revision that is left decides the next one, as MAX(rev)+1 does."""
        for id in ids:
            if self.stored.pop(id, None):
                self.changed.add(id)
        self._rev = max((int(stored.header["_rev"]) for stored in self.stored.values()), default=0)

    def forget(self, run: int) -> None:
        """Drop the documents of a run, and the memory of them."""
        gone = [id for id, (_, stored) in self.ever.items() if stored.header["run"] == run]
        for id in gone:
            del self.ever[id]
            self.stored.pop(id, None)
        self.changed.update(gone)

    def restore(self, id: str, generation: int, there: bool, stored: Stored) -> None:
        """Take back a document that was kept in a file; they come in the order of their revisions."""
        self.ever[id] = generation, stored
        if there:
            self.stored[id] = stored
            self._rev = max(self._rev, int(stored.header["_rev"]))

    def reset(self) -> None:
        """Begin at revision 1 with nothing, as after an upgrade at P5 whose database has a new name."""
        self.changed.update(self.stored)
        self.stored.clear()
        self._rev = 0
        self.generation += 1

    def headers(self, after: int | None) -> list[Header]:
        """Headers in the order of their revisions: all, or those after a revision."""
        found = [stored.header for stored in self.stored.values() if after is None or stored.header["_rev"] > after]
        found.sort(key=lambda header: int(header["_rev"]))
        return [{key: header[key] for key in STORED_ORDER} for header in found]

    def answers(self, message: str) -> Iterator[str]:
        """The messages that answer one message of a client; ValueError, KeyError or TypeError when it is none."""
        asked = json.loads(message)
        if asked["event"] == "sync_request":
            known = asked.get("known_rev")
            yield from header_messages(self.headers(None if known is None else int(known) - 1))
        elif asked["event"] == "request_documents":
            texts = [self.stored[id].text for id in dict.fromkeys(asked["ids"]) if id in self.stored]
            yield f'{{"event": "update_documents", "documents": [{", ".join(texts)}]}}'


def header_of(document: Document, rev: int, now: float) -> Header:
    """The header of a document: a revision that it brings along wins, a time that it lacks is the time of the upload."""
    return {
        "_id": document.get("_id"),
        "_rev": document.get("_rev", rev),
        "timestamp": document.get("timestamp", document.get("report_timestamp", now)),
        **{key: document.get(key) for key in ("hostname", "type", "tag", "run")},
    }


def header_messages(headers: list[Header]) -> Iterator[str]:
    """The update_headers messages for headers; none when there are no headers."""
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
