"""Registering files: which file holds a run of a dataset. Nothing is read until somebody looks.

A batch is stored whole or not at all, and each entry that cannot be stored is named with what would be right.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from app.database import proxy, rows
from app.formats.recognise import recognise
from app.gui.models import NEW, Dataset, File, Sample
from app.settings import Settings
from app.web import Problem

FORMATS = {1: "tdirectory", 2: "dqmio", 3: "protobuf"}
"""The peer's numbers of the file formats that can be read."""

ONLINE = "/Global/Online/ALL"
"""What stands for a dataset where data are taken, for there is none yet; run 0 of it is the run that goes on."""

LARGEST = 2**31 - 1
BATCH = 1000
_DATASET = "(?P<dataset>[^/]+__[^/]+__[^/]+)"
NAMES = {
    "tdirectory": re.compile(rf"DQM_V\d{{4}}_([^_]+_)?R(?P<run>\d{{9}})(__{_DATASET})?\.root", re.ASCII),
    "protobuf": re.compile(r"(DQM_V\d{4}_([^_]+_)?R|run)(?P<run>\d{6,9})(_[^/]*)?\.pb", re.ASCII),
    "dqmio": re.compile(rf"{_DATASET}_run(?P<run>\d{{1,9}})\.root", re.ASCII),
}
"""What files are called, and the format that files of such a name have as a rule."""


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
        self.roots = tuple(f"{root}/" for root in settings.roots)
        self.folders: dict[str, str] = {}

    def real(self, path: str) -> str:
        """An absolute path without links."""
        folder, name = os.path.split(path)
        if name in ("", ".", "..") or os.path.islink(path):
            return os.path.realpath(path)
        if folder not in self.folders:
            self.folders[folder] = os.path.realpath(folder)
        return f"{self.folders[folder]}/{name}"

    def problem(self, path: Any) -> str:
        """What is wrong with the path of a file, or nothing: it is there, and below a root also after following links."""
        if not isinstance(path, str) or not path.startswith("/") or "\0" in path:
            return f"an absolute path is wanted, not {path!r}"
        try:
            place = self.real(path)
            place.encode()  # UnicodeEncodeError, a ValueError, for a name that is not UTF-8, which no database stores
            if not place.startswith(self.roots):
                allowed = ", ".join(root.rstrip("/") for root in self.roots)
                return f"{path} is in none of the folders that may be read: {allowed} (setting file_roots)"
            return "" if os.path.isfile(place) else f"there is no file {path}"
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
    return Entry(item["dataset"], run, lumi, places.real(item["file"]), FORMATS[item["fileformat"]]), []


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
    known = ", ".join(f"{number} ({name})" for number, name in FORMATS.items())
    return "" if type(value) is int and value in FORMATS else f"please provide a valid file format, one of {known}, not {value!r}"


class Told(NamedTuple):
    """What is said of files whose names and contents do not tell it; "" and None: nothing."""

    dataset: str = ""
    run: int | None = None
    format: str = ""


NOTHING_TOLD = Told()


def from_path(path: str, places: Places, told: Told = NOTHING_TOLD) -> Entry | None:
    """The entry of a file by what is told, by its name and, for the format, by its content; None when these do not tell the sample."""
    name = os.path.basename(path)
    usual, match = next(((usual, match) for usual, names in NAMES.items() if (match := names.fullmatch(name))), ("", None))
    dataset = told.dataset or (_dataset(match.groupdict().get("dataset"), usual) if match else "")
    run = told.run if told.run is not None else int(match["run"]) if match else None
    format = told.format or _recognised(path) or usual
    if run is None or not format or dataset_problem(dataset):
        return None
    return Entry(dataset, run, 0, places.real(path), format)


def _dataset(in_name: str | None, usual: str) -> str:
    """Snapshots are of the run that is taken, unless something else is told."""
    if not in_name:
        return ONLINE if usual == "protobuf" else ""
    primary, *processed, tier = in_name.split("__")
    return f"/{primary}/{'__'.join(processed)}/{tier}"


def _recognised(path: str) -> str | None:
    try:
        return recognise(path)
    except OSError:  # whoever registers it hears so from Places.problem
        return None


def register(entries: Sequence[Entry]) -> Registered:
    """Store these entries, all of them or (when this raises) none."""
    total = Registered(0, 0, 0)
    with proxy.atomic():
        for start in range(0, len(entries), BATCH):
            done = _register_batch(entries[start : start + BATCH])
            total = Registered(*(a + b for a, b in zip(total, done, strict=True)))
    return total


def _register_batch(entries: Sequence[Entry]) -> Registered:
    latest = {(entry.dataset, entry.run, entry.lumi): entry for entry in entries}  # the last one of a sample wins
    datasets = _ids(Dataset, Dataset.name, {entry.dataset: {"name": entry.dataset} for entry in latest.values()})
    places = {entry.url: {"url": entry.url, "format": entry.format, "registered": time.time()} for entry in latest.values()}
    files = _ids(File, File.url, places)
    wanted = {(datasets[dataset], run, lumi): files[entry.url] for (dataset, run, lumi), entry in latest.items()}
    known = _known(datasets.values(), {run for _, run, _ in wanted})
    new = [key for key in wanted if key not in known]
    moved = [key for key in wanted if key in known and known[key] != wanted[key]]
    if new:
        Sample.insert_many([{"dataset": d, "run": r, "lumi": n, "file": wanted[d, r, n]} for d, r, n in new]).execute()
    for key in moved:
        _move(key, wanted[key])
    _read_again({wanted[key] for key in [*new, *moved]})
    _forget({known[key] for key in moved})
    return Registered(len(new), len(moved), len(entries) - len(new) - len(moved))


def _ids(table: Any, field: Any, values: dict[str, dict[str, Any]]) -> dict[str, int]:
    """The id of each of these rows, which are given by their unique text; those that are missing are made."""
    wanted = table.select(field, table.id).where(field.in_(list(values)))
    found = dict(wanted.tuples())
    if missing := [row for name, row in values.items() if name not in found]:
        table.insert_many(missing).on_conflict_ignore().execute()
        found = dict(wanted.clone().tuples())
    return found


def _known(datasets: Iterable[int], runs: Iterable[int]) -> dict[tuple[int, int, int], int]:
    """The file of each sample of these datasets and runs, by dataset id, run and lumi."""
    query = Sample.select(Sample.dataset, Sample.run, Sample.lumi, Sample.file)
    found = rows(query.where(Sample.dataset.in_(list(datasets)), Sample.run.in_(list(runs))))
    return {(dataset, run, lumi): file for dataset, run, lumi, file in found}


def _move(key: tuple[int, int, int], file: int) -> None:
    """Give a sample another file; its list is that of the old one, so it goes."""
    dataset, run, lumi = key
    change = {"file": file, "namelist": None, "columns": None, "facts": None, "me_count": None, "version": Sample.version + 1}
    Sample.update(change).where(Sample.dataset == dataset, Sample.run == run, Sample.lumi == lumi).execute()


def _read_again(files: set[int]) -> None:
    """A file that was read before it had these samples must be read again for them."""
    File.update(state=NEW, size=None, mtime_ns=None).where(File.id.in_(list(files)), File.state != NEW).execute()


def _forget(files: set[int]) -> None:
    """Drop the rows of files that hold no sample any more."""
    used = Sample.select(Sample.file).where(Sample.file.in_(list(files)))
    File.delete().where(File.id.in_(list(files)), File.id.not_in(used)).execute()
