"""The pages of one job: what its document says, its log, and a shifter's word that a crash was seen."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Any

from flask import Blueprint, Response, redirect, request
from peewee import fn
from werkzeug.wrappers import Response as AnyResponse

from app.core.counters import advance
from app.core.database import proxy, rows
from app.core.settings import Settings
from app.security import Role, audit, current_user, needs
from app.square import details, logs, runs
from app.square.documents import mapping
from app.square.models import Acknowledgement, Job, Log, Run
from app.square.settings import SquareSettings
from app.square.states import CRASHED, FILE_ITERATOR, LOOKS, STUCK, state_of
from app.square.upstream import BadAnswer, Unreachable, Upstream, leads_to, short
from app.square.view_state import ViewState, view_from_request
from app.web import Problem, nothing_new, page, request_settings
from app.web.arguments import int_arg
from app.web.charts import png, svg

pages = Blueprint("square_job", __name__)

LONGEST_NOTE = 1000
LONGEST_RAW = 200_000
"""Characters of a document that its page shows."""

LARGEST_WHOLE = 4 * 1024 * 1024
"""Bytes at the end of a whole log that a page is made of."""

FORM_BYTES = 16 * 1024
CHUNK = 1 << 18


def wanted(place: ViewState) -> Job:
    """The job that the address names."""
    return details.job_of(place.system, request.args.get("key", ""))


@pages.get("/square/job")
@needs(Role.VIEWER)
def job_page() -> Response:
    """What is known of one job."""
    place = view_from_request()
    job = wanted(place)
    version = _version(job)
    if answer := nothing_new(version):
        return answer
    document = details.document(job)
    attempts = _attempts(place, job)
    ((attempt, client),) = [(one, name) for one, name in attempts if one.job.key == job.key]
    return page(
        "square/job.html", "square/job_fragment.html",
        place=place, job=job, name=client, attempt=attempt, attempts=[one for one, _ in attempts], looks=LOOKS, ago=runs.age,
        command=details.command(document), lumis=details.lumis(document), figures=details.figures(job, document),
        iterator=FILE_ITERATOR.get(-1 if job.fi_state is None else job.fi_state, ""), raw=raw(document), known=bool(document),
        may_acknowledge=attempt.open and current_user().role >= Role.SHIFTER,
        version=version, polled=job.exit_code is None, poll_s=request_settings().of(SquareSettings).square_poll_s,
    )  # fmt: skip


def _version(job: Job) -> str:
    """What the page of a job is made of: its attempts, and whether it is stuck, which nobody reports."""
    same = Job.system == job.system, Job.run == job.run, Job.tag == job.tag, Job.host == job.host
    ((newest, attempts),) = rows(Job.select(fn.MAX(Job.version), fn.COUNT(Job.id)).where(*same))
    return f"{newest}-{attempts}-{state_of(job.exit_code, runs.age(job.reported) or 0.0)}"


def _attempts(place: ViewState, job: Job) -> list[tuple[runs.Attempt, str]]:
    """All attempts of the client of a job in its run, the newest first."""
    same = [job] if job.run is None else [one for one in runs.jobs(place.system, job.run) if (one.tag, one.host) == (job.tag, job.host)]
    return [(attempt, client.name) for client in runs.clients(place.system, same) for attempt in (client.newest, *client.earlier)]


def raw(document: dict[str, Any]) -> str:
    """A document as indented JSON; its environment, which may hold secrets, only for experts."""
    extra = mapping(document.get("extra"))
    if "environ" in extra and current_user().role < Role.EXPERT:
        document = document | {"extra": extra | {"environ": "(shown to experts)"}}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    shown = "\n".join(logs.clean(line) for line in text[:LONGEST_RAW].split("\n"))
    return shown + (f"\n… {len(text) - LONGEST_RAW:,} more characters" if len(text) > LONGEST_RAW else "")


@pages.get("/square/job/<chart>.<form>")
@needs(Role.VIEWER)
def job_chart(chart: str, form: str) -> Response:
    """The memory or the rate of a job as an image."""
    job = wanted(view_from_request())
    drawn = details.figures(job, details.document(job)).get(chart)
    if drawn is None or form not in ("svg", "png"):
        raise Problem(404, f"there is no {chart}.{form} of a job; there is memory and events as svg and png")
    return Response(svg(drawn), mimetype="image/svg+xml") if form == "svg" else Response(png(drawn), mimetype="image/png")


@pages.post("/square/job/acknowledge")
@needs(Role.SHIFTER)
def acknowledge() -> AnyResponse:
    """A shifter has seen that a job crashed or is stuck."""
    place = view_from_request()
    request.max_content_length = FORM_BYTES
    note = request.form.get("note", "").replace("\0", "").strip()[:LONGEST_NOTE]
    job = wanted(place)
    (attempt,) = [one for one, _ in _attempts(place, job) if one.job.key == job.key]
    if attempt.state not in (CRASHED, STUCK):
        raise Problem(409, f"this job is {LOOKS[attempt.state].text}: there is nothing to acknowledge")
    with proxy.atomic():
        version = advance(place.system)
        if known := runs.clients(place.system, [job])[0].newest.seen:
            raise Problem(409, f"{known.user} has acknowledged it before: {known.note or '(without a note)'}")
        said = {"user": current_user().name, "at": time.time(), "note": note, "version": version}
        row = {"system": place.system, "key": job.key, **said}
        update = {**said, "revision": Acknowledgement.revision + 1}
        Acknowledgement.insert(row).on_conflict(conflict_target=[Acknowledgement.system, Acknowledgement.key], update=update).execute()
        Job.update(version=version).where(Job.id == job.id).execute()
        Run.update(version=version).where(Run.system == place.system, Run.run == job.run).execute()
        audit("acknowledge", f"{place.system} {job.key}", note, attempt.state)
    return redirect(place.link("/square/job", key=job.key), 303)


@pages.get("/square/log")
@needs(Role.VIEWER)
def log_page() -> Response:
    """The stored start and end of a job's log, or its lines that hold `q`, or are of a `level`."""
    place = view_from_request()
    job = wanted(place)
    row = Log.get_or_none(Log.system == job.system, Log.key == job.key)
    version = f"{job.version}-{row.version if row else 0}"
    if answer := nothing_new(version):
        return answer
    log = logs.join(*details.log_of(job))
    return log_view(place, job, log, version=version)


