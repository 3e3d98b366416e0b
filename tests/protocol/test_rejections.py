"""Requests that the server refuses by itself, because the application cannot see them."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.http_clients import opened
from tests.support.http_server import MAX_BODY_BYTES
from tests.support.processes import until

HEAD = b" HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"no request\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: ", 408),
        (b"POST /echo" + HEAD + b"Content-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1), 413),
        (b"GET /" + b"a" * 9000 + HEAD + b"\r\n", 414),
        (b"GET /healthz" + HEAD + b"X: " + b"a" * 70_000 + b"\r\n\r\n", 431),
        (b"GET /exit" + HEAD + b"\r\n", 500),
    ],
)
def test_a_request_that_the_server_refuses_has_an_id_in_the_answer_and_in_the_log(
    port: int, server_log: Path, stack: ExitStack, sent: bytes, status: int
) -> None:
    head = opened(stack, port, sent).recv(4096).partition(b"\r\n\r\n")[0].decode()
    assert head.startswith(f"HTTP/1.1 {status} ")
    found = re.search(r"^X-Request-ID: ([0-9a-f]{32})$", head, re.MULTILINE)
    assert found
    until(lambda: found[1] in server_log.read_text(), "the line of this request in the log")
    (line,) = (json.loads(line) for line in server_log.read_text().splitlines() if found[1] in line)
    assert line["request"] == found[1]
    assert found[1] not in line["message"]


def test_the_error_of_a_response_that_has_begun_is_logged_with_the_id_that_the_client_got(
    port: int, server_log: Path, stack: ExitStack
) -> None:
    assert b"X-Request-ID: chosen-by-the-application" in opened(stack, port, b"GET /cut" + HEAD + b"\r\n").recv(4096)
    until(lambda: "the disk failed" in server_log.read_text(), "the line of the error in the log")
    (line,) = (json.loads(line) for line in server_log.read_text().splitlines() if "the disk failed" in line)
    assert line["request"] == "chosen-by-the-application"
