"""`Sanitizer`: redacts all published texts."""

from __future__ import annotations

import hmac
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import pairwise

import re2

from app.core.text import one_line
from app.publish.sanitize import canonical
from app.publish.sanitize.canonical import Segment
from app.publish.sanitize.host_names import can_be_shortened, is_shortened, shorten
from app.publish.sanitize.line_joining import distribute, findings_of, groups
from app.publish.sanitize.multiline import redact_blocks
from app.publish.sanitize.parts import DROPPED, Part, host_secret, is_pseudonym
from app.publish.sanitize.paths import users_of
from app.publish.sanitize.pseudonyms import Login, Pseudonyms, Secret
from app.publish.sanitize.rules import Rules
from app.publish.sanitize.words import is_ordinary

MAX_PASSES = 4
"""Passes are repeated until nothing changes, because a replacement may form a new match with its neighbours; a line that
still changes in the last pass is dropped."""

MIN_NAME_PART = 3
"""Shorter parts of a name say nothing of whether it is a word."""

Label = Callable[[Secret, int], str]
"""The text in place of a secret with a number."""

_WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9]{2,15}(?![A-Za-z0-9])")
_COMPOUND = re.compile(r"(?<![A-Za-z0-9._-])[A-Za-z][A-Za-z0-9]{0,15}(?:[._-][A-Za-z0-9]{1,16}){1,2}(?![A-Za-z0-9_-])")
"""A word that may be the name of a user, without and with dots, dashes and underscores."""

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]|\.(?!\.|\Z)){0,250}")


