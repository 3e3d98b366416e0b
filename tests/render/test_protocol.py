"""The binary protocol, tested with a plain socket."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from render.client import Request
from render.errors import RenderRefused
from tests.render.pictures import SIGNATURE
from tests.render.service import PATIENCE_S, Service, scalar_request

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
    """One request; `excess` is added to the data length stated in the header."""
    body = name + spec + data
    size = 44 + len(body) if total is None else total
    return struct.pack("=11i", size, kind, flags, 0, 0, count, 0, len(name), len(spec), len(data) + excess, 0) + body


def item(raw: bytes, displacement: int = 0, length: int | None = None) -> bytes:
    return struct.pack("=ii", len(raw) if length is None else length, displacement) + raw


@pytest.fixture
def connection(service: Service) -> socket.socket:
    with socket.socket(socket.AF_UNIX) as client_socket:
        client_socket.settimeout(PATIENCE_S)
        client_socket.connect(str(service.state / "socket"))
        yield client_socket


def receive(connection: socket.socket, length: int) -> bytes:
    raw = b""
    while len(raw) < length:
        part = connection.recv(length - len(raw))
        assert part, "the service closed the connection"
        raw += part
    return raw


def receive_response(connection: socket.socket) -> tuple[int, bytes]:
    code, length = struct.unpack("=ii", receive(connection, 8))
    return code, receive(connection, length)


def exchange(connection: socket.socket, raw: bytes) -> tuple[int, bytes]:
    connection.sendall(raw)
    return receive_response(connection)


@pytest.fixture(scope="session")
def histogram(objects: Path) -> bytes:
    return (objects / "TH1F.obj").read_bytes()


@pytest.mark.parametrize("spec", GOOD_SPECS)
def test_valid_specification_is_drawn(connection: socket.socket, spec: str) -> None:
    code, image = exchange(connection, message(spec.encode(), item(b"")))
    assert (code, image[:8], struct.unpack(">II", image[16:24])) == (0, SIGNATURE, (60, 40))


@pytest.mark.parametrize("spec", BAD_SPECS)
def test_invalid_specification_is_refused(connection: socket.socket, spec: str) -> None:
    assert exchange(connection, message(spec.encode(), item(b""))) == REFUSED


def test_size_of_zero_gives_one_pixel_and_an_error(connection: socket.socket) -> None:
    code, image = exchange(connection, message(b"w=0;h=40", item(b"")))
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
def test_malformed_message_is_refused_and_the_next_request_is_served(connection: socket.socket, what: str) -> None:
    assert exchange(connection, MALFORMED[what]) == REFUSED
    assert exchange(connection, message(data=item(b"")))[0] == 0


@pytest.mark.parametrize("total", [0, 3, -1, -(2**31)])
def test_invalid_message_length_is_refused(connection: socket.socket, total: int) -> None:
    assert exchange(connection, struct.pack("=i", total)) == REFUSED


@pytest.mark.parametrize("total", [(64 << 20) + 1, 2**31 - 1])
def test_too_long_request_is_refused_with_the_limit(connection: socket.socket, total: int) -> None:
    assert exchange(connection, struct.pack("=i", total)) == (12, b"at most 67108864 bytes in one request")


LIMITS = {
    "wide": (message(b"w=4097;h=40", item(b"")), 8, b"at most 4096 pixels wide"),
    "high": (message(b"w=40;h=100000", item(b"")), 9, b"at most 4096 pixels high"),
    "objects": (message(data=item(b"") * 11, count=11), 10, b"at most 10 objects in one picture"),
}


@pytest.mark.parametrize("what", LIMITS)
def test_each_limit_has_its_own_code(connection: socket.socket, what: str) -> None:
    request, code, text = LIMITS[what]
    assert exchange(connection, request) == (code, text)
    assert exchange(connection, message(data=item(b"")))[0] == 0


def test_too_many_bins_have_their_own_code(service: Service, objects: Path) -> None:
    with pytest.raises(RenderRefused, match="at most 10000000 bins in one object") as refused:
        service.client.render(Request(name="A/x", spec=SPEC, objects=[((objects / "vast.obj").read_bytes(), 0)]))
    assert refused.value.code == 11
    assert service.client.render(scalar_request("42")).code == 0


def test_objects_other_than_histograms_are_drawn_as_not_available(connection: socket.socket, objects: Path) -> None:
    missing = exchange(connection, message(data=item(b"")))
    assert missing[0] == 0
    for name in ("named", "graph"):
        assert exchange(connection, message(data=item((objects / f"{name}.obj").read_bytes()))) == missing


def test_damaged_object_is_drawn_as_text_and_not_as_an_empty_plot(connection: socket.socket, histogram: bytes) -> None:
    missing = exchange(connection, message(data=item(b"")))[1]
    code, damaged = exchange(connection, message(data=item(b"garbage" * 20)))
    assert code == 2
    assert damaged not in (b"", missing)
    half = len(histogram) // 2
    more_bins = histogram.replace(struct.pack(">i", 50), struct.pack(">i", 50_000_000))
    assert more_bins != histogram
    zeros = histogram[:half] + bytes(len(histogram) - half)
    for raw in (histogram[:60], histogram[:-1]):
        assert exchange(connection, message(data=item(raw))) == (2, damaged)
    for raw in (histogram.replace(b"TH1F\0", b"TX1F\0", 1), more_bins, zeros):  # StreamerInfo might make them readable
        assert exchange(connection, message(data=item(raw))) == (1, damaged)


def test_unreadable_streamer_file_is_reported_with_the_plot(service: Service, request_for: Callable[..., Request]) -> None:
    request = request_for("TH1F")
    with_file = Request(name=request.name, spec=request.spec, objects=request.objects, streamer_file="/nonexistent.root")
    response = service.client.render(with_file)
    assert response.code != 0
    assert response.image == service.client.render(request).image


def test_message_type_is_ignored(connection: socket.socket, histogram: bytes) -> None:
    assert exchange(connection, message(data=item(histogram), kind=99)) == exchange(connection, message(data=item(histogram)))


def test_scalar_ends_at_its_first_nul(connection: socket.socket) -> None:
    assert exchange(connection, message(data=b"42\0junk", flags=1)) == exchange(connection, message(data=b"42", flags=1))


def test_requests_may_be_pipelined(connection: socket.socket, histogram: bytes) -> None:
    one, other = message(data=item(histogram)), message(data=b"7", flags=1)
    connection.sendall(one + other + one)
    first, second, third = receive_response(connection), receive_response(connection), receive_response(connection)
    assert first == third != second


def test_request_may_arrive_byte_by_byte(connection: socket.socket, histogram: bytes) -> None:
    message_bytes = message(data=item(histogram))
    for at in range(60):
        connection.sendall(message_bytes[at : at + 1])
    assert exchange(connection, message_bytes[60:]) == exchange(connection, message_bytes)


def test_clients_with_incomplete_requests_do_not_block_others(service: Service, histogram: bytes) -> None:
    stalled = [socket.socket(socket.AF_UNIX) for _ in range(8)]
    try:
        for number, client_socket in enumerate(stalled):
            client_socket.connect(str(service.state / "socket"))
            client_socket.sendall(message(data=item(histogram))[: number * 10])
        for _ in range(8):
            assert service.client.render(scalar_request("42")).code == 0
    finally:
        for client_socket in stalled:
            client_socket.close()


def test_many_idle_connections_do_not_block_other_clients(service: Service) -> None:
    idle = [socket.socket(socket.AF_UNIX) for _ in range(600)]
    try:
        for client_socket in idle:
            client_socket.connect(str(service.state / "socket"))
            client_socket.sendall(b"\0")
        assert service.client.render(scalar_request("42")).code == 0
    finally:
        for client_socket in idle:
            client_socket.close()


def test_client_that_does_not_read_its_response_does_not_block_others(service: Service, request_for: Callable[..., Request]) -> None:
    request = request_for("TH2F", spec="w=2000;h=2000;json=True").message()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        connection.connect(str(service.state / "socket"))
        connection.sendall(request * 20)
        for _ in range(8):
            assert service.client.render(scalar_request("42")).code == 0


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=200), spec=st.binary(max_size=60), position=st.integers(0, 400), value=st.integers(0, 255))
def test_arbitrary_bytes_do_not_cost_a_worker(
    service: Service, histogram: bytes, raw: bytes, spec: bytes, position: int, value: int
) -> None:
    before = sorted(service.workers)
    header_changed = bytearray(message(data=item(b"")))
    header_changed[position % 44] = value
    for raw_request in (raw, message(spec, item(b"")), message(data=item(raw)), bytes(header_changed)):
        with socket.socket(socket.AF_UNIX) as client_socket:
            client_socket.settimeout(PATIENCE_S)
            client_socket.connect(str(service.state / "socket"))
            client_socket.sendall(raw_request)
            client_socket.shutdown(socket.SHUT_WR)
            while client_socket.recv(1 << 16):
                pass
    assert sorted(service.workers) == before


def test_client_raises_an_error_for_a_refused_request(service: Service) -> None:
    with pytest.raises(RenderRefused, match="w=60;h=40;foo=1") as refused:
        service.client.render(scalar_request("42", "w=60;h=40;foo=1"))
    assert refused.value.code == 2
