"""Replacements: the output for a match of a rule in `patterns`, one function for each rule.

Each function returns the parts of the output, or None when the text turns out to be harmless.
"""

from __future__ import annotations

import re2

from app.publish.sanitize import paths
from app.publish.sanitize.addresses import is_silent, replace_ipv4, replace_ipv6, replace_mac
from app.publish.sanitize.contacts import replace_iban, replace_phone
from app.publish.sanitize.credentials import QUOTED
from app.publish.sanitize.domains import is_host_name
from app.publish.sanitize.entropy import looks_random
from app.publish.sanitize.labelled import LABELLED
from app.publish.sanitize.parts import Part, Parts, ReadRest, Replace, Unread, host_secret, is_pseudonym, name_secret
from app.publish.sanitize.positions import replace_position
from app.publish.sanitize.pseudonyms import Login, Secret
from app.publish.sanitize.repositories import PUBLIC_HOSTS, public_url, replace_repository
from app.publish.sanitize.words import COMMON, PROGRAMS, is_ordinary

MAX_DIGITS = 24
"""Length of the longest number that is not redacted: an event, a thread, a time in nanoseconds."""

MIN_CREDENTIALS = 12
"""Length from which on letters in upper and lower case are credentials."""

MIN_PATH_NAME = 3
"""Shorter names of a single folder, such as /x, are not redacted."""

_URL = re2.compile(r"(?P<scheme>[^:]+)://(?:(?P<secret>[^/?#]*)@)?(?P<host>\[[^\]]*\]|[^/?#:]*)(?P<port>:\d+)?(?P<rest>.*)")
_VARIABLE = re2.compile(
    r"""(?P<label>\s*(?:\+\s*)?(?:[A-Za-z]+\s+(?:-\w+\s+)?)?["']?[A-Za-z_]\w*(?:\(\)|%%)?["']?(?:\s*[=:]\s*|\s+)["']?)(?P<value>.*)"""
)
_VARIABLE_VALUE = 2
"""Number of the group `value`."""

_QUOTED = re2.compile(QUOTED)
_UNITS = (".service", ".socket", ".mount", ".timer", ".target", ".slice", ".scope")
_LOGIN = re2.compile(r"(?P<before>.*?)(?P<user>[\w.-]+)@(?P<host>[^@]+)")
_FILE_LISTING = re2.compile(r"(?P<before>\S+\s+\d+\s+)(?P<user>\S+)(?P<blank>\s+)(?P<group>\S+)")


def replace_whole(kind: str) -> Replace:
    """A function that replaces the whole text by a secret of this kind."""

    def replace(text: str, read_rest: ReadRest) -> Parts:
        return (Secret(kind, text),)

    return replace


def keep(text: str, read_rest: ReadRest) -> Parts:
    """The unchanged text: no other rule is applied to it."""
    return (text,)


def replace_bearer(text: str, read_rest: ReadRest) -> Parts | None:
    """Credentials of HTTP after their scheme; a short word of letters is part of a sentence, as in `Basic Reconstruction`."""
    scheme, value = text.split(None, 1)
    word = value.rstrip(".,")
    if is_pseudonym(value) or (word.isalpha() and (word.islower() or len(word) < MIN_CREDENTIALS or is_ordinary(word.lower()))):
        return None
    return f"{scheme} ", Secret("token", value)


def replace_url(text: str, read_rest: ReadRest) -> Parts | None:
    """Credentials, host and path of a URL; public sites are not redacted."""
    match = _URL.fullmatch(text)
    scheme, secret, host, port, rest = (match[group] or "" for group in ("scheme", "secret", "host", "port", "rest"))
    if not host or scheme.lower() == "file":
        return f"{scheme}://", *(replace_path(rest, read_rest) or read_rest(rest))
    if host.lower() in PUBLIC_HOSTS and not secret and not set("?#=") & set(rest) and not looks_random(rest):
        return public_url(text, host, rest)
    credentials: Parts = (secret if is_pseudonym(secret) else Secret("token", secret), "@") if secret else ()
    host_part: Part = host if is_pseudonym(host) or is_silent(host) else host_secret(host)
    return f"{scheme}://", *credentials, host_part, port, "/..." if rest.strip("/") else rest


def replace_environment(text: str, read_rest: ReadRest) -> Parts | None:
    """The value of an environment variable."""
    match = _VARIABLE.fullmatch(text)
    value = match["value"].rstrip("\"'") if match else ""
    if match and is_pseudonym(value):
        return None
    label = match["label"] if match else ""
    return (*read_rest(label), Secret("environment", ""), text[match.start(_VARIABLE_VALUE) + len(value) :] if match else "")


def replace_token_format(text: str, read_rest: ReadRest) -> Parts:
    """A token with a known form; those of AWS are identifiers of keys."""
    return (Secret("key" if text.startswith(("AKIA", "ASIA")) else "token", text),)


def replace_call(text: str, read_rest: ReadRest) -> Parts | None:
    """All quoted arguments of a function that connects or logs in."""
    parts: list[Part] = []
    at = 0
    for match in _QUOTED.finditer(text):
        plain = match[0][1:-1]
        between = text[at : match.start() + 1]
        parts += [*(read_rest(between) if not at else (Unread(between),)), plain if is_pseudonym(plain) else Secret("token", plain)]
        at = match.end() - 1
    return (*parts, text[at:]) if any(isinstance(part, Secret) for part in parts) else None


