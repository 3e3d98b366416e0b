"""Compares the CPU time of plots drawn by a render worker and by a re-implementation of the DQM GUI's renderer (peer.cpp).

Measures the median CPU time of the drawing process from request to response, without plugins. Wall time would include other
load of the machine.
"""

from __future__ import annotations

import statistics
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from render.build import build, build_peer
from render.client import Request
from tests.bench.table import add_row
from tests.render.service import Service, scalar_request

TREE = Path(__file__).parents[2]
ROUNDS = 40
PLOTS_PER_ROUND = 3


@dataclass(frozen=True)
class Case:
    """One kind of plot."""

    what: str
    objects: tuple[str, ...]
    size: tuple[int, int] = (600, 400)
    """Width and height in pixels."""

    options: str = ""
    """The specification without the size."""

    aim: float | None = None
    """CPU time to reach, ms."""

    original: float | None = None
    """CPU time measured with the original DQM GUI renderer, ms."""

    def request(self, folder: Path) -> Request:
        spec = f"w={self.size[0]};h={self.size[1]}{self.options}"
        if not self.objects:
            return scalar_request("DQM Hub 42.5", spec)
        return Request(self.what, spec, [((folder / f"{name}.obj").read_bytes(), 0) for name in self.objects])


SMALL = (266, 200)
CASES = [
    Case("TH1F", ("TH1F-0",), SMALL, aim=1.2, original=4.5),
    Case("TH1F", ("TH1F-0",), aim=2.0, original=6.4),
    Case("TH2F COLZ, 500 of 40x40 bins filled", ("TH2F-40x40",), options=";drawopts=COLZ"),
    Case("TH2F COLZ, 50x50 bins", ("TH2F-50x50",), options=";drawopts=COLZ"),
    Case("TH2F COLZ, 100x100 bins", ("TH2F-100x100",), options=";drawopts=COLZ", aim=4.2, original=20),
    Case("TH2F COLZ, 300x200 bins", ("TH2F-300x200",), options=";drawopts=COLZ", aim=6, original=59),
    Case("TProfile2D COLZ", ("TProfile2D",), options=";drawopts=COLZ", original=11.67),
    Case("overlay of 4", tuple(f"TH1F-{number}" for number in range(4)), aim=2.3, original=6.2),
    Case("TH3F", ("TH3F",), SMALL, original=36),
    Case("scalar", (), SMALL, aim=0.6, original=1.27),
    Case("JSON, TH1F", ("TH1F-0",), SMALL, options=";json=True", original=0.1),
]


def cpu_ms(process: int) -> float:
    """CPU time of a process in ms."""
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e6


def request_peer(peer: subprocess.Popen[bytes], message: bytes) -> bytes:
    assert peer.stdin
    assert peer.stdout
    peer.stdin.write(message)
    peer.stdin.flush()
    code, length = struct.unpack("=iI", peer.stdout.read(8))
    assert code == 0
    return peer.stdout.read(length)


def median_cpu(request: Request, sides: list[tuple[int, Callable[[Request], bytes]]]) -> list[float]:
    """CPU time per plot in ms for each (process, function that requests a plot). Alternates, so that other load affects both."""
    durations: list[list[float]] = [[] for _ in sides]
    for _ in range(ROUNDS):
        for (process, draw), times in zip(sides, durations, strict=True):
            begin = cpu_ms(process)
            for _ in range(PLOTS_PER_ROUND):
                draw(request)
            times.append((cpu_ms(process) - begin) / PLOTS_PER_ROUND)
    return [statistics.median(times) for times in durations]


def compare(service: Service, peer: subprocess.Popen[bytes], folder: Path) -> None:
    (worker,) = service.workers
    sides = [
        (worker, lambda request: service.client.render(request).image),
        (peer.pid, lambda request: request_peer(peer, request.message())),
    ]
    for case in CASES:
        request = case.request(folder)
        bytes_ours, bytes_peer = (len(draw(request)) for _, draw in sides)
        ours, theirs = median_cpu(request, sides)
        size = "" if "json" in case.options else f" {case.size[0]}x{case.size[1]}"
        original = f" (the original: {case.original:g})" if case.original else ""
        add_row(
            f"{case.what}{size}, CPU",
            f"{ours:.2f} ms; the DQM GUI's way {theirs:.2f}{original}, {theirs / ours:.1f} times; "
            f"{bytes_ours:,} B, {bytes_ours / bytes_peer:.2f} times the size",
            f"{case.aim:g} ms, 1.2 of the bytes" if case.aim else "",
        )


def windows(folder: Path) -> None:
    """Measure plots of windows beside the same plots of whole histograms; `folder` is for temporary files."""
    folder.mkdir()
    subprocess.run([sys.executable, "-W", "ignore", "-m", "tests.bench.objects", str(folder)], check=True, cwd=TREE)
    with Service(build(TREE, sys.executable), folder, "--workers", "1") as service:
        (worker,) = service.wait_until_ready().workers
        for case in CASES:
            if len(case.objects) != 1 or case.objects[0] == "TProfile2D":
                continue
            earlier = [((folder / f"{case.objects[0]}-earlier.obj").read_bytes(), 0)]
            sides: list[tuple[int, Callable[[Request], bytes]]] = [
                (worker, lambda request: service.client.render(request).image),
                (worker, lambda request, earlier=earlier: service.client.render(replace(request, earlier=earlier)).image),
            ]
            whole, window = median_cpu(case.request(folder), sides)
            size = "" if "json" in case.options else f" {case.size[0]}x{case.size[1]}"
            add_row(f"window of {case.what}{size}, CPU", f"{window:.2f} ms; whole {whole:.2f}, {window / whole:.2f} times")


def render(folder: Path) -> None:
    """Measure every kind of plot; `folder` is for temporary files."""
    folder.mkdir()
    subprocess.run([sys.executable, "-W", "ignore", "-m", "tests.bench.objects", str(folder)], check=True, cwd=TREE)
    program, peer_program = build(TREE, sys.executable), build_peer(TREE, sys.executable)
    with (
        Service(program, folder, "--workers", "1") as service,
        subprocess.Popen([peer_program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as peer,
    ):
        compare(service.wait_until_ready(), peer, folder)
        peer.terminate()
