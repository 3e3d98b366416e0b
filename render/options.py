"""Options of a plot, converted from and to URL queries and specifications of the render service."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Protocol
from urllib.parse import unquote

from render import draw_options
from render.errors import OptionError

MIN_SIDE, MAX_SIDE = 20, 4096
"""Least and greatest width and height in pixels: ROOT has no room for the parts of a plot in smaller ones."""

MAX_TEXT_LENGTH = 200
"""Maximum number of characters of draw options and of a label."""

MAX_LABELS = 9
"""Maximum number of reference labels."""

REFERENCES = ("overlay", "object", "ratiooverlay", "stacked", "difference")
"""How references are drawn: over the plot, not at all, over it with ratios below, stacked, subtracted from the plot."""

FORMATS = ("png", "svg", "pdf", "root", "json")
"""Output formats: image, two vector formats, ROOT file with the object, JSON of ROOT's TBufferJSON."""

VECTOR_FORMATS = ("svg", "pdf")
"""Formats with one element for each cell of a map."""

IMAGE_FORMATS = ("png", *VECTOR_FORMATS)
"""Formats that can show a text in place of a missing object."""

_INTEGER = re.compile(r"\d{1,6}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DRAW_OPTIONS = re.compile(r"[A-Za-z0-9 ,*+\-.:_\[\]]*", re.ASCII)
_PLAIN = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz ")
_SWITCHES = {"true": True, "1": True, "false": False, "0": False}
_QUERY_NAMES = {"width": "w", "height": "h", "reflabels": "reflabel"}
_SCALES = {"": "", "def": "", "lin": "lin", "log": "log"}
_SPEC_SWITCHES = {"showstats": "stats", "showerrbars": "errors", "norm": "norm"}


class Query(Protocol):
    """A URL query: werkzeug's MultiDict or a compatible class."""

    def get(self, key: str, /) -> str | None:
        """The first value of a key, or None."""

    def getlist(self, key: str, /) -> Sequence[str]:
        """All values of a key."""


class _Pairs(dict[str, str]):
    """A specification in the form of a query."""

    labels: tuple[str, ...] = ()

    def getlist(self, key: str, /) -> Sequence[str]:
        return self.labels if key == "reflabel" else ()


@dataclass(frozen=True)
class Options:
    """How a plot is drawn. The defaults leave the choice to ROOT.

    Limits are in units of the axis. For the last axis of a histogram (y in 1D, z in 2D) they limit the contents.
    """

    width: int = 266
    """Pixels."""

    height: int = 200
    """Pixels."""

    stats: bool = True
    """Draw statistics boxes."""

    norm: bool = True
    """Scale references to the area of the plot."""

    errors: bool = False
    """Draw error bars on 1D histograms."""

    drawopts: str = ""
    """ROOT's draw options; "" for the default of the class."""

    xtype: str = ""
    """Scale of the x axis: "lin", "log", or "" for the default."""

    ytype: str = ""
    """Scale of the y axis."""

    ztype: str = ""
    """Scale of the z axis."""

    xmin: float | None = None
    xmax: float | None = None
    ymin: float | None = None
    ymax: float | None = None
    zmin: float | None = None
    zmax: float | None = None

    ref: str = "overlay"
    """How references are drawn, one of REFERENCES."""

    ktest: float = 0.0
    """Threshold of the Kolmogorov probability, which is written on the plot and marked if it is below; 0 for no test."""

    reflabels: tuple[str, ...] = ()
    """Labels of the references, in their order."""

    format: str = "png"
    """Output format, one of FORMATS."""

    @classmethod
    def from_query(cls, args: Query) -> Options:
        """The options in a query; missing and empty values mean the default. Raises OptionError."""
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
        options._check_limits()
        return options

    def _check_limits(self) -> None:
        for axis in "xyz":
            low, high = getattr(self, f"{axis}min"), getattr(self, f"{axis}max")
            if low is not None and high is not None and low >= high:
                raise OptionError(f"{axis}max", f"{high:g} is not above {axis}min, {low:g}")

    @classmethod
    def from_spec(cls, spec: str) -> Options:
        """The options in a specification, such as one in the log of the render service. Raises OptionError."""
        pairs = _Pairs(pair.partition("=")[::2] for pair in spec.split(";"))
        numbered = {name: pairs.pop(name) for name in list(pairs) if name in _LABELS}
        pairs.labels = tuple(unquote(numbered.get(name, ""), errors="replace") for name in _LABELS[: _last_label(numbered)])
        pairs["drawopts"] = unquote(pairs.get("drawopts", ""))
        for name, field in _SPEC_SWITCHES.items():
            if name in pairs:
                pairs[field] = "false" if pairs.pop(name) in ("0", "False") else "true"
        if pairs.pop("json", "") == "True":
            pairs["format"] = "json"
        if unknown := sorted(pairs.keys() - _query_names()):
            raise OptionError(unknown[0], "is not known in a specification")
        return cls.from_query(pairs)

    def spec(self) -> str:
        """The specification for the render service; equal options have equal specifications."""
        pairs = [("w", str(self.width)), ("h", str(self.height))]
        pairs += [("showstats", "0")] * (not self.stats)
        pairs += [("norm", "False")] * (not self.norm)
        pairs += [("showerrbars", "1")] * self.errors
        pairs += [("drawopts", _percent_encode(self.drawopts))] * bool(self.drawopts)
        unchanged = ("xtype", "ytype", "ztype", "xmin", "xmax", "ymin", "ymax", "zmin", "zmax", "ref", "ktest", "format")
        pairs += [(name, value) for name, value in self.query().items() if name in unchanged and isinstance(value, str)]
        pairs += [(f"reflabel{i}", _percent_encode(label)) for i, label in enumerate(self.reflabels, 1) if label]
        return ";".join(f"{name}={value}" for name, value in pairs)

    def choice(self) -> str:
        """All options but the size and the labels, as text; "" for the defaults."""
        return ", ".join(f"{name}={value}" for name, value in self.query().items() if name not in ("w", "h", "reflabel"))

    def query(self) -> dict[str, str | list[str]]:
        """The shortest query with these options: only values that differ from the default, in a fixed order."""
        return {
            _QUERY_NAMES.get(field.name, field.name): _query_value(value)
            for field in fields(self)
            if (value := getattr(self, field.name)) != field.default
        }


_LABELS = tuple(f"reflabel{number}" for number in range(1, MAX_LABELS + 1))


def _last_label(numbered: dict[str, str]) -> int:
    """The number of the last label present, 0 if there is none."""
    return max((_LABELS.index(name) + 1 for name in numbered), default=0)


def _query_names() -> set[str]:
    return {_QUERY_NAMES.get(field.name, field.name) for field in fields(Options)}


def _query_value(value: int | str | float | tuple[str, ...]) -> str | list[str]:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, str) else repr(value)


