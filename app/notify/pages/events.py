"""The list of the events of all areas, and the page of one event, which is its permanent link."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.core.counters import version_of
from app.core.event_sources import event_kinds, event_systems
from app.notify.messages import has_page
from app.notify.models import COUNTER, Notification
from app.notify.pages.event_list import PATH, EventsView, event_rows, parse_view
from app.notify.pages.rows import OUTCOMES, PAGE_ROWS, badge_of, with_deliveries
from app.notify.settings import NotifySettings
from app.security import Role, needs
from app.security.caller import current_user
from app.web import Problem, nothing_new, page, request_settings
from app.web.zone_view import zone_from_request

pages = Blueprint("notify_events", __name__)


@pages.get(PATH)
@needs(Role.VIEWER)
def events() -> Response:
    """The newest events that the address selects, or those before the number `before`."""
    version = version_of(COUNTER)
    if answer := nothing_new(version):
        return answer
    view = parse_view(request.query_string.decode("ascii", "replace"))
    rows = event_rows(view)
    return page(
        "notify/events.html",
        "notify/events_fragment.html",
        view=view,
        rows=rows[:PAGE_ROWS],
        older=view.link(before=rows[PAGE_ROWS - 1].notification.id) if len(rows) > PAGE_ROWS else "",
        poll=view.link(since=version),
        poll_s=request_settings().of(NotifySettings).notify_refresh_s,
        systems=event_systems(),
        kinds=event_kinds(),
        **_shown_by_role(),
    )


@pages.get(f"{PATH}/<mark>")
@needs(Role.VIEWER)
def event(mark: str) -> Response:
    """One event: what, when and where, and how it was notified."""
    row = Notification.get_or_none(Notification.mark == mark)
    if row is None:
        days = request_settings().of(NotifySettings).notify_keep_days
        raise Problem(404, f"There is no event with this link; events are kept for {days} days")
    view = EventsView("", "", only_problems=False, before=0, tz=zone_from_request())
    (found,) = with_deliveries([row])
    zones = [each._replace(href=view._replace(tz=each.label).link(f"{PATH}/{mark}")) for each in view.zone_links]
    return page("notify/event.html", "notify/event.html", view=view, row=found, has_page=has_page(row), zones=zones, **_shown_by_role())


def _shown_by_role() -> dict[str, object]:
    """Answers of receivers may name people and servers: shifters see them. Operators send again what failed."""
    role = current_user().role
    return {"outcomes": OUTCOMES, "badge_of": badge_of, "sees_details": role >= Role.SHIFTER, "can_operate": role >= Role.OPERATOR}
