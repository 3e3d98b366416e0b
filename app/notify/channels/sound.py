"""The sound server of the control room: CMS-WOW, XML on a TCP connection, answered by `All ok`."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from app.core.settings import Settings
from app.core.text import one_line
from app.notify.settings import NotifySettings
from app.notify.transport import NAMED, Message, NotSent, Refused, connection, headline, server

SOUND = "DQM_1.wav"
GOOD = b"All ok"
MOST_ANSWER = 300


def post(settings: Settings, messages: Sequence[Message]) -> str:
    """Have messages heard as one alarm."""
    host, port = server(settings.of(NotifySettings).notice_sound)
    with connection(host, port, settings.of(NotifySettings).notice_timeout_s) as spoken_to:
        spoken_to.sendall(command(messages))
        answer = b""
        while answer.strip() != GOOD and b"\n" not in answer and len(answer) < MOST_ANSWER and (part := spoken_to.recv(MOST_ANSWER)):
            answer += part
        if not answer:
            raise NotSent("it hung up without an answer")
        if answer.strip() != GOOD:
            raise Refused(f"it answered {answer[:MOST_ANSWER].decode(errors='replace')!r}, not 'All ok'")
    return "All ok"


def command(messages: Sequence[Message]) -> bytes:
    """The command, in ASCII: what is no such letter is a character reference. The titles are spoken, the whole is shown."""
    shown = "; ".join(f"{message.title}: {message.text}" if message.text else message.title for message in messages[:NAMED])
    spoken = quoteattr(one_line(headline(messages)), {"'": "&apos;"})
    alarm = f'<alarm sender="DQM" sound="{SOUND}" talk={spoken}>{escape(one_line(shown))}</alarm>'
    return f"<CommandSequence>{alarm}</CommandSequence>".encode("ascii", "xmlcharrefreplace")
