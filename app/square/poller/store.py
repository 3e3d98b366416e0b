"""Documents and failures into the tables: a batch is one transaction, in which the revision that it reaches is written, too.

The rows are made before the transaction, which holds everybody else up, begins. What a batch has is all stored or not
at all, and storing it again changes nothing but versions; so a grabber killed at any moment goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from peewee import Case, Database, Model, fn

from app.core.counters import advance
from app.core.database import proxy, rows
from app.square.documents import Row, Rows
from app.square.models import SYSTEMS, DeadLetter, Document, Graph, GraphPart, Host, Job, Log, Run

MOST_RAW = 64 << 10
MOST_KEYS = 500


class Bad(NamedTuple):
    """What could not be stored: a document, or with key "" a whole answer; why, and what came of it."""

    key: str
    rev: int | None
    why: str
    raw: bytes


def save(host: Host, found: Sequence[Rows], bad: Iterable[Bad], now: float, **reached: Any) -> None:
    """Store what came from a host, what could not be stored of it, and how far it was read (columns of Host)."""
    bad = list(bad)
    with proxy.atomic():
        if found or bad:
            version = advance(host.system)
            _store(host.system, found, version)
            _bury(host, [rows.document["key"] for rows in found], bad, now)
            host.version = version  # its counts changed
        _set(host, reached)


def failed(host: Host, error: str, now: float, not_before: float) -> None:
    """Write that a host does not answer, and until when it is left alone."""
    with proxy.atomic():
        if not host.failures:
            host.version = advance(host.system)
        _set(host, {"last_error": now, "error": error, "failures": host.failures + 1, "not_before": not_before})


def answered(host: Host, now: float) -> None:
    """Write that a host answers and has nothing new."""
    with proxy.atomic():
        if host.failures:
            host.version = advance(host.system)
        _set(host, {"last_ok": now, "failures": 0, "behind": 0})


def keep_hosts(asked: dict[str, list[str]]) -> None:
    """Forget how it went with machines, by system, that are asked no more: they are not silent."""
    for system in SYSTEMS:
        gone = Host.system == system, Host.name.not_in(asked.get(system, []))
        if Host.select().where(*gone).exists():
            with proxy.atomic():
                advance(system)
                Host.delete().where(*gone).execute()


def miss(system: str, keys: Sequence[str]) -> None:
    """Write that P5 has these documents no more."""
    for start in range(0, len(keys), MOST_KEYS):
        part = Document.key.in_(keys[start : start + MOST_KEYS])
        Document.update(rev=0).where(Document.system == system, part).execute()


def _set(host: Host, changes: dict[str, Any]) -> None:
    Host.update(**changes, version=host.version).where(Host.id == host.id).execute()
    for name, value in changes.items():
        setattr(host, name, value)


def _store(system: str, found: Sequence[Rows], version: int) -> None:
    _upsert(Document, [each.document for each in found], version)
    _upsert(Job, [each.job for each in found if each.job], version)
    _upsert(Log, [each.log for each in found if each.log], version)
    for each in found:
        if each.graph:
            _upsert(Graph, [each.graph], version)
            _store_parts(each, version)
    runs = {each.document["run"] for each in found if (each.job or each.graph) and each.document["run"] is not None}
    if runs:
        _sum_up(system, runs, version)


KEPT: dict[type[Model], tuple[str, ...]] = {Document: ("created",), Job: ("started",)}
"""Columns that the first state of a document decides."""


@lru_cache(maxsize=16)
def _upsert_sql(table: type[Model], database: Database) -> str:
    """Written once: peewee takes longer for it than the database for the row."""
    fields = {name: field for name, field in table._meta.fields.items() if name != "id"}
    unique = table._meta.indexes[0][0]
    changed = [field for name, field in fields.items() if name not in (*unique, *KEPT.get(table, ()))]
    target = [fields[name] for name in unique]
    sql: str = table.insert(dict.fromkeys(fields.values(), 0)).on_conflict(conflict_target=target, preserve=changed).sql()[0]
    return sql


def _upsert(table: type[Model], found: list[Row], version: int) -> None:
    if found:
        names = [name for name in table._meta.sorted_field_names if name != "id"]
        values = [[version if name == "version" else row[name] for name in names] for row in found]
        proxy.cursor().executemany(_upsert_sql(table, proxy.obj), values)


def _store_parts(found: Rows, version: int) -> None:
    """The parts of a graph that changed, and no other, get the version."""
    graph = Graph.get(Graph.system == found.document["system"], Graph.key == found.document["key"])
    query = GraphPart.select(GraphPart.stream, GraphPart.part, GraphPart.points).where(GraphPart.graph == graph)
    stored = {(stream, part): bytes(points) for stream, part, points in rows(query)}
    changed = {place: points for place, points in found.parts.items() if stored.get(place) != points}
    _upsert(
        GraphPart,
        [{"graph": graph.id, "stream": stream, "part": part, "points": points} for (stream, part), points in changed.items()],
        version,
    )
    for stream, part in stored.keys() - found.parts.keys():
        GraphPart.delete().where(GraphPart.graph == graph, GraphPart.stream == stream, GraphPart.part == part).execute()


def _sum_up(system: str, runs: set[int], version: int) -> None:
    """Write the row of each run from its jobs and graphs."""
    count = fn.SUM
    jobs = {
        run: figures
        for run, *figures in rows(
            Job.select(
                Job.run, fn.MIN(Job.started), fn.MAX(Job.reported), fn.COUNT(Job.id),
                count(Case(None, [(Job.exit_code.is_null(), 1)], 0)), count(Case(None, [(Job.exit_code == 0, 1)], 0)),
                fn.MAX(Job.lumi), fn.MAX(Job.data_run),
            )
            .where(Job.system == system, Job.run.in_(runs))
            .group_by(Job.run)
        )
    }  # fmt: skip
    newest = {run: (runkey, cmssw) for run, runkey, cmssw in _by_report(system, runs)}
    files = {run: (first, last) for run, first, last in _of_files(system, runs)}
    _upsert(Run, [_run(system, run, jobs.get(run), newest.get(run, ("", "")), files.get(run)) for run in runs], version)


def _by_report(system: str, runs: set[int]) -> list[tuple[Any, ...]]:
    """Run key and CMSSW version of jobs by their report, the newest last; those without a version do not count."""
    query = Job.select(Job.run, Job.runkey, Job.cmssw).where(Job.system == system, Job.run.in_(runs), Job.cmssw != "")
    return rows(query.order_by(Job.reported))


def _of_files(system: str, runs: set[int]) -> list[tuple[Any, ...]]:
    first = fn.MIN(fn.COALESCE(Graph.global_start, Document.timestamp))
    query = Graph.select(Graph.run, first, fn.MAX(Document.timestamp))
    joined = query.join(Document, on=(Document.system == Graph.system) & (Document.key == Graph.key))
    return rows(joined.where(Graph.system == system, Graph.run.in_(runs)).group_by(Graph.run))


def _run(system: str, run: int, jobs: list[Any] | None, newest: tuple[str, str], files: tuple[float, float] | None) -> Row:
    first, last, count, running, finished, lumi, data_run = jobs or (None, None, 0, 0, 0, None, None)
    begins = [moment for moment in (first, files and files[0]) if moment is not None]
    ends = [last] if last is not None else [files[1]] if files else []  # files of old runs are reported again and again
    return {
        "system": system, "run": run, "first": min(begins), "last": max(ends), "jobs": count, "running": running, "finished": finished,
        "crashed": count - running - finished, "lumi": lumi, "data_run": data_run, "runkey": newest[0], "cmssw": newest[1],
    }  # fmt: skip


def _bury(host: Host, stored: list[str], bad: list[Bad], now: float) -> None:
    """Keep what could not be stored, and forget what could at last."""
    here = DeadLetter.system == host.system, DeadLetter.host == host.name
    if stored:
        DeadLetter.delete().where(*here, DeadLetter.key.in_(stored)).execute()
    for letter in bad:
        facts: Row = {"why": letter.why[:500].replace("\0", "\ufffd"), "body": letter.raw[:MOST_RAW], "last": now}
        if letter.rev is not None:
            facts["rev"] = letter.rev
        row = {"system": host.system, "host": host.name, "key": letter.key, "first": now, "times": 1, **facts}
        insert = DeadLetter.insert(row).on_conflict(
            conflict_target=[DeadLetter.system, DeadLetter.host, DeadLetter.key], update=facts | {"times": DeadLetter.times + 1}
        )
        insert.execute()
