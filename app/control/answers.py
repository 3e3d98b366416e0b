"""What P5 answers to commands, read with suspicion: an answer that is not what was asked for is an error, whatever its status."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from app.square.documents import mapping, sequence
from app.square.logs import clean

LONGEST_CELL = 500
LONGEST_WHY = 300


class Wrong(Exception):
    """An answer that says no, or is none."""


class Table(NamedTuple):
    """An answer as lines of texts below their heads."""

    head: tuple[str, ...]
    lines: list[tuple[str, ...]]


class Texts(NamedTuple):
    """An answer as texts, each of which may be a whole log."""

    texts: list[str]


Shown = Table | Texts
Reader = Callable[[str], Shown]


def said(pattern: str) -> Reader:
    """Reads an answer that is good when all of it matches; any other is P5's word for what went wrong."""

    def read(text: str) -> Shown:
        if not re.fullmatch(pattern, text.strip()):
            raise Wrong(f"P5 answered: {short(text)}" if text.strip() else "P5 answered nothing, where it says more when all is well")
        return Texts([text.strip()])

    return read


def plain(text: str) -> Shown:
    """A text for people; the marks for bold letters that P5 puts into it are left out."""
    _refuse_page(text)
    if not text.strip():
        raise Wrong("P5 answered nothing")
    return Texts([re.sub(r"</?strong>", "", text).strip("\n")])


def machines(text: str) -> Shown:
    found = _json(text)
    if isinstance(found, list):
        found = {"": found}
    lines = [(cluster, name) for cluster, names in _object(found).items() for name in _names(names)]
    return Table(("Cluster", "Machine"), cut(lines))


def versions(text: str) -> Shown:
    found = _object(_json(text))
    lines = [(cluster, name, _text(version)) for cluster, hosts in found.items() for name, version in _object(hosts).items()]
    return Table(("Cluster", "Machine", "Version"), cut(lines))


def settings(text: str) -> Shown:
    """A configuration: an object, the values of which may be anything."""
    return Table(("Name", "Value"), cut([(name, _text(value)) for name, value in _object(_json(text)).items()]))


def names(text: str) -> Shown:
    return Table(("Name",), cut([(name,) for name in _names(_json(text)) if name]))


def logs(text: str) -> Shown:
    return Texts(_names(_json(text)))


def clients(text: str) -> Shown:
    """Configurations of clients, and whether each is on."""
    found = _json(text)
    pairs = [sequence(pair) for pair in sequence(found)]
    if not isinstance(found, list) or any(
        len(pair) != 2 or not isinstance(pair[0], str) or not isinstance(pair[1], bool) for pair in pairs
    ):
        raise Wrong("P5's answer is no list of clients with their states")
    return Table(("Client", "State"), cut([(name, "on" if on else "off") for name, on in sorted(pairs)]))


def statuses(text: str) -> Shown:
    lines = []
    for name, state in _object(_json(text)).items():
        up = mapping(state).get("up")
        if not isinstance(up, bool):
            raise Wrong(f"P5 does not say whether {short(name)} is up")
        lines.append((name, "up" if up else "down", _text(mapping(state).get("msg") or "")))
    return Table(("Machine", "State", "Message"), cut(lines))


def short(text: str) -> str:
    """The beginning of a text, in one line."""
    line = clean(" ".join(text[: 4 * LONGEST_WHY].split()))
    return line if len(line) <= LONGEST_WHY else line[:LONGEST_WHY] + " …"


def untagged(text: str) -> str:
    """The beginning of a text without the tags of HTML, in which P5 puts its errors."""
    return re.sub("<[^<>]*>", " ", text[:20_000])


def cut(lines: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [tuple(clean(cell[:LONGEST_CELL]) for cell in line) for line in lines]


def _refuse_page(text: str) -> None:
    if re.match(r"\s*<(?:!doctype|html|head|body|h1)\b", text[:1000], re.IGNORECASE):
        raise Wrong(f"P5 answered with a web page in place of an answer: {short(untagged(text))}")


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        _refuse_page(text)
        raise Wrong(f"P5's answer is no JSON: {short(text)}") from None


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong("P5's answer is no JSON object")
    return value


def _names(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Wrong("P5's answer is no list of texts")
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
