"""What may leave the experiment: of each row the fields of a list, and of each text what tells nothing of hosts, paths, people and keys.

`Sanitizer` is the one door. Whatever is not named in the classes here stays inside, and every text that is passes
through `Sanitizer.text` or `Sanitizer.lines`.
"""

from __future__ import annotations

import hmac
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.database import rows
from app.square.events import Event
from app.square.models import Host, HostStatus, Job, Run
from app.square.names import censored
from app.square.outside import canonical
from app.square.outside.pseudonyms import Pseudonyms, Secret
from app.square.outside.rules import DROPPED, Found, Rules
from app.square.runs import client_name

ROUNDS = 4
"""How often what was replaced is read again, until nothing changes."""

_SHORTENED = re.compile(r"dqm[a-z]*-[a-z0-9]+(?:-[a-z0-9]+)+|[a-z]{1,12}-[a-z0-9]+(?:-[a-z0-9]+)*-\d{1,3}")
_WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9]{2,15}(?![A-Za-z0-9])")
_VERSION = re.compile(r"[0-9A-Za-z_]{0,200}")


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
    """A machine as outside sees it. host: as dqmfu-c2b03-.., so two may have one name; at: when P5 last said so, Unix s UTC."""

    host: str
    up: bool
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

    def text(self, text: str) -> str:
        """A text of one line or several."""
        return "\n".join(self.lines(text.split("\n")))

    def lines(self, lines: Iterable[str]) -> list[str]:
        """The lines of a log, one for each that is given."""
        shown = [self._line(line) for line in lines]
        for _ in range(ROUNDS):
            before, shown = shown, self._replaced(shown)
            if before == shown:
                break
        return shown

    def _line(self, line: str) -> str:
        found = canonical.segments(line.rstrip("\r\n"))
        if found is None:
            self.counted["line"] += 1
            return DROPPED
        return " ".join(segment.text for segment in found if segment.text)

    def _replaced(self, lines: Sequence[str]) -> list[str]:
        found = [self._rules.find(line) for line in lines]
        secrets = [part for line in found for one in line for part in one.parts if isinstance(part, Secret)]
        self.counted.update(secret.kind for secret in secrets)
        numbers = self._pseudonyms.numbers([secret for secret in secrets if secret.kind != "environment"])
        names = {secret: f"{secret.kind}-{number}" for secret, number in numbers.items()}
        return [_rendered(line, of, names) for line, of in zip(lines, found, strict=True)]

    def host(self, name: str) -> str:
        """The name of a host as the crew knows it outside: dqmfu-c2b03-.. or fu..04; a pseudonym when it cannot be shortened."""
        name = name.lower().removesuffix(".cms").removesuffix(".cern.ch")
        return censored(name) if _SHORTENED.fullmatch(name) else self.text(name)

    def identifier(self, key: str) -> str:
        """The same 20 hex digits for a key each time, of which nobody can tell the key."""
        return hmac.digest(self._secret, f"identifier\0{key}".encode(errors="surrogatepass"), "sha256").hex()[:20]

    def run(self, run: Run, jobs: Iterable[Job]) -> OutsideRun:
        """A run with its jobs."""
        return OutsideRun(
            run.run, run.data_run, self.text(run.runkey), self.text(run.cmssw), run.first, run.last,
            run.jobs, run.running, run.finished, run.crashed, run.lumi, tuple(map(self.job, jobs)),
        )  # fmt: skip

    def job(self, job: Job) -> OutsideJob:
        """A job without what would tell where it runs."""
        return OutsideJob(
            self.identifier(job.key), job.run, self.host(job.host), self.text(client_name(job.tag)), job.exit_code, job.fi_state,
            job.lumi, job.events, job.rate, job.rss_kb, self.text(job.cmssw), self.text(job.runkey), job.started, job.reported,
        )  # fmt: skip

    def machine(self, status: HostStatus) -> OutsideMachine:
        """A machine, and what P5 says of it."""
        return OutsideMachine(self.host(status.name), status.up, self.text(status.message), status.last)

    def event(self, event: Event) -> OutsideEvent:
        """An event without the names in it."""
        return OutsideEvent(self.identifier(event.id), event.at, event.kind, event.run, self.text(event.title), self.text(event.text))


def _rendered(line: str, found: Sequence[Found], names: dict[Secret, str]) -> str:
    pieces, at = [], 0
    for one in found:
        pieces += [line[at : one.start], *(names.get(part, DROPPED) if isinstance(part, Secret) else part for part in one.parts)]
        at = one.end
    return "".join([*pieces, line[at:]])
