"""The ends of jobs as events: users are notified about those of their own jobs that they subscribed to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from app.core.events import Event, EventKind, EventSource, Subject

if TYPE_CHECKING:
    from app.core.settings import Settings

SYSTEM = "jobs"
ENDED, FAILED = "job-ended", "job-failed"

STATES = {ENDED: ("done", "cancelled"), FAILED: ("failed", "lost")}
"""States that a job comes into, by the kind of event."""

RECENT_S = 3600.0
"""A job that had ended when it was found is an event if that was no longer ago: others are of the time before the source was added."""

MOST_EVENTS = 1000
"""Ends of jobs that are events of their own; of more, each user gets one event an hour for all others."""
OF_USER = "user:"
"""Begin of the key of such an event."""
HOUR_S = 3600


class JobEvents(EventSource):
    """Jobs that end or fail; only those of users who subscribed to them."""

    name = "diary"
    systems = (SYSTEM,)
    kinds = (
        EventKind(ENDED, personal="A job of mine is done or cancelled"),
        EventKind(FAILED, is_problem=True, personal="A job of mine fails or is lost"),
    )

    def active_systems(self, settings: Settings) -> Sequence[str]:
        """The jobs of all sources: users may subscribe at any time."""
        return self.systems

    def find(self, system: str, since: float, until: float, kinds: Collection[str] | None = None) -> list[Event]:
        """The ends of jobs noticed by the hub; not states set by hand."""
        from app.diary.models import DiaryEvent
        from app.notify.subscriptions import subscribers

        wanted = [kind for kind in STATES if kinds is None or kind in kinds]
        found: list[Event] = []
        for kind in wanted:
            if users := _batch_users(subscribers([kind])):
                query = _ends(STATES[kind], users).where(DiaryEvent.at.between(since, until))
                ends = list(query.order_by(DiaryEvent.at.desc(), DiaryEvent.id.desc()).limit(MOST_EVENTS))
                found += [_event(kind, row) for row in ends]
                if len(ends) == MOST_EVENTS:
                    found += _more_events(kind, query, ends)
        return sorted(found, key=lambda event: (-event.at, event.id))

    def owners(self, event: Event, logins: Collection[str]) -> list[str]:
        """The users whose job it is."""
        from app.diary.models import DiaryJob

        if event.key.startswith(OF_USER):
            return [login for login in logins if event.key.removeprefix(OF_USER) in _batch_users([login])]
        job = DiaryJob.get_or_none(DiaryJob.id == int(event.key))
        return [login for login in logins if job and job.user in _batch_users([login])]

    def subject(self, event: Event) -> Subject:
        """The job, or the user of many."""
        return Subject(f"jobs of {event.key}" if event.key.startswith(OF_USER) else f"job {event.key}")

    def is_open(self, event: Event) -> bool:
        """False: the end of a job is not a lasting state."""
        return False

    def path(self, event: Event) -> str:
        """The page of the job, or the list of the jobs of the user."""
        from urllib.parse import urlencode

        if event.key.startswith(OF_USER):
            return "/diary?" + urlencode({"user": event.key.removeprefix(OF_USER), "order": "ended"})
        return f"/diary/jobs/{event.key}"

    def is_kept(self, event: Event) -> bool:
        """Whether its job is still stored; the list of the jobs of a user always exists."""
        from app.diary.models import DiaryJob

        return event.key.startswith(OF_USER) or DiaryJob.select().where(DiaryJob.id == int(event.key)).exists()

    def hosts(self, settings: Settings) -> Iterable[str]:
        """None: jobs are on hosts that this hub does not know."""
        return ()


def _batch_users(logins: Iterable[str]) -> list[str]:
    """The users of batch systems whose jobs belong to these logins."""
    from app.core.settings import load
    from app.diary.settings import DiarySettings

    settings = load().of(DiarySettings)
    return sorted({user for login in logins for user in settings.batch_users(login)})


def _ends(states: Sequence[str], users: Sequence[str]) -> Any:
    """The query of the events of jobs of these users that came into one of these states."""
    from peewee import SQL, fn

    from app.diary.models import DiaryEvent, DiaryJob

    ended = fn.COALESCE(DiaryJob.ended, DiaryJob.submitted)
    is_news = (DiaryEvent.old != "") | (ended > DiaryEvent.at - RECENT_S)
    is_end = SQL("field = 'state' AND new IN ('done', 'failed', 'cancelled', 'lost')")  # in the words of the index
    has_job: Any = DiaryJob.id == DiaryEvent.job
    query = DiaryEvent.select(DiaryEvent, DiaryJob).join(DiaryJob, on=has_job, attr="its_job")
    return query.where(is_end, DiaryEvent.new.in_(states), DiaryJob.user.in_(users), is_news)


def _more_events(kind: str, query: Any, ends: Sequence[Any]) -> list[Event]:
    """An event for each user who has more ends than those. query: of all."""
    import hashlib
    from collections import Counter

    from peewee import fn

    from app.core.database import rows
    from app.diary.models import DiaryEvent, DiaryJob

    found, single = [], Counter(row.its_job.user for row in ends)
    counts = query.select(DiaryJob.user, fn.COUNT(DiaryEvent.id), fn.MAX(DiaryEvent.at)).group_by(DiaryJob.user)
    for user, count, at in rows(counts):
        if count > single[user]:
            mark = hashlib.sha256(f"{kind} {user} {at // HOUR_S:.0f}".encode(errors="replace")).hexdigest()[:20]
            words = "failed or were lost" if kind == FAILED else "are done or cancelled"
            title, text = f"Many jobs of {user} {words}", "There are more than mails name singly: look at the list"
            found.append(Event(f"{kind}-{mark}", SYSTEM, kind, None, f"{OF_USER}{user}", at, title, text))
    return found


def _event(kind: str, row: Any) -> Event:
    import hashlib

    from app.square.states import exit_words

    job = row.its_job
    run = job.value_of("labels").get("run", "")
    code = job.exit_code or -(job.signal or 0)
    parts = [f"{job.source} {job.native_id}", f"exit code {exit_words(code)}" if code and row.new == "failed" else "", job.reason]
    mark = hashlib.sha256(f"{row.id} {row.at!r} {job.source} {job.native_id}".encode(errors="replace")).hexdigest()[:20]
    title = f"Job {job.name or job.native_id} of {job.user} {'is ' if row.new != 'failed' else ''}{row.new}"
    number = int(run) if run.isascii() and run.isdecimal() and len(run) < 10 else None
    return Event(f"{kind}-{mark}", SYSTEM, kind, number, str(job.id), row.at, title, ", ".join(filter(None, parts)))
