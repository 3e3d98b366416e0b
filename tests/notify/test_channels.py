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
from tests.support.raw_server import Behaviour, closed, dripping, garbage, raw, silent

CRASH = Message(
    "crash-0123456789abcdef0123",
    "crash",
    "production",
    358792,
    "beam crashed in run 358792",
    "Exit code 139 SIGSEGV, on dqmfu-c2b03-45-01",
    1663150600.0,
    "https://dqm.cern.ch/hub/square/job?key=a",
    "https://dqm.cern.ch/hub/events/5e1f",
)
HOSTILE = CRASH._replace(
    title="beam\r\nBcc: all@cern.ch \"<alarm talk='x'>&amp;]]> é\u2028 crashed",
    text='</alarm></CommandSequence>","kind":"run-end"\r\n.\r\nQUIT',
)
SECRET = "b4d1-of-the-hook"


def answering_without_end(connection: socket.socket, received: bytearray, ended: threading.Event) -> None:
    """A sound server that ends neither line nor connection."""
    sound_server(b"All ok")(connection, received, ended)
    silent(connection, received, ended)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_certificate(tmp_path_factory.mktemp("certificates"), "server")


@pytest.fixture
def configured(settings: Settings) -> Settings:
    """Settings with mail addresses and a long time limit, for messages that must arrive."""
    return settings.replace(
        notify_mail_from="dqm-hub@cern.ch",
        notify_mail_to=("shifter@cern.ch", "expert@cern.ch"),
        notify_smtp_security="none",
        notify_timeout_s=60.0,
        instance_name="DQM production",
    )


@pytest.fixture
def receiver() -> Iterator[Hook]:
    with hook() as found:
        yield found


@pytest.fixture
def box() -> Iterator[Box]:
    with mail_server() as found:
        yield found


def test_a_webhook_gets_the_message_as_json_with_a_signature(configured: Settings, receiver: Hook) -> None:
    configured = configured.replace(notify_webhook_secret=SECRET)
    assert WebhookChannel(configured, "webhook", f"{receiver.address}/hooks/a%20b?token=x").send([CRASH]) == "status 200"
    ((path, headers, body),) = receiver.requests
    assert path == "/hooks/a%20b?token=x"
    assert json.loads(body) == {
        "id": "crash-0123456789abcdef0123",
        "kind": "crash",
        "system": "production",
        "run": 358792,
        "title": "beam crashed in run 358792",
        "text": "Exit code 139 SIGSEGV, on dqmfu-c2b03-45-01",
        "at": 1663150600.0,
        "link": "https://dqm.cern.ch/hub/square/job?key=a",
        "permalink": "https://dqm.cern.ch/hub/events/5e1f",
    }
    assert headers["X-DQMHub-Signature"] == "sha256=" + hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()
    assert (headers["Content-Type"], headers["Host"]) == ("application/json", receiver.address.removeprefix("http://"))


def test_without_a_key_a_webhook_gets_no_signature(configured: Settings, receiver: Hook) -> None:
    WebhookChannel(configured, "webhook", receiver.address).send([CRASH])
    assert "X-DQMHub-Signature" not in receiver.requests[0][1]


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_other_4xx_of_a_webhook_are_permanent(configured: Settings, receiver: Hook, status: int) -> None:
    receiver.status = status
    with pytest.raises(PermanentError, match=f"status {status}: the channel is archived"):
        WebhookChannel(configured, "webhook", receiver.address).send([CRASH])


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_5xx_408_and_429_of_a_webhook_are_temporary(configured: Settings, receiver: Hook, status: int) -> None:
    receiver.status = status
    with pytest.raises(TemporaryError, match=f"status {status}"):
        WebhookChannel(configured, "webhook", receiver.address).send([CRASH])


@pytest.mark.parametrize(("status", "kind"), [(404, PermanentError), (500, TemporaryError)])
def test_an_error_of_a_webhook_without_a_text_ends_with_its_status(
    configured: Settings, receiver: Hook, status: int, kind: type[NotifyError]
) -> None:
    receiver.status, receiver.text = status, b""
    with pytest.raises(kind, match=f"status {status}$"):
        WebhookChannel(configured, "webhook", receiver.address).send([CRASH])


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_of_a_webhook_are_not_followed(configured: Settings, receiver: Hook, status: int) -> None:
    receiver.status = status
    with pytest.raises(TemporaryError, match="redirects are not followed"):
        WebhookChannel(configured, "webhook", receiver.address).send([CRASH])
    assert [path for path, _, _ in receiver.requests] == ["/"]