def _percent_encode(text: str) -> str:
    """Keeps letters, digits and blanks, and encodes other characters as %XX of their UTF-8 bytes."""
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in text.encode())


def _side(args: Query, field: str, default: int) -> int:
    text = args.get(field)
    if not text:
        return default
    if not _INTEGER.fullmatch(text) or not MIN_SIDE <= int(text) <= MAX_SIDE:
        raise OptionError(field, f"{text!r} is not a whole number of pixels from {MIN_SIDE} to {MAX_SIDE}")
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
    if len(text) > MAX_TEXT_LENGTH or not _DRAW_OPTIONS.fullmatch(text):
        raise OptionError(
            "drawopts", f"{text[:MAX_TEXT_LENGTH]!r} is not a valid draw option: allowed are letters, digits, blanks and ,*+-.:_[]"
        )
    if not draw_options.are_known(text):
        raise OptionError("drawopts", f"{text!r} is not a draw option of ROOT; known are {', '.join(draw_options.KNOWN)}")
    return text


def _labels(args: Query) -> tuple[str, ...]:
    labels = tuple(args.getlist("reflabel"))
    if len(labels) > MAX_LABELS:
        raise OptionError("reflabel", f"{len(labels)} labels, but a plot has at most {MAX_LABELS} references")
    for label in labels:
        if len(label) > MAX_TEXT_LENGTH or not label.isprintable():
            raise OptionError(
                "reflabel", f"{label[:MAX_TEXT_LENGTH]!r} is not a valid label: at most {MAX_TEXT_LENGTH} printable characters"
            )
    return labels
