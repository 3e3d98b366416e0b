"""Registering files: which file holds a run of a dataset. Most are read when somebody looks.

A batch is stored whole or not at all, and each entry that cannot be stored is named with what would be right.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from peewee import fn

from app import formats, queue
from app.core.database import proxy, rows
from app.core.settings import Settings
from app.core.urls import is_remote, normalize_url
from app.gui.models import NEW, Dataset, File, Sample
from app.gui.settings import readable_roots
from app.web import Problem

ONLINE = "/Global/Online/ALL"
"""What stands for a dataset where data are taken, for there is none yet; run 0 of it is the run that goes on."""

IMPORT = "import"
"""Kind of the work that reads the lists of a file; its key is the id of the file."""

LARGEST = 2**31 - 1
BATCH = 1000

LIVE = 10
"""More files at a time are no live run, but a collection: each is read when somebody looks."""

WHOLE_RUNS = 100
"""The same of files that hold whole runs with their lumisections."""


class Entry(NamedTuple):
    """One file as the home of one sample."""

    dataset: str
    run: int
    lumi: int
    url: str
    format: str


class Registered(NamedTuple):
    """How many entries were new, replaced the file of a sample that was known, or were known already."""

    new: int
    replaced: int
    known: int

    def __str__(self) -> str:
        return f"{self.new} new, {self.replaced} with another file, {self.known} known already"


def summary(entries: Sequence[Entry]) -> str:
    """What a batch is, for the audit log: the first file and how many there are."""
    return f"{len(entries)} files" + (f", the first {entries[0].url}" if entries else "")


class Places:
    """Where files may be, for the time of one batch: the folders that it names are looked up once."""

    def __init__(self, settings: Settings) -> None:
        self.readable = readable_roots(settings)
        self.folders: dict[str, str] = {}

    def real(self, path: str) -> str:
        """An absolute path without links, or the address of a remote file as it is always written."""
        if "://" in path:
            return normalize_url(path)
        folder, name = os.path.split(path)
        if name in ("", ".", "..") or os.path.islink(path):
            return os.path.realpath(path)
        if folder not in self.folders:
            self.folders[folder] = os.path.realpath(folder)
        return f"{self.folders[folder]}/{name}"

    def problem(self, path: Any) -> str:
        """What is wrong with the path of a file, or nothing: it is there, and below a root also after following links.

        A remote one need not be there: no server is asked.
        """
        if not isinstance(path, str) or not (path.startswith("/") or "://" in path) or "\0" in path:
            return f"an absolute path is wanted, or root://host//path, not {path!r}"
        try:
            place = self.real(path)
            place.encode()  # UnicodeEncodeError, a ValueError, for a name that is not UTF-8, which no database stores
            if not place.startswith(self.readable):
                allowed = ", ".join(self.readable)
                return f"{path} is in none of the folders that may be read: {allowed} (setting file_roots)"
            return "" if is_remote(place) or os.path.isfile(place) else f"there is no file {path}"
        except (OSError, ValueError) as error:
            return f"{path} cannot be looked at: {error}"


def from_json(document: Any, settings: Settings) -> list[Entry]:
    """The entries of `POST /api/v1/register`; raises Problem 400 that names every field that cannot be used."""
    if not isinstance(document, list):
        raise Problem(400, "Please provide correctly formatted JSON: a list of objects", [("", "not a list")])
    entries, errors, places = [], [], Places(settings)
    for index, item in enumerate(document):
        entry, wrong = _entry(item, places)
        entries.append(entry)
        errors += [(f"[{index}]{field}", problem) for field, problem in wrong]
    if errors:
        raise Problem(400, f"nothing was registered: {len(errors)} fields cannot be used", errors)
    return [entry for entry in entries if entry]


def _entry(item: Any, places: Places) -> tuple[Entry | None, list[tuple[str, str]]]:
    if not isinstance(item, dict):
        return None, [("", "not an object with dataset, run, lumi, file and fileformat")]
    missing = [name for name in ("dataset", "run", "lumi", "file", "fileformat") if name not in item]
    if missing:
        return None, [(f".{name}", "missing; please provide all required fields") for name in missing]
    run, lumi = _number(item["run"]), _number(item["lumi"])
    checks = {
        ".dataset": dataset_problem(item["dataset"]),
        ".run": "" if run is not None else f"a whole number from 0 to {LARGEST} is wanted, not {item['run']!r}",
        ".lumi": "" if lumi is not None else f"a whole number from 0 to {LARGEST} is wanted, not {item['lumi']!r}",
        ".file": places.problem(item["file"]),
        ".fileformat": format_problem(item["fileformat"]),
    }
    wrong = [(field, problem) for field, problem in checks.items() if problem]
    if wrong or run is None or lumi is None:
        return None, wrong
    return Entry(item["dataset"], run, lumi, places.real(item["file"]), formats.FORMATS.by_number()[item["fileformat"]]), []


def _number(value: Any) -> int | None:
    """A whole number, as a number or in ASCII digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    return value if type(value) is int and 0 <= value <= LARGEST else None


def dataset_problem(value: Any) -> str:
    """What is wrong with a dataset name, or nothing."""
    good = isinstance(value, str) and re.fullmatch("(/[^/]+){3}", value) and len(value) <= 1000 and value.isprintable()
    return "" if good else f"a name such as /ZeroBias/Run2023C-PromptReco-v1/DQMIO is wanted, not {value!r}"


def format_problem(value: Any) -> str:
    """What is wrong with the number of a file format, or nothing."""
    by_number = formats.FORMATS.by_number()
    known = ", ".join(f"{number} ({name})" for number, name in by_number.items())
    return "" if type(value) is int and value in by_number else f"please provide a valid file format, one of {known}, not {value!r}"


