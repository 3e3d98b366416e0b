"""What a user may choose of a plot: from the query of an address to the render service's specification, and back."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Protocol
from urllib.parse import unquote

LARGEST_SIDE = 4096
"""Pixels."""

LONGEST_TEXT = 200
"""Letters of draw options, or of one reference's label."""

MOST_LABELS = 9

_INTEGER = re.compile(r"\d{1,6}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DRAW_OPTIONS = re.compile(r"[A-Za-z0-9 ,*+\-.:_\[\]]*", re.ASCII)
_PLAIN = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz ")
_SWITCHES = {"true": True, "1": True, "false": False, "0": False}
_QUERY_NAMES = {"width": "w", "height": "h", "reflabels": "reflabel"}
_SCALES = {"": "", "def": "", "lin": "lin", "log": "log"}
REFERENCES = ("overlay", "object", "ratiooverlay", "stacked", "difference")
"""How references are drawn: over the plot, not at all, with the ratio below, on top of each other, taken away from it."""

FORMATS = ("png", "svg", "pdf", "root", "json")
"""What a plot comes as: a picture, a drawing, the object in a ROOT file, the object as ROOT's TBufferJSON has it."""

_SPEC_SWITCHES = {"showstats": "stats", "showerrbars": "errors", "norm": "norm"}


class Query(Protocol):
    """The query of an address: werkzeug's MultiDict, or anything like it."""

    def get(self, key: str, /) -> str | None: ...

    def getlist(self, key: str, /) -> Sequence[str]: ...


class _Pairs(dict[str, str]):
    """A query out of a specification."""

    labels: tuple[str, ...] = ()

    def getlist(self, key: str, /) -> Sequence[str]:
        return self.labels if key == "reflabel" else ()


class OptionError(ValueError):
    """An option that cannot be: `field` is its name in the query, `problem` what is wrong and what is allowed."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


@dataclass(frozen=True)
class Options:
    """How a plot is drawn; the defaults are ROOT's choice for the kind of plot.

    Width and height are pixels; limits are in the axis's own units, and in those of the contents for the last axis
    of a histogram (y of a 1D one, z of a 2D one). `reflabels` name the references in their order, `ref` is one of REFERENCES,
    and `ktest`, when above 0, has the Kolmogorov probability of each reference written, and marked when it is below. `format`
    is one of FORMATS.
    """

    width: int = 266
    height: int = 200
    stats: bool = True
    norm: bool = True
    errors: bool = False
    drawopts: str = ""
    xtype: str = ""
    ytype: str = ""
    ztype: str = ""
    xmin: float | None = None
    xmax: float | None = None
    ymin: float | None = None
    ymax: float | None = None
    zmin: float | None = None
    zmax: float | None = None
    ref: str = "overlay"
    ktest: float = 0.0
    reflabels: tuple[str, ...] = ()
    format: str = "png"

    @classmethod
    def from_query(cls, args: Query) -> Options:
        """The options in a query; what it does not name, or names with nothing, is the default. Raises OptionError."""
        options = cls(
            width=_side(args, "w", cls.width),
            height=_side(args, "h", cls.height),
            stats=_switch(args, "stats", cls.stats),
            norm=_switch(args, "norm", cls.norm),
            errors=_switch(args, "errors", cls.errors),
            drawopts=_draw_options(args),
            ref=_choice(args, "ref", REFERENCES),
            ktest=_ktest(args),
            reflabels=_labels(args),
            format=_choice(args, "format", FORMATS),
            xtype=_scale(args, "xtype"),
            ytype=_scale(args, "ytype"),
            ztype=_scale(args, "ztype"),
            xmin=_limit(args, "xmin"),
            xmax=_limit(args, "xmax"),
            ymin=_limit(args, "ymin"),
            ymax=_limit(args, "ymax"),
            zmin=_limit(args, "zmin"),
            zmax=_limit(args, "zmax"),
        )
        for axis in "xyz":
            low, high = getattr(options, f"{axis}min"), getattr(options, f"{axis}max")
            if low is not None and high is not None and low >= high:
                raise OptionError(f"{axis}max", f"{high:g} is not above {axis}min, {low:g}")
        return options

    @classmethod
    def from_spec(cls, spec: str) -> Options:
        """The reverse of `spec`: the options in a specification, as the log of the render service has it. Raises OptionError."""
        pairs = _Pairs(pair.partition("=")[::2] for pair in spec.split(";"))
        numbered = {name: pairs.pop(name) for name in list(pairs) if name in _LABELS}
        pairs.labels = tuple(unquote(numbered.get(name, ""), errors="replace") for name in _LABELS[: _last(numbered)])
        pairs["drawopts"] = unquote(pairs.get("drawopts", ""))
        for name, field in _SPEC_SWITCHES.items():
            if name in pairs:
                pairs[field] = "false" if pairs.pop(name) in ("0", "False") else "true"
        if pairs.pop("json", "") == "True":
            pairs["format"] = "json"
        if unknown := sorted(pairs.keys() - _names()):
            raise OptionError(unknown[0], "is not known in a specification")
        return cls.from_query(pairs)

    def spec(self) -> str:
        """The render service's specification; equal options give equal strings."""
        pairs = [("w", str(self.width)), ("h", str(self.height))]
        pairs += [("showstats", "0")] * (not self.stats)
        pairs += [("norm", "False")] * (not self.norm)
        pairs += [("showerrbars", "1")] * self.errors
        pairs += [("drawopts", _escaped(self.drawopts))] * bool(self.drawopts)
        as_is = ("xtype", "ytype", "ztype", "xmin", "xmax", "ymin", "ymax", "zmin", "zmax", "ref", "ktest", "format")
        pairs += [(name, value) for name, value in self.query().items() if name in as_is and isinstance(value, str)]
        pairs += [(f"reflabel{i}", _escaped(label)) for i, label in enumerate(self.reflabels, 1) if label]
        return ";".join(f"{name}={value}" for name, value in pairs)

    def query(self) -> dict[str, str | list[str]]:
        """The shortest query that gives these options again: only what is not the default, in a fixed order."""
        return {
            _QUERY_NAMES.get(field.name, field.name): _shown(value)
            for field in fields(self)
            if (value := getattr(self, field.name)) != field.default
        }


_LABELS = tuple(f"reflabel{number}" for number in range(1, MOST_LABELS + 1))


def _last(numbered: dict[str, str]) -> int:
    """The number of the last label that there is."""
    return max((_LABELS.index(name) + 1 for name in numbered), default=0)


def _names() -> set[str]:
    return {_QUERY_NAMES.get(field.name, field.name) for field in fields(Options)}


def _shown(value: int | str | float | tuple[str, ...]) -> str | list[str]:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, str) else repr(value)


