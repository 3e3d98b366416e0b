"""Each channel by itself: the message of the receiver, and the classification of its answers."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest

from app.core.settings import Settings
from app.notify.channels import channel_problems, channels
from app.notify.channels.mail.channel import MailChannel
from app.notify.channels.sound.channel import SoundChannel
from app.notify.channels.webhook.channel import WebhookChannel
from app.notify.errors import NotifyError, PermanentError, TemporaryError
from app.notify.messages import Message, message_of
from app.notify.models import Notification
from tests.notify.receivers import Box, Hook, hook, mail_server, sound_server
from tests.square.test_upstream import write_certificate
from tests.support.raw_server import Manner, babbling, closed, dripping, raw, silent

CRASH = Message(
    "crash-0123456789abcdef0123", "crash", "production", 358792, "beam crashed in run 358792", "Exit code 139 SIGSEGV, on dqmfu-c2b03-45-01",
    1663150600.0, "https://dqm.cern.ch/hub/square/job?key=a",
)  # fmt: skip
HOSTILE = CRASH._replace(
    title="beam\r\nBcc: all@cern.ch \"<alarm talk='x'>&amp;]]> é\u2028 crashed",
    text='</alarm></CommandSequence>","kind":"run-end"\r\n.\r\nQUIT',
)
SECRET = "b4d1-of-the-hook"


def answering_and_staying(connection: socket.socket, heard: bytearray, ended: threading.Event) -> None:
    """A sound server that ends no line and no connection."""
    sound_server(b"All ok")(connection, heard, ended)
    silent(connection, heard, ended)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_certificate(tmp_path_factory.mktemp("certificates"), "server")


@pytest.fixture
def told(settings: Settings) -> Settings:
    """Settings of somebody who gets mail; the time-out is long, for what must arrive."""
    return settings.replace(notice_mail_from="dqm-hub@cern.ch", notice_mail_to=("shifter@cern.ch", "expert@cern.ch"), notice_smtp_security="none",
        notice_timeout_s=60.0, instance_name="DQM production",
    )  # fmt: skip


@pytest.fixture
def receiver() -> Iterator[Hook]:
    with hook() as found:
        yield found


@pytest.fixture
def box() -> Iterator[Box]:
    with mail_server() as found:
        yield found


def test_a_webhook_gets_the_notice_as_json_with_a_signature(told: Settings, receiver: Hook) -> None:
    told = told.replace(notice_webhook_secret=SECRET)
    assert WebhookChannel(told, "webhook", f"{receiver.address}/hooks/a%20b?token=x").send([CRASH]) == "status 200"
    ((path, headers, body),) = receiver.asked
    assert path == "/hooks/a%20b?token=x"
    assert json.loads(body) == {
        "id": "crash-0123456789abcdef0123", "kind": "crash", "system": "production", "run": 358792, "title": "beam crashed in run 358792",
        "text": "Exit code 139 SIGSEGV, on dqmfu-c2b03-45-01", "at": 1663150600.0, "link": "https://dqm.cern.ch/hub/square/job?key=a",
    }  # fmt: skip
    assert headers["X-DQMHub-Signature"] == "sha256=" + hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()
    assert (headers["Content-Type"], headers["Host"]) == ("application/json", receiver.address.removeprefix("http://"))


def test_without_a_key_a_webhook_gets_no_signature(told: Settings, receiver: Hook) -> None:
    WebhookChannel(told, "webhook", receiver.address).send([CRASH])
    assert "X-DQMHub-Signature" not in receiver.asked[0][1]


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_a_webhook_that_does_not_want_it_is_not_asked_again(told: Settings, receiver: Hook, status: int) -> None:
    receiver.status = status
    with pytest.raises(PermanentError, match=f"status {status}: the channel is archived"):
        WebhookChannel(told, "webhook", receiver.address).send([CRASH])


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_webhook_that_cannot_now_is_asked_later(told: Settings, receiver: Hook, status: int) -> None:
    receiver.status = status
    with pytest.raises(TemporaryError, match=f"status {status}"):
        WebhookChannel(told, "webhook", receiver.address).send([CRASH])


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_webhook_that_leads_elsewhere_is_not_followed(told: Settings, receiver: Hook, status: int) -> None:
    receiver.status = status
    with pytest.raises(TemporaryError, match="redirects are not followed"):
        WebhookChannel(told, "webhook", receiver.address).send([CRASH])
    assert [path for path, _, _ in receiver.asked] == ["/"]


def test_a_webhook_over_tls_is_told_only_when_its_certificate_is_known(told: Settings, certificate: str) -> None:
    with hook(certificate) as receiver:
        with pytest.raises(TemporaryError, match="CERTIFICATE_VERIFY_FAILED"):
            WebhookChannel(told, "webhook", receiver.address).send([CRASH])
        assert receiver.asked == []
        assert WebhookChannel(told.replace(notice_ca=certificate), "webhook", receiver.address).send([CRASH]) == "status 200"
        with pytest.raises(TemporaryError, match="notice_ca: /none cannot be read"):
            WebhookChannel(told.replace(notice_ca="/none"), "webhook", receiver.address).send([CRASH])


def test_a_mail_says_what_happened_and_when(told: Settings, box: Box) -> None:
    before = int(time.time())
    assert MailChannel(told.replace(notice_smtp=box.place)).send([CRASH]) == ""
    (got,) = box.mails
    assert box.recipients == [["shifter@cern.ch", "expert@cern.ch"]]
    assert (got["From"], got["To"]) == ("dqm-hub@cern.ch", "shifter@cern.ch, expert@cern.ch")
    assert got["Subject"] == "[DQM production] beam crashed in run 358792"
    assert got["Message-ID"] == "<crash-0123456789abcdef0123@cern.ch>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(got["Date"]).timestamp() >= before
    assert (got.get_content_type(), got.get_content_charset()) == ("text/plain", "utf-8")
    assert got.get_content().splitlines() == [
        "beam crashed in run 358792", "Exit code 139 SIGSEGV, on dqmfu-c2b03-45-01", "2022-09-14 12:16:40 CEST, production",
        "https://dqm.cern.ch/hub/square/job?key=a",
    ]  # fmt: skip


def test_many_notices_are_one_mail(told: Settings, box: Box) -> None:
    many = [CRASH._replace(id=f"crash-{number}", title=f"client {number} crashed") for number in range(7)]
    MailChannel(told.replace(notice_smtp=box.place)).send(many)
    MailChannel(told.replace(notice_smtp=box.place)).send(many)
    first, second = box.mails
    assert first["Subject"] == "[DQM production] 7 notifications: client 0 crashed and more"
    assert [line for line in first.get_content().splitlines() if "crashed" in line] == [message.title for message in many]
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_server_is_spoken_to_in_secret_and_its_certificate_checked(told: Settings, certificate: str, security: str) -> None:
    with mail_server(certificate, security) as box:
        given = told.replace(notice_smtp=box.place, notice_smtp_security=security)
        with pytest.raises(TemporaryError, match="CERTIFICATE_VERIFY_FAILED"):
            MailChannel(given).send([CRASH])
        assert MailChannel(given.replace(notice_ca=certificate)).send([CRASH]) == ""
        assert len(box.mails) == 1


def test_a_mail_server_without_tls_gets_nothing_when_tls_is_asked_for(told: Settings, box: Box) -> None:
    with pytest.raises(TemporaryError, match="STARTTLS"):
        MailChannel(told.replace(notice_smtp=box.place, notice_smtp_security="starttls")).send([CRASH])
    assert box.mails == []


@pytest.mark.filterwarnings("ignore:Session.login_data is deprecated")  # which the server sets itself
def test_a_mail_server_that_wants_an_account_gets_it_and_a_wrong_password_is_final(told: Settings, certificate: str) -> None:
    with mail_server(certificate, "starttls", accounts=True) as box:
        given = told.replace(notice_smtp=box.place, notice_smtp_security="starttls", notice_ca=certificate, notice_smtp_user="dqm")
        assert MailChannel(given.replace(notice_smtp_password="right")).send([CRASH]) == ""
        assert set(box.users) == {b"dqm"}
        with pytest.raises(PermanentError, match="status 535"):
            MailChannel(given.replace(notice_smtp_password="left")).send([CRASH])


def test_what_a_mail_server_says_no_to_is_final_or_tried_again_as_it_says(told: Settings, box: Box) -> None:
    given = told.replace(notice_smtp=box.place)
    box.refuse = {"expert@cern.ch": "550 no such mailbox"}
    assert MailChannel(given).send([CRASH]) == "rejected for expert@cern.ch: 550 no such mailbox"
    box.refuse["shifter@cern.ch"] = "550 no such mailbox"
    with pytest.raises(PermanentError, match=r"shifter@cern\.ch: 550 no such mailbox"):
        MailChannel(given).send([CRASH])
    box.refuse = {}
    box.answer = "554 spam"
    with pytest.raises(PermanentError, match="status 554: spam"):
        MailChannel(given).send([CRASH])
    box.answer = "451 greylisted"
    with pytest.raises(TemporaryError, match="greylisted"):
        MailChannel(given).send([CRASH])


def test_a_mail_is_tried_again_when_one_recipient_is_refused_for_good_and_the_other_for_now(told: Settings, box: Box) -> None:
    box.refuse = {"expert@cern.ch": "550 no such mailbox", "shifter@cern.ch": "450 greylisted"}
    with pytest.raises(TemporaryError, match="450"):
        MailChannel(told.replace(notice_smtp=box.place)).send([CRASH])
    del box.refuse["shifter@cern.ch"]
    assert MailChannel(told.replace(notice_smtp=box.place)).send([CRASH]) == "rejected for expert@cern.ch: 550 no such mailbox"


def test_the_sound_server_gets_its_command_and_must_say_all_ok(told: Settings) -> None:
    with raw(sound_server()) as server:
        assert SoundChannel(told.replace(notice_sound=server.place)).send([CRASH]) == "All ok"
        (heard,) = server.heard
    assert bytes(heard) == (
        b'<CommandSequence><alarm sender="DQM" sound="DQM_1.wav" talk="beam crashed in run 358792">'
        b"beam crashed in run 358792: Exit code 139 SIGSEGV, on dqmfu-c2b03-45-01</alarm></CommandSequence>"
    )
    with raw(answering_and_staying) as server:
        assert SoundChannel(told.replace(notice_sound=server.place)).send([CRASH]) == "All ok", "without a line end, the connection kept"
    with (
        raw(sound_server(b"Unknown sender\n")) as server,
        pytest.raises(PermanentError, match=r"the server answered 'Unknown sender\\n' instead of 'All ok'"),
    ):
        SoundChannel(told.replace(notice_sound=server.place)).send([CRASH])


def test_a_sound_server_that_hangs_up_without_an_answer_has_not_refused(told: Settings) -> None:
    with raw(sound_server(b"")) as server, pytest.raises(TemporaryError, match="closed the connection without an answer"):
        SoundChannel(told.replace(notice_sound=server.place)).send([CRASH])


def test_no_name_becomes_a_header_a_recipient_an_element_or_a_field(told: Settings, box: Box, receiver: Hook) -> None:
    with raw(sound_server()) as server:
        SoundChannel(told.replace(notice_sound=server.place)).send([HOSTILE])
        (alarm,) = ET.fromstring(bytes(server.heard[0]))
    assert (alarm.tag, sorted(alarm.attrib), len(alarm)) == ("alarm", ["sender", "sound", "talk"], 0)
    assert (alarm.text or "").endswith('</alarm></CommandSequence>","kind":"run-end" . QUIT')
    WebhookChannel(told, "webhook", receiver.address).send([HOSTILE])
    assert receiver.told == [json.loads(json.dumps(HOSTILE._asdict()))]
    MailChannel(told.replace(notice_smtp=box.place)).send([HOSTILE])
    (got,) = box.mails
    assert box.recipients == [["shifter@cern.ch", "expert@cern.ch"]]
    assert {name.lower() for name in got} == {
        "from", "to", "subject", "date", "message-id", "auto-submitted", "content-type", "content-transfer-encoding", "mime-version",
    }  # fmt: skip
    assert "QUIT" in got.get_content()


@pytest.mark.parametrize("manner", [silent, dripping(b"2"), dripping(b"\r\n"), dripping(b"HTTP/1.1 100 Continue\r\n\r\n")])
@pytest.mark.parametrize("post", ["webhook", "mail", "sound"])
def test_nobody_is_waited_for_beyond_the_time_in_all(told: Settings, manner: Manner, post: str) -> None:
    with raw(manner) as server, pytest.raises(NotifyError):
        send(told.replace(notice_timeout_s=0.2), post, server.place)


def test_a_name_is_reached_at_its_second_address_when_the_first_is_dead(told: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with raw(sound_server()) as server, socket.socket() as dead, socket.socket() as waiting:
        port = int(server.place.partition(":")[2])
        dead.bind(("127.0.0.2", port))
        dead.listen(0)
        waiting.connect(dead.getsockname())  # its queue is full: no more connections are made or refused
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]
        known = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: found if host == "daq.cms" else known(host, *rest, **more))
        assert SoundChannel(told.replace(notice_sound=f"daq.cms:{port}", notice_timeout_s=4.0)).send([CRASH]) == "All ok"


def test_a_name_that_no_server_can_be_asked_for_is_no_connection(told: Settings) -> None:
    with pytest.raises(TemporaryError, match="no connection to port 50555"):
        SoundChannel(told.replace(notice_sound="daq..cms:50555")).send([CRASH])


@pytest.mark.parametrize("post", ["webhook", "mail", "sound"])
def test_who_talks_nonsense_or_is_not_there_has_not_taken_it(told: Settings, post: str) -> None:
    with raw(babbling) as server, pytest.raises(NotifyError):
        send(told, post, server.place)
    with pytest.raises(TemporaryError, match="no connection to port"):
        send(told, post, closed())


def send(settings: Settings, post: str, place: str) -> None:
    """Tell CRASH to whoever is at this place."""
    given = settings.replace(notice_smtp=place, notice_sound=place, notice_webhooks=(f"http://{place}/",))
    (channel,) = [channel for channel in channels(given) if channel.kind == post]
    channel.send([CRASH])


def test_a_tls_handshake_that_never_ends_is_cut_too(told: Settings) -> None:
    with raw(silent) as server, pytest.raises(TemporaryError, match=r"no (answer|connection) within 0\.2 s"):
        WebhookChannel(told.replace(notice_timeout_s=0.2), "webhook", f"https://{server.place}/").send([CRASH])


def test_a_link_leads_to_what_happened() -> None:
    def link(kind: str, run: int | None, key: str, system: str = "production") -> str:
        row = Notification(event="x", kind=kind, run=run, key=key, system=system, title="", text="", at=0.0, repeats=0)
        return message_of(row, "https://dqm.cern.ch/hub/").link

    assert link("crash", 7, "a b&c") == "https://dqm.cern.ch/hub/square/job?key=a+b%26c"
    assert link("run-end", 7, "", "playback") == "https://dqm.cern.ch/hub/square/runs/7?system=playback"
    assert link("silent-host", None, "fu-1") == "https://dqm.cern.ch/hub/square"
    assert (
        message_of(Notification(event="x", kind="test", system="production", title="", text="", at=0.0, repeats=0, key=""), "").link == ""
    )


def test_channels_are_those_that_are_configured_and_their_names_hold_no_secret(settings: Settings) -> None:
    assert channels(settings) == []
    hooks = ("https://chat.cern.ch/hooks/s3cr3t", "https://chat.cern.ch/hooks/0th3r", "http://10.0.0.1:8065/x")
    given = settings.replace(
        notice_webhooks=hooks, notice_sound="daq-expert.cms:50555", notice_smtp="mail.cern.ch:25", notice_mail_from="a@b.ch"
    )
    assert [channel.name for channel in channels(given)] == [
        "sound",
        "webhook chat.cern.ch",
        "webhook chat.cern.ch (2)",
        "webhook 10.0.0.1:8065",
    ]


def test_a_mail_server_without_recipients_is_a_problem(settings: Settings) -> None:
    given = settings.replace(notice_smtp="mail.cern.ch:25", notice_mail_from="a@b.ch")
    assert channel_problems(given) == ["No mail is sent: notice_mail_to must be set, too."]
    assert channel_problems(given.replace(notice_mail_to=("c@d.ch",))) == channel_problems(settings) == []
