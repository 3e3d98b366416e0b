"""Reads the view of a page from its address. A wrong field is left out, with its problem, and the rest of the view stays."""

from __future__ import annotations

import re
from difflib import get_close_matches
from urllib.parse import parse_qsl

from flask import request

from app.core.zones import DEFAULT_ZONE, ZONES
from app.gui.addresses import query_field, text, unquote_path
from app.gui.drawing_options import OPTIONS, DrawingOptions, usable_options
from app.gui.errors import InvalidInput
from app.gui.references import COMPARISONS, FORM, MAX_REFERENCES, Reference
from app.gui.samples import SampleKey
from app.gui.search_words import parse_search
from app.gui.view import (
    ALARMS,
    DEFAULT_SIZE,
    INTERACTIVE,
    MAX_CELLS,
    MAX_MARKS,
    ONLY,
    PLAYS,
    SLIDE_S,
    TABLE_COLUMN,
    TILE_SIZES,
    WINDOWS,
    View,
)
from app.web import Problem, raw_path
from app.web.arguments import parse_int
from app.web.fields import MAX_SUGGESTIONS, REPEATED, FieldProblem
from render.options import MAX_TEXT_LENGTH

MAX_OWN_OPTIONS = 100
"""MEs with drawing options of their own in one address."""

LARGEST_PAGE = 999_999
"""Greatest number of a page of a table in an address."""

FRAGMENT_FIELDS = frozenset({"since", "from", "series", "details", "choices", "lumi", "v", "csv", "unread", "upto"})
"""Fields that choose a part of a page and are no state of it."""

VIEW_FIELDS = (
    *("plot", "cell", "window", "q", "status", "size", "failing", "first", "mark", "show", "slide", "play", "quantity"),
    *("diff", "table", "sort", "page", "interactive", "ref", "compare", "tz", "ws", "only", "shared", *OPTIONS),
)
"""Fields of a view, without numbered ones."""

LISTS = frozenset({"ref", "mark"})
"""Fields that can have several values."""

SHARED = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
"""Values of `shared`."""

_NUMBERED = re.compile(r"(label|me)([1-9]\d{0,2})(?:\.(\w+))?", re.ASCII)
_SAMPLE = re.compile(rb"(\d{1,9})(?::(\d{1,9}))?")


def view_from_request() -> View:
    """The view of the address of this request. Raises Problem 404 for an address that names no sample."""
    return view_of(raw_path(skip=1), request.query_string.decode("latin-1"))


def view_of(path: bytes, query: str) -> View:
    """The view of an address: its percent-decoded path after /browse/, and its query. Raises Problem 404."""
    key, folder = _sample_and_folder(path)
    return ViewQuery(query).view(key, folder)