def register(entries: Sequence[Entry]) -> Registered:
    """Store these entries, all of them or (when this raises) none.

    The live queue reads files of runs that go on, the bulk queue those of which nobody knows the lumisections.
    """
    total = Registered(0, 0, 0)
    with proxy.atomic():
        for start in range(0, len(entries), BATCH):
            done = _register_batch(entries[start : start + BATCH])
            total = Registered(*(a + b for a, b in zip(total, done, strict=True)))
        _read_soon({entry.url for entry in entries if is_live(entry.run, entry.dataset)}, LIVE, "live")
        _read_soon({entry.url for entry in entries if _hides_lumis(entry)}, WHOLE_RUNS, "bulk")
    return total


def _hides_lumis(entry: Entry) -> bool:
    """Whether the file alone knows which lumisections there are, so that no search finds them before it is read."""
    return formats.FORMATS[entry.format].has_lumisections and not entry.lumi and not is_remote(entry.url)


def _read_soon(urls: set[str], most: int, queue_name: str) -> None:
    if 0 < len(urls) <= most:
        for (file,) in rows(File.select(File.id).where(File.url.in_(list(urls))).order_by(File.id)):
            queue.enqueue(IMPORT, str(file), queue=queue_name)


def is_live(run: int, dataset: str) -> bool:
    """Whether a run may go on, so that its file is another one every few seconds."""
    return run == 0 or dataset == ONLINE


def _register_batch(entries: Sequence[Entry]) -> Registered:
    latest = {(entry.dataset, entry.run, entry.lumi): entry for entry in entries}  # the last one of a sample wins
    datasets = _ids(Dataset, Dataset.name, {entry.dataset: {"name": entry.dataset} for entry in latest.values()})
    places = {entry.url: {"url": entry.url, "format": entry.format, "registered": time.time()} for entry in latest.values()}
    files = _ids(File, File.url, places)
    wanted = {(datasets[dataset], run, lumi): files[entry.url] for (dataset, run, lumi), entry in latest.items()}
    known = _known(datasets.values(), {run for _, run, _ in wanted})
    new = [key for key in wanted if key not in known]
    moved = [key for key in wanted if key in known and known[key].newest != wanted[key]]
    if new:
        Sample.insert_many([{"dataset": d, "run": r, "lumi": n, "file": wanted[d, r, n], "first": n == 0} for d, r, n in new]).execute()
    for key in moved:
        _move(known[key], wanted[key])
    _read_again({wanted[key] for key in [*new, *moved]})
    forget_files({file for key in moved for file in (known[key].file, known[key].coming) if file})
    runs = {key[:2] for key in known}
    mark_first({(dataset, run) for dataset, run, lumi in new if lumi or (dataset, run) in runs})
    return Registered(len(new), len(moved), len(entries) - len(new) - len(moved))


def _ids(table: Any, field: Any, values: dict[str, dict[str, Any]]) -> dict[str, int]:
    """The id of each of these rows, which are given by their unique text; those that are missing are made."""
    wanted = table.select(field, table.id).where(field.in_(list(values)))
    found = dict(wanted.tuples())
    if missing := [row for name, row in values.items() if name not in found]:
        table.insert_many(missing).on_conflict_ignore().execute()
        found = dict(wanted.clone().tuples())
    return found


class _Known(NamedTuple):
    """A sample that is registered already."""

    sample: int
    file: int
    coming: int | None
    namelist: int | None

    @property
    def newest(self) -> int:
        return self.coming or self.file


def _known(datasets: Iterable[int], runs: Iterable[int]) -> dict[tuple[int, int, int], _Known]:
    """The samples of these datasets and runs, by dataset id, run and lumi."""
    query = Sample.select(Sample.dataset, Sample.run, Sample.lumi, Sample.id, Sample.file, Sample.coming, Sample.namelist)
    found = rows(query.where(Sample.dataset.in_(list(datasets)), Sample.run.in_(list(runs))))
    return {(dataset, run, lumi): _Known(*known) for dataset, run, lumi, *known in found}


def _move(known: _Known, file: int) -> None:
    """Give a sample another file, whose list takes the place of the old one, if there is any, once it is stored."""
    if file == known.file:
        change: dict[str, Any] = {"coming": None}
    elif known.namelist is None:
        change = {"file": file, "coming": None, "me_count": None}
    else:
        change = {"coming": file}
    Sample.update(change | {"version": Sample.version + 1}).where(Sample.id == known.sample).execute()


def _read_again(files: set[int]) -> None:
    """A file that was read before it had these samples must be read again for them."""
    File.update(state=NEW).where(File.id.in_(list(files)), File.state != NEW).execute()


def forget_files(files: set[int]) -> None:
    """Drop the rows of those of these files that hold no sample any more."""
    used = [Sample.select(file).where(file.in_(list(files))) for file in (Sample.file, Sample.coming)]
    File.delete().where(File.id.in_(list(files)), File.id.not_in(used[0]), File.id.not_in(used[1])).execute()


def mark_first(runs: Iterable[tuple[int, int]]) -> None:
    """Mark of each run, given by its dataset's id and number, the first lumisection that has MEs or was not read yet."""
    for dataset, run in runs:
        of_run = Sample.dataset == dataset, Sample.run == run
        # Those that were read and have nothing come last.
        ((first,),) = rows(Sample.select(Sample.id).where(*of_run).order_by(fn.COALESCE(Sample.me_count, 1) == 0, Sample.lumi).limit(1))
        Sample.update(first=False).where(*of_run, Sample.first, Sample.id != first).execute()
        Sample.update(first=True).where(Sample.id == first, ~Sample.first).execute()
