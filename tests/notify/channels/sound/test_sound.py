"""The sound server of the control room by itself: its command, and its answers."""

from __future__ import annotations

import socket
import threading

import pytest

from app.core.settings import Settings
from app.notify.channels.sound.channel import SoundChannel
from app.notify.errors import PermanentError, TemporaryError
from tests.notify.channels.messages import CRASH
from tests.notify.receivers import sound_server
from tests.support.raw_server import raw, silent


def answering_without_end(connection: socket.socket, received: bytearray, ended: threading.Event) -> None:
    """A sound server that ends neither line nor connection."""
    sound_server(b"All ok")(connection, received, ended)
    silent(connection, received, ended)


def test_the_sound_server_gets_its_command_and_must_answer_all_ok(configured: Settings) -> None:
    with raw(sound_server()) as server:
        assert SoundChannel(configured.replace(notify_sound=server.place)).send([CRASH]) == "All ok"
        (received,) = server.received
    assert bytes(received) == (
        b'<CommandSequence><alarm sender="DQM" sound="DQM_1.wav" talk="beam crashed in run 358792">'
        b"beam crashed in run 358792: Exit code 139 SIGSEGV, on dqmfu-c2b03-45-01</alarm></CommandSequence>"
    )
    with raw(answering_without_end) as server:
        assert SoundChannel(configured.replace(notify_sound=server.place)).send([CRASH]) == "All ok", (
            "without a line end, the connection kept"
        )
    with (
        raw(sound_server(b"Unknown sender\n")) as server,
        pytest.raises(PermanentError, match=r"the server answered 'Unknown sender\\n' instead of 'All ok'"),
    ):
        SoundChannel(configured.replace(notify_sound=server.place)).send([CRASH])


def test_a_sound_server_that_closes_without_an_answer_is_a_temporary_error(configured: Settings) -> None:
    with raw(sound_server(b"")) as server, pytest.raises(TemporaryError, match="closed the connection without an answer"):
        SoundChannel(configured.replace(notify_sound=server.place)).send([CRASH])


def test_a_name_is_reached_at_its_second_address_when_the_first_is_dead(configured: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with raw(sound_server()) as server, socket.socket() as dead, socket.socket() as waiting:
        port = int(server.place.partition(":")[2])
        dead.bind(("127.0.0.2", port))
        dead.listen(0)
        waiting.connect(dead.getsockname())  # its queue is full: no more connections are made or refused
        addresses = "127.0.0.2", *["127.0.0.1"] * 29  # each has its share of the time that is left: the dead one 2 s, the answer 58 s
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]
        known = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: found if host == "daq.cms" else known(host, *rest, **more))
        assert SoundChannel(configured.replace(notify_sound=f"daq.cms:{port}", notify_timeout_s=60.0)).send([CRASH]) == "All ok"


def test_an_invalid_host_name_is_a_temporary_error(configured: Settings) -> None:
    with pytest.raises(TemporaryError, match="no connection to port 50555"):
        SoundChannel(configured.replace(notify_sound="daq..cms:50555")).send([CRASH])
