"""What may leave the experiment: of each row the fields of a list, and of each text what tells nothing of hosts, paths, people and keys.

`Sanitizer` is the one door. Whatever is not named in the classes here stays inside, and every text that is passes
through `Sanitizer.text` or `Sanitizer.lines`.
"""

from __future__ import annotations

import hmac
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from app.core.database import rows
from app.core.text import one_line
from app.publish.sanitize import canonical
from app.publish.sanitize.canonical import Segment
from app.publish.sanitize.line_joining import found_in, groups, placed
from app.publish.sanitize.multiline import hidden
from app.publish.sanitize.paths import users as users_of
from app.publish.sanitize.pseudonyms import Pseudonyms, Secret
from app.publish.sanitize.replacements import DROPPED, Part, is_pseudonym
from app.publish.sanitize.replacements import machine as machine_secret
from app.publish.sanitize.rules import Rules
from app.publish.sanitize.words import COMMON
from app.square.events import Event
from app.square.models import Host, HostStatus, Job, Run
from app.square.names import censored
from app.square.runs import Machine, client_name

ROUNDS = 4
"""How often what was replaced is read again, until nothing changes."""

INSIDE = frozenset({"id", "system", "key", "pid", "path", "data_run", "version"})
"""Columns of `Job` that stay inside; of its document nothing leaves at all, and of its log what `Sanitizer.lines` makes of it."""

Name = Callable[[Secret, int], str]
"""How a secret of a number is called."""

_SHORTENED = re.compile(r"dqm[a-z]*-[a-z0-9]+(?:-[a-z0-9]+)+|[a-z]{1,12}-[a-z0-9]+(?:-[a-z0-9]+)*-\d{1,3}")
_WORD = re.compile(r"(?<![A-Za-z0-9])(?:[A-Za-z][a-z0-9]{2,15}|[A-Z][A-Z0-9]{2,15})(?![A-Za-z0-9])")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]|\.(?!\.|\Z)){0,250}")
_CENSORED = re.compile(r"dqm[a-z]*-[a-z0-9]+-\.\.|[a-z]{1,12}\.\.\d{1,3}")


class OutsideJob(NamedTuple):
    """A job as outside sees it. identifier: 20 hex digits; host: as fu..04; else as the columns of `Job`, None for what was not reported."""

    identifier: str
    run: int | None
    host: str
    name: str
    exit_code: int | None
    fi_state: int | None
    lumi: int | None
    events: int | None
    rate: float | None
    rss_kb: int | None
    cmssw: str
    runkey: str
    started: float
    reported: float


class OutsideRun(NamedTuple):
    """A run as outside sees it, as the columns of `Run`; clients: its jobs."""

    run: int
    data_run: int | None
    runkey: str
    cmssw: str
    first: float
    last: float
    jobs: int
    running: int
    finished: int
    crashed: int
    lumi: int | None
    clients: tuple[OutsideJob, ...]


class OutsideMachine(NamedTuple):
    """A machine as outside sees it. host: as dqmfu-c2b03-.., so two may have one name; said: up, as P5 said last, at `at`, Unix s UTC."""

    host: str
    said: bool
    message: str
    at: float


class OutsideEvent(NamedTuple):
    """Something that happened, as outside sees it; at: Unix s UTC."""

    id: str
    at: float
    kind: str
    run: int | None
    title: str
    text: str


