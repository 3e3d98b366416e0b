"""The page of notices: what was told to whom, what was not and why, and when nothing is to be told."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, NamedTuple

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.core.counters import advance, version_of
from app.core.database import proxy, rows
from app.notify.channels import Channel, channels
from app.notify.detection import deliver
from app.notify.models import COUNTER, FAILED, TOLD, WAITING, Delivery, Maintenance, Notice
from app.notify.quiet_hours import moments
from app.notify.settings import NotifySettings
from app.security import Role, audit, current_user, needs
from app.square.models import SYSTEMS, Host, HostStatus
from app.square.settings import SquareSettings
from app.square.view_state import view_from_request
from app.web import Problem, nothing_new, page, request_settings
from app.web.arguments import int_arg
from app.web.clock import CERN, ZONES

pages = Blueprint("notify", __name__)

SHOWN = 50
"""Notices of one page."""
FORM_BYTES = 16 * 1024
LONGEST_REASON = 1000
LONGEST_DAYS = 31
EARLIEST_DAYS = 366
"""How long before it begins maintenance may be announced."""
USUAL_HOURS = 2
LARGEST = 2**31 - 1
"""The number of a row."""
FIELD = "%Y-%m-%dT%H:%M"
"""A moment as the field of a form has it, Swiss time."""


class Shown(NamedTuple):
    """A notice with its deliveries, by channel."""

    notice: Notice
    deliveries: list[Delivery]


class Way(NamedTuple):
    """A channel, what it still has to tell, and the last delivery that it was asked to make, if any."""

    channel: Channel
    waiting: int
    last: Delivery | None


@pages.get("/notifications")
@needs(Role.SHIFTER)
def notices() -> Response:
    """The newest notices, or those before the number `before`."""
    before = int_arg("before", 0)
    now = time.time()
    windows = list(Maintenance.select().where(Maintenance.ends > now).order_by(Maintenance.begins, Maintenance.id))
    version = f"{version_of(COUNTER)}-{sum(window.begins <= now for window in windows)}-{len(windows)}"
    if answer := nothing_new(version):
        return answer
    place, found, may = view_from_request(), _shown(before), current_user().role >= Role.OPERATOR
    return page(
        "notify/notices.html", "notify/notices_fragment.html",
        place=place, now=now, before=before, found=found[:SHOWN], ways=_ways(), windows=windows, may_change=may,
        quiet=request_settings().of(NotifySettings).notice_quiet, poll=place.link("/notifications", before=before or "", since=version), poll_s=request_settings().of(SquareSettings).square_poll_s,
        older=place.link("/notifications", before=found[SHOWN - 1].notice.id) if len(found) > SHOWN else "",
        zones=[(name, place.replace(tz=name).link("/notifications", before=before or ""), name == place.tz) for name in ZONES],
        systems=SYSTEMS, machines=_machines() if may else [], form=_suggested(now),
    )  # fmt: skip


def _shown(before: int) -> list[Shown]:
    """One more than a page has, so that it is known whether there are more."""
    chosen = Notice.select().where(Notice.id < before) if before else Notice.select()
    found = list(chosen.order_by(Notice.id.desc()).limit(SHOWN + 1))
    deliveries: dict[int, list[Delivery]] = {}
    for delivery in Delivery.select().where(Delivery.notice.in_([notice.id for notice in found])).order_by(Delivery.channel):
        deliveries.setdefault(delivery.__data__["notice"], []).append(delivery)
    return [Shown(notice, deliveries.get(notice.id, [])) for notice in found]


def _ways() -> list[Way]:
    ways = []
    for channel in channels(request_settings()):
        ours = Delivery.select().where(Delivery.channel == channel.name)
        tried = ours.where(Delivery.attempts > 0).order_by(Delivery.changed.desc()).first()
        ways.append(Way(channel, ours.where(Delivery.state == WAITING).count(), tried))
    return ways


def _machines() -> list[str]:
    """The names of all hosts that are known."""
    known = {name for machines in request_settings().of(SquareSettings).square_machines.values() for name in machines}
    return sorted(known | {name for table in (Host, HostStatus) for (name,) in rows(table.select(table.name).distinct())})


def _suggested(now: float) -> dict[str, str]:
    begin = datetime.fromtimestamp(now, CERN)
    return {"begins": begin.strftime(FIELD), "ends": (begin + timedelta(hours=USUAL_HOURS)).strftime(FIELD)}


@pages.post("/notifications/again/<int:delivery>")
@needs(Role.OPERATOR)
def again(delivery: int) -> AnyResponse:
    """Send once more what failed."""
    now = time.time()
    change = {"state": WAITING, "attempts": 0, "since": now, "not_before": now, "changed": now}
    with proxy.atomic():
        advance(COUNTER)
        ours = Delivery.id == min(delivery, LARGEST), Delivery.state == FAILED
        if not Delivery.update(change).where(*ours).execute():
            raise Problem(409, "only what failed can be sent again, and this did not, or is not known any more")
        row = Delivery.get_by_id(delivery)
        _channel(row.channel)
        audit("send notice again", f"{row.channel}: {row.notice.title}")
    return _back()


@pages.post("/notifications/test")
@needs(Role.OPERATOR)
def test() -> AnyResponse:
    """Have one channel tell a notice that says that it is a test; quiet hours do not hold it back."""
    request.max_content_length = FORM_BYTES
    channel, now, user = _channel(request.form.get("channel", "")), time.time(), current_user().name
    with proxy.atomic():
        advance(COUNTER)
        notice = Notice.create(
            event=f"test-{token_hex(10)}", system=SYSTEMS[0], kind="test", key="", subject="test", at=now, found=now, fate=TOLD,
            title=f"Test of {request_settings().instance_name}", text=f"{user} tries this channel. Nothing happened.",
        )  # fmt: skip
        deliver(notice, channel, now)
        audit("test notice", channel.name)
    return _back()


def _channel(name: str) -> Channel:
    found = {channel.name: channel for channel in channels(request_settings())}
    if name not in found:
        known = ", ".join(found) or "none: no channel is set"
        raise Problem(400, f"the settings name no channel {name!r}", [("channel", f"one of {known}")])
    return found[name]


@pages.post("/notifications/maintenance")
@needs(Role.OPERATOR)
def announce() -> AnyResponse:
    """Announce a maintenance window."""
    request.max_content_length = FORM_BYTES
    window = _window(request.form)
    with proxy.atomic():
        advance(COUNTER)
        made = Maintenance.create(**window, user=current_user().name)
        audit("announce maintenance", _target(made), made.reason)
    return _back()


def _window(form: Any) -> dict[str, Any]:
    """The columns of a window, by the fields of its form."""
    wrong: list[tuple[str, str]] = []
    system, hosts, reason = form.get("system", ""), form.getlist("host"), form.get("reason", "").replace("\0", "").strip()[:LONGEST_REASON]
    begins, ends = (_moment(form.get(name, ""), which) for which, name in enumerate(("begins", "ends")))
    if system not in SYSTEMS:
        wrong.append(("system", "one of " + ", ".join(SYSTEMS)))
    if unknown := set(hosts) - set(_machines()):
        wrong.append(("host", f"{min(unknown)} is not known"))
    if not reason:
        wrong.append(("reason", "a reason is needed"))
    wrong += [(name, "a moment such as 2026-10-25T14:30, Swiss time") for name, at in (("begins", begins), ("ends", ends)) if at is None]
    if begins is not None and begins > time.time() + EARLIEST_DAYS * 86400:
        wrong.append(("begins", "within a year from now"))
    if begins is not None and ends is not None and not max(begins, time.time()) < ends <= begins + LONGEST_DAYS * 86400:
        wrong.append(("ends", f"later than the beginning and than now, by {LONGEST_DAYS} days at most"))
    if wrong:
        raise Problem(400, "this is no maintenance window: " + "; ".join(f"{name}: {problem}" for name, problem in wrong), wrong)
    return {"system": system, "hosts": " ".join(hosts), "begins": begins, "ends": ends, "reason": reason}


def _moment(text: str, which: int) -> float | None:
    """A moment by the Swiss clock: the first or, with 1, the last when it shows this time. None when it is none."""
    try:
        return moments(datetime.strptime(text, FIELD))[which]
    except (ValueError, OverflowError):
        return None


@pages.post("/notifications/maintenance/<int:number>/end")
@needs(Role.OPERATOR)
def end(number: int) -> AnyResponse:
    """End a maintenance window now, or call it off before it begins."""
    now = time.time()
    with proxy.atomic():
        advance(COUNTER)
        ours = Maintenance.id == min(number, LARGEST), Maintenance.ends > now
        if not Maintenance.update(ends=now).where(*ours).execute():
            raise Problem(409, "this maintenance window is over, or not known any more")
        audit("end maintenance", _target(Maintenance.get_by_id(number)))
    return _back()


def _target(window: Maintenance) -> str:
    first, last = (datetime.fromtimestamp(at, CERN).strftime("%Y-%m-%d %H:%M") for at in (window.begins, window.ends))
    return f"{window.system} {window.hosts or 'all hosts'}, {first} to {last}"


def _back() -> AnyResponse:
    return redirect(view_from_request().link("/notifications"), 303)
