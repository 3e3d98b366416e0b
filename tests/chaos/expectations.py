"""What must hold while a fault lasts, and after it.

Meanwhile:
  readings     what was shown is shown, or refused for now: 503 with Retry-After and a sentence
  writings     never 5xx, but 507 or 503 with a sentence
  status       the status page, or what is shown in its place, names the fault
Afterwards, by itself:
  readings     all are as before
  writing      the next one is stored, and all that were confirmed are there
  database     is whole
  processes    none has ended or spins, no thread is missing, each periodic task goes on, no log has a traceback
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

from app.core.database import rows
from app.gui.models import ShortLink
from tests.chaos.addresses import Reading, Writing
from tests.chaos.data import check_integrity
from tests.chaos.faults import Fault
from tests.chaos.findings import Finding, area_of_path, becomes_true
from tests.chaos.processes import ProcessWatch
from tests.chaos.site import Answer, Site

AT_ONCE = 8
UNAVAILABLE, FULL = 503, 507
REPORTS = {"health.ready"}
"""Endpoints that report a fault by their status, to programs."""


def live_through(
    site: Site, fault: Fault, before: dict[Reading, Answer], writings: Collection[Writing], hopeless: Collection[str] = ()
) -> list[Finding]:
    """Inject a fault; returns what does not hold.

    Args:
        before: The responses without a fault.
        writings: Requests that may change something.
        hopeless: Areas with threads that may stay.
    """
    watch = ProcessWatch(site, hopeless)
    found = []
    with confirmed_links(site) as links:
        with fault.inject(site):
            found += [each for reading, answer in read(site, before).items() for each in judge_reading(reading, before[reading], answer)]
            if fault.refuses:
                found += [each for writing, answer in _write(site, writings) for each in judge_writing(writing, answer)]
            if fault.on_status and fault.on_status not in site.request("GET", "/status").text:
                found.append(Finding("ops", "/status", f"does not say {fault.on_status!r}"))
        stored = len(links)
        if not becomes_true(lambda: len(links) > stored):
            found.append(Finding("core", "/s", "nothing can be stored afterwards"))
    found += watch.differences(fault.kills)
    found += _changed_readings(site, before)
    there = {address for (address,) in rows(ShortLink.select(ShortLink.address))}
    found += [Finding("core", "/s", f"{link} was confirmed and is not there") for link in links if link not in there]
    if (answer := check_integrity()) != "ok":
        found.append(Finding("core", "database", answer))
    return found


def read(site: Site, readings: Collection[Reading]) -> dict[Reading, Answer]:
    """The responses to these requests."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(readings, pool.map(lambda reading: site.request("GET", reading.path), readings), strict=True))


def _write(site: Site, writings: Iterable[Writing]) -> list[tuple[Writing, Answer]]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda writing: (writing, write(site, writing)), writings))


def write(site: Site, writing: Writing) -> Answer:
    """Send a request that may change something."""
    if not writing.fields and (writing.path.startswith("/api/") or writing.method != "POST"):
        return site.request(writing.method, writing.path, json={})
    return site.request(writing.method, writing.path, fields=writing.fields, encode_multipart=False)


def is_as_before(before: Answer, answer: Answer) -> bool:
    """Whether a response is as good as that before the fault: a poll may have news, and a download its turn."""
    return answer.status == before.status or 0 < answer.status < 400


def judge_reading(reading: Reading, before: Answer, answer: Answer) -> list[Finding]:
    """What is wrong with the response to a reading request during a fault."""
    if is_as_before(before, answer):
        return _tracebacks(reading, answer)
    if reading.endpoint in REPORTS:
        return []
    if answer.status != UNAVAILABLE:
        return [Finding(reading.area, reading.endpoint, f"GET {reading.path} was {before.status} and is {_status_and_message(answer)}")]
    return _refusal(reading, answer)


def judge_writing(writing: Writing, answer: Answer) -> list[Finding]:
    """What is wrong with the response to a request that may change something."""
    if answer.status in (UNAVAILABLE, FULL):
        return _refusal(writing, answer)
    if answer.status >= 500 or not answer.status:
        return [Finding(writing.area, writing.endpoint, f"{writing.method} {writing.path} is {_status_and_message(answer)}")]
    return _tracebacks(writing, answer)


def _refusal(request: Reading | Writing, answer: Answer) -> list[Finding]:
    found = _tracebacks(request, answer)
    if answer.status == UNAVAILABLE and "Retry-After" not in answer.headers:
        found.append(Finding(request.area, request.endpoint, f"503 without Retry-After at {request.path}"))
    kind = answer.headers.get("Content-Type", "")
    if not (kind.startswith("image/") or re.search(r'role="alert"|"message": ?"\w+ ', answer.text) or answer.status == 204):
        found.append(Finding(request.area, request.endpoint, f"{answer.status} without a sentence at {request.path}"))
    return found


def _tracebacks(request: Reading | Writing, answer: Answer) -> list[Finding]:
    if "Traceback (most recent call last)" in answer.text and not answer.headers.get("Content-Type", "").startswith("text/plain"):
        return [Finding(request.area, request.endpoint, f"a traceback in the response of {request.path}")]
    return []


def _status_and_message(answer: Answer) -> str:
    message = re.search(r'"message": ?"(.*?)"|<section class="problem".*?<p>(.*?)</p>', answer.text, re.DOTALL)
    return f"{answer.status} {(message[1] or message[2] if message else answer.text[:200])!r}"


def _changed_readings(site: Site, before: dict[Reading, Answer]) -> list[Finding]:
    """What has changed after the fault, and does not recover."""
    changed = list(before)

    def are_as_before() -> bool:
        changed[:] = [reading for reading, answer in read(site, changed).items() if not is_as_before(before[reading], answer)]
        return not changed

    becomes_true(are_as_before)
    return [
        Finding(
            reading.area,
            reading.endpoint,
            f"GET {reading.path} was {before[reading].status} and stays {_status_and_message(site.request('GET', reading.path))}",
        )
        for reading in changed
    ]


@contextmanager
def confirmed_links(site: Site) -> Iterator[list[str]]:
    """Store short links all the time; those that were confirmed."""
    confirmed: list[str] = []
    ended = threading.Event()

    first = ShortLink.select().count()

    def store() -> None:
        for number in count(first):
            if ended.wait(0.1):
                return
            link = f"/browse/{number}/a/b/c"
            if site.request("POST", "/s", fields={"address": link}, encode_multipart=False).status in (200, 201, 303):
                confirmed.append(link)

    thread = threading.Thread(target=store)
    thread.start()
    try:
        yield confirmed
    finally:
        ended.set()
        thread.join()


def long_transactions(site: Site) -> list[Finding]:
    """Write transactions that were too long since the last call, in all processes."""
    if not site.long_transactions.exists():
        return []
    lines = list(dict.fromkeys(site.long_transactions.read_text().splitlines()))
    site.long_transactions.unlink()
    return [Finding(area_of_path(line), line.partition(": ")[0], line.partition(": ")[2]) for line in lines]
