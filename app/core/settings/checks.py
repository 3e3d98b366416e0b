"""Checks of the values of settings. Each returns a description of the allowed values, or "" if the value is allowed."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from app.core.urls import normalize_folder_url

MAIL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"

Check = Callable[[Any], str]
"""Gets a value of the right type; returns a description of the allowed values, or "" if it is one."""


def one_of(*choices: str) -> Check:
    """One of these texts."""
    return lambda value: "" if value in choices else "one of " + ", ".join(choices)


def some_of(*choices: str) -> Check:
    """A list of some of these texts."""
    return lambda value: "" if set(value) <= set(choices) else "a list of " + ", ".join(choices)


def between(low: float, high: float) -> Check:
    """A number from low to high."""
    return lambda value: "" if low <= value <= high else f"a number from {low:g} to {high:g}"


def networks(value: tuple[str, ...]) -> str:
    """IP networks; the whole internet is refused."""
    try:
        wide = any(ipaddress.ip_network(item).prefixlen == 0 for item in value)
    except ValueError:
        wide = True
    return "a list of networks such as 10.1.0.0/16 or ::1/128, none of them the whole internet" if wide else ""


def folders(value: tuple[str, ...]) -> str:
    """Local folders, or URLs of remote ones."""
    for item in value:
        if "://" in item:
            try:
                normalize_folder_url(item)
            except ValueError as error:
                return str(error)
        elif re.search(r'["\[\]]', item):
            return "a list of folders; in a variable they are separated by commas, without brackets and quotes"
    return ""


def below_root(value: tuple[str, ...]) -> str:
    """Local folders, none of them the root of all."""
    if all(item.strip("/.") and "://" not in item and not re.search(r'["\[\]]', item) for item in value):
        return ""
    return "a list of folders such as /data/logs, not /; in a variable they are separated by commas, without brackets and quotes"


def regular_expression(value: str) -> str:
    """A pattern for re2."""
    import re2  # loads slowly, and few settings are patterns

    try:
        re2.compile(value)
    except re2.error as error:
        return f"a regular expression of re2 ({error})"
    return ""


def hosts(value: tuple[str, ...]) -> str:
    """Host names without scheme, port or path."""
    return (
        ""
        if all(re.fullmatch(r"[\w.-]+|\[[0-9a-fA-F:]+\]", host) for host in value)
        else "a list of host names, without scheme, port or path"
    )


def url_of(*schemes: str) -> Check:
    """Empty, or a URL with one of these schemes."""
    hint = "empty, or an address such as " + " or ".join(f"{scheme}://..." for scheme in schemes)

    def check(value: str) -> str:
        try:
            parts = urlsplit(value)
            good = parts.scheme in schemes and value.startswith(f"{parts.scheme}://") and parts.port != 0
        except ValueError:  # the port is no number, or a bracket is missing
            good = False
        return "" if good or not value else hint

    return check


SECURE = "https://host/path; http:// for this machine only (127.0.0.1, localhost, [::1])"


def _keeps_secrets(url: str) -> bool:
    """Whether a URL is HTTPS, or HTTP for this machine; without a query, since paths are appended."""
    try:
        parts = urlsplit(url)
        near = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
        good = (parts.scheme == "https" or near) and parts.hostname and parts.port != 0 and not parts.username
    except ValueError:
        return False
    return bool(good) and not parts.query and not parts.fragment


def secure_url(value: str) -> str:
    """Empty, or the URL of a server that gets secrets: HTTPS, or HTTP for this machine."""
    return "" if not value or _keeps_secrets(value) else f"empty, or an address {SECURE}"


def mirrors(value: tuple[str, ...]) -> str:
    """URLs of mirrors: HTTPS, or HTTP for this machine."""
    return "" if all(_keeps_secrets(item) for item in value) else f"a list of addresses {SECURE}"


def host_and_port(value: str) -> str:
    """Empty, or host:port, with brackets around an IPv6 address."""
    try:
        parts = urlsplit(f"//{value}")
        good = bool(parts.hostname and parts.port and parts.netloc == value and not parts.username)
    except ValueError:
        good = False
    return "" if good or not value else "empty, or host:port"


def webhooks(value: tuple[str, ...]) -> str:
    """HTTP or HTTPS URLs without a user name."""
    try:
        parts = [urlsplit(item) for item in value]
        named = all(re.fullmatch(r"[\w.-]+|[0-9a-f:.]+", each.hostname or "") for each in parts)
        good = named and all(each.scheme in ("http", "https") and each.port != 0 and each.username is None for each in parts)
    except ValueError:
        good = False
    return (
        ""
        if good and all(item.isascii() and item.isprintable() and " " not in item for item in value)
        else "a list of addresses https://host/path"
    )


def mail_address(value: str) -> str:
    """Empty, or a mail address."""
    return "" if not value or re.fullmatch(MAIL, value) else "empty, or an address such as dqm@cern.ch"


def mail_addresses(value: tuple[str, ...]) -> str:
    """Mail addresses."""
    return "" if all(re.fullmatch(MAIL, item) for item in value) else "a list of addresses such as dqm@cern.ch"


def contact_url(value: str) -> str:
    """Empty, or a mailto: or https: URL."""
    return "" if not value or value.startswith(("mailto:", "https://")) else "empty, mailto:address or https://address"


def url_path(value: str) -> str:
    """Empty, or a path without a slash at its end."""
    return "" if re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", value) else "empty, or a path such as /dqm/hub without a slash at its end"


def public_keys(value: tuple[str, ...]) -> str:
    """Ed25519 public keys in hex."""
    good = all(re.fullmatch(r"[0-9a-f]{64}", key) for key in value)
    return "" if good else "a list of public keys of 64 hex digits, as `dqmhub mirror-key` prints them"


def secret_key(value: str) -> str:
    """Empty, or a key that nobody can guess."""
    good = not value or (len(value) >= 32 and len(set(value)) >= 10)
    return "" if good else "empty (one is made at the first start), or at least 32 characters that nobody can guess"