def test_the_certificate_of_a_webhook_is_checked(configured: Settings, certificate: str) -> None:
    with hook(certificate) as receiver:
        with pytest.raises(TemporaryError, match="CERTIFICATE_VERIFY_FAILED"):
            WebhookChannel(configured, "webhook", receiver.address).send([CRASH])
        assert receiver.requests == []
        assert WebhookChannel(configured.replace(notify_ca=certificate), "webhook", receiver.address).send([CRASH]) == "status 200"
        with pytest.raises(TemporaryError, match="notify_ca: /none cannot be read"):
            WebhookChannel(configured.replace(notify_ca="/none"), "webhook", receiver.address).send([CRASH])


def test_a_mail_has_event_time_and_link(configured: Settings, box: Box) -> None:
    before = int(time.time())
    assert MailChannel(configured.replace(notify_smtp=box.place)).send([CRASH]) == ""
    (got,) = box.mails
    assert box.recipients == [["shifter@cern.ch", "expert@cern.ch"]]
    assert (got["From"], got["To"]) == ("dqm-hub@cern.ch", "shifter@cern.ch, expert@cern.ch")
    assert got["Subject"] == "[DQM production] beam crashed in run 358792"
    assert got["Message-ID"] == "<crash-0123456789abcdef0123@cern.ch>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(got["Date"]).timestamp() >= before
    assert (got.get_content_type(), got.get_content_charset()) == ("text/plain", "utf-8")
    assert got.get_content().splitlines() == [
        "beam crashed in run 358792",
        "Exit code 139 SIGSEGV, on dqmfu-c2b03-45-01",
        "2022-09-14 12:16:40 CEST, production",
        "https://dqm.cern.ch/hub/square/job?key=a",
        "Event: https://dqm.cern.ch/hub/events/5e1f",
    ]


def test_several_messages_are_one_mail(configured: Settings, box: Box) -> None:
    many = [CRASH._replace(id=f"crash-{number}", title=f"client {number} crashed") for number in range(7)]
    MailChannel(configured.replace(notify_smtp=box.place)).send(many)
    MailChannel(configured.replace(notify_smtp=box.place)).send(many)
    first, second = box.mails
    assert first["Subject"] == "[DQM production] 7 notifications: client 0 crashed and more"
    assert [line for line in first.get_content().splitlines() if "crashed" in line] == [message.title for message in many]
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_is_encrypted_and_the_certificate_is_checked(configured: Settings, certificate: str, security: str) -> None:
    with mail_server(certificate, security) as box:
        changed = configured.replace(notify_smtp=box.place, notify_smtp_security=security)
        with pytest.raises(TemporaryError, match="CERTIFICATE_VERIFY_FAILED"):
            MailChannel(changed).send([CRASH])
        assert MailChannel(changed.replace(notify_ca=certificate)).send([CRASH]) == ""
        assert len(box.mails) == 1


def test_a_mail_server_without_tls_gets_nothing_when_tls_is_required(configured: Settings, box: Box) -> None:
    with pytest.raises(TemporaryError, match="STARTTLS"):
        MailChannel(configured.replace(notify_smtp=box.place, notify_smtp_security="starttls")).send([CRASH])
    assert box.mails == []


@pytest.mark.filterwarnings("ignore:Session.login_data is deprecated")  # which the server sets itself
def test_the_account_of_the_mail_server_is_used_and_a_wrong_password_is_permanent(configured: Settings, certificate: str) -> None:
    with mail_server(certificate, "starttls", accounts=True) as box:
        changed = configured.replace(notify_smtp=box.place, notify_smtp_security="starttls", notify_ca=certificate, notify_smtp_user="dqm")
        assert MailChannel(changed.replace(notify_smtp_password="right")).send([CRASH]) == ""
        assert set(box.users) == {b"dqm"}
        with pytest.raises(PermanentError, match="status 535"):
            MailChannel(changed.replace(notify_smtp_password="left")).send([CRASH])


def test_rejections_of_a_mail_server_are_permanent_or_temporary_by_their_code(configured: Settings, box: Box) -> None:
    changed = configured.replace(notify_smtp=box.place)
    box.rejections = {"expert@cern.ch": "550 no such mailbox"}
    assert MailChannel(changed).send([CRASH]) == "rejected for expert@cern.ch: 550 no such mailbox"
    box.rejections["shifter@cern.ch"] = "550 no such mailbox"
    with pytest.raises(PermanentError, match=r"shifter@cern\.ch: 550 no such mailbox"):
        MailChannel(changed).send([CRASH])
    box.rejections = {}
    box.answer = "554 spam"
    with pytest.raises(PermanentError, match="status 554: spam"):
        MailChannel(changed).send([CRASH])
    box.answer = "451 greylisted"
    with pytest.raises(TemporaryError, match="greylisted"):
        MailChannel(changed).send([CRASH])


