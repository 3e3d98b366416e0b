"""The webhook by itself: its message with the signature, and the classification of its answers."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from app.core.settings import Settings
from app.notify.channels.webhook.channel import WebhookChannel
from app.notify.errors import NotifyError, PermanentError, TemporaryError
from tests.notify.channels.messages import CRASH
from tests.notify.receivers import Hook, hook
from tests.support.raw_server import raw, silent

SECRET = "b4d1-of-the-hook"


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


def test_the_time_limit_holds_for_a_tls_handshake(configured: Settings) -> None:
    with raw(silent) as server, pytest.raises(TemporaryError, match=r"no (answer|connection) within 0\.2 s"):
        WebhookChannel(configured.replace(notify_timeout_s=0.2), "webhook", f"https://{server.place}/").send([CRASH])
