"""`Rules`: finds text that must not be published in plain ASCII, and its replacement.

A text is searched once, from left to right. Other rules are not applied to the match of a rule, except to its unchanged parts:
these are searched for hosts and keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import re2

from app.publish.sanitize.parts import Ahead, Part, Parts, Unread
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
"""Rules with harmless matches in which others may begin: the search continues with the second word."""

_FIRST_WORD = re2.compile(r"\W*\w*")


class Compiled(NamedTuple):
    """Rules as one pattern.

    Attributes:
        pattern: With one group for each rule.
        names: Of the rules, in the order of the groups.
    """

    pattern: Any
    names: tuple[str, ...]


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
            findings = self._find(self._rules_for(text), text)
            self._cache[text] = [_trim(one, text) for one in findings if any(isinstance(part, Secret) for part in one.parts)]
        return self._cache[text]

    def _rules_for(self, text: str) -> Compiled:
        """The rules that can match in a text: without those for secrets, they are four times as fast."""
        return self._all if _SECRETS.search(text.encode("ascii")) else self._without_secrets

    def _read_rest(self, text: str) -> Parts:
        """Redact only hosts and keys in a text."""
        return self._read(self._inner, text)

    def _read(self, rules: Compiled, text: str) -> Parts:
        parts: list[Part] = []
        at = 0
        for finding in self._find(rules, text):
            parts += [text[at : finding.start], *finding.parts]
            at = finding.end
        return _join_parts([*parts, text[at:]])

    def _find(self, rules: Compiled, text: str) -> Iterator[Finding]:
        data = text.encode("ascii")
        at = 0
        while at < len(data) and (match := rules.pattern.search(data, at)):
            start, end = match.span()
            matched, rule = text[start:end], rules.names[match.lastindex - 1]
            parts = REPLACEMENTS[rule](matched, self._read_rest)
            if parts and isinstance(parts[-1], Ahead):
                end -= len(parts[-1])
                parts = parts[:-1]
            at = max(end, start + 1)
            if parts is None and rule in _RESUMED:
                end, parts = self._instead(text, start)
                at = end if parts else start + _FIRST_WORD.match(matched).end()
            elif parts is None and rule in self._deeper:
                deeper = [_shifted(inner, start) for inner in self._find(self._deeper[rule], matched)]
                yield from deeper
                if rule == "domain" and not deeper:  # the last word may be a label, as in self.user = jdoe
                    at = start + matched.rindex(".") + 1
            elif parts is None:
                parts = self._read_rest(matched) if rule not in INNER_RULES else None
            if parts is not None:
                yield Finding(start, start, end, end, self._complete(parts))

    def _instead(self, text: str, start: int) -> tuple[int, Parts | None]:
        """The end and the output of the match of a rule that is not for secrets at the place of a harmless one."""
        match = self._without_secrets.pattern.match(text.encode("ascii"), start)
        if not match:
            return start, None
        rule = self._without_secrets.names[match.lastindex - 1]
        return match.end(), REPLACEMENTS[rule](text[start : match.end()], self._read_rest)

    def _complete(self, parts: Parts) -> Parts:
        """Parts without unread ones."""
        if any(isinstance(part, Unread) for part in parts):
            pieces = (self._read(self._rules_for(part), part) if isinstance(part, Unread) else (part,) for part in parts)
            return _join_parts(piece for some in pieces for piece in some)
        return _join_parts(parts)


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
def _compile(patterns: tuple[tuple[str, str], ...]) -> Compiled:
    """One pattern with a group for each rule."""
    pattern = "|".join(f"(?P<{name}>{pattern})" for name, pattern in patterns)
    return Compiled(re2.compile(pattern.encode(), _options()), tuple(name for name, _ in patterns))
