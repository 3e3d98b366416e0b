"""The HTTP client against real servers: whole exchanges have one deadline, bodies a size, and errors tell what was sent."""

from __future__ import annotations

import gzip
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.http_client import KEPT_BYTES, HttpBadAnswer, HttpClient, HttpError, HttpTimeout, HttpUnreachable
from tests.support.certificates import write_certificate
from tests.support.processes import until
from tests.support.raw_server import WAIT_S, Behaviour, closed, dripping, raw, server_context, silent

SHORT_S = 0.4
LARGE = 32 << 20


@pytest.fixture
def client() -> Iterator[HttpClient]:
    found = HttpClient()
    yield found
    found.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("certificates")
    return {name: write_certificate(folder, name) for name in ("server", "client", "stranger")}


def request_head(connection: socket.socket, received: bytearray) -> None:
    """Read one request without a body."""
    end = received.count(b"\r\n\r\n") + 1
    while received.count(b"\r\n\r\n") < end and (part := connection.recv(4096)):
        received += part


def answering(answer: bytes, *, times: int = 1) -> Behaviour:
    """Answers some requests of a connection with these bytes, and closes it."""

    def behaviour(connection: socket.socket, received: bytearray, _: threading.Event) -> None:
        for _ in range(times):
            request_head(connection, received)
            connection.sendall(answer)

    return behaviour


