"""Storing of documents and failures. Each batch is one transaction that also stores the revision reached.

DocumentRows are built before the transaction, which blocks other writers. A batch is stored completely or not at all, and
storing it again changes nothing but versions, so a poller that is killed at any moment continues where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from peewee import Case, Database, Model, fn

from app.core.counters import advance
from app.core.database import proxy, rows
from app.square.documents import Columns, DocumentRows
from app.square.models import DeadLetter, Document, Graph, GraphPart, Host, Job, Log, Run
from app.square.systems import SYSTEMS

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
            _store(host.system, found, version)
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
    """Store that a host responds and has no further documents."""
    with proxy.atomic():
        if host.failures:
            host.version = advance(host.system)
        _update_host(host, {"last_ok": now, "failures": 0, "behind": 0})


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
    Host.update(**changes, version=host.version).where(Host.id == host.id).execute()
    for name, value in changes.items():
        setattr(host, name, value)


def _store(system: str, found: Sequence[DocumentRows], version: int) -> None:
    _upsert(Document, [each.document for each in found], version)
    _upsert(Job, [each.job for each in found if each.job], version)
    _upsert(Log, [each.log for each in found if each.log], version)
    for each in found:
        if each.graph:
            _upsert(Graph, [each.graph], version)
            _store_parts(each, version)
    runs = {each.document["run"] for each in found if (each.job or each.graph) and each.document["run"] is not None}
    if runs:
        summarise_runs(system, runs, version)


FIRST_STATE_COLUMNS: dict[type[Model], tuple[str, ...]] = {Document: ("created",), Job: ("started",)}
"""Columns that the first state of a document sets, and later ones do not change."""


@lru_cache(maxsize=16)
def _upsert_sql(table: type[Model], database: Database) -> str:
    """The statement, cached because peewee takes longer to build it than the database to insert the row."""
    fields = {name: field for name, field in table._meta.fields.items() if name != "id"}
    unique = table._meta.indexes[0][0]
    changed = [field for name, field in fields.items() if name not in (*unique, *FIRST_STATE_COLUMNS.get(table, ()))]
    target = [fields[name] for name in unique]
    sql: str = table.insert(dict.fromkeys(fields.values(), 0)).on_conflict(conflict_target=target, preserve=changed).sql()[0]
    return sql


def _upsert(table: type[Model], found: list[Columns], version: int) -> None:
    if found:
        names = [name for name in table._meta.sorted_field_names if name != "id"]
        values = [[version if name == "version" else row[name] for name in names] for row in found]
        proxy.cursor().executemany(_upsert_sql(table, proxy.obj), values)


def _store_parts(found: DocumentRows, version: int) -> None:
    """Store the parts of a graph that changed; only these get the new version."""
    graph = Graph.get(Graph.system == found.document["system"], Graph.key == found.document["key"])
    query = GraphPart.select(GraphPart.stream, GraphPart.part, GraphPart.points).where(GraphPart.graph == graph)
    stored = {(stream, part): bytes(points) for stream, part, points in rows(query)}
    changed = {key: points for key, points in found.parts.items() if stored.get(key) != points}
    _upsert(
        GraphPart,
        [{"graph": graph.id, "stream": stream, "part": part, "points": points} for (stream, part), points in changed.items()],
        version,
    )
    for stream, part in stored.keys() - found.parts.keys():
        GraphPart.delete().where(GraphPart.graph == graph, GraphPart.stream == stream, GraphPart.part == part).execute()


def summarise_runs(system: str, runs: set[int], version: int) -> None:
    """Store the row of each run, from its jobs and graphs."""
    jobs = {run: figures for run, *figures in _job_figures(system, runs)}
    newest = {run: (runkey, cmssw) for run, runkey, cmssw in _by_report(system, runs)}
    files = {run: (first, last) for run, first, last in _of_files(system, runs)}
    _upsert(Run, [_run(system, run, jobs.get(run), newest.get(run, ("", "")), files.get(run)) for run in runs], version)


def _job_figures(system: str, runs: set[int]) -> list[tuple[Any, ...]]:
    """Run, first start, last report, number of jobs, of running and of finished ones, last lumisection and run in the data."""

    def count_if(condition: Any) -> Any:
        return fn.SUM(Case(None, [(condition, 1)], 0))

    columns = (
        Job.run,
        fn.MIN(Job.started),
        fn.MAX(Job.reported),
        fn.COUNT(Job.id),
        count_if(Job.exit_code.is_null()),
        count_if(Job.exit_code == 0),
        fn.MAX(Job.lumi),
        fn.MAX(Job.data_run),
    )
    return rows(Job.select(*columns).where(Job.system == system, Job.run.in_(runs)).group_by(Job.run))


def _by_report(system: str, runs: set[int]) -> list[tuple[Any, ...]]:
    """Run, run key and CMSSW version of jobs in ascending order of their report, without jobs that have no version."""
    query = Job.select(Job.run, Job.runkey, Job.cmssw).where(Job.system == system, Job.run.in_(runs), Job.cmssw != "")
    return rows(query.order_by(Job.reported))


def _of_files(system: str, runs: set[int]) -> list[tuple[Any, ...]]:
    """Run, first and last report of files."""
    first = fn.MIN(fn.COALESCE(Graph.global_start, Document.timestamp))
    query = Graph.select(Graph.run, first, fn.MAX(Document.timestamp))
    joined = query.join(Document, on=(Document.system == Graph.system) & (Document.key == Graph.key))
    return rows(joined.where(Graph.system == system, Graph.run.in_(runs)).group_by(Graph.run))


def _run(system: str, run: int, jobs: list[Any] | None, newest: tuple[str, str], files: tuple[float, float] | None) -> Columns:
    """The row of a run from the figures of its jobs, run key and version, and the reports of its files."""
    first, last, count, running, finished, lumi, data_run = jobs or (None, None, 0, 0, 0, None, None)
    begins = [moment for moment in (first, files and files[0]) if moment is not None]
    ends = [last] if last is not None else [files[1]] if files else []  # files of old runs are reported repeatedly
    return {
        "system": system,
        "run": run,
        "first": min(begins),
        "last": max(ends),
        "jobs": count,
        "running": running,
        "finished": finished,
        "crashed": count - running - finished,
        "lumi": lumi,
        "data_run": data_run,
        "runkey": newest[0],
        "cmssw": newest[1],
    }


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