def log_view(place: ViewState, job: Job, log: logs.Log, *, version: str = "", whole: bool = False, left_out: int = 0) -> Response:
    """A page of a log; version: what a poll compares, "" for one that is not polled; whole: the end of the log as P5 has it now, without so many lines
    that are left out."""
    path, settings = "/square/log", request_settings()
    words, level, start = request.values.get("q", ""), request.values.get("level", ""), int_arg("from", 0)
    if level not in ("", "error", "warning"):
        raise Problem(400, "there is no such level", [("level", "error or warning")])
    found = logs.shown(log.lines, words, level, left_out + 1)
    tallies = {name: sum(1 for _, of in logs.levels(log.lines) if of == name) for name in ("error", "warning")}
    start = max(0, len(found) - logs.SHOWN) if whole else start
    end = start + logs.SHOWN
    return page(
        "square/log.html", "square/log_fragment.html",
        place=place, job=job, name=runs.client_name(job.tag), lines=found[start:end], total=len(log.lines) + left_out, matches=len(found),
        gap=None if words or level else log.gap, words=words, level=level, tallies=tallies, ago=runs.age, polled=version and job.exit_code is None,
        poll=place.link(path, key=job.key, q=words, level=level, since=version), poll_s=settings.of(SquareSettings).square_poll_s,
        whole=whole, left_out=left_out + start if whole else 0, may_fetch=current_user().role >= Role.EXPERT and bool(settings.of(SquareSettings).square_url),
        reached=leads_to(settings, job.host), gateway=settings.of(SquareSettings).square_gateway,
        older=place.link(path, key=job.key, q=words, level=level, **{"from": max(0, start - logs.SHOWN)}) if start and not whole else "",
        newer=place.link(path, key=job.key, q=words, level=level, **{"from": end}) if len(found) > end else "",
        levels=[(label, place.link(path, key=job.key, q=words, level=name), name == level) for name, label in
                (("", "All lines"), ("error", f"{tallies['error']} errors"), ("warning", f"{tallies['warning']} warnings"))],
    )  # fmt: skip


@pages.post("/square/log/whole")
@needs(Role.EXPERT)
def whole_log() -> Response:
    """The whole log of a job, fetched from P5 now: a page of it, or with `as=file` all of it as it came."""
    place = view_from_request()
    job = wanted(place)
    settings = request_settings()
    if not settings.of(SquareSettings).square_url:
        raise Problem(503, "P5 is not asked: the setting square_url is empty")
    if not leads_to(settings, job.host):
        raise Problem(
            501,
            f"the whole log is on {job.host}, and CMSWEB leads to {settings.of(SquareSettings).square_gateway} alone: it can be read inside P5 only",
        )
    if not _is_known(settings, place.system, job.host):
        raise Problem(403, f"{job.host} is no machine of P5 that is known, and is not asked: a document may name any")
    with ExitStack() as stack:
        file = stack.enter_context(TemporaryFile())  # it may be larger than the memory of a web server should be
        _fetch(settings, job, file)
        size = file.seek(0, 2)
        audit("fetch log", f"{place.system} {job.key}", answer=f"{size} bytes")
        if request.args.get("as") == "file":
            file.seek(0)
            answer = as_file(iter(partial(file.read, CHUNK), b""), job)
            answer.content_length = size
            answer.call_on_close(stack.pop_all().close)
            return answer
        lines, before = logs.end_of(file, LARGEST_WHOLE)
    return log_view(place, job, logs.Log(lines, None), whole=True, left_out=before)


def _is_known(settings: Settings, system: str, host: str) -> bool:
    """Whether the settings, or P5's own look at its cluster, name this machine."""
    named = {
        settings.of(SquareSettings).square_gateway,
        *settings.of(SquareSettings).square_production,
        *settings.of(SquareSettings).square_playback,
    }
    named |= {one.name for one in runs.machines(system)} | {one.name for one in runs.hosts(system)}
    return short(host) in {short(name) for name in named}


def _fetch(settings: Settings, job: Job, file: IO[bytes]) -> None:
    upstream = Upstream(settings)
    try:
        upstream.log(job.host, job.key, file)
    except (Unreachable, BadAnswer) as error:
        raise Problem(502, f"{job.host} did not give the whole log: {error}") from error
    finally:
        upstream.close()


@pages.get("/square/log/text")
@needs(Role.VIEWER)
def log_text() -> Response:
    """The stored log as a file, as it came."""
    job = wanted(view_from_request())
    log = logs.join(*details.log_of(job))
    kept = log.lines if log.gap is None else [*log.lines[: log.gap], "", "... (lines that are not stored) ...", "", *log.lines[log.gap :]]
    return as_file(("\n".join(kept) + "\n").encode("utf-8", "surrogatepass"), job)


def as_file(text: bytes | Iterator[bytes], job: Job) -> Response:
    answer = Response(text, content_type="text/plain; charset=utf-8")
    name = re.sub(r"[^A-Za-z0-9._-]", "_", job.key)[:150]
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.log"'
    return answer
