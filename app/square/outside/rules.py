"""What must not leave in a text of plain ASCII, and what is shown in its place.

A text is read once, from left to right. What a rule of `patterns` takes is no more looked at, but for what stays of it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import re2

from app.square.outside import paths
from app.square.outside.patterns import CALL, GIVEN, INNER, SECRETS, TABLE, VALUE
from app.square.outside.pseudonyms import Secret
from app.square.outside.randomness import by_chance
from app.square.outside.words import COMMON

Part = Secret | str
"""What is shown in the place of something: a pseudonym, or a text as it is."""

DROPPED = "(dropped)"
PUBLIC_HOSTS = {"cern.ch", "cms.cern.ch", "github.com", "root.cern", "root.cern.ch", "cmssdt.cern.ch", "twiki.cern.ch", "cms-sw.github.io"}
MOST_DIGITS = 24
"""Digits in a row that may be a number: an event, a thread, a time in nanoseconds."""

LATEST = 2000
"""Texts of which it is kept what was found in them."""

_PSEUDONYM = re2.compile(r"(?:host|path|user|e-mail|address|token|key)-\d+")
_UUID = re2.compile(TABLE["uuid"])
_VALUE = rf"(?P<value>{VALUE})"
_PREFIX = re2.compile(r"""(?i)(?:[ubrf]{1,2}["'])?""")
"""Of a text in Python."""

_VALUE_AT = 2
"""Number of the group of the value in the patterns below, whose first is the label."""

_LABELLED = re2.compile(
    rf"(?i)(?P<label>[\w.-]*(?:{SECRETS}|auth|pass|pw)[\w-]*(?:\s+(?:for|of)\s+[\w.@-]+)?{GIVEN}{CALL}|\w+/(?:auth|pass|pw){GIVEN}{CALL}|pass(?:word|phrase)\s+(?:is|was)\s+){_VALUE}.*"
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


class Found(NamedTuple):
    """The text from start to end is shown as these parts. since, until: with what tells of it and stays, as the name before a value."""

    since: int
    start: int
    end: int
    until: int
    parts: tuple[Part, ...]


def is_pseudonym(text: str) -> bool:
    return bool(_PSEUDONYM.fullmatch(text)) or text == DROPPED


def host(name: str) -> Secret:
    """A host, by whichever of its names."""
    name = name.lower().strip("._")
    for ending in _INSIDE:
        name = name.removesuffix(ending)
    return Secret("host", name.replace("_", "-"))


class Rules:
    """The rules of a site; machines: names of hosts that are known, each at least 4 characters long."""

    def __init__(self, machines: Iterable[str] = ()) -> None:
        names = sorted({name.lower() for name in machines if len(name) >= 4}, key=lambda name: (-len(name), name))
        plain = [rf"\b{name}\b" for name in names if name.isalpha() and name not in COMMON]
        patterns = [re2.escape(name) for name in names if not name.isalpha()] + plain
        known = {"machine": rf"(?i:(?:{'|'.join(patterns)})(?:\.cms\b|\.cern\.ch\b)?)"} if patterns else {}
        self._latest: dict[str, list[Found]] = {}
        self._all = _compile(tuple((known | TABLE).items()))
        self._inner = _compile(tuple((known | {name: TABLE[name] for name in INNER}).items()))
        self._names = _compile(tuple((known | {name: TABLE[name] for name in INNER if name != "word"}).items()))

    def find(self, text: str) -> list[Found]:
        """What must not leave in a text, in its order; lines often come twice."""
        if text not in self._latest:
            if len(self._latest) >= LATEST:
                self._latest.clear()
            self._latest[text] = self._look(text)
        return self._latest[text]

    def _look(self, text: str) -> list[Found]:
        return [_trimmed(found, text) for found in self._find(self._all, text) if any(isinstance(part, Secret) for part in found.parts)]

    def inner(self, text: str) -> tuple[Part, ...]:
        """A text that stays, but for hosts and keys in it."""
        return self._within(self._inner, text)

    def _within(self, pattern: Any, text: str) -> tuple[Part, ...]:
        parts: list[Part] = []
        at = 0
        for found in self._find(pattern, text):
            parts += [text[at : found.start], *found.parts]
            at = found.end
        return _joined([*parts, text[at:]])

    def _find(self, pattern: Any, text: str) -> Iterable[Found]:
        for match in pattern.finditer(text.encode("ascii")):
            taken, rule = text[match.start() : match.end()], match.lastgroup.decode()
            parts = SHOWN[rule](taken, self)
            if parts is None and rule == "word":
                parts = self._within(self._names, taken)
            elif parts is None and rule not in INNER:
                parts = self.inner(taken)
            if parts is not None:
                yield Found(match.start(), match.start(), match.end(), match.end(), _joined(parts))


def _joined(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Parts with neighbouring texts as one."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part:
            joined.append(part)
    return tuple(joined)


def _trimmed(found: Found, text: str) -> Found:
    """Without the text at both its ends that stays as it is."""
    first, last = found.parts[0], found.parts[-1]
    before = len(first) if isinstance(first, str) and text.startswith(first, found.start) else 0
    after = len(last) if isinstance(last, str) and text.endswith(last, found.start + before, found.end) else 0
    return Found(
        found.since, found.start + before, found.end - after, found.until, found.parts[before > 0 : len(found.parts) - (after > 0)]
    )


@lru_cache(maxsize=8)
def _compile(table: tuple[tuple[str, str], ...]) -> Any:
    options = re2.Options()
    options.max_mem = 16 << 20
    return re2.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in table).encode(), options)


Shown = tuple[Part, ...] | None
Show = Callable[[str, Rules], Shown]
"""What is shown of a text that a rule took; None: nothing is wrong with it."""


def _whole(kind: str) -> Show:
    return lambda text, rules: (Secret(kind, text),)


def _stays(text: str, rules: Rules) -> Shown:
    return (text,)


def _value_of(pattern: Any, secret: Callable[[str], Secret], harmless: Callable[[str], bool] = lambda value: False) -> Show:
    """Rules that show a label and hide the value after it."""

    def show(text: str, rules: Rules) -> Shown:
        found = pattern.fullmatch(text)
        if not found:
            return (secret(text),)
        quoted = found["value"]
        value = quoted[_PREFIX.match(quoted).end() :].strip("\"'")
        if not value or is_pseudonym(value) or harmless(value):
            return None
        before, after = quoted.partition(value)[::2]
        return (*rules.inner(found["label"]), before, secret(value), after, text[found.end(_VALUE_AT) :])

    return show


def _no_name(value: str) -> bool:
    """Whether a value is a number, a common word, or a name that was shortened."""
    return value.endswith("..") or ".." in value[1:-2] or value.lower() in COMMON or not any(letter.isalpha() for letter in value)


def _bearer(text: str, rules: Rules) -> Shown:
    scheme, value = text.split(None, 1)
    if is_pseudonym(value) or (value.isalpha() and value.islower()):
        return None
    return f"{scheme} ", Secret("token", value)


def _url(text: str, rules: Rules) -> Shown:
    found = _URL.fullmatch(text)
    scheme, secret, name, port, rest = (found[group] or "" for group in ("scheme", "secret", "host", "port", "rest"))
    if not name or scheme.lower() == "file":
        return f"{scheme}://", *(_path(rest, rules) or rules.inner(rest))
    if name.lower() in PUBLIC_HOSTS and not secret and not set("?#=") & set(rest) and not by_chance(rest):
        return (text,)
    before: tuple[Part, ...] = (secret if is_pseudonym(secret) else Secret("token", secret), "@") if secret else ()
    shown: Part = name if is_pseudonym(name) or name == "localhost" else machine(name)
    return f"{scheme}://", *before, shown, port, "/..." if rest.strip("/") else rest


def machine(name: str) -> Secret:
    """A host by its name or its address."""
    try:
        return Secret("address", str(ipaddress.ip_address(name.strip("[]"))))
    except ValueError:
        return host(name)


def _environment(text: str, rules: Rules) -> Shown:
    found = _VARIABLE.fullmatch(text)
    value = found["value"].rstrip("\"'") if found else ""
    if found and is_pseudonym(value):
        return None
    label = found["label"] if found else ""
    return (*rules.inner(label), Secret("environment", ""), text[found.start(_VALUE_AT) + len(value) :] if found else "")


def _format(text: str, rules: Rules) -> Shown:
    return (Secret("key" if text.startswith(("AKIA", "ASIA")) else "token", text),)


def _login(text: str, rules: Rules) -> Shown:
    found = _LOGIN.fullmatch(text)
    if is_pseudonym(found["user"]) and is_pseudonym(found["host"]):
        return None
    user: Part = found["user"] if is_pseudonym(found["user"]) else Secret("user", found["user"].lower())
    return *rules.inner(found["before"]), user, "@", machine(found["host"])


def _ipv6(text: str, rules: Rules) -> Shown:
    """Times and names of C++ look alike; what has no digit is none."""
    address = text.rstrip(":.") if not text.endswith("::") else text
    try:
        known = ipaddress.IPv6Address(address)
    except ValueError:
        return None
    return (Secret("address", str(known)), text[len(address) :]) if any(map(str.isdigit, address)) else None


def _hex(text: str, rules: Rules) -> Shown:
    if text.isdigit():
        return (Secret("key", text),) if len(text) > MOST_DIGITS else None
    return (Secret("key", text.lower()),) if any(map(str.isdigit, text)) else None


def _email(text: str, rules: Rules) -> Shown:
    name, sign, address = text.rpartition("<")
    return (*((Secret("user", name.strip().lower()), " <") if sign else ()), Secret("e-mail", address))


def _listing(text: str, rules: Rules) -> Shown:
    found = _LISTING.fullmatch(text)
    names = [name if is_pseudonym(name) else Secret("user", name.lower()) for name in (found["user"], found["group"])]
    return found["before"], names[0], found["blank"], names[1]


def _host(text: str, rules: Rules) -> Shown:
    if text.lower() in PUBLIC_HOSTS:
        return None
    before, after = "_" * text.startswith("_"), "_" * text.endswith("_")
    name = text.strip("_")
    return before, host(name[4:] if name.lower().startswith("host") else name), after


def _quoted(text: str, rules: Rules) -> Shown:
    shown = _path(text[1:-1], rules)
    return None if shown is None else (text[0], *shown, text[-1])


def _path(text: str, rules: Rules) -> Shown:
    path = text.rstrip(".,;:!?*")
    name = path.strip("/")
    if "/" not in name and (len(name) < 3 or name.lower() in COMMON) and not path.startswith("~"):
        return None
    if not paths.is_private(path) and not by_chance(path):
        return None if rules.inner(_without_repository(path)) != (_without_repository(path),) else (text,)
    folder, end = paths.shown(path)
    return (folder, *rules.inner(end), text[len(path) :])


def _without_repository(path: str) -> str:
    return path.removeprefix("/cvmfs/").partition("/")[2] if path.startswith("/cvmfs/") else path


def _relative(text: str, rules: Rules) -> Shown:
    if paths.is_private(text):
        return _path(text, rules)
    return (Secret("token", text),) if by_chance(text) else None


def _word(text: str, rules: Rules) -> Shown:
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
    "mac": _whole("address"), "ipv4": _whole("address"), "ipv6": _ipv6, "uuid": lambda text, rules: (Secret("key", text.lower()),), "pointer": _stays, "hex": _hex,
    "uid": _value_of(_HEADER, _user, _no_name), "short": _stays, "listing": _listing,
    "user": _value_of(_USER, _user, _no_name),
    "hostis": _value_of(_HOST, machine, _no_name), "host": _host, "closing": _stays, "quoted": _quoted, "path": _path,
    "relative": _relative, "word": _word,
}  # fmt: skip
