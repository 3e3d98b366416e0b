"""Entries to register: which sample a file holds, and the checks of what users and scripts send."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from app.core.input_problems import InputProblems, shortened
from app.core.settings import Settings
from app.core.urls import is_remote, normalize_url
from app.formats import FORMATS
from app.gui.errors import InvalidInput
from app.gui.samples import LARGEST
from app.gui.settings import readable_roots
from app.web.arguments import parse_int

ONLINE_DATASET = "/Global/Online/ALL"
"""Dataset of the online system; run 0 of it is the ongoing run."""

MAX_DATASET_BYTES = 1000

MAX_PATH_BYTES = 2000
"""Of a path or URL, also after links are followed. An index of PostgreSQL takes 2,700 bytes; to resolve longer ones takes long."""

MAX_ENTRIES = 200_000
"""Entries of one call."""

FieldProblems = list[tuple[str, str]]
"""Names of fields that cannot be used, with the problem of each."""


class Entry(NamedTuple):
    """A file and the sample in it."""

    dataset: str
    run: int
    lumi: int  # 0: the whole run
    url: str
    format: str


def is_live(run: int, dataset: str) -> bool:
    """Whether a run can be ongoing, so that its file is replaced every few seconds."""
    return run == 0 or dataset == ONLINE_DATASET


class AllowedRoots:
    """The folders of `file_roots`, for the checks of one batch: each folder of the batch is resolved once."""

    def __init__(self, settings: Settings) -> None:
        self.roots = readable_roots(settings)
        self.resolved: dict[str, str] = {}

    def resolve(self, path: str) -> str:
        """An absolute path without links, or the normalized URL of a remote file."""
        if "://" in path:
            return normalize_url(path)
        folder, name = os.path.split(path)
        if name in ("", ".", "..") or os.path.islink(path):
            return os.path.realpath(path)
        if folder not in self.resolved:
            self.resolved[folder] = os.path.realpath(folder)
        return f"{self.resolved[folder]}/{name}"

    def _likely(self, path: str) -> str:
        """As `resolve`, which looks at each folder above, for files that exist; for others where the path seems to lead."""
        return self.resolve(path) if "://" in path or os.path.isfile(path) else os.path.normpath(path)

    def problem(self, path: Any) -> str:
        """Why a file cannot be registered, or "".

        A local file must exist below a root, also after links are followed. Servers of remote files are not contacted.
        """
        if not isinstance(path, str) or not (path.startswith("/") or "://" in path) or "\0" in path:
            return f"Expected an absolute path or root://host//path, not {shortened(str(path))!r}"
        if len(path) > MAX_PATH_BYTES:
            return f"{shortened(path)} is too long: it has {len(path)} characters; at most {MAX_PATH_BYTES} are possible"
        try:
            url = self._likely(path)
            size = len(url.encode())  # UnicodeEncodeError, a ValueError, for a name that is not UTF-8, which no database stores
            if size > MAX_PATH_BYTES:
                return f"{path} is too long: it has {size} bytes without links; at most {MAX_PATH_BYTES} are possible"
            if not url.startswith(self.roots):
                return f"{path} is in none of the folders that may be read: {', '.join(self.roots)} (setting file_roots)"
            return "" if is_remote(url) or os.path.isfile(url) else f"There is no file {path}"
        except (OSError, ValueError) as error:
            return f"Cannot check {path}: {error}"


def entries_from_json(document: Any, settings: Settings) -> list[Entry]:
    """The entries in the body of `POST /api/v1/register`. Raises InvalidInput that names every field that cannot be used."""
    if not isinstance(document, list):
        raise InvalidInput("Please provide correctly formatted JSON: a list of objects", [("", "not a list")])
    if len(document) > MAX_ENTRIES:
        problem = f"The list has {len(document)} entries; send at most {MAX_ENTRIES} in one call"
        raise InvalidInput(f"Nothing was registered. {problem}", [("", problem)])
    entries: list[Entry] = []
    indices: list[int] = []
    problems = InputProblems()
    roots = AllowedRoots(settings)
    for index, item in enumerate(document):
        wrong = _item_problems(item, roots)
        problems.extend((f"[{index}]{field}", problem) for field, problem in wrong)
        if not wrong:
            entries.append(_entry(item, roots))
            indices.append(index)
    problems.extend(_conflicts(entries, indices))
    if problems.count:
        raise InvalidInput(f"Nothing was registered: {problems.count} fields cannot be used", problems)
    return entries


def _conflicts(entries: list[Entry], indices: list[int]) -> Iterator[tuple[str, str]]:
    """The entries that name another file or format than an earlier entry for the same sample; `indices` in the document."""
    first: dict[tuple[str, int, int], tuple[int, Entry]] = {}
    for index, entry in zip(indices, entries, strict=True):
        other, earlier = first.setdefault((entry.dataset, entry.run, entry.lumi), (index, entry))
        if earlier != entry:
            field = "file" if earlier.url != entry.url else "fileformat"
            lumi = f", lumisection {entry.lumi}," if entry.lumi else ""
            problem = f"Run {entry.run}{lumi} of {entry.dataset} is in {earlier.url} ({earlier.format}) by [{other}]"
            yield f"[{index}].{field}", f"{problem} and in {entry.url} ({entry.format}); a sample is in one file"


def _item_problems(item: Any, roots: AllowedRoots) -> FieldProblems:
    if not isinstance(item, dict):
        return [("", "Expected an object with dataset, run, lumi, file and fileformat")]
    missing = [name for name in ("dataset", "run", "lumi", "file", "fileformat") if name not in item]
    if missing:
        return [(f".{name}", "missing; please provide all required fields") for name in missing]
    problems = {
        ".dataset": dataset_problem(item["dataset"]),
        ".run": _number_problem(item["run"]),
        ".lumi": _number_problem(item["lumi"]),
        ".file": roots.problem(item["file"]),
        ".fileformat": format_problem(item["fileformat"]),
    }
    return [(field, problem) for field, problem in problems.items() if problem]


def _entry(item: dict[str, Any], roots: AllowedRoots) -> Entry:
    """The entry of an item without problems."""
    format = FORMATS.by_number()[item["fileformat"]]
    return Entry(item["dataset"], int(item["run"]), int(item["lumi"]), roots.resolve(item["file"]), format)


def is_number(value: Any) -> bool:
    """Whether a value of JSON is a whole number that a run or lumisection can have; `true` is none."""
    return type(value) is int and 0 <= value <= LARGEST


def _number_problem(value: Any) -> str:
    number = parse_int(value, LARGEST) if isinstance(value, str) else value
    return "" if is_number(number) else f"Expected a whole number from 0 to {LARGEST}, not {value!r}"


def dataset_problem(value: Any) -> str:
    """Why a dataset name cannot be used, or ""."""
    is_text = isinstance(value, str) and value.isprintable() and len(value.encode()) <= MAX_DATASET_BYTES  # printable: no surrogates
    is_valid = is_text and re.fullmatch("(/[^/]+){3}", value)
    return "" if is_valid else f"Expected a name such as /ZeroBias/Run2023C-PromptReco-v1/DQMIO, not {value!r}"


def format_problem(value: Any) -> str:
    """Why the number of a file format cannot be used, or ""."""
    by_number = FORMATS.by_number()
    known = ", ".join(f"{number} ({name})" for number, name in by_number.items())
    is_valid = type(value) is int and value in by_number
    return "" if is_valid else f"Please provide a valid file format, one of {known}, not {value!r}"
