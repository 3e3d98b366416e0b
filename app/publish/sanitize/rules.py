"""`Rules`: finds text that must not be published in plain ASCII, and its replacement.

A text is searched once, from left to right. Other rules are not applied to the match of a rule, except to its unchanged parts:
these are searched for hosts and keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import re2

from app.publish.sanitize.parts import Part, Parts, Unread
from app.publish.sanitize.patterns import INNER_RULES, PATTERNS, SECRET_RULES
from app.publish.sanitize.pseudonyms import Secret
from app.publish.sanitize.replacements import REPLACEMENTS
from app.publish.sanitize.words import COMMON

CACHED_TEXTS = 2000
"""Number of texts with cached findings."""

MIN_HOST_LENGTH = 4
"""Known hosts with shorter names are ignored."""

RE2_BYTES = 16 << 20
"""Memory limit of a compiled pattern."""


def _options() -> Any:
    options = re2.Options()
    options.max_mem = RE2_BYTES
    return options


_SECRETS = re2.compile("|".join(PATTERNS[name] for name in SECRET_RULES).encode(), _options())
"""Whether a rule for secrets matches anywhere; without groups, which makes it fast."""


_RESUMED = {"position", *SECRET_RULES}.difference(INNER_RULES)
"""Rules after whose harmless matches the search goes on with their second word, since others may begin there."""

_FIRST_WORD = re2.compile(r"\W*\w*")


class Finding(NamedTuple):
    """A piece of a text that is replaced.

    Attributes:
        since: Start of the match; before `start` if its first characters are not replaced, such as a label.
        start: First replaced character.
        end: Character after the last replaced one.
        until: End of the match.
        parts: The output in place of the text from start to end.
    """

    since: int
    start: int
    end: int
    until: int
    parts: Parts


class Rules:
    """All rules, and the names of known hosts.

    Names of hosts are found anywhere; a name of letters only must be a whole word.
    """

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        known = {"known_host": pattern} if (pattern := _host_pattern(hosts)) else {}
        self._cache: dict[str, list[Finding]] = {}
        self._all = _compile(tuple((known | PATTERNS).items()))
        self._without_secrets = _compile(tuple((known | {name: PATTERNS[name] for name in PATTERNS if name not in SECRET_RULES}).items()))
        self._inner = _compile(tuple((known | {name: PATTERNS[name] for name in INNER_RULES}).items()))
        self._deeper = {
            rule: _compile(tuple((known | {name: PATTERNS[name] for name in INNER_RULES if name != rule}).items()))
            for rule in ("word", "domain")
        }

    def find(self, text: str) -> list[Finding]:
        """The findings in a text, in order; cached, because lines are often searched twice."""
        if text not in self._cache:
            if len(self._cache) >= CACHED_TEXTS:
                self._cache.clear()
            findings = self._find(self._pattern_of(text), text)
            self._cache[text] = [_trim(one, text) for one in findings if any(isinstance(part, Secret) for part in one.parts)]
        return self._cache[text]

    def _pattern_of(self, text: str) -> Any:
        """The pattern of the rules that can match in a text: without those for secrets, it is four times as fast."""
        return self._all if _SECRETS.search(text.encode("ascii")) else self._without_secrets

    def _read_rest(self, text: str) -> Parts:
        """Redact only hosts and keys in a text."""
        return self._read(self._inner, text)

    def _read(self, pattern: Any, text: str) -> Parts:
        parts: list[Part] = []
        at = 0
        for finding in self._find(pattern, text):
            parts += [text[at : finding.start], *finding.parts]
            at = finding.end
        return _join_parts([*parts, text[at:]])

    def _find(self, pattern: Any, text: str) -> Iterator[Finding]:
        data = text.encode("ascii")
        match = pattern.search(data)
        while match:
            matched, rule = text[match.start() : match.end()], match.lastgroup.decode()
            parts = REPLACEMENTS[rule](matched, self._read_rest)
            at = max(match.end(), match.start() + 1)
            if parts is None and rule in _RESUMED:
                at = match.start() + _FIRST_WORD.match(matched).end()
                other, parts = self._instead(data, match.start())
                match, at = (other, other.end()) if parts else (match, at)
            elif parts is None and rule in self._deeper:
                yield from (_shifted(inner, match.start()) for inner in self._find(self._deeper[rule], matched))
            elif parts is None:
                parts = self._read_rest(matched) if rule not in INNER_RULES else None
            if parts is not None:
                yield Finding(match.start(), match.start(), match.end(), match.end(), self._complete(parts))
            match = pattern.search(data, at)

    def _instead(self, data: bytes, at: int) -> tuple[Any, Parts | None]:
        """The match of another rule than those for secrets at the place of a harmless one."""
        match = self._without_secrets.search(data, at)
        if match and match.start() == at:
            return match, REPLACEMENTS[match.lastgroup.decode()](match[0].decode(), self._read_rest)
        return None, None

    def _complete(self, parts: Parts) -> Parts:
        """Parts without unread ones."""
        pieces = (self._read(self._pattern_of(part), part) if isinstance(part, Unread) else (part,) for part in parts)
        return _join_parts(piece for some in pieces for piece in some)


def _host_pattern(hosts: Iterable[str]) -> str:
    """A pattern of known hosts, longer names first; "" without any."""
    usable = {host.lower() for host in hosts if len(host) >= MIN_HOST_LENGTH and not host.isdigit()}
    names = sorted(usable, key=lambda name: (-len(name), name))
    words = [rf"\b{name}\b" for name in names if name.isalpha() and name not in COMMON]
    patterns = [re2.escape(name) for name in names if not name.isalpha()] + words
    return rf"(?i:(?:{'|'.join(patterns)})(?:\.cms\b|\.cern\.ch\b)?)" if patterns else ""


def _shifted(finding: Finding, by: int) -> Finding:
    return Finding(finding.since + by, finding.start + by, finding.end + by, finding.until + by, finding.parts)


def _join_parts(parts: Iterable[Part]) -> Parts:
    """Parts with adjacent texts as one, and without empty ones."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part:
            joined.append(part)
    return tuple(joined)


def _trim(finding: Finding, text: str) -> Finding:
    """A finding without unchanged text at its ends."""
    first, last = finding.parts[0], finding.parts[-1]
    before = len(first) if isinstance(first, str) and text.startswith(first, finding.start) else 0
    after = len(last) if isinstance(last, str) and text.endswith(last, finding.start + before, finding.end) else 0
    parts = finding.parts[before > 0 : len(finding.parts) - (after > 0)]
    return finding._replace(start=finding.start + before, end=finding.end - after, parts=parts)


@lru_cache(maxsize=8)
def _compile(patterns: tuple[tuple[str, str], ...]) -> Any:
    """One pattern with a group for each rule."""
    return re2.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in patterns).encode(), _options())
