"""Bodies of requests as they arrive. What is right is in RFC 9112."""

from __future__ import annotations

import random
from contextlib import closing

import pytest

from protocol.buffered_http.bodies import FREE_BYTES, MAX_LINE_BYTES, Body, BodyError
from protocol.buffered_http.budget import Budget


def fed(body: Body, pieces: list[bytes]) -> bytes:
    """Feed a body; what it has left of the pieces."""
    received = bytearray()
    for piece in pieces:
        received += piece
        body.feed(received)
    return bytes(received)


def pieces_of(data: bytes, most: int) -> list[bytes]:
    chance, found = random.Random(len(data)), []
    while data:
        size = chance.randint(1, most)
        found.append(data[:size])
        data = data[size:]
    return found


@pytest.mark.parametrize("size", [0, 1, 1000, FREE_BYTES + 1, 300_000])
@pytest.mark.parametrize("most", [1, 7, 100_000])
def test_a_body_with_a_length_ends_there_and_the_next_request_stays(size: int, most: int) -> None:
    content, budget = random.Random(size).randbytes(size if most > 7 else min(size, 3000)), Budget(10**6)
    body = Body(len(content), budget)
    assert fed(body, pieces_of(content, most)) == b""
    assert body.is_whole
    assert fed(body, [b"GET /"]) == b"GET /"
    assert body.open().read() == content
    assert budget.held == max(0, len(content) - FREE_BYTES)
    body.close()
    assert budget.held == 0


@pytest.mark.parametrize("most", [1, 3, 1000])
def test_chunks_are_put_together_and_trailers_dropped(most: int) -> None:
    data = b'4\r\nWiki\r\n6;a;b="c;\\"d"\r\npedia \r\nE \r\nin \r\n\r\nchunks.\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\nGET /'
    with closing(Body(None, Budget(1000))) as body:
        assert fed(body, pieces_of(data, most)) == b"GET /"
        assert body.is_whole
        assert body.open().read() == b"Wikipedia in \r\n\r\nchunks."


@pytest.mark.parametrize(
    "data",
    [
        b"zz\r\n",
        b"-5\r\n",
        b"+5\r\n",
        b"0x5\r\n",
        b"5 5\r\n",
        b"\r\n",
        b"5\n",
        b"5\nabcde\n0\n\n",
        b"5\r\nabcde\r\n0\n",
        b"1" * 20 + b"\r\n",
        b'5;x="\r\n',
        b"5\r\nabcdefgh",
        b"5\r\nabcde\n\n",
        b"0\r\nno trailer\r\n",
        b"0\r\n: empty\r\n",
        b"0\r\nname : blank\r\n",
        b"f" * (MAX_LINE_BYTES + 1),
        b"0\r\n" + b"a: b\r\n" * 100,
    ],
)
def test_broken_chunks_are_refused(data: bytes) -> None:
    with closing(Body(None, Budget(10**6))) as body, pytest.raises(BodyError) as refused:
        fed(body, [data])
    assert refused.value.status == 400


def test_the_beginning_of_each_body_counts_for_no_budget() -> None:
    budget = Budget(1000)
    with closing(Body(FREE_BYTES, budget)) as small, closing(Body(None, budget)) as chunked:
        fed(small, [b"x" * FREE_BYTES])
        fed(chunked, [b"%x\r\n" % FREE_BYTES, b"x" * FREE_BYTES, b"\r\n"])
        assert (budget.held, budget.is_exceeded) == (0, False)
        fed(chunked, [b"3e9\r\n", b"x" * 1001])
        assert (budget.held, budget.is_exceeded) == (1001, True)
    assert budget.held == 0
