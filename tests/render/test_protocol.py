"""The bytes between client and service, seen from a plain socket."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from render.client import RenderRefused, Request
from tests.render.pictures import SIGNATURE
from tests.render.service import PATIENCE_S, Service, text

REFUSED = (2, b"")
SPEC = "w=60;h=40"
GOOD_SPECS = [
    "h=40;w=60",
    "h=40;w=60;showstats=0;norm=False;showerrbars=1;xtype=log;ytype=lin;ztype=def",
    "w=60;h=40;xmin=1.0;xmax=1e3;ymin=-1.5;zmax=0.0",
    "w=60;h=40;drawopts=COLZ TEXT;reflabel1=a b;reflabel9=c",
    "w=60;h=40;reflabel2=%2FA%2FB;reflabel1=%C3%BC",
    "w=60;h=40;ref=object",
    "w=60;h=40;drawopts=%5Bcut%5D%2CX%2BY%2B%2AH",
    "w=60;h=40;ref=overlay;ktest=0.5",
    ";;w=60;;h=40",
    "w=10;h=40;w=60",
]
BAD_SPECS = [
    "",
    "w=60",
    "h=40",
    "w=60;h=40;",
    "w=-1;h=40",
    "w=99999999999;h=40",
    "w=12.5;h=40",
    "w=;h=40",
    "w=60 ;h=40",
    "w=60;h=40;foo=1",
    "w=60;h=40;w",
    "w=60;h=40;xmin=1.0x",
    "w=60;h=40;xmin=nan",
    "w=60;h=40;xmax=inf",
    "w=60;h=40;ref=sideways",
    "w=60;h=40;xtype=cubic",
    "w=60;h=40;drawopts=$(x)",
    "w=60;h=40;drawopts=SPEC%22%29",  # ROOT would run it as code
    "w=60;h=40;reflabel1=a_b",
    "w=60;h=40;reflabel1=a%2",
    "w=60;h=40;reflabel1=a%00b",
    "w=60;h=40;reflabel10=a",
    "w=60;h=40\0",
]


def message(
    spec: bytes = SPEC.encode(),
    data: bytes = b"",
    flags: int = 0x10,
    count: int = 1,
    name: bytes = b"A/x",
    excess: int = 0,
    total: int | None = None,
    kind: int = 4,
) -> bytes:
    """One request; `excess` is added to the length that the header states for the data."""
    body = name + spec + data
    size = 44 + len(body) if total is None else total
    return struct.pack("=11i", size, kind, flags, 0, 0, count, 0, len(name), len(spec), len(data) + excess, 0) + body


def item(raw: bytes, displacement: int = 0, length: int | None = None) -> bytes:
    return struct.pack("=ii", len(raw) if length is None else length, displacement) + raw


@pytest.fixture
def connection(service: Service) -> socket.socket:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.settimeout(PATIENCE_S)
        opened.connect(str(service.state / "socket"))
        yield opened


def receive(connection: socket.socket, length: int) -> bytes:
    raw = b""
    while len(raw) < length:
        part = connection.recv(length - len(raw))
        assert part, "the service closed the connection"
        raw += part
    return raw


def answer(connection: socket.socket) -> tuple[int, bytes]:
    code, length = struct.unpack("=ii", receive(connection, 8))
    return code, receive(connection, length)


def ask(connection: socket.socket, raw: bytes) -> tuple[int, bytes]:
    connection.sendall(raw)
    return answer(connection)


@pytest.fixture(scope="session")
def histogram(objects: Path) -> bytes:
    return (objects / "TH1F.obj").read_bytes()


@pytest.mark.parametrize("spec", GOOD_SPECS)
def test_a_good_spec_is_drawn(connection: socket.socket, spec: str) -> None:
    code, image = ask(connection, message(spec.encode(), item(b"")))
    assert (code, image[:8], struct.unpack(">II", image[16:24])) == (0, SIGNATURE, (60, 40))


@pytest.mark.parametrize("spec", BAD_SPECS)
def test_a_bad_spec_is_refused(connection: socket.socket, spec: str) -> None:
    assert ask(connection, message(spec.encode(), item(b""))) == REFUSED


def test_a_size_of_zero_gives_one_pixel_and_an_error(connection: socket.socket) -> None:
    code, image = ask(connection, message(b"w=0;h=40", item(b"")))
    assert (code, struct.unpack(">II", image[16:24])) == (2, (1, 1))


MALFORMED = {
    "no objects": message(data=item(b""), count=0),
    "two objects announced, one there": message(data=item(b""), count=2),
    "excess data": message(data=item(b"") + b"x"),
    "lengths that do not add up": message(data=item(b""), excess=4, total=44 + 3 + len(SPEC) + 8),
    "lengths that wrap around": struct.pack("=11I", 44, 4, 16, 0, 0, 1, 0x80000000, 0x80000000, 0, 0, 0),
    "12 bytes": struct.pack("=3i", 12, 4, 0),
    "4 bytes": struct.pack("=i", 4),
    "an object of length -1": message(data=item(b"", length=-1)),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_message_is_refused_and_the_next_is_answered(connection: socket.socket, what: str) -> None:
    assert ask(connection, MALFORMED[what]) == REFUSED
    assert ask(connection, message(data=item(b"")))[0] == 0


@pytest.mark.parametrize("total", [0, 3, -1, -(2**31)])
def test_a_length_that_cannot_be_believed_is_refused(connection: socket.socket, total: int) -> None:
    assert ask(connection, struct.pack("=i", total)) == REFUSED


@pytest.mark.parametrize("total", [(64 << 20) + 1, 2**31 - 1])
def test_a_request_that_is_too_long_is_refused_with_the_limit(connection: socket.socket, total: int) -> None:
    assert ask(connection, struct.pack("=i", total)) == (12, b"at most 67108864 bytes in one request")


LIMITS = {
    "wide": (message(b"w=4097;h=40", item(b"")), 8, b"at most 4096 pixels wide"),
    "high": (message(b"w=40;h=100000", item(b"")), 9, b"at most 4096 pixels high"),
    "objects": (message(data=item(b"") * 11, count=11), 10, b"at most 10 objects in one picture"),
}


@pytest.mark.parametrize("what", LIMITS)
def test_each_limit_has_its_own_answer(connection: socket.socket, what: str) -> None:
    asked, code, words = LIMITS[what]
    assert ask(connection, asked) == (code, words)
    assert ask(connection, message(data=item(b"")))[0] == 0


def test_more_bins_than_are_drawn_have_their_own_answer(service: Service, objects: Path) -> None:
    with pytest.raises(RenderRefused, match="at most 10000000 bins in one object") as refused:
        service.client.render(Request(name="A/x", spec=SPEC, objects=[((objects / "vast.obj").read_bytes(), 0)]))
    assert refused.value.code == 11
    assert service.client.render(text("42")).code == 0


def test_what_is_no_plot_is_said_not_to_be_available(connection: socket.socket, objects: Path) -> None:
    missing = ask(connection, message(data=item(b"")))
    assert missing[0] == 0
    for name in ("named", "graph"):
        assert ask(connection, message(data=item((objects / f"{name}.obj").read_bytes()))) == missing


def test_what_is_damaged_says_so_and_never_looks_like_an_empty_plot(connection: socket.socket, histogram: bytes) -> None:
    missing = ask(connection, message(data=item(b"")))[1]
    code, damaged = ask(connection, message(data=item(b"garbage" * 20)))
    assert code == 2
    assert damaged not in (b"", missing)
    half = len(histogram) // 2
    more_bins = histogram.replace(struct.pack(">i", 50), struct.pack(">i", 50_000_000))
    assert more_bins != histogram
    zeros = histogram[:half] + bytes(len(histogram) - half)
    for raw in (histogram.replace(b"TH1F\0", b"TX1F\0", 1), histogram[:60], histogram[:-1], more_bins, zeros):
        assert ask(connection, message(data=item(raw))) == (2, damaged)


def test_an_unreadable_streamer_file_is_told_beside_the_picture(service: Service, request_for: Callable[..., Request]) -> None:
    asked = request_for("TH1F")
    there = Request(name=asked.name, spec=asked.spec, objects=asked.objects, streamer_file="/nonexistent.root")
    rendered = service.client.render(there)
    assert rendered.code != 0
    assert rendered.image == service.client.render(asked).image


def test_the_message_type_does_not_matter_as_with_the_peer(connection: socket.socket, histogram: bytes) -> None:
    assert ask(connection, message(data=item(histogram), kind=99)) == ask(connection, message(data=item(histogram)))


def test_a_scalar_ends_at_its_first_nul(connection: socket.socket) -> None:
    assert ask(connection, message(data=b"42\0junk", flags=1)) == ask(connection, message(data=b"42", flags=1))


def test_requests_may_follow_each_other_without_waiting(connection: socket.socket, histogram: bytes) -> None:
    one, other = message(data=item(histogram)), message(data=b"7", flags=1)
    connection.sendall(one + other + one)
    first, second, third = answer(connection), answer(connection), answer(connection)
    assert first == third != second


def test_a_message_may_come_byte_by_byte(connection: socket.socket, histogram: bytes) -> None:
    whole = message(data=item(histogram))
    for at in range(60):
        connection.sendall(whole[at : at + 1])
    assert ask(connection, whole[60:]) == ask(connection, whole)


def test_clients_that_stall_in_a_message_hold_nobody_up(service: Service, histogram: bytes) -> None:
    stalled = [socket.socket(socket.AF_UNIX) for _ in range(8)]
    try:
        for number, opened in enumerate(stalled):
            opened.connect(str(service.state / "socket"))
            opened.sendall(message(data=item(histogram))[: number * 10])
        for _ in range(8):
            assert service.client.render(text("42")).code == 0
    finally:
        for opened in stalled:
            opened.close()


def test_more_idle_connections_than_a_worker_keeps_hold_nobody_up(service: Service) -> None:
    idle = [socket.socket(socket.AF_UNIX) for _ in range(600)]
    try:
        for opened in idle:
            opened.connect(str(service.state / "socket"))
            opened.sendall(b"\0")
        assert service.client.render(text("42")).code == 0
    finally:
        for opened in idle:
            opened.close()


def test_an_answer_that_nobody_takes_holds_nobody_up(service: Service, request_for: Callable[..., Request]) -> None:
    asked = request_for("TH2F", spec="w=2000;h=2000;json=True").message()
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        deaf.connect(str(service.state / "socket"))
        deaf.sendall(asked * 20)
        for _ in range(8):
            assert service.client.render(text("42")).code == 0


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=200), spec=st.binary(max_size=60), where=st.integers(0, 400), value=st.integers(0, 255))
def test_no_bytes_bring_the_service_down(service: Service, histogram: bytes, raw: bytes, spec: bytes, where: int, value: int) -> None:
    before = sorted(service.workers)
    header_changed = bytearray(message(data=item(b"")))
    header_changed[where % 44] = value
    for sent in (raw, message(spec, item(b"")), message(data=item(raw)), bytes(header_changed)):
        with socket.socket(socket.AF_UNIX) as opened:
            opened.settimeout(PATIENCE_S)
            opened.connect(str(service.state / "socket"))
            opened.sendall(sent)
            opened.shutdown(socket.SHUT_WR)
            while opened.recv(1 << 16):
                pass
    assert sorted(service.workers) == before


def test_the_client_tells_a_refusal(service: Service) -> None:
    with pytest.raises(RenderRefused, match="w=60;h=40;foo=1") as refused:
        service.client.render(text("42", "w=60;h=40;foo=1"))
    assert refused.value.code == 2