class Sanitizer:
    """Made for one turn of the publisher. secret: the key of pseudonyms and identifiers; machines: names of hosts besides those of the tables.

    counted: how much was replaced or dropped since it was made, by kind: host, path, user, e-mail, address, token, key, environment, line
    (a line that cannot be unfolded), field (columns of rows that stay inside).
    """

    def __init__(self, secret: bytes, machines: Iterable[str] = ()) -> None:
        self.counted: Counter[str] = Counter()
        self._secret = secret
        known = {name for table in (Host, HostStatus) for (name,) in rows(table.select(table.name).distinct())}
        self._rules = Rules(known | set(machines))
        self._pseudonyms = Pseudonyms(secret)
        self._ordinary: set[str] = set()  # words that are no user's name
        self._names: dict[str, str] = {}
        self._paths: set[str] = set()  # of which the users are known

    def text(self, text: str) -> str:
        """A text of one line or several."""
        return "\n".join(self.lines(text.split("\n")))

    def lines(self, lines: Iterable[str]) -> list[str]:
        """The lines of a log, one for each that is given."""
        return self._settled(lines, _numbered)

    def _settled(self, lines: Iterable[str], name: Name) -> list[str]:
        """Lines with nothing more to replace: what is put in may, with what stands beside it, look like something else."""
        segments, ends = self._segments(lines)
        pieces = self._replaced(segments, name)
        shown = [" ".join(filter(None, pieces[start:end])) for start, end in pairwise(ends)]
        for _ in range(ROUNDS):
            before, shown = shown, self._replaced([Segment(line, False) for line in shown], name)
            if before == shown:
                return shown
        restless = [line != last for line, last in zip(shown, before, strict=True)]
        self.counted["line"] += sum(restless)
        return [DROPPED if still else line for line, still in zip(shown, restless, strict=True)]

    def _segments(self, lines: Iterable[str]) -> tuple[list[Segment], list[int]]:
        """The segments of all lines, and where those of each line begin; the last number is how many there are."""
        segments: list[Segment] = []
        ends = [0]
        for line in canonical.mended(lines):
            found = canonical.segments(line)
            if found is None:
                self.counted["line"] += 1
            segments += found or [Segment(DROPPED, False)]
            ends.append(len(segments))
        return segments, ends

    def _replaced(self, segments: Sequence[Segment], name: Name) -> list[str]:
        """What is shown of each segment."""
        texts = [segment.text for segment in segments]
        blocks = hidden(texts)
        left = [Segment("", False) if number in blocks else segment for number, segment in enumerate(segments)]
        own = [self._rules.find(segment.text) for segment in left]
        parts: list[list[Part]] = []
        for group in groups(left, own, self._rules.find):
            parts += placed(group, found_in(group, own, self._rules.find))
        for number, shown in blocks.items():
            parts[number] = list(shown)
        return self._named(parts, name)

    def _named(self, parts: Sequence[Sequence[Part]], name: Name) -> list[str]:
        """Parts as text, with pseudonyms for secrets, and for users that are mentioned alone."""
        secrets = [part for some in parts for part in some if isinstance(part, Secret)]
        users = {Secret("user", user) for secret in secrets if secret.kind == "path" for user in users_of(secret.value)}
        numbers = self._pseudonyms.numbers([*(secret for secret in secrets if secret.kind != "environment"), *sorted(users)])
        self.counted.update(secret.kind for secret in secrets)
        self._ordinary -= {secret.value for secret in numbers if secret.kind == "user"} - COMMON

        def shown(part: Part) -> str:
            if isinstance(part, str):
                return _WORD.sub(lambda word: self._user(word[0], name), part)
            return name(part, numbers[part]) if part in numbers else DROPPED

        return ["".join(map(shown, some)) for some in parts]

    def _user(self, word: str, name: Name) -> str:
        """A word as it is, or a pseudonym when it is known to be the name of a user."""
        secret = Secret("user", word.lower())
        if secret.value in self._ordinary:
            return word
        if secret.value in COMMON or not self._pseudonyms.has(secret):
            self._ordinary.add(secret.value)
            return word
        self.counted["user"] += 1
        return name(secret, self._pseudonyms.numbers([secret])[secret])

    def _learn(self, paths: Iterable[str]) -> None:
        """Know the users that paths name, also where clients and releases are called after them."""
        unread = set(paths) - self._paths
        new = {Secret("user", user) for path in unread for user in users_of(path)}
        self._paths |= unread
        if new:
            self._pseudonyms.numbers(sorted(new))
            self._ordinary -= {secret.value for secret in new} - COMMON
            self._names.clear()

    def _name(self, text: str) -> str:
        """A text that comes again and again, as the name of a client."""
        if text not in self._names:
            self._names[text] = self.text(text)
        return self._names[text]

    def host(self, name: str) -> str:
        """The name of a host as the crew knows it outside: dqmfu-c2b03-.. or fu..04; a pseudonym when it cannot be shortened."""
        if not name or is_pseudonym(name) or _CENSORED.fullmatch(name):
            return name
        secret = machine_secret(name) if _HOST.fullmatch(name) else Secret("host", name.lower())
        return (
            censored(secret.value) if _SHORTENED.fullmatch(secret.value) else _numbered(secret, self._pseudonyms.numbers([secret])[secret])
        )

    def _with_hosts(self, text: str, hosts: Iterable[str]) -> str:
        """A text in which these hosts, whatever their names look like, have those that the crew knows outside."""
        for host in filter(None, hosts):
            text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(one_line(host))}(?![A-Za-z0-9])", self.host(host), text)
        return text

    def identifier(self, key: str) -> str:
        """The same 20 hex digits for a key each time, of which nobody can tell the key."""
        return hmac.digest(self._secret, f"identifier\0{key}".encode(errors="surrogatepass"), "sha256").hex()[:20]

    def run(self, run: Run, jobs: Iterable[Job]) -> OutsideRun:
        """A run with its jobs."""
        clients = tuple(map(self.job, jobs))  # first, since their paths tell users, of whom the release of the run may have its name
        return OutsideRun(
            run.run, run.data_run, self._name(run.runkey), self._name(run.cmssw), run.first, run.last,
            run.jobs, run.running, run.finished, run.crashed, run.lumi, clients,
        )  # fmt: skip

    def job(self, job: Job) -> OutsideJob:
        """A job without what would tell where it runs."""
        self.counted["field"] += len(INSIDE)
        self._learn([job.path])
        return OutsideJob(
            self.identifier(job.key), job.run, self.host(job.host), self._name(client_name(job.tag)), job.exit_code, job.fi_state,
            job.lumi, job.events, job.rate, job.rss_kb, self._name(job.cmssw), self._name(job.runkey), job.started, job.reported,
        )  # fmt: skip

    def machine(self, machine: Machine) -> OutsideMachine:
        """A machine, and what P5 says of it."""
        return OutsideMachine(self.host(machine.name), machine.said, self.text(machine.message), machine.at)

    def event(self, event: Event) -> OutsideEvent:
        """An event without the names in it."""
        of = Job.key == event.key if event.key else Job.run == event.run
        jobs = rows(Job.select(Job.path, Job.host).where(Job.system == event.system, of).distinct()) if event.kind != "silent-host" else []
        self._learn(path for path, _ in jobs)
        hosts = {host for _, host in jobs} or {event.key}
        (title,), (text,) = (self._settled([self._with_hosts(told, hosts)], _shortened) for told in (event.title, event.text))
        return OutsideEvent(self.identifier(event.id), event.at, event.kind, event.run, title, text)


def _numbered(secret: Secret, number: int) -> str:
    return f"{secret.kind}-{number}"


def _shortened(secret: Secret, number: int) -> str:
    """Hosts by the names that the crew knows outside."""
    shortened = secret.kind == "host" and _SHORTENED.fullmatch(secret.value)
    return censored(secret.value) if shortened else _numbered(secret, number)
