"""Mail by itself: its contents, encryption and account, and the answers of servers."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import pytest

from app.core.settings import Settings
from app.notify.channels import channel_problems
from app.notify.channels.mail.channel import MailChannel
from app.notify.errors import PermanentError, TemporaryError
from tests.notify.channels.messages import CRASH
from tests.notify.receivers import Box, mail_server


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


def test_a_mail_server_without_recipients_is_a_problem(settings: Settings) -> None:
    changed = settings.replace(notify_smtp="mail.cern.ch:25", notify_mail_from="a@b.ch")
    assert channel_problems(changed) == ["No mail is sent: notify_mail_to must be set, too."]
    assert channel_problems(changed.replace(notify_mail_to=("c@d.ch",))) == channel_problems(settings) == []
