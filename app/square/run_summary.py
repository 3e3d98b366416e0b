"""The row of each run: a summary of its jobs, by client, and of its files."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from peewee import Case, fn

from app.core.database import rows
from app.square.documents import Columns
from app.square.models import Document, Graph, Job, Run
from app.square.plausibility import judge_runs
from app.square.upserts import upsert


class JobFigures(NamedTuple):
    """Figures of the jobs of a run; see Run."""

    first: float | None = None
    last: float | None = None
    jobs: int = 0
    clients: int = 0
    running: int = 0
    finished: int = 0
    crashed: int = 0
    stopped: int = 0
    failed: int = 0
    lumi: int | None = None
    data_run: int | None = None


def summarise_runs(system: str, runs: set[int], version: int) -> None:
    """Store the row of each run, from its jobs and graphs."""
    jobs = {run: JobFigures(*figures) for run, *figures in _job_figures(system, runs)}
    newest = {run: (runkey, cmssw) for run, runkey, cmssw in _by_report(system, runs)}
    files = {run: (first, last) for run, first, last in _of_files(system, runs)}
    hosts = _hosts(system, runs)
    found = [
        _run(system, run, jobs.get(run, JobFigures()), newest.get(run, ("", "")), files.get(run)) | {"hosts": hosts[run]} for run in runs
    ]
    before = {run: facts for run, *facts in rows(Run.select(Run.run, Run.first, Run.hosts).where(Run.system == system, Run.run.in_(runs)))}
    upsert(Run, found, version)
    judge_runs(system, [row["run"] for row in found if before.get(row["run"]) != [row["first"], row["hosts"]]], version)


def _hosts(system: str, runs: set[int]) -> Counter[int]:
    """The number of hosts that reported each run."""
    pairs = {
        pair
        for table in (Job, Graph)
        for pair in rows(table.select(table.run, table.host).where(table.system == system, table.run.in_(runs)).distinct())
    }
    return Counter(run for run, _ in pairs)


def _job_figures(system: str, runs: set[int]) -> list[tuple[Any, ...]]:
    """Each run with the fields of JobFigures. The newest job of a client has place 1."""
    client = [Job.run, Job.tag, Job.host]
    place = fn.ROW_NUMBER().over(partition_by=client, order_by=[Job.started.desc(), Job.id.desc()])
    facts = (Job.run, Job.started, Job.reported, Job.exit_code, Job.stopped_by, Job.lumi, Job.data_run, place.alias("place"))
    ranked: Any = Job.select(*facts).where(Job.system == system, Job.run.in_(runs)).alias("ranked")
    job = ranked.c
    newest, crashed = job.place == 1, (job.exit_code != 0) & job.stopped_by.is_null()

    def count_if(condition: Any) -> Any:
        return fn.SUM(Case(None, [(condition, 1)], 0))

    columns = (
        job.run,
        fn.MIN(job.started),
        fn.MAX(job.reported),
        fn.COUNT(job.place),
        count_if(newest),
        count_if(newest & job.exit_code.is_null()),
        count_if(newest & (job.exit_code == 0)),
        count_if(newest & crashed),
        count_if(newest & (job.exit_code != 0) & job.stopped_by.is_null(False)),
        count_if((job.place > 1) & crashed),
        fn.MAX(job.lumi),
        fn.MAX(job.data_run),
    )
    return rows(ranked.select_from(*columns).group_by(job.run))


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


def _run(system: str, run: int, jobs: JobFigures, newest: tuple[str, str], files: tuple[float, float] | None) -> Columns:
    """The row of a run from the figures of its jobs, run key and version, and the reports of its files."""
    begins = [moment for moment in (jobs.first, files and files[0]) if moment is not None]
    ends = [jobs.last] if jobs.last is not None else [files[1]] if files else []  # files of old runs are reported repeatedly
    times = {"first": min(begins), "last": max(ends)}
    return {"system": system, "run": run, **jobs._asdict(), **times, "doubt": "", "runkey": newest[0], "cmssw": newest[1]}
