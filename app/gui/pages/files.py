"""The registered files: which there are, what is known of each, and each as a whole for those who want to look into it themselves."""

from __future__ import annotations

import io
import os
from threading import BoundedSemaphore
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, request, url_for
from peewee import fn
from werkzeug.wsgi import FileWrapper

from app.core.database import rows
from app.core.urls import is_remote
from app.formats import FileSource, FormatError, ServerUnreachable
from app.gui.addresses import View
from app.gui.api.v1 import catalog, number
from app.gui.models import Dataset, File, Sample
from app.gui.samples import SampleKey, matching
from app.security import Role, current_user, needs
from app.web import Problem, cached_json, page

blueprint = Blueprint("files", __name__)

SHOWN = 100
"""Files of one page."""
SAMPLES = 3
"""Samples that are named of each file."""
PIECE = 1 << 20
DOWNLOADS = 2
"""Downloads of one web process at a time: each keeps one of its threads busy for as long as it takes."""

_downloads = BoundedSemaphore(DOWNLOADS)


class RegisteredFile(NamedTuple):
    """A file and what is known of it. size: bytes of the version that was read, if any; samples: how many; first: the first SAMPLES of these."""

    id: int
    url: str
    format: str
    size: int | None
    state: str
    error: str
    registered: float
    samples: int
    first: list[SampleKey]

    @property
    def name(self) -> str:
        return os.path.basename(self.url)


def find(run: str, dataset: str, newest: int | None = None) -> tuple[list[RegisteredFile], int | None]:
    """The files with samples whose run and dataset contain these texts, the newest first, from number `newest` on; and where the next page starts."""
    columns = File.id, File.url, File.format, File.size, File.state, File.error, File.registered
    query = File.select(*columns).order_by(File.id.desc()).limit(SHOWN + 1)
    if newest is not None:
        query = query.where(File.id <= newest)
    if run or dataset:
        query = query.where(File.id.in_(matching(Sample.select(Sample.file), run, dataset)))
    found = rows(query)
    samples = _samples([number for number, *_ in found[:SHOWN]])
    files = [RegisteredFile(*[*row, *samples.get(row[0], (0, []))]) for row in found[:SHOWN]]
    return files, found[SHOWN][0] if len(found) > SHOWN else None


def _samples(files: list[int]) -> dict[int, tuple[int, list[SampleKey]]]:
    """The number of samples of each of these files, and the first of them."""
    each = {"partition_by": [Sample.file]}
    place = fn.ROW_NUMBER().over(order_by=[Sample.run, Sample.lumi], **each).alias("place")
    count = fn.COUNT(Sample.id).over(**each).alias("count")
    inner = Sample.select(Sample.file, count, place, Sample.run, Sample.lumi, Dataset.name).join(Dataset).where(Sample.file.in_(files))
    query = inner.alias("s")
    outer = query.select_from(query.c.file_id, query.c.count, query.c.run, query.c.lumi, query.c.name)
    found: dict[int, tuple[int, list[SampleKey]]] = {}
    for file, total, run, lumi, dataset in rows(outer.where(query.c.place <= SAMPLES).order_by(query.c.file_id, query.c.place)):
        found.setdefault(file, (total, []))[1].append(SampleKey(run, lumi, dataset))
    return found


def asked() -> tuple[str, str, int | None]:
    """What the address asks for: run, dataset, and the number of the file to begin with; raises Problem 400."""
    start = request.args.get("from")
    return request.args.get("run", "").strip(), request.args.get("dataset", "").strip(), number("from", start) if start else None


@blueprint.get("/files")
@needs(Role.VIEWER)
def files_page() -> Response:
    """The files, the newest first."""
    run, dataset, start = asked()
    found, after = find(run, dataset, start)
    shown = [(file, [(key, View(key).address) for key in file.first]) for file in found]
    more = after and f"{request.script_root}{request.path}?{urlencode({'run': run, 'dataset': dataset, 'from': after})}"
    may_download = current_user().role >= Role.SHIFTER
    return page(
        "gui/files.html",
        "gui/files_fragment.html",
        run=run,
        dataset=dataset,
        files=shown,
        more=more,
        start=start,
        may_download=may_download,
    )


@blueprint.get("/api/v1/files")
@needs(Role.VIEWER)
def list_files() -> Response:
    """As the page, for scripts; `next` is what to give as `from` for the files after these."""
    found, after = find(*asked())
    return cached_json({"data": [_described(file) for file in found], "next": after})


def _described(file: RegisteredFile) -> dict[str, Any]:
    content = url_for("files.content", number=file.id)
    return file._asdict() | {"name": file.name, "content": content, "first": [key._asdict() for key in file.first]}


@blueprint.get("/api/v1/files/<int:number>/content")
@needs(Role.SHIFTER)
def content(number: int) -> Response:
    """A whole file, or the range of it that is asked for; until the first byte is there, what is wrong is said."""
    file = File.get_or_none(File.id == number) if number < 2**63 else None
    if file is None:
        raise Problem(404, f"there is no file number {number} (any more)")
    if not catalog().may_read(file.url if is_remote(file.url) else os.path.realpath(file.url)):
        raise Problem(403, f"{file.url} is in none of the folders that may be read (setting file_roots)")
    if not _downloads.acquire(blocking=False):
        raise Problem(503, f"{DOWNLOADS} files are being downloaded already", headers={"Retry-After": "10"})
    try:
        source = FileSource(file.url)
        source.read(0, 1)
    except OSError as error:
        _downloads.release()
        raise Problem(503 if isinstance(error, ServerUnreachable) else 502, f"{file.url}: {error.strerror}") from error
    except FormatError as error:
        _downloads.release()
        raise Problem(502, str(error)) from error
    return _sent(source, os.path.basename(file.url))


def _sent(source: FileSource, name: str) -> Response:
    answer = Response(
        FileWrapper(io.BufferedReader(_Stream(source), PIECE), PIECE), mimetype="application/octet-stream", direct_passthrough=True
    )
    answer.content_length = source.size
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, errors='replace')}"
    answer.headers["Cache-Control"] = "no-cache"
    answer.set_etag(f"{source.version.size}-{source.version.mtime_ns}")
    answer.make_conditional(request, accept_ranges=True, complete_length=source.size)
    return answer


class _Stream(io.RawIOBase):
    """A source as what the server reads answers from, piece by piece; closed, it makes place for the next download."""

    def __init__(self, source: FileSource) -> None:
        self._source = source
        self._at = 0

    def seekable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        self._at = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size}[whence] + place
        return self._at

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._source.read(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._source.close()
            _downloads.release()
        super().close()
