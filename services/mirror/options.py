"""The options of a mirror: one table, read from the command line and from a TOML file, which may give the same names."""

from __future__ import annotations

import argparse
import ipaddress
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, get_origin, get_type_hints


class OptionError(ValueError):
    """An option that cannot be used: which, what was given, and what is allowed."""


Check = Callable[[Any], str]
"""Looks at a value of the right type and says what is allowed, or nothing when the value is."""


def between(low: float, high: float) -> Check:
    return lambda value: "" if low <= value <= high else f"a number from {low:g} to {high:g}"


def keys(value: tuple[str, ...]) -> str:
    good = all(re.fullmatch(r"[0-9a-f]{64}", key) for key in value)
    return "" if good else "public keys of 64 hex digits, as `dqmhub mirror-key` prints them"


def prefix(value: str) -> str:
    return "" if re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", value) else "empty, or a path such as /dqm/dqm-square without a slash at its end"


def networks(value: tuple[str, ...]) -> str:
    try:
        wide = any(ipaddress.ip_network(network).prefixlen == 0 for network in value)
    except ValueError:
        wide = True
    return "networks such as 10.1.0.0/16 or ::1/128, none of them the whole internet" if wide else ""


def option(default: Any, help: str, check: Check | None = None) -> Any:
    return field(default=default, metadata={"help": help, "check": check})


@dataclass(frozen=True)
class Options:
    """What an operator may choose."""

    host: str = option("127.0.0.1", "address to listen on")
    port: int = option(8084, "port to listen on", between(1, 65535))
    data: str = option("mirror-data", "folder for what the mirror stores")
    keys: tuple[str, ...] = option((), "public keys of the hubs whose snapshots are taken, 64 hex digits each", keys)
    folder: str = option("", "folder from which snapshots are taken, besides those that are posted")
    prefix: str = option("", "path under which a reverse proxy shows the mirror", prefix)
    trusted_proxies: tuple[str, ...] = option((), "networks of the reverse proxies whose X-Forwarded headers are believed", networks)
    rate: float = option(30.0, "requests per second that one address may send for long; 0: any number", between(0, 1e6))
    burst: int = option(300, "requests that one address may send at once", between(1, 10**6))
    oldest_h: float = option(24.0, "hours that a posted snapshot may be old", between(0.1, 8760))
    largest_mb: int = option(32, "size of a snapshot, MB", between(1, 1024))
    threads: int = option(16, "requests that are answered at once", between(2, 256))
    access_log: bool = option(False, "log each request: address, method, path, status, bytes, ms")


def read(arguments: Sequence[str], program: str) -> Options:
    """The options of a command line; OptionError for those that cannot be used."""
    parser = argparse.ArgumentParser(
        prog=program, description="Show what a DQM hub publishes. Each option may also stand in the file, as `port = 8084`."
    )
    parser.add_argument("--config", metavar="FILE", type=Path, help="TOML file with options; the command line counts before it")
    for row in fields(Options):
        _add(parser, row)
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    file = given.pop("config", None)
    return checked((_from_file(file) if file else {}) | given)


def _add(parser: argparse.ArgumentParser, row: Field[Any]) -> None:
    kind, flag = _kind(row.name), f"--{row.name.replace('_', '-')}"
    default = "" if row.default == () else row.default
    text = f"{row.metadata['help']} ({'none' if default == '' else default})"
    if kind is bool:
        parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=None, help=row.metadata["help"])
    elif kind is tuple:
        parser.add_argument(flag, nargs="*", metavar="X", help=text)
    else:
        parser.add_argument(flag, type=kind, metavar="X", help=text)


def _kind(name: str) -> type:
    hint = get_type_hints(Options)[name]
    found: type = get_origin(hint) or hint
    return found


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OptionError(f"{path} cannot be read: {error}") from None


def checked(given: dict[str, Any]) -> Options:
    """Options of these values, whose types and limits are looked at."""
    known = {row.name: row for row in fields(Options)}
    values = {}
    for name, value in given.items():
        if name not in known:
            raise OptionError(f"there is no option {name}; there are {', '.join(known)}")
        kind = _kind(name)
        if kind is tuple and isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = tuple(value)
        if kind is float and type(value) is int:
            value = float(value)
        check = known[name].metadata["check"]
        allowed = f"a value of the type {kind.__name__}" if type(value) is not kind else check(value) if check else ""
        if allowed:
            raise OptionError(f"{name} = {value!r} cannot be used; allowed: {allowed}")
        values[name] = value
    return Options(**values)
