"""Mail: one for each notice, or one for many."""

from __future__ import annotations

import hashlib
import smtplib
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from app.core.settings import Settings
from app.core.text import one_line
from app.notify.settings import NotifySettings
from app.notify.transport import Message, Refused, connection, headline, server, tls

LONGEST_SUBJECT = 150


class Session(smtplib.SMTP):
    """SMTP on a connection that is there."""

    def __init__(self, host: str, port: int, given: socket.socket) -> None:
        self.given = given
        super().__init__(host, port, socket.gethostname())  # else it asks a name server, as long as that takes

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """As smtplib's own classes do for TLS and for sockets of this machine."""
        return self.given


def post(settings: Settings, messages: Sequence[Message]) -> str:
    """Send messages as one mail to all who get them; what the server said of those whom it does not know."""
    security, (host, port) = settings.of(NotifySettings).notice_smtp_security, server(settings.of(NotifySettings).notice_smtp)
    context = tls(settings.of(NotifySettings).notice_ca)
    with (
        connection(host, port, settings.of(NotifySettings).notice_timeout_s, context if security == "tls" else None) as spoken_to,
        judged(),
        closing(Session(host, port, spoken_to)) as session,
    ):
        if security == "starttls":
            session.starttls(context=context)
        if settings.of(NotifySettings).notice_smtp_user:
            session.login(settings.of(NotifySettings).notice_smtp_user, settings.of(NotifySettings).notice_smtp_password)
        refused = session.send_message(
            mail(settings, messages), settings.of(NotifySettings).notice_mail_from, settings.of(NotifySettings).notice_mail_to
        )
        with suppress(smtplib.SMTPException, OSError):  # it is sent
            session.quit()
    return f"not taken for {_list(refused)}" if refused else ""


@contextmanager
def judged() -> Iterator[None]:
    """What the server says with 5xx is final, when it says so of everybody; all else may change."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        if min(code for code, _ in error.recipients.values()) >= 500:
            raise Refused(f"not taken for {_list(error.recipients)}") from error
        raise
    except smtplib.SMTPResponseException as error:
        if 500 <= error.smtp_code < 600:
            said = error.smtp_error
            raise Refused(f"status {error.smtp_code}: {said.decode(errors='replace') if isinstance(said, bytes) else said}") from error
        raise


def _list(refused: dict[str, tuple[int, bytes]]) -> str:
    return ", ".join(f"{who}: {code} {said.decode(errors='replace')}" for who, (code, said) in refused.items())


def mail(settings: Settings, messages: Sequence[Message]) -> EmailMessage:
    """The mail. Its identifier is made of those of the events, so that a mail sent twice is shown once."""
    made = EmailMessage(policy=SMTP)
    made["From"] = settings.of(NotifySettings).notice_mail_from
    made["To"] = ", ".join(settings.of(NotifySettings).notice_mail_to)
    made["Subject"] = one_line(f"[{settings.instance_name}] {headline(messages)}")[:LONGEST_SUBJECT]
    made["Date"] = formatdate(localtime=False)
    made["Message-ID"] = f"<{_identifier(messages)}@{settings.of(NotifySettings).notice_mail_from.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content("\n\n".join(map(_paragraph, messages)) + "\n", cte="quoted-printable")
    return made


def _identifier(messages: Sequence[Message]) -> str:
    if len(messages) == 1:
        return messages[0].id
    return "sum-" + hashlib.sha256(" ".join(message.id for message in messages).encode()).hexdigest()[:20]


def _paragraph(message: Message) -> str:
    return "\n".join(filter(None, (message.title, message.text, f"{message.moment}, {message.system}", message.link)))
