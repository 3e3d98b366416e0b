"""Public sites, and the owners of repositories on them, who may be people."""

from __future__ import annotations

import re2

from app.publish.sanitize.parts import Parts, ReadRest, host_secret, is_pseudonym
from app.publish.sanitize.pseudonyms import Secret

PUBLIC_HOSTS = {"cern.ch", "cms.cern.ch", "github.com", "root.cern", "root.cern.ch", "cmssdt.cern.ch", "twiki.cern.ch", "cms-sw.github.io"}

REPOSITORY = r"\bgit@[\w.-]+[:/][\w.-]+/"
"""A repository of git, which is no address of mail."""

_GROUPS = """cms-sw cms-data cms-externals cms-l1t-offline cms-nanoaod cms-dqm cmssw dmwm root-project dqm"""
_PUBLIC_OWNERS = frozenset(_GROUPS.split())
_REPOSITORY = re2.compile(r"(?P<user>git@)(?P<host>[\w.-]+)(?P<separator>[:/])(?P<owner>[\w.-]+)/")
_OWNER = re2.compile(r"/(?P<owner>[\w.-]+)")


def _is_public(owner: str) -> bool:
    return owner.lower() in _PUBLIC_OWNERS or is_pseudonym(owner)


def replace_repository(text: str, read_rest: ReadRest) -> Parts:
    """Host and owner in git@github.com:jdoe/cmssw.git."""
    match = _REPOSITORY.fullmatch(text)
    user, host, separator, owner = match.groups()
    host_part = host if host.lower() in PUBLIC_HOSTS or is_pseudonym(host) else host_secret(host)
    return user, host_part, separator, owner if _is_public(owner) else Secret("user", owner.lower()), "/"


def public_url(text: str, host: str, rest: str) -> Parts:
    """A URL of a public site, without the name of a person who owns a repository; rest: the text after the host."""
    owner = _OWNER.match(rest) if host.lower() == "github.com" else None
    if owner is None or _is_public(owner["owner"]):
        return (text,)
    start = len(text) - len(rest)
    return text[: start + 1], Secret("user", owner["owner"].lower()), rest[owner.end() :]
