"""The sound server of the control room: CMS-WOW, XML on a TCP connection, answered by `All ok`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self
from xml.sax.saxutils import escape, quoteattr

from app.core.settings import Settings
from app.core.text import one_line
from app.notify.channels.base import Channel
from app.notify.channels.connection import connection, host_and_port
from app.notify.channels.sound.settings import SoundSettings
from app.notify.errors import PermanentError, TemporaryError
from app.notify.messages import MAX_NAMED, Message, headline
from app.notify.settings import NotifySettings

SOUND = "DQM_1.wav"
SUCCESS = b"All ok"
MAX_ANSWER = 300


class SoundChannel(Channel):
    """The sound server. A late alarm is noise, so deliveries expire after a minute."""

    kind = "sound"
    max_age_s = 60.0
    supports_digest = True

    @classmethod
    def configured(cls, settings: Settings) -> list[Self]:
        """The server of the settings."""
        return [cls(settings)] if settings.of(SoundSettings).notify_sound else []

    def send(self, messages: Sequence[Message]) -> str:
        """Play one alarm for all messages."""
        host, port = host_and_port(self.settings.of(SoundSettings).notify_sound)
        with connection(host, port, self.settings.of(NotifySettings).notify_timeout_s) as conn:
            conn.sendall(command(messages))
            answer = b""
            while answer.strip() != SUCCESS and b"\n" not in answer and len(answer) < MAX_ANSWER and (part := conn.recv(MAX_ANSWER)):
                answer += part
        if not answer:
            raise TemporaryError("the server closed the connection without an answer")
        if answer.strip() != SUCCESS:
            raise PermanentError(f"the server answered {answer[:MAX_ANSWER].decode(errors='replace')!r} instead of 'All ok'")
        return "All ok"


def command(messages: Sequence[Message]) -> bytes:
    """The command, in ASCII with character references. The server speaks the titles and shows the whole."""
    text = "; ".join(f"{message.title}: {message.text}" if message.text else message.title for message in messages[:MAX_NAMED])
    spoken = quoteattr(one_line(headline(messages)), {"'": "&apos;"})
    alarm = f'<alarm sender="DQM" sound="{SOUND}" talk={spoken}>{escape(one_line(text))}</alarm>'
    return f"<CommandSequence>{alarm}</CommandSequence>".encode("ascii", "xmlcharrefreplace")


CHANNEL = SoundChannel
