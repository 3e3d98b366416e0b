"""Storing of documents and failures. Each batch is one transaction that also stores the revision reached.

The rows of documents are built before the transaction, which blocks other writers. A batch is stored completely or not at all, and
storing it again changes nothing but versions, so a poller that is killed at any moment continues where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from app.core.counters import advance
from app.core.database import proxy, rows
from app.square.documents import Columns, DocumentRows
from app.square.gateway import BUSY
from app.square.models import DeadLetter, Document, Graph, GraphPart, Host, Job, Log
from app.square.run_summary import summarise_runs
from app.square.stops import mark_stopped
from app.square.systems import SYSTEMS
from app.square.upserts import upsert

MAX_REJECTED_BYTES = 64 << 10
"""Bytes of a rejected document that are stored."""

MAX_REASON_CHARS = 500

KEYS_PER_STATEMENT = 500


class RejectedDocument(NamedTuple):
    """A document that could not be stored."""

    key: str  # "" for a whole response
    rev: int | None
    reason: str
    raw: bytes  # the received text


def save(host: Host, found: Sequence[DocumentRows], rejected: Iterable[RejectedDocument], now: float, **progress: Any) -> None:
    """Store documents of a host, rejected ones, and the progress of the polling (columns of Host)."""
    rejected = list(rejected)
    with proxy.atomic():
        if found or rejected:
            version = advance(host.system)
            _store(host.system, found, version, now)
            _delete_dead_letters(host, [rows.document["key"] for rows in found])
            for document in rejected:
                _store_dead_letter(host, document, now)
            host.version = version  # its counts changed
        _update_host(host, progress)


def record_failure(host: Host, error: str, now: float, not_before: float) -> None:
    """Store that a host does not respond, and when it is polled again."""
    with proxy.atomic():
        if not host.failures:
            host.version = advance(host.system)
        _update_host(host, {"last_error": now, "error": error, "failures": host.failures + 1, "not_before": not_before})


def record_response(host: Host, now: float) -> None:
    """Store that a host responds and has no further documents. Its last error stays; that the gateway was busy is none."""
    idle = {"error": ""} if host.error.startswith(BUSY) else {}
    with proxy.atomic():
        if host.failures:
            host.version = advance(host.system)
        _update_host(host, {"last_ok": now, "failures": 0, "behind": 0, **idle})


def record_busy(host: Host, reason: str, now: float) -> None:
    """Store why a host, which may respond, could not be requested."""
    with proxy.atomic():
        if host.error != reason:
            host.version = advance(host.system)
        _update_host(host, {"last_error": now, "error": reason})


def delete_unlisted_hosts(listed: dict[str, list[str]]) -> None:
    """Delete the hosts that are no longer polled: they are not silent.

    Args:
        listed: The polled hosts by system.
    """
    for system in SYSTEMS:
        unlisted = Host.system == system, Host.name.not_in(listed.get(system, []))
        if Host.select().where(*unlisted).exists():
            with proxy.atomic():
                advance(system)
                Host.delete().where(*unlisted).execute()


def mark_missing(system: str, keys: Sequence[str]) -> None:
    """Store that P5 no longer has these documents."""
    for start in range(0, len(keys), KEYS_PER_STATEMENT):
        part = Document.key.in_(keys[start : start + KEYS_PER_STATEMENT])
        Document.update(rev=0).where(Document.system == system, part).execute()


def _update_host(host: Host, changes: dict[str, Any]) -> None:
    if host.failures and changes.get("failures") == 0:  # it responds again: its last unusable response no longer matters
        DeadLetter.delete().where(DeadLetter.system == host.system, DeadLetter.host == host.name, DeadLetter.key == "").execute()
    Host.update(**changes, version=host.version).where(Host.id == host.id).execute()
    for name, value in changes.items():
        setattr(host, name, value)


def _store(system: str, found: Sequence[DocumentRows], version: int, now: float) -> None:
    upsert(Document, [each.document for each in found], version)
    jobs = [each.job for each in found if each.job]
    upsert(Job, jobs, version)
    mark_stopped(system, [job["key"] for job in jobs if job["exit_code"]], now)
    upsert(Log, [each.log for each in found if each.log], version)
    for each in found:
        if each.graph:
            upsert(Graph, [each.graph], version)
            _store_parts(each, version)
    runs = {each.document["run"] for each in found if (each.job or each.graph) and each.document["run"] is not None}
    if runs:
        summarise_runs(system, runs, version)


def _store_parts(found: DocumentRows, version: int) -> None:
    """Store the parts of a graph that changed; only these get the new version."""
    graph = Graph.get(Graph.system == found.document["system"], Graph.key == found.document["key"])
    query = GraphPart.select(GraphPart.stream, GraphPart.part, GraphPart.points).where(GraphPart.graph == graph)
    stored = {(stream, part): bytes(points) for stream, part, points in rows(query)}
    changed = {key: points for key, points in found.parts.items() if stored.get(key) != points}
    upsert(
        GraphPart,
        [{"graph": graph.id, "stream": stream, "part": part, "points": points} for (stream, part), points in changed.items()],
        version,
    )
    for stream, part in stored.keys() - found.parts.keys():
        GraphPart.delete().where(GraphPart.graph == graph, GraphPart.stream == stream, GraphPart.part == part).execute()


def _delete_dead_letters(host: Host, stored: list[str]) -> None:
    """Delete the dead letters of documents that could be stored now."""
    if stored:
        DeadLetter.delete().where(DeadLetter.system == host.system, DeadLetter.host == host.name, DeadLetter.key.in_(stored)).execute()


def _store_dead_letter(host: Host, document: RejectedDocument, now: float) -> None:
    facts: Columns = {
        "why": document.reason[:MAX_REASON_CHARS].replace("\0", "\ufffd"),
        "body": document.raw[:MAX_REJECTED_BYTES],
        "last": now,
    }
    if document.rev is not None:
        facts["rev"] = document.rev
    row = {"system": host.system, "host": host.name, "key": document.key, "first": now, "times": 1, **facts}
    unique = [DeadLetter.system, DeadLetter.host, DeadLetter.key]
    DeadLetter.insert(row).on_conflict(conflict_target=unique, update=facts | {"times": DeadLetter.times + 1}).execute()
