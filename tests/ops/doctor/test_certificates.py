"""The check of certificates: their files, and the servers at the other end of settings."""

from __future__ import annotations

import datetime
import re
import socket
import threading
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.ops.doctor.addresses import server_addresses
from tests.ops.doctor.findings import found, wrong
from tests.support.certificates import write_certificate
from tests.support.ports import free_port
from tests.support.raw_server import Behaviour, raw, server_context


def handshake(certificate: str) -> Behaviour:
    """A server that shows this certificate, and says nothing."""

    def behaviour(connection: socket.socket, _: bytearray, __: threading.Event) -> None:
        with server_context(certificate).wrap_socket(connection, server_side=True) as tls:
            tls.recv(1)

    return behaviour


@pytest.mark.parametrize(
    ("days", "level", "text"),
    [(-2, "error", "expired on"), (10.5, "warning", "expires in 10 days, on"), (90, "ok", "is valid until")],
    ids=["expired", "soon", "valid"],
)
def test_the_expiry_of_a_certificate_in_a_file_is_checked(settings: Settings, tmp_path: Path, days: float, level: str, text: str) -> None:
    path = write_certificate(tmp_path, "client", days)
    (finding,) = found(settings.replace(square_certificate=path), "certificates")
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    assert finding.level == level
    assert finding.text == f"square_certificate: {path} {text} {end:%Y-%m-%d}"


def test_one_valid_authority_of_several_is_enough(settings: Settings, tmp_path: Path) -> None:
    old, new = (Path(write_certificate(tmp_path, name, days)).read_text() for name, days in (("old", -5), ("new", 500)))
    bundle = tmp_path / "authorities.pem"
    bundle.write_text(old + new)
    assert wrong(settings.replace(notify_ca=str(bundle)), "certificates") == []
    bundle.write_text(old)
    assert [level for level, _ in wrong(settings.replace(notify_ca=str(bundle)), "certificates")] == ["error"]


@pytest.mark.parametrize(("content", "reason"), [(None, "No such file or directory"), (b"no certificate", "PEM|Malformed|malformed")])
def test_a_file_without_a_certificate_is_named(settings: Settings, tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "client.pem"
    if content is not None:
        path.write_bytes(content)
    ((level, text),) = wrong(settings.replace(square_certificate=str(path)), "certificates")
    assert (level, bool(re.search(rf"square_certificate: {path} cannot be used: .*({reason})", text))) == ("error", True), text


def test_the_expired_certificate_of_a_server_is_seen_through_tls(settings: Settings, tmp_path: Path) -> None:
    with raw(handshake(write_certificate(tmp_path, "server", -3))) as server:
        ((level, text),) = wrong(settings.replace(publish_mirrors=(f"https://{server.place}/",)), "certificates")
    assert level == "error"
    assert text.startswith(f"The certificate of {server.place} expired on ")


def test_a_server_that_cannot_be_reached_is_a_warning(settings: Settings) -> None:
    port = free_port()
    ((level, text),) = wrong(settings, "certificates", f"https://127.0.0.1:{port}/dqm")
    assert (level, text.partition(":")[0]) == ("warning", "The certificate of 127.0.0.1")


def test_addresses_that_are_secrets_get_no_request_and_are_not_shown(settings: Settings) -> None:
    secret = settings.replace(notify_webhooks=("https://chat.example/hooks/token",), runs_rr_url="https://rr.example/api")
    assert server_addresses(secret, "") == {"https://rr.example/api"}


def test_a_certificate_that_the_hub_does_not_accept_is_an_error_until_its_authority_is_set(settings: Settings, tmp_path: Path) -> None:
    certificate = write_certificate(tmp_path, "server")
    with raw(handshake(certificate)) as server:
        mirrored = settings.replace(publish_mirrors=(f"https://{server.place}",))
        ((level, text),) = wrong(mirrored, "certificates")
        assert (level, text) == ("error", f"The certificate of {server.place} is not accepted: self-signed certificate")
        assert wrong(mirrored.replace(publish_ca=certificate), "certificates") == []


def test_a_key_that_is_none_that_everybody_can_read_or_of_another_certificate_is_named(settings: Settings, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("garbage")
    ((level, text),) = wrong(settings.replace(square_key=str(key)), "certificates")
    assert (level, text.startswith(f"square_key: {key} cannot be used: ")) == ("error", True)
    client, other = Path(write_certificate(tmp_path, "client")), Path(write_certificate(tmp_path, "other"))
    other.chmod(0o644)
    pair = settings.replace(square_certificate=str(client), square_key=str(other))
    readable, mismatch = wrong(pair, "certificates")
    assert readable == ("warning", f"square_key: all users of this machine can read the private key {other}")
    assert mismatch[1].startswith("square_certificate cannot be used with its key: ")


def test_the_secret_key_is_no_file_and_is_not_shown(settings: Settings) -> None:
    assert found(settings.replace(secret_key="c" * 40), "certificates") == []


def test_servers_and_redis_that_nobody_can_reach_are_named_without_the_password(settings: Settings) -> None:
    port = free_port()
    ((level, text),) = wrong(settings.replace(square_url=f"http://127.0.0.1:{port}"), "servers")
    assert (level, text.startswith(f"http://127.0.0.1:{port} cannot be reached: ")) == ("warning", True)
    ((level, text),) = wrong(settings.replace(huey_url=f"redis://:hidden@127.0.0.1:{port}/0"), "queue")
    assert (level, text.startswith(f"Redis at 127.0.0.1:{port} does not answer"), "hidden" in text) == ("error", True, False)
