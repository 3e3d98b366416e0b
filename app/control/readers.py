"""Readers of P5's responses to commands.

P5 reports many errors with status 200: it sends what ssh or a program printed in place of the answer, and nothing when it
stopped a program that took too long. So each response is compared with what was asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from app.square.logs import visible_text
from app.square.values import is_package, mapping, sequence

MAX_CELL_CHARS = 500
MAX_EXCERPT_CHARS = 300

MAX_ERROR_LINES = 20
"""Longer texts are logs, whatever their first line says."""

EMPTY = "(empty)"
CONFIGURATION = r"[\w.-]+_cfg\.py"
RUN = r"run\d{1,9}"

ERROR_START = (
    r"(?:/\S*/)?(?:ssh|sh|bash|-bash|sudo|cat|find|ls|ln|grep|rpm|rm|cp|tail|systemctl|timeout): |\w+_exchange_identification: |client_loop: "
    r"|(?:soft_|cmssw_)?(?:host|path) argument not defined|Host key verification failed|Permission denied|@{10}|Load key "
    r"|Connection (?:closed|reset|timed out|to \S+ (?:closed|timed out))|Timeout, server |Received disconnect from |Disconnected from "
    r"|Unable to negotiate with |Bad owner or permissions on |Too many authentication failures|No user exists for |Could not "
    r"|sign_and_send_pubkey: |packet_write_wait: |System is (?:booting up|going down)|This account is "
)
"""Beginnings of the errors of ssh (OpenSSH) and of the programs that the gateway runs by it."""

WARNING = r"Warning: |Redirecting to "
"""Beginnings of lines which ssh and `service` add to an error, and print before they hang."""

LOG_LINE = r"[\[(<]?(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\b|.{0,40}\b\d{1,2}:\d\d:\d\d[,. \]]"
"""Beginning of a line of a log: a level, or a time."""


class ResponseError(Exception):
    """A response that reports an error, or that is not of the expected shape."""


class ResponseTable(NamedTuple):
    """A response as a table of texts."""

    head: tuple[str, ...]
    lines: list[tuple[str, ...]]
    problems: tuple[str, ...] = ()  # parts of the response that are errors in place of what was asked for
    may_be_cut: str = ""  # how the response looks like that to a program which the gateway stopped; "" if it does not


class ResponseTexts(NamedTuple):
    """A response as texts; each text may be a whole log."""

    texts: list[str]
    problems: tuple[str, ...] = ()
    may_be_cut: str = ""


ReadResponse = ResponseTable | ResponseTexts
Reader = Callable[[str], ReadResponse]


def expect_text(pattern: str) -> Reader:
    """A reader that accepts responses matching the whole pattern; any other response is an error message of P5."""

    def read(text: str) -> ReadResponse:
        if re.fullmatch(pattern, text.strip()):
            return ResponseTexts([text.strip()])
        raise ResponseError(f"P5 responded: {excerpt(text)}" if text.strip() else "P5 sent an empty response instead of a confirmation")

    return read


def read_releases(text: str) -> ReadResponse:
    """The releases of the systems in a text for people, without P5's marks for bold letters.

    Each system is an own query at P5, and begins with its release.
    """
    _refuse_page(text)
    parts = re.split(r"<strong>(.*?):?</strong>", text)
    systems = dict(zip(parts[1::2], parts[2::2], strict=True)) or {"P5": text}
    problems = tuple(
        f"no release of {name}: {excerpt(without_tags(answer)) or EMPTY}" for name, answer in systems.items() if not _is_release(answer)
    )
    if len(problems) == len(systems):
        raise ResponseError(f"P5's response names no release: {excerpt(without_tags(text)) or EMPTY}")
    return ResponseTexts([re.sub(r"</?strong>", "", text).strip("\n")], problems)


def _is_release(text: str) -> bool:
    return bool(re.match(r"\s*CMSSW_\d+_\d+", text))


def read_machines(text: str) -> ReadResponse:
    """The machines of each cluster, or of one."""
    found = _json(text)
    clusters = {"": found} if isinstance(found, list) else _object(found)
    return _table(("Cluster", "Host"), [(cluster, name) for cluster, names in clusters.items() for name in _texts(names)])


def read_versions(text: str) -> ReadResponse:
    """The version on each machine of each cluster; the names of packages, as `rpm -qf` prints them."""
    clusters = _object(_json(text)).items()
    answers = [(cluster, name, _text(version).strip()) for cluster, hosts in clusters for name, version in _object(hosts).items()]
    problems = tuple(f"no version of {name}: {excerpt(answer) or EMPTY}" for _, name, answer in answers if not is_package(answer))
    lines = [(cluster, name, answer if is_package(answer) else "unknown") for cluster, name, answer in answers]
    return _table(("Cluster", "Host", "Version"), lines, problems)


def read_settings(text: str) -> ReadResponse:
    """A configuration: an object with values of any type."""
    return _table(("Name", "Value"), [(name, _text(value)) for name, value in _object(_json(text)).items()])


def read_runs(text: str) -> ReadResponse:
    """A list of runs (`run123`), as `ls` prints them: it prints an error, and never nothing, if there are none."""
    names = [name for name in _texts(_json(text)) if name]
    if not names:
        raise ResponseError("P5 sent an empty list of runs: it responds so when the host does not answer its ssh and it gives up")
    problems = tuple(f"not a run: {excerpt(name)}" for name in names if not re.fullmatch(RUN, name))
    return _table(("Name",), [(name,) for name in names if re.fullmatch(RUN, name)], problems)


def read_names(text: str) -> ReadResponse:
    """A list of names, which the hub itself answers."""
    return _table(("Name",), [(name,) for name in _texts(_json(text))])


def read_logs(text: str) -> ReadResponse:
    """A list of logs."""
    texts = _texts(_json(text))
    problems = tuple(f"log {number} could not be read: {excerpt(log)}" for number, log in enumerate(texts, 1) if _is_error(log))
    return ResponseTexts(texts, problems, "a log is empty" if not all(texts) else "")


def _is_error(text: str) -> bool:
    """Whether a text is what ssh, or a program that it ran, printed as an error, and not the file that was asked for.

    The gateway sends either the file or, if the program failed, only its errors, which can follow the greeting of a host.
    """
    lines = [line for line in text.splitlines()[: MAX_ERROR_LINES + 1] if line.strip()]
    if len(lines) > MAX_ERROR_LINES or not lines:
        return False
    rest = [line for line in lines if not re.match(WARNING, line)]
    return not rest or (any(re.match(ERROR_START, line) for line in rest) and not any(re.match(LOG_LINE, line) for line in rest))


def read_clients(text: str) -> ReadResponse:
    """The configurations of clients, and whether each is on."""
    found = _json(text)
    pairs = [sequence(pair) for pair in sequence(found)]
    if not isinstance(found, list) or not all(_is_client(pair) for pair in pairs):
        raise ResponseError("P5's response is not a list of clients with their states")
    problems = tuple(f"not a client: {excerpt(name)}" for name, _ in pairs if not re.fullmatch(CONFIGURATION, name))
    lines = [(name, "on" if is_on else "off") for name, is_on in sorted(pairs) if re.fullmatch(CONFIGURATION, name)]
    return _table(("Client", "State"), lines, problems, "" if any(is_on for _, is_on in pairs) else "no client is on")


def _is_client(pair: list[Any]) -> bool:
    return len(pair) == 2 and isinstance(pair[0], str) and isinstance(pair[1], bool)


def read_statuses(text: str) -> ReadResponse:
    """The state of each machine of a cluster."""
    lines = []
    for name, status in _object(_json(text)).items():
        up = mapping(status).get("up")
        if not isinstance(up, bool):
            raise ResponseError(f"P5's response does not state whether {excerpt(name)} is up")
        lines.append((name, "up" if up else "down", _text(mapping(status).get("msg") or "")))
    return _table(("Host", "State", "Message"), lines)


def excerpt(text: str) -> str:
    """The beginning of a text on one line."""
    line = visible_text(" ".join(text[: 4 * MAX_EXCERPT_CHARS].split()))
    return line if len(line) <= MAX_EXCERPT_CHARS else line[:MAX_EXCERPT_CHARS] + " …"


def without_tags(text: str) -> str:
    """The beginning of a text without HTML tags, which P5 uses in its errors."""
    return re.sub("<[^<>]*>", " ", text[:20_000])


def _table(head: tuple[str, ...], lines: Sequence[tuple[str, ...]], problems: tuple[str, ...] = (), may_be_cut: str = "") -> ResponseTable:
    cells = [tuple(visible_text(cell[:MAX_CELL_CHARS]) for cell in line) for line in lines]
    return ResponseTable(head, cells, problems, may_be_cut)


def _refuse_page(text: str) -> None:
    if re.match(r"\s*<(?:!doctype|html|head|body|h1)\b", text[:1000], re.IGNORECASE):
        raise ResponseError(f"P5 sent a web page instead of a response: {excerpt(without_tags(text))}")


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        _refuse_page(text)
        raise ResponseError(f"P5's response is not JSON: {excerpt(text)}") from None


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ResponseError("P5's response is not a JSON object")
    return value


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ResponseError("P5's response is not a list of texts")
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