def with_length(body: bytes, head: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def trickling(head: bytes, piece: bytes) -> Behaviour:
    """Answers with a head and then pieces without end."""

    def behaviour(connection: socket.socket, received: bytearray, ended: threading.Event) -> None:
        request_head(connection, received)
        connection.sendall(head)
        dripping(piece)(connection, received, ended)

    return behaviour


def resetting(connection: socket.socket, received: bytearray, _: threading.Event) -> None:
    """Resets the connection after the request."""
    request_head(connection, received)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


def get(client: HttpClient, place: str, scheme: str = "http", deadline_s: float = WAIT_S, max_bytes: int = 1 << 20) -> bytes:
    return client.request("GET", f"{scheme}://{place}/", deadline_s=deadline_s, max_bytes=max_bytes).body


def test_an_answer_has_status_headers_and_decoded_body(client: HttpClient) -> None:
    packed = gzip.compress(b"hello")
    with raw(answering(with_length(packed, b"HTTP/1.1 418 Teapot\r\nContent-Encoding: gzip"))) as server:
        answer = client.request(
            "GET", f"http://{server.place}/a%20b?c=%2F", deadline_s=WAIT_S, max_bytes=5, headers={"Host": "fu-1:9215", "Cookie": "a=b"}
        )
        received = bytes(server.received[0])
    assert (answer.status, answer.body, answer.headers["content-encoding"]) == (418, b"hello", "gzip")
    assert received.startswith(b"GET /a%20b?c=%2F HTTP/1.1\r\n")
    assert b"\r\nHost: fu-1:9215\r\n" in received
    assert b"\r\nCookie: a=b\r\n" in received


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        (silent, None),
        (dripping(b"H"), None),
        (dripping(b"\r\n"), None),
        (dripping(b"HTTP/1.1 100 Continue\r\n\r\n"), None),
        (trickling(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), None),
        (trickling(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", b"x"), 200),
        (trickling(b"HTTP/1.1 503 Busy\r\n\r\n", b"x"), 503),
        (trickling(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), 200),
    ],
)
def test_the_deadline_holds_for_the_whole_exchange(client: HttpClient, behaviour: Behaviour, status: int | None) -> None:
    with raw(behaviour) as server:
        error = cut(client, server.place, lambda timeout: (timeout.status, bool(timeout.body)) == (status, status is not None))
    if isinstance(error, HttpTimeout):  # else http.client found before that the answer is none
        assert f"within {SHORT_S} s" in str(error)


def test_a_trickling_body_ends_with_a_timeout_that_has_what_arrived(client: HttpClient) -> None:
    with raw(trickling(b"HTTP/1.1 200 OK\r\n\r\n", b"x")) as server:
        error = cut(client, server.place, lambda timeout: bool(timeout.body))
    assert "no whole answer within 0.4 s" in str(error)
    assert set(error.body) == set(b"x")


def cut(client: HttpClient, place: str, is_far: Callable[[HttpTimeout], bool], scheme: str = "http") -> HttpError:
    """The error of an exchange that the deadline cut after the request was sent, and that had come so far; earlier where all stalled."""
    errors: list[HttpError] = []

    def has_come_far() -> bool:
        with pytest.raises(HttpError) as caught:
            get(client, place, scheme, deadline_s=SHORT_S)
        errors.append(caught.value)
        return caught.value.sent and (not isinstance(caught.value, HttpTimeout) or is_far(caught.value))

    until(has_come_far, "the deadline to cut the answer")
    return errors[-1]


@pytest.mark.parametrize("behaviour", [silent, dripping(b"x"), dripping(b"\x16\x03\x03\x3f\xff")])
def test_the_deadline_holds_for_the_tls_handshake(client: HttpClient, behaviour: Behaviour) -> None:
    with raw(behaviour) as server, pytest.raises(HttpError):
        get(client, server.place, "https", SHORT_S)


def test_the_deadline_holds_for_a_body_over_tls_that_trickles(certificates: dict[str, str]) -> None:
    def behaviour(connection: socket.socket, received: bytearray, ended: threading.Event) -> None:
        with server_context(certificates["server"]).wrap_socket(connection, server_side=True) as secure:
            trickling(b"HTTP/1.1 200 OK\r\n\r\n", b"x")(secure, received, ended)

    with raw(behaviour) as server:
        error = cut(HttpClient(ca=certificates["server"]), server.place, lambda timeout: bool(timeout.body), "https")
    assert "no whole answer" in str(error)


def test_the_deadline_holds_for_sending_to_a_server_that_reads_nothing(client: HttpClient) -> None:
    def is_cut_while_it_sends() -> bool:
        with pytest.raises(HttpError) as caught:
            client.request("POST", f"http://{server.place}/", deadline_s=SHORT_S, max_bytes=1, body=bytes(LARGE))
        return isinstance(caught.value, HttpTimeout) and caught.value.sent

    with raw(silent) as server:
        until(is_cut_while_it_sends, "the deadline to cut the request")


def test_no_connection_means_that_nothing_was_sent(client: HttpClient) -> None:
    for place, why in (
        (closed(), "Connection refused"),
        ("no-such-host.invalid:80", "Name or service not known"),
        ("a..b:80", "label empty"),
    ):
        with pytest.raises(HttpUnreachable, match=why) as caught:
            get(client, place)
        assert not caught.value.sent


def test_a_host_that_takes_no_connection_has_its_own_limit(client: HttpClient) -> None:
    with socket.socket() as dead, socket.socket() as waiting:
        dead.bind(("127.0.0.1", 0))
        dead.listen(0)
        waiting.connect(dead.getsockname())  # its queue is full: no more connections are made or refused
        with pytest.raises(HttpUnreachable, match=r"no connection within 0\.2 s") as caught:
            client.request("GET", f"http://127.0.0.1:{dead.getsockname()[1]}/", deadline_s=WAIT_S, max_bytes=1, connect_s=0.2)
    assert not caught.value.sent


def test_a_connection_that_ends_without_an_answer_may_have_been_sent(client: HttpClient) -> None:
    for behaviour in (resetting, answering(b"")):
        with raw(behaviour) as server, pytest.raises(HttpUnreachable, match="the connection ended without an answer") as caught:
            get(client, server.place)
        assert caught.value.sent
        assert len(server.received) == 1, "not sent again unless retries are allowed"


def test_retries_are_for_connections_without_an_answer(client: HttpClient) -> None:
    with raw(answering(with_length(b"first"))) as server:  # closes the kept connection behind its answer
        for _ in range(3):
            answer = client.request("GET", f"http://{server.place}/", deadline_s=WAIT_S, max_bytes=10, retries=1)
            assert answer.body == b"first"
    with raw(resetting) as server, pytest.raises(HttpUnreachable):
        client.request("GET", f"http://{server.place}/", deadline_s=WAIT_S, max_bytes=10, retries=1)
    assert len(server.received) == 2
    with raw(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")) as server, pytest.raises(HttpBadAnswer):
        client.request("GET", f"http://{server.place}/", deadline_s=WAIT_S, max_bytes=10, retries=1)
    assert len(server.received) == 1


def test_one_connection_serves_several_requests(client: HttpClient) -> None:
    with raw(answering(with_length(b"x"), times=3)) as server:
        assert [get(client, server.place) for _ in range(3)] == [b"x"] * 3
        assert len(server.received) == 1


def test_a_body_has_a_largest_size(client: HttpClient) -> None:
    body = b"0123456789" * 200_000
    bomb = gzip.compress(bytes(LARGE))
    with raw(answering(with_length(body))) as server, pytest.raises(HttpBadAnswer, match="longer than 1 MB") as caught:
        get(client, server.place)
    assert (caught.value.status, caught.value.body) == (200, body[:KEPT_BYTES])
    with (
        raw(answering(with_length(bomb, b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip"))) as server,
        pytest.raises(HttpBadAnswer, match="longer than 1 MB"),
    ):
        get(client, server.place)
    with raw(answering(with_length(body))) as server:
        answer = client.request("GET", f"http://{server.place}/", deadline_s=WAIT_S, max_bytes=15, truncate=True)
    assert answer.body == b"012345678901234"


def test_an_answer_that_ends_early_is_no_answer(client: HttpClient) -> None:
    with (
        raw(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")) as server,
        pytest.raises(HttpBadAnswer, match="the answer ends early") as caught,
    ):
        get(client, server.place)
    assert (caught.value.status, caught.value.body) == (200, b"ab")


def test_a_body_is_written_into_a_file(client: HttpClient) -> None:
    body = bytes(range(256)) * 10_000
    with raw(answering(with_length(body))) as server, tempfile.TemporaryFile() as file:
        answer = client.request("GET", f"http://{server.place}/", deadline_s=WAIT_S, max_bytes=LARGE, into=file)
        file.seek(0)
        assert (answer.body, file.read()) == (b"", body)


def test_redirects_are_not_followed(client: HttpClient) -> None:
    with (
        raw(silent) as other,
        raw(answering(with_length(b"", b"HTTP/1.1 302 Found\r\nLocation: http://%s/" % other.place.encode()))) as server,
    ):
        answer = client.request("GET", f"http://{server.place}/", deadline_s=WAIT_S, max_bytes=10)
        assert (answer.status, other.received) == (302, [])


def test_certificates_of_both_sides_are_checked(certificates: dict[str, str]) -> None:
    def behaviour(connection: socket.socket, received: bytearray, ended: threading.Event) -> None:
        context = server_context(certificates["server"])
        context.load_verify_locations(certificates["client"])
        context.verify_mode = ssl.CERT_REQUIRED
        with context.wrap_socket(connection, server_side=True) as secure:
            answering(with_length(b"secret"))(secure, received, ended)

    with raw(behaviour) as server:
        ours = {"ca": certificates["server"], "certificate": certificates["client"]}
        assert get(HttpClient(**ours), server.place, "https") == b"secret"
        for wrong in ({"ca": ""}, {"ca": certificates["stranger"]}, {"certificate": ""}, {"certificate": certificates["stranger"]}):
            with pytest.raises(HttpUnreachable):
                get(HttpClient(**{**ours, **wrong}), server.place, "https")


def test_files_and_urls_that_cannot_be_used_are_named(tmp_path: Path, certificates: dict[str, str]) -> None:
    for wrong in ({"ca": "/nowhere.pem"}, {"certificate": "/nowhere.pem"}, {"certificate": certificates["client"], "key": "/nowhere.pem"}):
        with pytest.raises(HttpError, match=r"/nowhere\.pem") as caught:
            get(HttpClient(**wrong), "127.0.0.1:1", "https")
        assert not caught.value.sent
    for url in ("ftp://127.0.0.1/", "http://[::1/", "http://127.0.0.1:99999/", "/path"):
        with pytest.raises(HttpError) as caught:
            HttpClient().request("GET", url, deadline_s=WAIT_S, max_bytes=1)
        assert not caught.value.sent


def test_the_environment_is_not_used(client: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://{closed()}")
    with raw(answering(with_length(b"direct"))) as server:
        assert get(client, server.place) == b"direct"