class Sanitizer:
    """Replaces names of hosts, paths and people, and secrets; use one object for each step of the publisher.

    Attributes:
        counts: Redactions since the object was created, by kind: host, path, user, client, e-mail, address, token, key, environment,
            line (one that cannot be decoded), field (a column that is not published; counted by the areas).
    """

    def __init__(self, secret: bytes, hosts: Iterable[str] = (), names: str = "") -> None:
        """Create a sanitiser.

        Args:
            secret: Key of pseudonyms and identifiers.
            hosts: Names of hosts to redact anywhere.
            names: Form of names that `listed` publishes beside known ones, a regular expression (re2).
        """
        self.counts: Counter[str] = Counter()
        self._secret = secret
        self._rules = Rules(hosts)
        self._names = re2.compile(names) if names else None
        self._pseudonyms = Pseudonyms(secret)
        self._mentioned: set[str] = set()  # users after labels of this log
        self._plain: set[str] = set()  # texts of this log without known users
        self._ordinary: set[str] = set()  # words, as written, that are not names of users
        self._short_texts: dict[str, str] = {}  # redacted text by original
        self._paths: set[str] = set()  # paths whose users are known

    def text(self, text: str) -> str:
        """Redact a text of one or more lines."""
        return "\n".join(self.lines(text.split("\n")))

    def lines(self, lines: Iterable[str]) -> list[str]:
        """Redact the lines of a log; each remains one line."""
        return self._redact(lines, _pseudonym)

    def short_text(self, text: str) -> str:
        """Redact a text that occurs often, such as the name of a client; results are cached."""
        if text not in self._short_texts:
            self._short_texts[text] = self.text(text)
        return self._short_texts[text]

    def sentence(self, text: str, hosts: Collection[str]) -> str:
        """Redact a line with hosts: all of them get their public names; `hosts` are found even if they do not look like hosts."""
        for host in filter(None, hosts):
            text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(one_line(host))}(?![A-Za-z0-9])", self.host(host), text)
        (line,) = self._redact([text], _public_host_name)
        return line

    def host(self, name: str) -> str:
        """The public name of a host: dqmfu-c2b03-.. or fu..04; a pseudonym for a name of another form."""
        if not name or is_pseudonym(name) or is_shortened(name):
            return name
        secret = host_secret(name) if _HOST.fullmatch(name) else Secret("host", name.lower())
        if can_be_shortened(secret.value):
            return shorten(secret.value)
        return _pseudonym(secret, self._pseudonyms.numbers([secret])[secret])

    def listed(self, kind: str, name: str, known: Collection[str]) -> str:
        """A name that is known or has the form of `names`; otherwise its pseudonym of this kind."""
        if not name or name in known or is_pseudonym(name):
            return name
        if self._names and self._names.fullmatch(name):
            return self.short_text(name)
        secret = Secret(kind, name)
        self.counts[kind] += 1
        return _pseudonym(secret, self._pseudonyms.numbers([secret])[secret])

    def identifier(self, key: str) -> str:
        """20 hex digits that identify a key but do not reveal it."""
        return hmac.digest(self._secret, f"identifier\0{key}".encode(errors="surrogatepass"), "sha256").hex()[:20]

    def learn_users(self, paths: Iterable[str]) -> None:
        """Remember the users in paths, so that their names are redacted everywhere from now on."""
        new_paths = set(paths) - self._paths
        new = {Login("user", user) for path in new_paths for user in users_of(path)}
        self._paths |= new_paths
        if new:
            self._learn(new)
            self._short_texts.clear()

    def _redact(self, lines: Iterable[str], label: Label) -> list[str]:
        """Redact lines until a further pass changes nothing."""
        self._mentioned.clear()
        self._plain.clear()
        segments, ends = self._segments(lines)
        pieces = self._replace(segments, label)
        output = [" ".join(filter(None, pieces[start:end])) for start, end in pairwise(ends)]
        for _ in range(MAX_PASSES):
            before, output = output, self._replace([Segment(line, False) for line in output], label)
            if before == output:
                return output
        unstable = [line != last for line, last in zip(output, before, strict=True)]
        self.counts["line"] += sum(unstable)
        return [DROPPED if still else line for line, still in zip(output, unstable, strict=True)]

    def _segments(self, lines: Iterable[str]) -> tuple[list[Segment], list[int]]:
        """The segments of all lines, and the number of the first segment of each line, with the total at the end."""
        segments: list[Segment] = []
        ends = [0]
        for line in canonical.rejoin_escapes(map(canonical.cut, lines)):
            found = canonical.segments(line)
            if found is None:
                self.counts["line"] += 1
            segments += found or [Segment(DROPPED, False)]
            ends.append(len(segments))
        return segments, ends

    def _replace(self, segments: Sequence[Segment], label: Label) -> list[str]:
        """One pass: the redacted text of each segment."""
        blocks = redact_blocks([segment.text for segment in segments])
        rest = [Segment("", False) if number in blocks else segment for number, segment in enumerate(segments)]
        own = [self._rules.find(segment.text) for segment in rest]
        parts: list[list[Part]] = []
        for group in groups(rest, own, self._rules.find):
            parts += distribute(group, findings_of(group, own, self._rules.find))
        for number, block in blocks.items():
            parts[number] = list(block)
        return self._apply_labels(parts, label)

    def _apply_labels(self, parts: Sequence[Sequence[Part]], label: Label) -> list[str]:
        """Parts as text, with labels in place of secrets and of known users in plain text."""
        secrets = [part for some in parts for part in some if isinstance(part, Secret)]
        users = {Login("user", user) for secret in secrets if secret.kind == "path" for user in users_of(secret.value)}
        numbers = self._pseudonyms.numbers([*(secret for secret in secrets if secret.kind != "environment"), *sorted(users)])
        self.counts.update(secret.kind for secret in secrets)
        self._learn({*users, *(secret for secret in secrets if secret.kind == "user")})

        def text(part: Part) -> str:
            if isinstance(part, str):
                return part if part in self._plain else self._without_users(part, label)
            return label(part, numbers[part]) if part in numbers else DROPPED

        return ["".join(map(text, some)) for some in parts]

    def _without_users(self, text: str, label: Label) -> str:
        """A text with labels in place of known users."""
        out = text
        for pattern in (_COMPOUND, _WORD):
            if not self._ordinary.issuperset(pattern.findall(out)):
                out = pattern.sub(lambda word: self._word(word[0], label), out)
        if out == text:
            self._plain.add(text)
        return out

    def _learn(self, users: Collection[Secret]) -> None:
        """Replace users outside of their positions: learned logins in all logs, others in this one; no names that are words."""
        names = {user for user in users if _can_be_learned(user.value)}
        if names:
            self._pseudonyms.learn([user for user in names if isinstance(user, Login)])
            self._mentioned |= {user.value for user in names if not self._pseudonyms.is_forgotten(user)}
            self._plain.clear()
            values = {user.value for user in names}
            self._ordinary -= {word for word in self._ordinary if word.lower() in values}

    def _word(self, word: str, label: Label) -> str:
        """A word, or its label if it is the name of a known user."""
        if word in self._ordinary:
            return word
        secret = Secret("user", word.lower())
        if not _can_be_learned(secret.value) or not (secret.value in self._mentioned or self._pseudonyms.is_learned(secret)):
            self._ordinary.add(word)
            return word
        self.counts["user"] += 1
        return label(secret, self._pseudonyms.numbers([secret])[secret])


def _can_be_learned(name: str) -> bool:
    """Whether a name in lower case is evidently no word, and no code: not all of its parts are words."""
    return not all(len(part) < MIN_NAME_PART or is_ordinary(part) for part in re.split(r"[._-]", name))


def _pseudonym(secret: Secret, number: int) -> str:
    return f"{secret.kind}-{number}"


def _public_host_name(secret: Secret, number: int) -> str:
    """Label that shortens names of hosts where it can."""
    is_short = secret.kind == "host" and can_be_shortened(secret.value)
    return shorten(secret.value) if is_short else _pseudonym(secret, number)
