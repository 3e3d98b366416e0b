"""Options of a mirror: one table, read from the command line and from a TOML file with the same names."""

from __future__ import annotations

import argparse
import ipaddress
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from protocol.log_lines import LOG_FORMATS
from protocol.snapshot import MAX_SNAPSHOT_BYTES


class OptionError(ValueError):
    """An invalid option; the message names it, its value and the allowed values."""


LOG_LEVELS = ("debug", "info", "warning", "error")

Check = Callable[[Any], str]
"""Returns a description of the allowed values if a value is invalid, otherwise ""."""


def between(low: float, high: float) -> Check:
    """A check for numbers from `low` to `high`."""
    return lambda value: "" if low <= value <= high else f"a number from {low:g} to {high:g}"


def check_keys(value: tuple[str, ...]) -> str:
    """A check for public keys."""
    valid = all(re.fullmatch(r"[0-9a-f]{64}", key) for key in value)
    return "" if valid else "public keys of 64 hex digits, as `dqmhub mirror-key` prints them"


def check_prefix(value: str) -> str:
    """A check for the path below which a reverse proxy serves the mirror."""
    return "" if re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", value) else "empty, or a path such as /dqm/dqm-square without a trailing slash"


def check_networks(value: tuple[str, ...]) -> str:
    """A check for networks of proxies."""
    try:
        valid = all(ipaddress.ip_network(network).prefixlen > 0 for network in value)
    except ValueError:
        valid = False
    return "" if valid else "networks such as 10.1.0.0/16 or ::1/128, but not the whole internet"


def check_log_level(value: str) -> str:
    """A check for the name of a log level."""
    return "" if value in LOG_LEVELS else f"one of {', '.join(LOG_LEVELS)}"


def check_log_format(value: str) -> str:
    """A check for the format of log messages."""
    return "" if value in LOG_FORMATS else f"one of {', '.join(LOG_FORMATS)}"


def _option(default: Any, help: str, check: Check = lambda _: "") -> Any:
    return field(default=default, metadata={"help": help, "check": check})


@dataclass(frozen=True)
class Options:
    """Options of a mirror, with defaults."""

    host: str = _option("127.0.0.1", "address to listen on")
    port: int = _option(8084, "port to listen on", between(1, 65535))
    data: str = _option("mirror-data", "data folder of the mirror")
    keys: tuple[str, ...] = _option((), "public keys of trusted hubs, 64 hex digits each", check_keys)
    folder: str = _option("", "folder to read snapshots from, in addition to uploads")
    prefix: str = _option("", "path below which a reverse proxy serves the mirror", check_prefix)
    trusted_proxies: tuple[str, ...] = _option((), "networks of reverse proxies whose X-Forwarded headers are trusted", check_networks)
    rate: float = _option(30.0, "sustained requests per second and address; 0: no limit", between(0, 1e6))
    burst: int = _option(300, "requests that one address may send at once", between(1, 10**6))
    oldest_h: float = _option(24.0, "maximum age of an uploaded snapshot, hours", between(0.1, 8760))
    largest_mb: int = _option(MAX_SNAPSHOT_BYTES >> 20, "maximum size of a snapshot, MB", between(1, 1024))
    threads: int = _option(16, "requests answered at the same time", between(2, 256))
    log_level: str = _option("info", "lowest level of log messages", check_log_level)
    log_format: str = _option("text", "log messages as text for people, or json: one object per line", check_log_format)
    access_log: bool = _option(False, "log each request: address, method, path, status, ms")


TABLE = {row.name: row for row in fields(Options)}


def read(arguments: Sequence[str], program: str) -> Options:
    """Read the options from a command line, which overrides the file that it names. Raises OptionError."""
    values = {name: value for name, value in vars(_parser(program).parse_args(arguments)).items() if value is not None}
    file = values.pop("config", None)
    return from_values((_read_toml(file) if file else {}) | values)


def from_values(values: dict[str, Any]) -> Options:
    """Check values of options, as read from TOML or the command line. Raises OptionError."""
    return Options(**{name: _check_value(name, value) for name, value in values.items()})


def _parser(program: str) -> argparse.ArgumentParser:
    description = "Serve the data that a DQM hub publishes. Each option may also be set in the file, for example `port = 8084`."
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("--config", metavar="FILE", type=Path, help="TOML file with options; the command line overrides it")
    for name, row in TABLE.items():
        flag, help = f"--{name.replace('_', '-')}", row.metadata["help"]
        with_default = f"{help} (default: {row.default if row.default not in ('', ()) else 'none'})"
        if isinstance(row.default, bool):
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=None, help=help)
        elif isinstance(row.default, tuple):
            parser.add_argument(flag, nargs="*", metavar="X", help=with_default)
        else:
            parser.add_argument(flag, type=type(row.default), metavar="X", help=with_default)
    return parser


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OptionError(f"Cannot read {path}: {error}") from None


def _check_value(name: str, value: Any) -> Any:
    """A value in the type of its option. Raises OptionError."""
    if name not in TABLE:
        raise OptionError(f"Unknown option {name}; known are {', '.join(TABLE)}")
    kind = type(TABLE[name].default)
    if kind is tuple and isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = tuple(value)
    if kind is float and type(value) is int:
        value = float(value)
    allowed = TABLE[name].metadata["check"](value) if type(value) is kind else f"a value of the type {kind.__name__}"
    if allowed:
        raise OptionError(f"Invalid option {name} = {value!r}; allowed: {allowed}")
    return value