class ViewQuery:
    """The query of the address of a page, and what is wrong with it."""

    def __init__(self, query: str) -> None:
        self.pairs = [query_field(*pair) for pair in parse_qsl(query, keep_blank_values=True, encoding="utf-8", errors="surrogateescape")]
        self.values, repeated = _single_values(self.pairs)
        self._prefixed = _by_prefix(self.values)
        self._references_written = sum(name == "ref" for name, _ in self.pairs)
        self.problems = [FieldProblem(_text(name), _text(value), REPEATED) for name, value in repeated.items()]

    def view(self, key: SampleKey, folder: bytes = b"") -> View:
        """The view with the usable fields."""
        options, problems = usable_options(self.values)
        self.problems += problems
        view = View(
            key,
            folder,
            plot=_bytes(self.values.get("plot", "")),
            cell_number=self._whole_number("cell", MAX_CELLS),
            q=self._search(),
            size=self._choice("size", tuple(TILE_SIZES), DEFAULT_SIZE),
            status=self._choice("status", ALARMS, "") if self.values.get("status") else "",
            failing=self._choice("failing", ("1", "0"), "0") == "1",
            failing_first=self._choice("first", ("failing", "usual"), "usual") == "failing",
            marks=self._marks(),
            side_by_side=self._choice("show", ("marked", "list"), "list") == "marked",
            slide_s=self._optional_number("slide", SLIDE_S, "a whole number of seconds"),
            window=self._optional_number("window", WINDOWS, "a whole number of lumisections"),
            play=self._choice("play", PLAYS, "") if self.values.get("play") else "",
            quantity=self._printable("quantity"),
            diff=self._choice("diff", ("1", "0"), "0") == "1",
            table=self._choice("table", ("1", "0"), "0") == "1",
            sort=self._sort(),
            page=self._whole_number("page", LARGEST_PAGE),
            interactive=self._interactive(),
            references=self._references(),
            compare=self._choice("compare", COMPARISONS, COMPARISONS[0]),
            options=options,
            own_options=self._own_options(),
            tz=self._choice("tz", tuple(ZONES), DEFAULT_ZONE),
            ws=self._printable("ws"),
            only=self._choice("only", (*ONLY, "all"), "all").replace("all", ""),
            shared=self._shared(),
        )
        self._refuse_unknown()
        return view.replace(problems=tuple(self.problems))

    def _search(self) -> str:
        """The search. A list marks a wrong one in its own field; on other pages, which have none, it is left out."""
        search = _text(self.values.get("q", "")).strip()
        if any(self.values.get(name) for name in ("plot", "slide", "play", "show")):
            try:
                parse_search(search)
            except InvalidInput as error:
                self._problem("q", error.message)
                return ""
        return search

    def _problem(self, name: str, problem: str) -> None:
        self.problems.append(FieldProblem(_text(name), _text(self.values.get(name, "")), problem))

    def _choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.values.get(name) or default
        if value in choices:
            return value
        self._problem(name, f"{value!r} is none of {', '.join(choices)}")
        return default

    def _printable(self, name: str) -> str:
        value = self.values.get(name, "")
        if value.isprintable():
            return value
        self._problem(name, "only printable characters are allowed")
        return ""

    def _sort(self) -> str:
        value = self.values.get("sort", "")
        if not value or TABLE_COLUMN.fullmatch(value):
            return value
        self._problem(
            "sort",
            f"{_text(value)!r} is no column of a table, such as x, ylabel, content, error, content1 of the first reference, or -content",
        )
        return ""

    def _interactive(self) -> str:
        value = self.values.get("interactive", "")
        if not value or (len(value) <= MAX_TEXT_LENGTH and INTERACTIVE.fullmatch(value)):
            return value
        self._problem("interactive", "expected on, then for example ,project:x ,x:4 for four bins as one, ,zoomx:-5:7.5")
        return ""

    def _shared(self) -> str:
        value = self.values.get("shared", "")
        if not value or SHARED.fullmatch(value):
            return value
        self._problem("shared", "expected the letters and digits of the link of a shared layout")
        return ""

    def _whole_number(self, name: str, largest: int) -> int:
        number = parse_int(self.values.get(name) or "1", largest)
        if number:
            return number
        self._problem(name, f"expected a whole number from 1 to {largest}")
        return 1

    def _marks(self) -> tuple[bytes, ...]:
        found = tuple(dict.fromkeys(_bytes(value) for name, value in self.pairs if name == "mark" and value))
        if len(found) > MAX_MARKS:
            self.problems.append(FieldProblem("mark", text(found[MAX_MARKS]), f"at most {MAX_MARKS} plots can be marked"))
        return found[:MAX_MARKS]

    def _optional_number(self, name: str, allowed: range, expected: str) -> int:
        """One of these numbers; 0 without a value."""
        value = self.values.get(name, "")
        if not value or value in map(str, allowed):
            return int(value or 0)
        self._problem(name, f"expected {expected} from {allowed[0]} to {allowed[-1]}")
        return 0

    def _references(self) -> tuple[Reference, ...]:
        """The references with their labels; the number of a label is the place of its reference."""
        found = []
        for number, value in enumerate((value for name, value in self.pairs if name == "ref"), 1):
            if not value.strip():  # an empty row of a form
                continue
            reference = Reference.parse(_bytes(value), self._label(f"label{number}"))
            if reference is None:
                self.problems.append(FieldProblem("ref", _text(value), f"{FORM}, not {_text(value)!r}"))
            else:
                found.append(reference)
        if len(found) > MAX_REFERENCES:
            left_out = text(found[MAX_REFERENCES].written())
            self.problems.append(FieldProblem("ref", left_out, f"a plot has at most {MAX_REFERENCES} references"))
        return tuple(found[:MAX_REFERENCES])

    def _label(self, name: str) -> str:
        value = self.values.get(name, "")
        if len(value) <= MAX_TEXT_LENGTH and value.isprintable():
            return value
        self._problem(name, f"a label has at most {MAX_TEXT_LENGTH} printable characters")
        return ""

    def _own_options(self) -> tuple[tuple[bytes, DrawingOptions], ...]:
        """Drawing options of single MEs: me1=<path>, me1.ytype=log, ..."""
        found: dict[bytes, DrawingOptions] = {}
        for name, path in self.values.items():
            match = _NUMBERED.fullmatch(name)
            if not match or match[1] != "me" or match[3] or not path:
                continue
            if _bytes(path) in found:
                self._problem(name, "this plot has options of its own already")
                continue
            found[_bytes(path)], problems = usable_options(self._prefixed.get(name, {}), f"{name}.")
            self.problems += problems
        if len(found) > MAX_OWN_OPTIONS:
            self.problems.append(FieldProblem("me", str(len(found)), f"at most {MAX_OWN_OPTIONS} plots can have options of their own"))
        return tuple(found.items())[:MAX_OWN_OPTIONS]

    def _refuse_unknown(self) -> None:
        unknown = [name for name, value in self.values.items() if value and not self._is_known(name)]
        for number, name in enumerate(unknown):
            near = get_close_matches(name, VIEW_FIELDS, 1) if number < MAX_SUGGESTIONS else []
            self._problem(name, "pages of a sample have no such field" + (f"; did you mean {near[0]}?" if near else ""))

    def _is_known(self, name: str) -> bool:
        match = _NUMBERED.fullmatch(name)
        if not match:
            return name in VIEW_FIELDS or name in FRAGMENT_FIELDS
        if match[1] == "label":
            return not match[3] and int(match[2]) <= self._references_written
        return bool(self.values.get(f"me{match[2]}")) and (not match[3] or match[3] in OPTIONS)


