"""The page of notifications: events, deliveries, channels and maintenance windows."""

from __future__ import annotations

import time

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core.counters import version_of
from app.core.event_sources import event_systems, personal_kinds
from app.notify import maintenance, outbox, subscriptions
from app.notify.added_channels import added_problems
from app.notify.channels import channel_problems
from app.notify.errors import InvalidSubscription
from app.notify.models import COUNTER, MaintenanceWindow, Subscription
from app.notify.pages.rows import OUTCOMES, PAGE_ROWS, badge_of, channel_statuses, notification_rows, page_state
from app.notify.settings import NotifySettings
from app.notify.user_addresses import allowed_domains
from app.security import Role, needs
from app.security.caller import current_user
from app.web import Problem, nothing_new, page, request_settings
from app.web.arguments import int_arg

pages = Blueprint("notify", __name__)

PATH = "/notifications"
FORM_BYTES = 16 * 1024

MAX_ID = 2**31 - 1
"""Greatest number of a row."""


@pages.get(PATH)
@needs(Role.SHIFTER)
def notifications() -> Response:
    """The newest notifications, or those before the number `before`."""
    before, now = int_arg("before", 0), time.time()
    windows = list(MaintenanceWindow.select().where(MaintenanceWindow.ends > now).order_by(MaintenanceWindow.begins, MaintenanceWindow.id))
    version = f"{version_of(COUNTER)}-{sum(window.begins <= now for window in windows)}-{len(windows)}"
    if answer := nothing_new(version):
        return answer
    state, settings, rows = page_state(), request_settings(), notification_rows(before)
    can_operate = current_user().role >= Role.OPERATOR
    return page(
        "notify/notifications.html",
        "notify/notifications_fragment.html",
        view=state,
        now=now,
        before=before,
        rows=rows[:PAGE_ROWS],
        outcomes=OUTCOMES,
        badge_of=badge_of,
        channels=channel_statuses(settings),
        problems=[*channel_problems(settings), *added_problems(settings)],
        windows=windows,
        can_operate=can_operate,
        sees_details=True,
        poll=state.link(PATH, before=before or "", since=version),
        poll_s=settings.of(NotifySettings).notify_refresh_s,
        older=state.link(PATH, before=rows[PAGE_ROWS - 1].notification.id) if len(rows) > PAGE_ROWS else "",
        zones=state.zone_links(PATH, before=before or ""),
        systems=event_systems(),
        hosts=maintenance.known_hosts(settings) if can_operate else [],
        form=maintenance.default_times(now),
    )


@pages.get(f"{PATH}/own")
@needs(Role.VIEWER)
def own_notifications() -> AnyResponse:
    """Notifications of the user about own jobs."""
    if not current_user().name:
        return redirect(url_for("account.sign_in", next=f"{PATH}/own"), 303)
    return _own_page(subscriptions.subscription_of(current_user().name))


@pages.post(f"{PATH}/own")
@needs(Role.VIEWER)
def subscribe() -> AnyResponse:
    """Change it; what was wrong stays in the form."""
    request.max_content_length = FORM_BYTES
    if not current_user().name:
        raise Problem(403, "Needs an account: sign in")
    if current_user().is_token:
        raise Problem(403, "Needs a browser that is signed in, not a token")
    address, kinds = request.form.get("address", ""), request.form.getlist("kind")
    try:
        subscriptions.subscribe(request_settings(), current_user().name, address, kinds)
    except InvalidSubscription as error:
        return _own_page(Subscription(address=address, kinds=" ".join(kinds)), error)
    return redirect(page_state().link(f"{PATH}/own", saved=1), 303)


def _own_page(subscription: Subscription | None, error: InvalidSubscription | None = None) -> Response:
    settings = request_settings()
    response = page(
        "notify/own.html",
        "notify/own.html",
        view=page_state(),
        subscription=subscription or Subscription(address="", kinds=""),
        kinds=personal_kinds(),
        domains=allowed_domains(settings),
        is_sent=subscriptions.is_sending(settings),
        is_saved="saved" in request.args and not error,
        problem=str(error) if error else "",
    )
    response.status_code = 400 if error else 200
    return response


@pages.post(f"{PATH}/resend/<int:delivery>")
@needs(Role.OPERATOR)
def resend(delivery: int) -> AnyResponse:
    """Send a failed delivery again."""
    outbox.resend(request_settings(), min(delivery, MAX_ID))
    return _back()


@pages.post(f"{PATH}/test")
@needs(Role.OPERATOR)
def send_test() -> AnyResponse:
    """Send a test notification by one channel."""
    request.max_content_length = FORM_BYTES
    outbox.send_test(request_settings(), request.form.get("channel", ""), current_user().name)
    return _back()


@pages.post(f"{PATH}/maintenance")
@needs(Role.OPERATOR)
def announce_maintenance() -> AnyResponse:
    """Announce a maintenance window."""
    request.max_content_length = FORM_BYTES
    sent = request.form
    form = maintenance.WindowForm(
        *(sent.get("system", ""), sent.getlist("host"), sent.get("begins", ""), sent.get("ends", ""), sent.get("reason", ""))
    )
    maintenance.announce(form, maintenance.known_hosts(request_settings()), current_user().name)
    return _back()


@pages.post(f"{PATH}/maintenance/<int:number>/end")
@needs(Role.OPERATOR)
def end_maintenance(number: int) -> AnyResponse:
    """End a maintenance window now, or cancel it before it begins."""
    maintenance.end_window(min(number, MAX_ID))
    return _back()


def _back() -> AnyResponse:
    return redirect(page_state().link(PATH), 303)
