"""Options of the transfer: one TOML file, with a table for each mode."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from .log import LOG_LEVELS

Check = Callable[[Any], str]
"""Returns a description of the allowed values if a value is invalid, otherwise ""."""


class OptionsError(ValueError):
    """Invalid options.

    Attributes:
        problems: One sentence for each, beginning with its key.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def between(low: float, high: float) -> Check:
    """A check for numbers from `low` to `high`."""
    return lambda value: "" if low <= value <= high else f"a number from {low:g} to {high:g}"


def check_log_level(value: str) -> str:
    """A check for the name of a log level."""
    return "" if value in LOG_LEVELS else f"one of {', '.join(LOG_LEVELS)}"


def check_place(value: str) -> str:
    """A check for a file or folder."""
    return "" if value.startswith("/") and "\0" not in value else "an absolute path"


def check_link(value: str) -> str:
    """A check for a file or folder that may be left out."""
    return check_place(value) and f'"" or {check_place(value)}' if value else ""


def check_server(value: str) -> str:
    """A check for the address of a server."""
    match = re.fullmatch(r"[A-Za-z0-9.-]+:(\d{1,5})", value, re.ASCII)
    return "" if match and 0 < int(match[1]) < 65536 else "host:port"


def check_addresses(value: tuple[str, ...]) -> str:
    """A check for mail addresses."""
    return "" if all(map(_is_address, value)) else "mail addresses such as shifter@example.com"


def _is_address(text: str) -> bool:
    return re.fullmatch(r"[^@\s,<>]+@[A-Za-z0-9.-]+", text) is not None


def option(default: Any, help: str, check: Check = lambda _: "") -> Any:
    """A field of a table of options."""
    return field(default=default, metadata={"help": help, "check": check})


@dataclass(frozen=True)
class CleanupOptions:
    """Clean-up on a GUI machine."""

    folder: str = option("/data/dqmgui/files/pb", "folder with the PB files", check_place)
    period_s: float = option(10.0, "seconds between two rounds", between(0.1, 3600))
    newest: int = option(10, "newest PB files of the newest run that are never removed", between(1, 100_000))
    life_time_min: float = option(10.0, "minutes for which a PB file of the newest run is never removed", between(0, 10_000))
    disk_mark: float = option(0.9, "used part of the disk above which PB files of the newest run are removed", between(0, 1))
    disk_low: float = option(0.9, "used part of the disk at which that ends; at most disk_mark", between(0, 1))
    release_link: str = option("", "link to the release: the service ends when it leads elsewhere; empty: none", check_link)
    mail_to: tuple[str, ...] = option((), "who gets mail when the mark cannot be reached", check_addresses)
    mail_from: str = option("dqmhub-transfer@localhost", "sender of that mail", lambda value: check_addresses((value,)))
    mail_server: str = option("localhost:25", "SMTP server", check_server)
    mail_period_min: float = option(30.0, "least minutes between two mails", between(0, 10_000))
    state: str = option("/var/lib/dqmhub-transfer", "folder in which the service keeps the time of the last mail", check_place)


@dataclass(frozen=True)
class Options:
    """Options of all modes."""

    log_level: str = option("info", "lowest level of log messages", check_log_level)
    cleanup: CleanupOptions = field(default_factory=CleanupOptions)


TABLES = {"cleanup": CleanupOptions}


def read_options(path: Path) -> Options:
    """Read a TOML file. Raises OptionsError, with all problems."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OptionsError([f"Cannot read {path}: {error}"]) from None
    problems: list[str] = []
    tables: dict[str, Any] = {}
    for name, table in TABLES.items():
        content = document.pop(name, {})
        if not isinstance(content, dict):
            problems.append(f"{name}: expected a table, [{name}]")
            content = {}
        tables[name] = table(**_checked(content, table, f"{name}.", problems))
    values = _checked(document, Options, "", problems)
    if tables["cleanup"].disk_low > tables["cleanup"].disk_mark:
        problems.append("cleanup.disk_low: must not be above cleanup.disk_mark")
    if problems:
        raise OptionsError(problems)
    return Options(**values, **tables)


def _checked(values: dict[str, Any], table: type, prefix: str, problems: list[str]) -> dict[str, Any]:
    """The valid values of a table, in the types of their options; adds the others to the problems."""
    rows = {row.name: row for row in fields(table) if "check" in row.metadata}
    valid = {}
    for name, value in values.items():
        if name not in rows:
            known = [*rows, *(TABLES if not prefix else ())]
            nearest = max(known, key=lambda one: difflib.SequenceMatcher(None, name, one).ratio())
            problems.append(f"{prefix}{name}: there is no such option; the nearest name is {prefix}{nearest}")
            continue
        converted, allowed = _convert(value, rows[name])
        if allowed:
            problems.append(f"{prefix}{name} = {value!r}: expected {allowed}")
        else:
            valid[name] = converted
    return valid


def _convert(value: Any, row: Field[Any]) -> tuple[Any, str]:
    """A value in the type of its option, and what is allowed if it is not."""
    kind = type(row.default)
    if kind is tuple and isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = tuple(value)
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        names = {str: "a text", tuple: "a list of texts", int: "a whole number", float: "a number"}
        return value, names[kind]
    return value, row.metadata["check"](value)