def _escaped(text: str) -> str:
    """Letters, digits and blanks as they are, the rest as %XX of its UTF-8 bytes."""
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in text.encode())


def _side(args: Query, field: str, default: int) -> int:
    text = args.get(field)
    if not text:
        return default
    if not _INTEGER.fullmatch(text) or not 1 <= int(text) <= LARGEST_SIDE:
        raise OptionError(field, f"{text!r} is not a whole number of pixels from 1 to {LARGEST_SIDE}")
    return int(text)


def _switch(args: Query, field: str, default: bool) -> bool:
    text = args.get(field)
    if not text:
        return default
    if text.lower() not in _SWITCHES:
        raise OptionError(field, f"{text!r} is neither true nor false")
    return _SWITCHES[text.lower()]


def _scale(args: Query, field: str) -> str:
    text = args.get(field) or ""
    if text not in _SCALES:
        raise OptionError(field, f"{text!r} is neither lin nor log")
    return _SCALES[text]


def _choice(args: Query, field: str, choices: Sequence[str]) -> str:
    text = args.get(field) or choices[0]
    if text not in choices:
        raise OptionError(field, f"{text!r} is none of {', '.join(choices)}")
    return text


def _ktest(args: Query) -> float:
    value = _limit(args, "ktest") or 0.0
    if not 0 <= value <= 1:
        raise OptionError("ktest", f"{value:g} is not a probability from 0 to 1")
    return value


def _limit(args: Query, field: str) -> float | None:
    text = args.get(field)
    if not text:
        return None
    if not _NUMBER.fullmatch(text) or math.isinf(float(text)):
        raise OptionError(field, f"{text!r} is not a number")
    return float(text)


def _draw_options(args: Query) -> str:
    text = args.get("drawopts") or ""
    if len(text) > LONGEST_TEXT or not _DRAW_OPTIONS.fullmatch(text):
        raise OptionError("drawopts", f"{text[:LONGEST_TEXT]!r} is not an option of ROOT's Draw: letters, digits, blanks and ,*+-.:_[]")
    return text


def _labels(args: Query) -> tuple[str, ...]:
    labels = tuple(args.getlist("reflabel"))
    if len(labels) > MOST_LABELS:
        raise OptionError("reflabel", f"{len(labels)} labels are more than the {MOST_LABELS} references a plot can have")
    for label in labels:
        if len(label) > LONGEST_TEXT or not label.isprintable():
            raise OptionError("reflabel", f"{label[:LONGEST_TEXT]!r} is not a label: up to {LONGEST_TEXT} printable letters")
    return labels