def replace_login(text: str, read_rest: ReadRest) -> Parts | None:
    """User and host of user@host."""
    match = _LOGIN.fullmatch(text)
    if is_pseudonym(match["user"]) and is_pseudonym(match["host"]):
        return None
    user: Part = match["user"] if is_pseudonym(match["user"]) else Login("user", match["user"].lower())
    return *read_rest(match["before"]), user, "@", host_secret(match["host"])


def replace_hex(text: str, read_rest: ReadRest) -> Parts | None:
    """Many hex digits, unless they are a number or a word."""
    if text.isdigit():
        return (Secret("key", text),) if len(text) > MAX_DIGITS else None
    return (Secret("key", text.lower()),) if any(map(str.isdigit, text)) else None


def replace_uuid(text: str, read_rest: ReadRest) -> Parts:
    """A UUID, case-insensitive."""
    return (Secret("key", text.lower()),)


def replace_email(text: str, read_rest: ReadRest) -> Parts | None:
    """An e-mail address, with the name before it in `Jane Doe <jane@example.org`; user@1042.service is a unit of systemd."""
    if text.endswith(_UNITS):
        return None
    before, sign, address = text.rpartition("<")
    name = before.strip()
    named: Part = name if is_ordinary(name) or is_pseudonym(name) else Secret("user", name.lower())
    return (*((named, " <") if sign else ()), Secret("e-mail", address))


def replace_file_listing(text: str, read_rest: ReadRest) -> Parts | None:
    """Owner and group in the output of `ls -l`, unless both are accounts of the system."""
    match = _FILE_LISTING.fullmatch(text)
    parts = (match["before"], _account(match["user"]), match["blank"], _account(match["group"]))
    return parts if any(isinstance(part, Secret) for part in parts) else (text,)


def _account(name: str) -> Part:
    word = name.lower()
    return name if is_pseudonym(name) or word in COMMON or word in PROGRAMS or word.isdigit() else Login("user", word)


def replace_host(text: str, read_rest: ReadRest) -> Parts | None:
    """The name of a host, also between underscores or after `host`."""
    if text.lower() in PUBLIC_HOSTS:
        return None
    before, after = "_" * text.startswith("_"), "_" * text.endswith("_")
    name = text.strip("_")
    return before, name_secret(name[4:] if name.lower().startswith("host") else name), after


def replace_domain(text: str, read_rest: ReadRest) -> Parts | None:
    """The name of a host with its domain; a call such as `time.at(` is none."""
    is_host = not text.endswith("(") and is_host_name(text) and not is_silent(text)
    return replace_host(text, read_rest) if is_host else None


def replace_quoted_path(text: str, read_rest: ReadRest) -> Parts | None:
    """A path in quotes, which may contain blanks."""
    parts = replace_path(text[1:-1], read_rest)
    return None if parts is None else (text[0], *parts, text[-1])


def replace_path(text: str, read_rest: ReadRest) -> Parts | None:
    """The folder of a private path; a public path is not changed, unless a name in it must be redacted."""
    path = text.rstrip(".,;:!?*")
    name = path.strip("/")
    if "/" not in name and (len(name) < MIN_PATH_NAME or name.lower() in COMMON) and not path.startswith("~"):
        return None
    if not paths.is_private(path) and not looks_random(path):
        below = _below_repository(path)
        return None if read_rest(below) != (below,) else (text,)
    folder, end = paths.split(path)
    return (folder, *read_rest(end), text[len(path) :])


def _below_repository(path: str) -> str:
    """A path without the host in /cvmfs/cms.cern.ch/..."""
    return path.removeprefix("/cvmfs/").partition("/")[2] if path.startswith("/cvmfs/") else path


def replace_relative_path(text: str, read_rest: ReadRest) -> Parts | None:
    """A relative path that is a part of a private one, or that looks random."""
    return replace_path(text, read_rest) if paths.is_private(text) else replace_word(text, read_rest)


def replace_word(text: str, read_rest: ReadRest) -> Parts | None:
    """A word that looks random."""
    return (Secret("token", text),) if looks_random(text) else None


REPLACEMENTS: dict[str, Replace] = LABELLED | {
    "known_host": replace_host,
    "origin": keep,
    "product_token": keep,
    "call": replace_call,
    "pem": replace_whole("key"),
    "subject": replace_whole("user"),
    "bearer": replace_bearer,
    "url": replace_url,
    "environment": replace_environment,
    "format": replace_token_format,
    "ssh": replace_whole("key"),
    "email": replace_email,
    "login": replace_login,
    "mac": replace_mac,
    "ipv4": replace_ipv4,
    "ipv6": replace_ipv6,
    "uuid": replace_uuid,
    "pointer": keep,
    "hex": replace_hex,
    "shortened_host": keep,
    "file_listing": replace_file_listing,
    "domain": replace_domain,
    "host": replace_host,
    "repository": replace_repository,
    "position": replace_position,
    "phone": replace_phone,
    "iban": replace_iban,
    "closing_tag": keep,
    "quoted": replace_quoted_path,
    "path": replace_path,
    "relative": replace_relative_path,
    "word": replace_word,
}
"""Functions by the name of their rule in `patterns`; `known_host` is the rule of `Rules`."""
