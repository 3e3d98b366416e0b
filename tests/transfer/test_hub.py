"""Requests to a hub end within their time, and say whether it makes sense to try again."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from services.transfer import hub as module
from services.transfer.hub import Hub, HubFailed
from tests.support.certificates import write_certificate
from tests.support.ports import free_port
from tests.support.raw_server import dripping, raw, server_context
from tests.support.trickle import trickling
from tests.transfer.hub_server import Answer, hub_server


def failure(hub: Hub) -> HubFailed:
    with pytest.raises(HubFailed) as caught:
        hub.report({"records": []})
    return caught.value


def test_files_are_registered_and_reports_sent_with_the_present_token(tmp_path: Path) -> None:
    token = tmp_path / "token"
    with hub_server() as server:
        hub = Hub(server.url + "/", str(token))
        for word in ("dqmhub_first", "dqmhub_second"):
            token.write_text(f"{word}\n")
            assert hub.register([{"dataset": "/Global/Online/ALL"}])["new"] == 1
        Hub(server.url).report({"host": "a", "records": []})
    assert server.requests == [
        ("/hub/api/v1/register", "Bearer dqmhub_first", [{"dataset": "/Global/Online/ALL"}]),
        ("/hub/api/v1/register", "Bearer dqmhub_second", [{"dataset": "/Global/Online/ALL"}]),
        ("/hub/api/v1/transfers/reports", "", {"host": "a", "records": []}),
    ]


@pytest.mark.parametrize(
    ("status", "is_refusal"),
    [(400, True), (401, True), (403, True), (404, True), (413, True), (302, True), (429, False), (500, False), (503, False)],
)
def test_a_refusal_is_told_from_a_hub_that_is_overloaded(status: int, is_refusal: bool) -> None:
    with hub_server() as server:
        server.answer = lambda _: (status, {"message": "Registering files needs a token"})
        error = failure(Hub(server.url))
    assert (error.reason, error.is_refusal) == (f"{server.url} answered {status}: Registering files needs a token", is_refusal)
    assert len(server.requests) == 1  # no redirect was followed


def test_a_hub_that_is_unreachable_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    error = failure(Hub(f"http://127.0.0.1:{free_port()}"))
    assert "Connection refused" in error.reason
    assert not error.is_refusal
    monkeypatch.setattr(module, "TIMEOUT_S", 1.0)
    assert not failure(Hub("http://no-such-host.invalid")).is_refusal


def test_an_answer_that_never_ends_ends_with_the_time_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", 0.5)
    with trickling(1) as url:
        error = failure(Hub(url))
    assert (error.reason, error.is_refusal) == (f"{url} is unreachable: timed out", False)


def slow_handshake(connection: socket.socket, received: bytearray, ended: threading.Event) -> None:
    """Begin a TLS handshake record of 16 kB, and send it byte by byte."""
    connection.sendall(b"\x16\x03\x03\x40\x00")
    dripping(b"\0")(connection, received, ended)


def test_a_handshake_that_never_ends_ends_with_the_time_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", 0.5)
    with raw(slow_handshake) as server:
        assert failure(Hub(f"https://{server.place}")).reason == f"https://{server.place} is unreachable: timed out"


def test_a_hub_with_https_is_trusted_as_the_system_trusts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = write_certificate(tmp_path, "hub")

    def behaviour(connection: socket.socket, received: bytearray, _: threading.Event) -> None:
        with server_context(certificate).wrap_socket(connection, server_side=True) as secure:
            while not received.endswith(b"{}"):  # head and body come apart; what is not read would reset the connection
                received += secure.recv(65536)
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 35\r\n\r\n" + b'{"acknowledged": 12, "refused": []}')

    with raw(behaviour) as server:
        assert "certificate verify failed" in failure(Hub(f"https://{server.place}")).reason
        monkeypatch.setenv("SSL_CERT_FILE", certificate)
        assert Hub(f"https://{server.place}").report({}) == {"acknowledged": 12, "refused": []}
    assert server.received[-1].startswith(b"POST /api/v1/transfers/reports HTTP/1.1\r\nHost: " + server.place.encode() + b"\r\n")


def test_an_endless_answer_is_not_kept_in_memory() -> None:
    with trickling(1 << 20) as url:
        assert "an answer of more than 1048576 bytes" in failure(Hub(url)).reason


def test_a_token_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    for content in (None, b"", b"two words", b"\xff"):
        if content is not None:
            (tmp_path / "token").write_bytes(content)
        error = failure(Hub("http://127.0.0.1:1", str(tmp_path / "token")))
        assert str(tmp_path / "token") in error.reason
        assert not error.is_refusal


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    with hub_server() as server:
        assert Hub(server.url).report({"records": []}) == {"acknowledged": 0, "refused": []}


@pytest.mark.parametrize(
    "answer",
    [
        (200, "<html>Sign in</html>"),
        (200, {}),
        (201, {"message": "Created"}),
        (201, {"new": 1, "replaced": 0, "known": 0}),
        (200, {"acknowledged": True, "refused": []}),
        (200, {"acknowledged": 1}),
    ],
)
def test_only_the_answer_of_a_hub_counts_as_one(answer: Answer) -> None:
    """Another server, such as one of sign-on, answers each address with 200; a hub names both files."""
    with hub_server() as server:
        server.answer = lambda _: answer
        for request in (lambda hub: hub.register([{"run": 0}, {"run": 1}]), lambda hub: hub.report({"records": []})):
            with pytest.raises(HubFailed, match="is no DQM Hub") as caught:
                request(Hub(server.url))
            assert not caught.value.is_refusal  # the hub was not reached
