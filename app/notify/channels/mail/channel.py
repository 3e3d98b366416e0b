"""Mail by SMTP: one for each notification, or one for many."""

from __future__ import annotations

import hashlib
import smtplib
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Self

from app.core.settings import Settings
from app.core.text import one_line
from app.notify.channels.base import Channel
from app.notify.channels.connection import client_context, connection, host_and_port
from app.notify.channels.mail.settings import MailSettings
from app.notify.errors import PermanentError
from app.notify.messages import Message, headline
from app.notify.settings import NotifySettings

MAX_SUBJECT = 150


class MailChannel(Channel):
    """The recipients of the settings; a personal notification goes to its users instead."""

    kind = "mail"
    max_age_s = 86400.0
    supports_digest = True
    reaches_users = True
    defers_in_quiet_hours = True

    @classmethod
    def configured(cls, settings: Settings) -> list[Self]:
        """One channel, when server, sender and recipients are set."""
        ours = settings.of(MailSettings)
        return [cls(settings)] if ours.notify_smtp and ours.notify_mail_from and ours.notify_mail_to else []

    @classmethod
    def problems(cls, settings: Settings) -> list[str]:
        """A mail server without sender or recipients."""
        ours = settings.of(MailSettings)
        if not ours.notify_smtp:
            return []
        missing = [name for name in ("notify_mail_from", "notify_mail_to") if not getattr(ours, name)]
        return [f"No mail is sent: {' and '.join(missing)} must be set, too."] if missing else []

    def send(self, messages: Sequence[Message]) -> str:
        """Send one mail with all messages; returns the answers for recipients that the server rejected."""
        return self._send([self.settings.of(MailSettings).notify_mail_to], messages)

    def send_to(self, addresses: Sequence[str], messages: Sequence[Message]) -> str:
        """The same to single users, a mail to each: they do not see each other's addresses."""
        return self._send([[address] for address in addresses], messages)

    def _send(self, recipients: Sequence[Sequence[str]], messages: Sequence[Message]) -> str:
        """Send a mail to each group of recipients. It is an error only if the server rejects all of them."""
        ours, shared = self.settings.of(MailSettings), self.settings.of(NotifySettings)
        host, port = host_and_port(ours.notify_smtp)
        context = client_context(shared.notify_ca)
        first_context = context if ours.notify_smtp_security == "tls" else None
        with (
            connection(host, port, shared.notify_timeout_s, first_context) as conn,
            _permanent_errors(),
            closing(SmtpSession(host, port, conn)) as session,
        ):
            if ours.notify_smtp_security == "starttls":
                session.starttls(context=context)
            if ours.notify_smtp_user:
                session.login(ours.notify_smtp_user, ours.notify_smtp_password)
            rejected: dict[str, tuple[int, bytes]] = {}
            for addresses in recipients:
                try:
                    rejected |= session.send_message(mail(self.settings, addresses, messages), ours.notify_mail_from, list(addresses))
                except smtplib.SMTPRecipientsRefused as error:
                    rejected |= error.recipients
            if len(rejected) == sum(map(len, recipients)):
                raise smtplib.SMTPRecipientsRefused(rejected)
            with suppress(smtplib.SMTPException, OSError):  # it is sent
                session.quit()
        return f"rejected for {_rejections(rejected)}" if rejected else ""


class SmtpSession(smtplib.SMTP):
    """SMTP on a connection that is open already."""

    def __init__(self, host: str, port: int, conn: socket.socket) -> None:
        self._conn = conn
        super().__init__(host, port, socket.gethostname())  # without a name it would wait for a name server

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Return the connection; smtplib's own subclasses override this, too."""
        return self._conn


@contextmanager
def _permanent_errors() -> Iterator[None]:
    """Turn 5xx into PermanentError; for recipients only when the server rejects all of them so."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        if min(code for code, _ in error.recipients.values()) >= 500:
            raise PermanentError(f"rejected for {_rejections(error.recipients)}") from error
        raise
    except smtplib.SMTPResponseException as error:
        if 500 <= error.smtp_code < 600:
            raise PermanentError(f"status {error.smtp_code}: {_text(error.smtp_error)}") from error
        raise


def _rejections(recipients: dict[str, tuple[int, bytes]]) -> str:
    return ", ".join(f"{address}: {code} {_text(answer)}" for address, (code, answer) in recipients.items())


def _text(answer: bytes | str) -> str:
    return answer.decode(errors="replace") if isinstance(answer, bytes) else answer


def mail(settings: Settings, addresses: Sequence[str], messages: Sequence[Message]) -> EmailMessage:
    """The mail. Its identifier is made of those of the messages, so that a mail sent twice is shown once."""
    ours = settings.of(MailSettings)
    email = EmailMessage(policy=SMTP)
    email["From"] = ours.notify_mail_from
    email["To"] = ", ".join(addresses)
    email["Subject"] = one_line(f"[{settings.instance_name}] {headline(messages)}")[:MAX_SUBJECT]
    email["Date"] = formatdate(localtime=False)
    email["Message-ID"] = f"<{_identifier(messages)}@{ours.notify_mail_from.rpartition('@')[2]}>"
    email["Auto-Submitted"] = "auto-generated"
    email.set_content("\n\n".join(map(_paragraph, messages)) + "\n", cte="quoted-printable")
    return email


def _identifier(messages: Sequence[Message]) -> str:
    if len(messages) == 1:
        return messages[0].id
    return "digest-" + hashlib.sha256(" ".join(message.id for message in messages).encode()).hexdigest()[:20]


def _paragraph(message: Message) -> str:
    return "\n".join(
        filter(
            None,
            (
                message.title,
                message.text,
                f"{message.moment}, {message.system}",
                message.link,
                message.permalink and f"Event: {message.permalink}",
            ),
        )
    )


CHANNEL = MailChannel
