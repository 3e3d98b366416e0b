"""The registered files: a list, and the download of whole files."""

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
from app.gui.current import current_catalog
from app.gui.files.shown import shown_path, shown_text
from app.gui.models import Dataset, File, Sample
from app.gui.samples import LARGEST, SampleKey, matching
from app.gui.view import View
from app.security import Role, needs
from app.security.caller import current_user
from app.security.repeated import audit_download
from app.web import Problem, cached_json, page
from app.web.arguments import int_arg
from app.web.responses import ContentResponse

blueprint = Blueprint("files", __name__)

FILES_PER_PAGE = 100

SAMPLES_PER_FILE = 3
"""Samples in the list for each file; a file can have thousands."""

CHUNK_BYTES = 1 << 20

MAX_DOWNLOADS = 16
"""Simultaneous downloads of one web process: each holds a file and about 3 MB; a thread only while a part is read."""

_downloads = BoundedSemaphore(MAX_DOWNLOADS)


class RegisteredFile(NamedTuple):
    """A row of the list of files."""

    id: int
    url: str  # as the current user may see it
    format: str
    size: int | None  # bytes of the imported version
    state: str  # see app.gui.models
    error: str
    registered: float  # Unix s UTC
    samples: int  # number of samples
    first: list[SampleKey]  # at most SAMPLES_PER_FILE samples

    @property
    def name(self) -> str:
        """The name of the file without its folder."""
        return os.path.basename(self.url)


def find_files(run: str, dataset: str, newest: int | None = None) -> tuple[list[RegisteredFile], int | None]:
    """Files with samples whose run and dataset contain these texts, newest first, and the number of the first file after them.

    Args:
        run: Part of a run number.
        dataset: Part of a dataset name.
        newest: Number (id) of the first file.
    """
    columns = File.id, File.url, File.format, File.size, File.state, File.error, File.registered
    query = File.select(*columns).order_by(File.id.desc()).limit(FILES_PER_PAGE + 1)
    if newest is not None:
        query = query.where(File.id <= newest)
    if run or dataset:
        query = query.where(File.id.in_(matching(Sample.select(Sample.file), run, dataset)))
    found = rows(query)
    samples = _samples_of([number for number, *_ in found[:FILES_PER_PAGE]])
    files = [RegisteredFile(*[*row, *samples.get(row[0], (0, []))]) for row in found[:FILES_PER_PAGE]]
    files = [file._replace(url=shown_path(file.url), error=shown_text(file.error, file.url)) for file in files]
    return files, found[FILES_PER_PAGE][0] if len(found) > FILES_PER_PAGE else None


def _samples_of(files: list[int]) -> dict[int, tuple[int, list[SampleKey]]]:
    """The number of samples of each file, and the first of them."""
    each = {"partition_by": [Sample.file]}
    place = fn.ROW_NUMBER().over(order_by=[Sample.run, Sample.lumi], **each).alias("place")
    count = fn.COUNT(Sample.id).over(**each).alias("count")
    inner = Sample.select(Sample.file, count, place, Sample.run, Sample.lumi, Dataset.name).join(Dataset).where(Sample.file.in_(files))
    query = inner.alias("s")
    outer = query.select_from(query.c.file_id, query.c.count, query.c.run, query.c.lumi, query.c.name)
    found: dict[int, tuple[int, list[SampleKey]]] = {}
    for file, total, run, lumi, dataset in rows(outer.where(query.c.place <= SAMPLES_PER_FILE).order_by(query.c.file_id, query.c.place)):
        found.setdefault(file, (total, []))[1].append(SampleKey(run, lumi, dataset))
    return found


def _search_from_request() -> tuple[str, str, int | None]:
    """Run, dataset and number of the first file in the query. Raises Problem 400."""
    start = int_arg("from", 0, LARGEST) if request.args.get("from") else None
    return request.args.get("run", "").strip(), request.args.get("dataset", "").strip(), start


@blueprint.get("/files")
@needs(Role.VIEWER)
def files_page() -> Response:
    """The list of files, newest first."""
    run, dataset, start = _search_from_request()
    found, after = find_files(run, dataset, start)
    files = [(file, [(key, View(key).address) for key in file.first]) for file in found]
    more = after and f"{request.script_root}{request.path}?{urlencode({'run': run, 'dataset': dataset, 'from': after})}"
    may_download = current_user().role >= Role.SHIFTER
    return page(
        "gui/files.html",
        "gui/files_fragment.html",
        run=run,
        dataset=dataset,
        files=files,
        more=more,
        start=start,
        may_download=may_download,
    )


@blueprint.get("/api/v1/files")
@needs(Role.VIEWER)
def list_files() -> Response:
    """The list of files as JSON; `next` is the value of `from` for the following files."""
    found, after = find_files(*_search_from_request())
    return cached_json({"data": [_file_json(file) for file in found], "next": after})


def _file_json(file: RegisteredFile) -> dict[str, Any]:
    content = url_for("files.content", number=file.id)
    return file._asdict() | {"name": file.name, "content": content, "first": [key._asdict() for key in file.first]}


@blueprint.get("/api/v1/files/<int:number>/content")
@needs(Role.SHIFTER)
def content(number: int) -> Response:
    """A whole file, or a range of it. Errors before the first byte have an HTTP status."""
    file = File.get_or_none(File.id == number) if number < 2**63 else None
    if file is None:
        raise Problem(404, f"File number {number} does not exist, or was removed")
    if not current_catalog().may_read(file.url if is_remote(file.url) else os.path.realpath(file.url)):
        raise Problem(403, f"{file.url} is in none of the folders that may be read (setting file_roots)")
    if not _downloads.acquire(blocking=False):
        raise Problem(503, f"{MAX_DOWNLOADS} files are being downloaded already", headers={"Retry-After": "10"})
    response = _file_response(_open_source(file.url), os.path.basename(file.url))
    if request.method == "GET" and response.status_code in (200, 206):
        audit_download("file", file.url)
    return response


def _open_source(url: str) -> FileSource:
    """A file that can be read; ends the download when it cannot. Raises Problem 422, 502 and 503."""
    try:
        source = FileSource(url)
        source.read(0, 1)
    except OSError as error:
        _downloads.release()
        raise Problem(503 if isinstance(error, ServerUnreachable) else 502, f"{url}: {error.strerror}") from error
    except FormatError as error:
        _downloads.release()
        raise Problem(422, str(error)) from error
    return source


def _file_response(source: FileSource, name: str) -> Response:
    body = FileWrapper(io.BufferedReader(_SourceStream(source), CHUNK_BYTES), CHUNK_BYTES)
    response = ContentResponse(body, mimetype="application/octet-stream", direct_passthrough=True)
    response.content_length = source.size
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, errors='replace')}"
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(f"{source.version.size}-{source.version.mtime_ns}")
    response.make_conditional(request, accept_ranges=True, complete_length=source.size)
    return response


class _SourceStream(io.RawIOBase):
    """A file as the stream of a response; closing it ends the download."""

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
