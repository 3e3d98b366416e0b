"""Channels that operators add on the page, beside those of the settings: stored, checked, made from their rows."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from importlib import import_module
from typing import NamedTuple

from app.core.counters import advance
from app.core.database import proxy
from app.core.event_sources import ALL, PROBLEMS, event_kinds
from app.core.settings import Settings
from app.notify.channel_folders import CHANNELS, channel_kinds
from app.notify.channels import channels, fault_of
from app.notify.channels.base import Channel
from app.notify.channels.form import ChannelForm
from app.notify.errors import InvalidChannel, OutdatedRequest
from app.notify.models import COUNTER, FAILED, OPEN, Delivery, NotificationChannel
from app.security.audit_log import audit

MAX_CHANNELS = 50
MAX_NAME = 60
MAX_OPTION = 1000
DELETED = "This channel was deleted"


class ChannelDefinition(NamedTuple):
    """The fields of the form of a new channel, unchecked."""

    kind: str
    title: str  # for people
    kinds: Collection[str]  # of events
    options: Mapping[str, str]  # the fields of its kind


class AddedChannel(NamedTuple):
    """A channel of the page."""

    row: NotificationChannel
    receiver: str  # without secrets
    channel: Channel | None  # None while it is disabled or has a problem
    problem: str  # why it sends nothing, although it is enabled


def channel_form(kind: str) -> ChannelForm:
    """The form of a kind of channels."""
    found: ChannelForm = import_module(f"{CHANNELS}.{kind}.form").FORM
    return found


def channel_name(kind: str, title: str) -> str:
    """The name of an added channel; no channel of the settings has quotes in its name."""
    return f'{kind} "{title}"'


def event_choices() -> list[str]:
    """The kinds of events that a channel of the page may be subscribed to: none that belong to single users."""
    return [PROBLEMS, ALL, *(kind.name for kind in event_kinds() if not kind.personal)]


def added_channels(settings: Settings) -> list[AddedChannel]:
    """The channels of the page, by name. Their receivers are checked each time: settings may have changed since they were added."""
    return [_made(settings, row) for row in NotificationChannel.select().order_by(NotificationChannel.name)]


def all_channels(settings: Settings) -> list[Channel]:
    """The channels of the settings, and those of the page that are enabled."""
    return [*channels(settings), *(each.channel for each in added_channels(settings) if each.channel)]


def added_problems(settings: Settings) -> list[str]:
    """Why channels of the page send nothing, one sentence each."""
    return [f"{each.row.name} sends nothing: {each.problem}." for each in added_channels(settings) if each.problem]


def _made(settings: Settings, row: NotificationChannel) -> AddedChannel:
    """The channel of a row; one that cannot be made for a fault in its folder or its row must not stop the others."""
    if row.kind not in channel_kinds():
        return AddedChannel(row, "", None, f"this version has no channel {row.kind}")
    try:
        form = channel_form(row.kind)
        options = {field.name: "" for field in form.fields} | json.loads(row.options)
        if not row.enabled:
            return AddedChannel(row, form.receiver(options), None, "")
        wrong = [problem for _, problem in form.problems(settings, options)]
        problem = "; ".join(filter(None, (form.obstacle(settings).rstrip("."), *wrong)))
        if problem:
            return AddedChannel(row, form.receiver(options), None, problem)
        subscribed = settings.replace(**{f"notify_{row.kind}_kinds": tuple(row.kinds.split())})
        channel = form.channel(subscribed, row.name, options)
        channel.secrets = tuple(options[field.name] for field in form.fields if field.is_secret)
        return AddedChannel(row, form.receiver(options), channel, "")
    except Exception as error:
        return AddedChannel(row, "", None, fault_of(row.name, error))


def add_channel(settings: Settings, definition: ChannelDefinition, user: str) -> None:
    """Store a channel. Raises InvalidChannel."""
    if definition.kind not in channel_kinds():
        raise InvalidChannel([("channel", "one of " + ", ".join(channel_kinds()))])
    form, title = channel_form(definition.kind), " ".join(definition.title.split())
    options = _stripped(form, definition.options)
    if wrong := [*_wrong_title(title), *_wrong(settings, definition.kind, definition.kinds, options)]:
        raise InvalidChannel(wrong)
    name = channel_name(definition.kind, title)
    with proxy.atomic():
        advance(COUNTER)
        if NotificationChannel.select().count() >= MAX_CHANNELS:
            raise InvalidChannel([("channel", f"there are {MAX_CHANNELS} already, which is the most; delete one first")])
        if NotificationChannel.select().where(NotificationChannel.name == name).exists():
            raise InvalidChannel([("name", f"there is a channel {name} already")])
        values = {"kind": definition.kind, "name": name, "kinds": _stored_kinds(definition.kinds), "options": json.dumps(options)}
        NotificationChannel.create(**values, user=user, changed=time.time())
        audit("add notification channel", f"{name}: {form.receiver(options)}")


def change_channel(settings: Settings, number: int, kinds: Collection[str], options: Mapping[str, str], user: str) -> None:
    """Change the kinds of events and the fields of a channel; secret fields that are empty stay. Raises InvalidChannel, OutdatedRequest."""
    row = existing_channel(number)
    form, stored = channel_form(row.kind), stored_options(row)
    changed = _stripped(form, options)
    changed |= {field.name: stored.get(field.name, "") for field in form.fields if field.is_secret and not changed[field.name]}
    if wrong := _wrong(settings, row.kind, kinds, changed):
        raise InvalidChannel(wrong)
    values = {"kinds": _stored_kinds(kinds), "options": json.dumps(changed), "user": user, "changed": time.time()}
    with proxy.atomic():
        advance(COUNTER)
        if not NotificationChannel.update(values).where(NotificationChannel.id == number).execute():
            raise OutdatedRequest(DELETED)
        audit("change notification channel", f"{row.name}: {form.receiver(changed)}")


def stored_options(row: NotificationChannel) -> dict[str, str]:
    """The fields of a channel as they are stored; none if they cannot be read."""
    try:
        found = json.loads(row.options)
    except ValueError:
        return {}
    return {name: str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _stripped(form: ChannelForm, options: Mapping[str, str]) -> dict[str, str]:
    return {field.name: options.get(field.name, "").strip() for field in form.fields}


def _stored_kinds(kinds: Collection[str]) -> str:
    return " ".join(kind for kind in event_choices() if kind in kinds)


def _wrong_title(title: str) -> list[tuple[str, str]]:
    is_good = title and len(title) <= MAX_NAME and '"' not in title and title.isprintable()
    return [] if is_good else [("name", f"1 to {MAX_NAME} printable characters without quotation marks")]


def _wrong(settings: Settings, kind: str, kinds: Collection[str], options: Mapping[str, str]) -> list[tuple[str, str]]:
    form, wrong = channel_form(kind), []
    if not kinds or not set(kinds) <= set(event_choices()):
        wrong.append(("kind", "some of " + ", ".join(event_choices())))
    if obstacle := form.obstacle(settings):
        return [*wrong, ("channel", obstacle)]
    unfit = [field for field in form.fields if not (options[field.name] or not field.is_required) or not _is_line(options[field.name])]
    if unfit:
        return [*wrong, *((field.name, f"1 to {MAX_OPTION} printable characters") for field in unfit)]
    return [*wrong, *form.problems(settings, options)]


def _is_line(text: str) -> bool:
    return len(text) <= MAX_OPTION and text.isprintable()


def enable_channel(number: int, user: str, *, enabled: bool) -> None:
    """Enable or disable a channel; what a disabled one has not sent yet is closed. Raises OutdatedRequest."""
    with proxy.atomic():
        advance(COUNTER)
        row = existing_channel(number)
        NotificationChannel.update(enabled=enabled, user=user, changed=time.time()).where(NotificationChannel.id == number).execute()
        if not enabled:
            _close_deliveries(row.name, "the channel was disabled")
        audit("enable notification channel" if enabled else "disable notification channel", row.name)


def delete_channel(number: int) -> None:
    """Delete a disabled channel; its deliveries stay in the list. Raises OutdatedRequest."""
    with proxy.atomic():
        advance(COUNTER)
        row = existing_channel(number)
        if row.enabled:
            raise OutdatedRequest(f"{row.name} is enabled: disable it before you delete it, since its address and keys are lost then")
        NotificationChannel.delete().where(NotificationChannel.id == number).execute()
        audit("delete notification channel", row.name)


def existing_channel(number: int) -> NotificationChannel:
    """The row of a channel. Raises OutdatedRequest."""
    row: NotificationChannel | None = NotificationChannel.get_or_none(NotificationChannel.id == number)
    if row is None:
        raise OutdatedRequest(DELETED)
    return row


def _close_deliveries(name: str, reason: str) -> None:
    ours = Delivery.channel == name, Delivery.state.in_(OPEN)
    Delivery.update(state=FAILED, detail=reason, changed=time.time()).where(*ours).execute()
