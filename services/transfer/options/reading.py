"""Reading of the options from a TOML file."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from .tables import LISTS, TABLES, Options


class OptionsError(ValueError):
    """Invalid options.

    Attributes:
        problems: One sentence for each, beginning with its key.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def read_options(path: Path) -> Options:
    """Read a TOML file. Raises OptionsError, with all problems."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OptionsError([f"Cannot read {path}: {error}"]) from None
    problems: list[str] = []
    tables = {name: table(**_table(document.pop(name, {}), table, name, problems)) for name, table in TABLES.items()}
    options = Options(**_values(document, Options, "", problems), **tables)
    problems += _contradictions(options)
    if problems:
        raise OptionsError(problems)
    return options


def _table(content: Any, table: type, name: str, problems: list[str]) -> dict[str, Any]:
    """The valid values of a table; adds what is wrong to the problems."""
    if not isinstance(content, dict):
        problems.append(f"{name}: expected a table, [{name}]")
        return {}
    return _values(content, table, f"{name}.", problems)


def _values(values: dict[str, Any], table: type, prefix: str, problems: list[str]) -> dict[str, Any]:
    """The valid values of a table, in the types of their options; adds what is wrong to the problems."""
    rows = {row.name: row for row in fields(table) if "check" in row.metadata}
    valid = {}
    for name, value in values.items():
        key = prefix + name
        if key in LISTS:
            valid[name] = _list(value, LISTS[key], key, problems)
        elif name not in rows:
            problems.append(f"{key}: there is no such option; the nearest name is {_nearest_key(name, prefix, list(rows))}")
        else:
            converted, allowed = _convert(value, rows[name])
            if allowed:
                problems.append(f"{key} = {value!r}: expected {allowed}")
            else:
                valid[name] = converted
    problems += [f"{prefix}{name}: must be there" for name, row in rows.items() if "required" in row.metadata and name not in values]
    return valid


def _list(content: Any, table: type, name: str, problems: list[str]) -> tuple[Any, ...]:
    """Tables of one name; problems have their position, from 1."""
    if not isinstance(content, list) or not all(isinstance(one, dict) for one in content):
        problems.append(f"{name}: expected tables, [[{name}]]")
        return ()
    return tuple(table(**_values(one, table, f"{name} {number}.", problems)) for number, one in enumerate(content, 1))


def _nearest_key(name: str, prefix: str, names: list[str]) -> str:
    """The key whose name is the most similar: of the same table, or, since options can be below the wrong table, of all modes."""
    known = {prefix + one: one for one in names}
    known |= {key: key.rpartition(".")[2] for key in ([*TABLES, *LISTS] if not prefix else [])}
    known |= {row.name: row.name for row in fields(Options) if "check" in row.metadata}
    return max(known, key=lambda key: difflib.SequenceMatcher(None, name, known[key]).ratio())


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


def _contradictions(options: Options) -> Iterator[str]:
    """Options that exclude each other."""
    if options.cleanup.disk_low > options.cleanup.disk_mark:
        yield "cleanup.disk_low: must not be above cleanup.disk_mark"
    if options.fu.retry_s > options.fu.retry_most_s:
        yield "fu.retry_s: must not be above fu.retry_most_s"
    if options.bu.heartbeat_gap_s > options.bu.heartbeat_stale_s:
        yield "bu.heartbeat_gap_s: must not be above bu.heartbeat_stale_s"
    if options.fu.target.startswith("/") and _is_in(options.fu.target, options.fu.folder):
        yield f"fu.target = {options.fu.target!r}: must not be in fu.folder"
    machines = options.bu.gui_machines
    for number, machine in enumerate(machines, 1):
        for key, folder in {"pb_folder": machine.pb_folder, "root_folder": machine.root_folder}.items():
            if not machine.host and _is_in(folder, options.bu.folder):
                yield f"bu.gui_machines {number}.{key} = {folder!r}: must not be in bu.folder"
    named = {"hubs.url": [hub.url for hub in options.hubs], "bu.gui_machines.name": [machine.name for machine in machines]}
    for folder in ("pb_folder", "root_folder"):
        named[f"bu.gui_machines.{folder}"] = [":".join(filter(None, (one.host, getattr(one, folder)))) for one in machines]
    for key, values in named.items():
        yield from (f"{key}: {value!r} is there {count} times" for value, count in Counter(values).items() if value and count > 1)


def _is_in(path: str, folder: str) -> bool:
    """Whether a folder is another one, or below it, by their names."""
    return Path(os.path.normpath(path)).is_relative_to(os.path.normpath(folder))
