"""What is shown of what a rule has taken."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

import re2

from app.publish.sanitize import paths
from app.publish.sanitize.entropy import by_chance
from app.publish.sanitize.patterns import CALL, GIVEN, SECRETS, TABLE, VALUE
from app.publish.sanitize.pseudonyms import Secret
from app.publish.sanitize.words import COMMON

Part = Secret | str
"""What is shown in the place of something: a pseudonym, or a text as it is."""

DROPPED = "(dropped)"
PUBLIC_HOSTS = {"cern.ch", "cms.cern.ch", "github.com", "root.cern", "root.cern.ch", "cmssdt.cern.ch", "twiki.cern.ch", "cms-sw.github.io"}
MOST_DIGITS = 24
"""Digits in a row that may be a number: an event, a thread, a time in nanoseconds."""

_PSEUDONYM = re2.compile(r"(?:host|path|user|e-mail|address|token|key)-\d+")
_UUID = re2.compile(TABLE["uuid"])
_VALUE = rf"(?P<value>{VALUE})"
_PREFIX = re2.compile(r"""(?i)(?:[ubrf]{1,2}["'])?""")
"""Of a text in Python."""

_VALUE_AT = 2
"""Number of the group of the value in the patterns below, whose first is the label."""

_LABELLED = re2.compile(
    rf"(?i)(?P<label>[\w.-]*(?:{SECRETS}|auth|pass|pw)[\w-]*(?:\s+(?:for|of)\s+[\w.@-]+)?{GIVEN}{CALL}|\w+/(?:auth|pass|pw){GIVEN}{CALL}|pass(?:word|phrase)\s+(?:is|was)\s+|[\w-]*(?:password|passphrase|secret)\s+){_VALUE}.*"
)
_OPTION = re2.compile(rf"(?i)(?P<label>--?[\w-]*(?:\s*=\s*|\s+)|mysql.*\s-p|\w+/|sshpass\s+-p\s*|identified\s+by\s+){_VALUE}")
_USER = re2.compile(rf"""(?i)(?P<label>[\w -]*?(?:{GIVEN}{CALL}|\s["']?|(?:su|sudo)\s+-[ul]?\s+))(?P<value>{VALUE}|[\w.-]+["']?)""")
_HOST = re2.compile(rf"(?i)(?P<label>\w*{GIVEN}{CALL}|[a-z]+\s+host(?:name)?\s+){_VALUE}")
_SPOKEN = re2.compile(r"(?P<label>\w+\s+[(\[\"']?)(?P<value>.*)")
_HEADER = re2.compile(r"""(?P<label>[\w-]+["']?\s*[:=]\s*["']?)(?P<value>.*)""")
_URL = re2.compile(r"(?P<scheme>[^:]+)://(?:(?P<secret>[^/?#]*)@)?(?P<host>\[[^\]]*\]|[^/?#:]*)(?P<port>:\d+)?(?P<rest>.*)")
_VARIABLE = re2.compile(
    r"""(?P<label>\s*(?:\+\s*)?(?:[A-Za-z]+\s+(?:-\w+\s+)?)?["']?[A-Za-z_]\w*(?:\(\)|%%)?["']?(?:\s*[=:]\s*|\s+)["']?)(?P<value>.*)"""
)
_LOGIN = re2.compile(r"(?P<before>.*?)(?P<user>[\w.-]+)@(?P<host>[^@]+)")
_LISTING = re2.compile(r"(?P<before>\S+\s+\d+\s+)(?P<user>\S+)(?P<blank>\s+)(?P<group>\S+)")
_INSIDE = (".cms", ".cern.ch", ".cern")


def is_pseudonym(text: str) -> bool:
    return bool(_PSEUDONYM.fullmatch(text)) or text == DROPPED


def host(name: str) -> Secret:
    """A host, by whichever of its names."""
    name = name.lower().strip("._")
    for ending in _INSIDE:
        name = name.removesuffix(ending)
    return Secret("host", name.replace("_", "-"))


Shown = tuple[Part, ...] | None
Inner = Callable[[str], tuple[Part, ...]]
"""Reads a text that stays, but for hosts and keys in it."""

Show = Callable[[str, Inner], Shown]
"""What is shown of a text that a rule took; None: nothing is wrong with it."""


def _whole(kind: str) -> Show:
    return lambda text, inner: (Secret(kind, text),)


def _stays(text: str, inner: Inner) -> Shown:
    return (text,)


def _value_of(pattern: Any, secret: Callable[[str], Secret], harmless: Callable[[str], bool] = lambda value: False) -> Show:
    """Rules that show a label and hide the value after it."""

    def show(text: str, inner: Inner) -> Shown:
        found = pattern.fullmatch(text)
        if not found:
            return (secret(text),)
        quoted = found["value"]
        value = quoted[_PREFIX.match(quoted).end() :].strip("\"'")
        if not value or is_pseudonym(value) or harmless(value):
            return None
        before, after = quoted.partition(value)[::2]
        return (*inner(found["label"]), before, secret(value), after, text[found.end(_VALUE_AT) :])

    return show


def _no_name(value: str) -> bool:
    """Whether a value is a number, a common word, or a name that was shortened."""
    return value.endswith("..") or ".." in value[1:-2] or value.lower() in COMMON or not any(letter.isalpha() for letter in value)


def _bearer(text: str, inner: Inner) -> Shown:
    scheme, value = text.split(None, 1)
    if is_pseudonym(value) or (value.isalpha() and value.islower()):
        return None
    return f"{scheme} ", Secret("token", value)


def _url(text: str, inner: Inner) -> Shown:
    found = _URL.fullmatch(text)
    scheme, secret, name, port, rest = (found[group] or "" for group in ("scheme", "secret", "host", "port", "rest"))
    if not name or scheme.lower() == "file":
        return f"{scheme}://", *(_path(rest, inner) or inner(rest))
    if name.lower() in PUBLIC_HOSTS and not secret and not set("?#=") & set(rest) and not by_chance(rest):
        return (text,)
    before: tuple[Part, ...] = (secret if is_pseudonym(secret) else Secret("token", secret), "@") if secret else ()
    shown: Part = name if is_pseudonym(name) or name == "localhost" else host_secret(name)
    return f"{scheme}://", *before, shown, port, "/..." if rest.strip("/") else rest


def host_secret(name: str) -> Secret:
    """A host by its name or its address."""
    try:
        return Secret("address", str(ipaddress.ip_address(name.strip("[]"))))
    except ValueError:
        return host(name)


def _environment(text: str, inner: Inner) -> Shown:
    found = _VARIABLE.fullmatch(text)
    value = found["value"].rstrip("\"'") if found else ""
    if found and is_pseudonym(value):
        return None
    label = found["label"] if found else ""
    return (*inner(label), Secret("environment", ""), text[found.start(_VALUE_AT) + len(value) :] if found else "")


def _format(text: str, inner: Inner) -> Shown:
    return (Secret("key" if text.startswith(("AKIA", "ASIA")) else "token", text),)


def _login(text: str, inner: Inner) -> Shown:
    found = _LOGIN.fullmatch(text)
    if is_pseudonym(found["user"]) and is_pseudonym(found["host"]):
        return None
    user: Part = found["user"] if is_pseudonym(found["user"]) else Secret("user", found["user"].lower())
    return *inner(found["before"]), user, "@", host_secret(found["host"])


def _ipv6(text: str, inner: Inner) -> Shown:
    """Times and names of C++ look alike; what has no digit is none."""
    address = text.rstrip(":.") if not text.endswith("::") else text
    try:
        known = ipaddress.IPv6Address(address)
    except ValueError:
        return None
    return (Secret("address", str(known)), text[len(address) :]) if any(map(str.isdigit, address)) else None


def _hex(text: str, inner: Inner) -> Shown:
    if text.isdigit():
        return (Secret("key", text),) if len(text) > MOST_DIGITS else None
    return (Secret("key", text.lower()),) if any(map(str.isdigit, text)) else None


def _email(text: str, inner: Inner) -> Shown:
    name, sign, address = text.rpartition("<")
    return (*((Secret("user", name.strip().lower()), " <") if sign else ()), Secret("e-mail", address))


def _listing(text: str, inner: Inner) -> Shown:
    found = _LISTING.fullmatch(text)
    names = [name if is_pseudonym(name) else Secret("user", name.lower()) for name in (found["user"], found["group"])]
    return found["before"], names[0], found["blank"], names[1]


def _host(text: str, inner: Inner) -> Shown:
    if text.lower() in PUBLIC_HOSTS:
        return None
    before, after = "_" * text.startswith("_"), "_" * text.endswith("_")
    name = text.strip("_")
    return before, host(name[4:] if name.lower().startswith("host") else name), after


def _quoted(text: str, inner: Inner) -> Shown:
    shown = _path(text[1:-1], inner)
    return None if shown is None else (text[0], *shown, text[-1])


def _path(text: str, inner: Inner) -> Shown:
    path = text.rstrip(".,;:!?*")
    name = path.strip("/")
    if "/" not in name and (len(name) < 3 or name.lower() in COMMON) and not path.startswith("~"):
        return None
    if not paths.is_private(path) and not by_chance(path):
        return None if inner(_without_repository(path)) != (_without_repository(path),) else (text,)
    folder, end = paths.shown(path)
    return (folder, *inner(end), text[len(path) :])


def _without_repository(path: str) -> str:
    return path.removeprefix("/cvmfs/").partition("/")[2] if path.startswith("/cvmfs/") else path


def _relative(text: str, inner: Inner) -> Shown:
    if paths.is_private(text):
        return _path(text, inner)
    return (Secret("token", text),) if by_chance(text) else None


def _word(text: str, inner: Inner) -> Shown:
    return (Secret("token", text),) if by_chance(text) else None


def _user(value: str) -> Secret:
    """A user by name, also of 1042(smith)."""
    return Secret("user", value.rpartition("(")[2].rstrip(")").lower())


def _token(value: str) -> Secret:
    return Secret("key", value.lower()) if _UUID.fullmatch(value) else Secret("token", value)


SHOWN: dict[str, Show] = {
    "machine": _host, "origin": _stays, "pem": _whole("key"), "subject": _whole("user"), "header": _value_of(_HEADER, _token), "bearer": _bearer, "url": _url,
    "option": _value_of(_OPTION, _token), "labelled": _value_of(_LABELLED, _token), "named": _value_of(_LABELLED, _token, str.isdigit),
    "spoken": _value_of(_SPOKEN, _token, lambda value: not (any(map(str.isdigit, value)) and any(map(str.isalpha, value)))),
    "environment": _environment, "format": _format, "ssh": _whole("key"), "email": _email, "login": _login,
    "mac": _whole("address"), "ipv4": _whole("address"), "ipv6": _ipv6, "uuid": lambda text, inner: (Secret("key", text.lower()),), "pointer": _stays, "hex": _hex,
    "uid": _value_of(_HEADER, _user, _no_name), "short": _stays, "listing": _listing,
    "user": _value_of(_USER, _user, _no_name),
    "hostis": _value_of(_HOST, host_secret, _no_name), "host": _host, "closing": _stays, "quoted": _quoted, "path": _path,
    "relative": _relative, "word": _word,
}  # fmt: skip
