"""The page on which operators add, change, test, disable and delete channels of notifications."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.core.event_sources import PROBLEMS
from app.notify import added_channels
from app.notify.added_channels import ChannelDefinition, channel_form
from app.notify.channel_folders import channel_kinds
from app.notify.channels import channels as configured_channels
from app.notify.errors import InvalidChannel, OutdatedRequest
from app.notify.models import NotificationChannel
from app.notify.pages.notifications import FORM_BYTES, MAX_ID
from app.notify.pages.notifications import PATH as NOTIFICATIONS
from app.notify.pages.rows import page_state
from app.security import Role, needs
from app.security.caller import current_user
from app.web import page, request_settings
from app.web.arguments import choice_arg

pages = Blueprint("notify_channels", __name__)

PATH = f"{NOTIFICATIONS}/channels"
OPTION = "option-"
"""Prefix of the fields of a kind of channels in its form, which has other fields, too."""


@pages.get(PATH)
@needs(Role.OPERATOR)
def channel_list() -> Response:
    """The channels of the page, and the kinds that can be added."""
    settings = request_settings()
    return page(
        "notify/channels.html",
        "notify/channels.html",
        view=page_state(),
        rows=added_channels.added_channels(settings),
        configured=configured_channels(settings),
        forms={kind: channel_form(kind) for kind in channel_kinds()},
    )


@pages.get(f"{PATH}/new")
@needs(Role.OPERATOR)
def new_channel() -> Response:
    """The form of a channel of the kind `channel`."""
    return _form_page(choice_arg("channel", channel_kinds()), {}, (PROBLEMS,))


@pages.post(PATH)
@needs(Role.OPERATOR)
def add() -> AnyResponse:
    """Add a channel; what was wrong stays in the form, but for secrets."""
    request.max_content_length = FORM_BYTES
    kind, title, kinds, options = request.form.get("channel", ""), request.form.get("name", ""), request.form.getlist("kind"), _options()
    try:
        added_channels.add_channel(request_settings(), ChannelDefinition(kind, title, kinds, options), current_user().name)
    except InvalidChannel as error:
        if kind not in channel_kinds():
            raise
        return _form_page(kind, options, kinds, title=title, problems=error.fields)
    return _back()


@pages.get(f"{PATH}/<int:number>")
@needs(Role.OPERATOR)
def edit(number: int) -> Response:
    """The form of an existing channel, without its secrets."""
    row = _known(number)
    return _form_page(row.kind, added_channels.stored_options(row), row.kinds.split(), row=row)


@pages.post(f"{PATH}/<int:number>")
@needs(Role.OPERATOR)
def change(number: int) -> AnyResponse:
    """Change a channel; secrets that are not sent stay as they are."""
    request.max_content_length = FORM_BYTES
    row, kinds, options = _known(number), request.form.getlist("kind"), _options()
    try:
        added_channels.change_channel(request_settings(), row.id, kinds, options, current_user().name)
    except InvalidChannel as error:
        return _form_page(row.kind, options, kinds, row=row, problems=error.fields)
    return _back()


def _known(number: int) -> NotificationChannel:
    """The row of a channel whose kind there is. Raises OutdatedRequest."""
    row = added_channels.existing_channel(min(number, MAX_ID))
    if row.kind not in channel_kinds():
        raise OutdatedRequest(f"{row.name} cannot be changed: this version has no channel {row.kind}")
    return row


def _options() -> dict[str, str]:
    """The fields of the kind of the channel, of a request."""
    return {name.removeprefix(OPTION): value for name, value in request.form.items() if name.startswith(OPTION)}


@pages.post(f"{PATH}/<int:number>/enable")
@needs(Role.OPERATOR)
def enable(number: int) -> AnyResponse:
    """Enable a channel with `on=1`, disable it with `on=0`."""
    request.max_content_length = FORM_BYTES
    added_channels.enable_channel(min(number, MAX_ID), current_user().name, enabled=request.form.get("on") == "1")
    return _back()


@pages.post(f"{PATH}/<int:number>/delete")
@needs(Role.OPERATOR)
def delete(number: int) -> AnyResponse:
    """Delete a disabled channel."""
    added_channels.delete_channel(min(number, MAX_ID))
    return _back()


def _form_page(
    kind: str,
    options: Mapping[str, str],
    kinds: Collection[str],
    *,
    title: str = "",
    row: NotificationChannel | None = None,  # of the channel that is changed
    problems: Sequence[tuple[str, str]] = (),
) -> Response:
    form = channel_form(kind)
    secret = {field.name for field in form.fields if field.is_secret}
    response = page(
        "notify/channel_form.html",
        "notify/channel_form.html",
        view=page_state(),
        kind=kind,
        form=form,
        option=OPTION,
        row=row,
        obstacle=form.obstacle(request_settings()),
        title=title,
        options={name: value for name, value in options.items() if name not in secret},
        kinds=kinds,
        choices=added_channels.event_choices(),
        problems=problems,
    )
    response.status_code = 400 if problems else 200
    return response


def _back() -> AnyResponse:
    return redirect(page_state().link(PATH), 303)
