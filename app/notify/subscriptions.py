"""What users want to be notified about for themselves, such as the ends of their jobs, by mail to an address of theirs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from app.core.database import proxy, rows
from app.core.event_sources import event_sources, personal_kinds, source_of
from app.core.settings import Settings
from app.notify.channels import channels
from app.notify.errors import InvalidSubscription
from app.notify.messages import event_of
from app.notify.models import Notification, Subscription
from app.notify.settings import NotifySettings
from app.notify.user_addresses import address_problem
from app.security.audit_log import audit
from app.security.models import User


def is_personal(kind: str) -> bool:
    """Whether events of a kind belong to single users."""
    return any(each.name == kind for each in personal_kinds())


def is_sending(settings: Settings) -> bool:
    """Whether a channel reaches single users, and systems with personal kinds of events are watched."""
    watched = settings.of(NotifySettings).notify_systems
    is_watched = any(kind.personal for source in event_sources() if set(source.systems) & set(watched) for kind in source.kinds)
    return is_watched and any(channel.reaches_users for channel in channels(settings))


def subscription_of(user: str) -> Subscription | None:
    """What a user wants; None: nothing."""
    found: Subscription | None = Subscription.get_or_none(Subscription.user == user)
    return found


def subscribe(settings: Settings, user: str, address: str, kinds: Collection[str]) -> None:
    """Set what a user is notified about, and where; without kinds nothing any more. Raises InvalidSubscription."""
    address, known = address.strip(), [kind.name for kind in personal_kinds()]
    wrong = [("kind", f"expected some of {', '.join(known)}")] if not set(kinds) <= set(known) else []
    if kinds and (problem := address_problem(settings, address)):
        wrong.append(("address", problem))
    if wrong:
        raise InvalidSubscription(wrong)
    with proxy.atomic():
        Subscription.delete().where(Subscription.user == user).execute()
        if kinds:
            Subscription.create(user=user, address=address, kinds=" ".join(name for name in known if name in kinds))
        audit("subscribe", f"{address if kinds else 'no mail'}: {', '.join(kinds) or 'nothing'}", user=user)


def subscribers(kinds: Collection[str]) -> dict[str, str]:
    """The addresses of the users who want events of one of these kinds, by login, without disabled accounts."""
    has_account: Any = Subscription.user == User.name
    query = Subscription.select(Subscription.user, Subscription.address, Subscription.kinds).join(User, on=has_account)
    return {user: address for user, address, chosen in rows(query.where(~User.disabled)) if set(chosen.split()) & set(kinds)}


def recipients(row: Notification) -> tuple[str, ...]:
    """The addresses of the users of a personal notification."""
    source, wanted = source_of(row.kind), subscribers([row.kind])
    owners = source.owners(event_of(row), list(wanted)) if source and wanted else []
    return tuple(sorted({wanted[owner] for owner in owners}))