def test_a_mail_is_retried_when_one_recipient_is_rejected_permanently_and_one_temporarily(configured: Settings, box: Box) -> None:
    box.rejections = {"expert@cern.ch": "550 no such mailbox", "shifter@cern.ch": "450 greylisted"}
    with pytest.raises(TemporaryError, match="450"):
        MailChannel(configured.replace(notify_smtp=box.place)).send([CRASH])
    del box.rejections["shifter@cern.ch"]
    assert MailChannel(configured.replace(notify_smtp=box.place)).send([CRASH]) == "rejected for expert@cern.ch: 550 no such mailbox"


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


def test_no_name_becomes_a_header_a_recipient_an_element_or_a_field(configured: Settings, box: Box, receiver: Hook) -> None:
    with raw(sound_server()) as server:
        SoundChannel(configured.replace(notify_sound=server.place)).send([HOSTILE])
        (alarm,) = ET.fromstring(bytes(server.received[0]))
    assert (alarm.tag, sorted(alarm.attrib), len(alarm)) == ("alarm", ["sender", "sound", "talk"], 0)
    assert (alarm.text or "").endswith('</alarm></CommandSequence>","kind":"run-end" . QUIT')
    WebhookChannel(configured, "webhook", receiver.address).send([HOSTILE])
    assert receiver.messages == [json.loads(json.dumps(HOSTILE._asdict()))]
    MailChannel(configured.replace(notify_smtp=box.place)).send([HOSTILE])
    (got,) = box.mails
    assert box.recipients == [["shifter@cern.ch", "expert@cern.ch"]]
    assert {name.lower() for name in got} == {
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "auto-submitted",
        "content-type",
        "content-transfer-encoding",
        "mime-version",
    }
    assert "QUIT" in got.get_content()


@pytest.mark.parametrize("behaviour", [silent, dripping(b"2"), dripping(b"\r\n"), dripping(b"HTTP/1.1 100 Continue\r\n\r\n")])
@pytest.mark.parametrize("post", ["webhook", "mail", "sound"])
def test_the_time_limit_holds_for_the_whole_attempt(configured: Settings, behaviour: Behaviour, post: str) -> None:
    with raw(behaviour) as server, pytest.raises(NotifyError):
        send(configured.replace(notify_timeout_s=0.2), post, server.place)


def test_a_name_is_reached_at_its_second_address_when_the_first_is_dead(configured: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with raw(sound_server()) as server, socket.socket() as dead, socket.socket() as waiting:
        port = int(server.place.partition(":")[2])
        dead.bind(("127.0.0.2", port))
        dead.listen(0)
        waiting.connect(dead.getsockname())  # its queue is full: no more connections are made or refused
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]
        known = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: found if host == "daq.cms" else known(host, *rest, **more))
        assert SoundChannel(configured.replace(notify_sound=f"daq.cms:{port}", notify_timeout_s=4.0)).send([CRASH]) == "All ok"


def test_an_invalid_host_name_is_a_temporary_error(configured: Settings) -> None:
    with pytest.raises(TemporaryError, match="no connection to port 50555"):
        SoundChannel(configured.replace(notify_sound="daq..cms:50555")).send([CRASH])


@pytest.mark.parametrize("post", ["webhook", "mail", "sound"])
def test_garbage_and_closed_ports_are_errors(configured: Settings, post: str) -> None:
    with raw(garbage) as server, pytest.raises(NotifyError):
        send(configured, post, server.place)
    with pytest.raises(TemporaryError, match="no connection to port"):
        send(configured, post, closed())


def send(settings: Settings, post: str, place: str) -> None:
    """Send CRASH by a kind of channel to host:port."""
    changed = settings.replace(notify_smtp=place, notify_sound=place, notify_webhooks=(f"http://{place}/",))
    (channel,) = [channel for channel in channels(changed) if channel.kind == post]
    channel.send([CRASH])


def test_the_time_limit_holds_for_a_tls_handshake(configured: Settings) -> None:
    with raw(silent) as server, pytest.raises(TemporaryError, match=r"no (answer|connection) within 0\.2 s"):
        WebhookChannel(configured.replace(notify_timeout_s=0.2), "webhook", f"https://{server.place}/").send([CRASH])


def test_a_message_links_to_the_page_of_its_event() -> None:
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
    changed = settings.replace(
        notify_webhooks=hooks, notify_sound="daq-expert.cms:50555", notify_smtp="mail.cern.ch:25", notify_mail_from="a@b.ch"
    )
    assert [channel.name for channel in channels(changed)] == [
        "sound",
        "webhook chat.cern.ch",
        "webhook chat.cern.ch (2)",
        "webhook 10.0.0.1:8065",
    ]


def test_a_mail_server_without_recipients_is_a_problem(settings: Settings) -> None:
    changed = settings.replace(notify_smtp="mail.cern.ch:25", notify_mail_from="a@b.ch")
    assert channel_problems(changed) == ["No mail is sent: notify_mail_to must be set, too."]
    assert channel_problems(changed.replace(notify_mail_to=("c@d.ch",))) == channel_problems(settings) == []
