"""The page on which operators add, test, disable and delete channels of notifications."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.core.event_sources import PROBLEMS
from app.notify import added_channels
from app.notify.added_channels import ChannelDefinition, channel_form
from app.notify.channel_folders import channel_kinds
from app.notify.channels import channels as configured_channels
from app.notify.errors import InvalidChannel
from app.notify.pages.notifications import FORM_BYTES, MAX_ID
from app.notify.pages.notifications import PATH as NOTIFICATIONS
from app.notify.pages.rows import page_state
from app.security import Role, needs
from app.security.caller import current_user
from app.web import page, request_settings
from app.web.arguments import choice_arg

pages = Blueprint("notify_channels", __name__)

PATH = f"{NOTIFICATIONS}/channels"
NO_VALUES: Mapping[str, str] = {}


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
    return _form_page(choice_arg("channel", channel_kinds()), NO_VALUES, (PROBLEMS,))


@pages.post(PATH)
@needs(Role.OPERATOR)
def add() -> AnyResponse:
    """Add a channel; what was wrong stays in the form, but for secrets."""
    request.max_content_length = FORM_BYTES
    sent, kinds = request.form.to_dict(), request.form.getlist("kind")
    definition = ChannelDefinition(sent.get("channel", ""), sent.get("name", ""), kinds, sent)
    try:
        added_channels.add_channel(request_settings(), definition, current_user().name)
    except InvalidChannel as error:
        if definition.kind not in channel_kinds():
            raise
        return _form_page(definition.kind, sent, kinds, error.fields)
    return _back()


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
    """Delete a channel."""
    added_channels.delete_channel(min(number, MAX_ID))
    return _back()


def _form_page(kind: str, values: Mapping[str, str], kinds: Collection[str], problems: Sequence[tuple[str, str]] = ()) -> Response:
    form = channel_form(kind)
    response = page(
        "notify/channel_form.html",
        "notify/channel_form.html",
        view=page_state(),
        kind=kind,
        form=form,
        obstacle=form.obstacle(request_settings()),
        values={name: value for name, value in values.items() if not any(field.is_secret and field.name == name for field in form.fields)},
        kinds=kinds,
        choices=added_channels.event_choices(),
        problems=problems,
    )
    response.status_code = 400 if problems else 200
    return response


def _back() -> AnyResponse:
    return redirect(page_state().link(PATH), 303)