def _single_values(pairs: list[tuple[str, str]]) -> tuple[dict[str, str], dict[str, str]]:
    """The fields with one value each, and those with different ones; the fields of LISTS can have several."""
    values: dict[str, str] = {}
    repeated: dict[str, str] = {}
    for name, value in pairs:
        if values.setdefault(name, value) != value and name not in LISTS:
            repeated[name] = value
    return {name: value for name, value in values.items() if name not in repeated}, repeated


def _by_prefix(values: dict[str, str]) -> dict[str, dict[str, str]]:
    """Fields such as me1.ytype by what stands before the dot, and then by what stands after it."""
    found: dict[str, dict[str, str]] = {}
    for name, value in values.items():
        prefix, dot, option = name.partition(".")
        if dot:
            found.setdefault(prefix, {})[option] = value
    return found


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")


def _text(value: str) -> str:
    return text(_bytes(value))


def _sample_and_folder(path: bytes) -> tuple[SampleKey, bytes]:
    """The sample and the folder in run[:lumi]/primary/processed/tier[/folder...]."""
    sample, *parts = path.split(b"/")
    match = _SAMPLE.fullmatch(sample)
    if not match or len(parts) < 3 or not all(parts[:3]):
        raise Problem(404, "The address of a sample is /browse/<run>[:<lumi>]/<primary>/<processed>/<tier>, then the folder")
    dataset = "/" + unquote_path(parts[:3]).decode("utf-8", "replace")  # a name that is not UTF-8 was never registered
    return SampleKey(int(match[1]), int(match[2] or 0), dataset), unquote_path(parts[3:])
