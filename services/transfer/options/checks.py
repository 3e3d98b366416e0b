"""Checks of single options."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ..log import LOG_FORMATS, LOG_LEVELS

Check = Callable[[Any], str]
"""Returns a description of the allowed values if a value is invalid, otherwise ""."""
_HOST = r"[A-Za-z0-9][A-Za-z0-9.-]*"
_TARGET = re.compile(rf"(?:(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?{_HOST}:)?(/[^\0]*)", re.ASCII)


def between(low: float, high: float) -> Check:
    """A check for numbers from `low` to `high`."""
    return lambda value: "" if low <= value <= high else f"a number from {low:g} to {high:g}"


def check_log_level(value: str) -> str:
    """A check for the name of a log level."""
    return "" if value in LOG_LEVELS else f"one of {', '.join(LOG_LEVELS)}"


def check_log_format(value: str) -> str:
    """A check for the format of log messages."""
    return "" if value in LOG_FORMATS else f"one of {', '.join(LOG_FORMATS)}"


def check_place(value: str) -> str:
    """A check for a file or folder."""
    return "" if value.startswith("/") and "\0" not in value else "an absolute path"


def check_optional_place(value: str) -> str:
    """A check for a file or folder that may be left out."""
    return check_place(value) and f'"" or {check_place(value)}' if value else ""


def check_target(value: str) -> str:
    """A check for a folder here or on another host."""
    return "" if _TARGET.fullmatch(value) else "/folder, host:/folder or user@host:/folder"


def check_host(value: str) -> str:
    """A check for the name of this host in names of files."""
    return "" if re.fullmatch(f"(?:{_HOST})?", value, re.ASCII) else '"" or letters, digits, "." and "-"'


def check_address(value: str) -> str:
    """A check for a host that is reached by ssh, or "" for this one."""
    return "" if not value or _TARGET.fullmatch(f"{value}:/") else '"", host or user@host'


def check_name(value: str) -> str:
    """A check for a name that logs and pages show."""
    return "" if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}", value, re.ASCII) else 'at most 60 letters, digits, ".", "_" and "-"'


def check_url(value: str) -> str:
    """A check for the address of a hub."""
    try:
        parts = urlsplit(value)
        is_valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.username
    except ValueError:
        is_valid = False
    rest = is_valid and value.isascii() and value.isprintable() and not set(value) & set(" ?#")
    return "" if rest else "http://host:port/prefix or https://host/prefix"


def check_optional_url(value: str) -> str:
    """A check for the address of a hub that may be left out."""
    return check_url(value) and f'"" or {check_url(value)}' if value else ""


def check_command(value: tuple[str, ...]) -> str:
    """A check for a command with its arguments."""
    return "" if value and all(value) and not any("\0" in part for part in value) else "a command with its arguments"


def check_program(value: str) -> str:
    """A check for the name or path of a program."""
    return "" if value and "\0" not in value else "the name or path of a program"


def check_server(value: str) -> str:
    """A check for the address of a server."""
    match = re.fullmatch(r"[A-Za-z0-9.-]+:(\d{1,5})", value, re.ASCII)
    return "" if match and 0 < int(match[1]) < 65536 else "host:port"


def check_addresses(value: tuple[str, ...]) -> str:
    """A check for mail addresses."""
    return "" if all(map(_is_address, value)) else "mail addresses such as shifter@example.com"


def _is_address(text: str) -> bool:
    return re.fullmatch(r"[^@\s,<>]+@[A-Za-z0-9.-]+", text) is not None
