"""Mutated input: for the code without ROOT under sanitizers, and broken objects for the service."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from render.client import Request
from render.errors import RenderError
from tests.render.service import TREE, Service, is_running
from tests.support import storms
from tests.support.patience import PATIENCE_S
from tests.support.shared import alone

pytestmark = pytest.mark.slow

ROUNDS = 50_000 * storms.TIMES
PAYLOADS = 200 * storms.TIMES
SPECS = ["w=266;h=200", "w=266;h=200;ytype=log;xtype=log", *(f"w=266;h=200;format={form}" for form in ("svg", "pdf", "root", "json"))]


@pytest.fixture(scope="module")
def fuzz() -> Path:
    folder = TREE / "build" / "sanitize"
    configure = ["cmake", "-S", str(TREE / "render"), "-B", str(folder), "-DDQMHUB_SANITIZE=ON"]
    with alone(TREE / "build" / "sanitize.lock"):
        for command in (configure, ["cmake", "--build", str(folder)]):
            subprocess.run(command, check=True, capture_output=True, timeout=4 * PATIENCE_S)  # the compiler takes long
    return folder / "dqmhub-fuzz"


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.storm
def test_sanitizers_find_no_fault_in_mutated_messages_and_specifications(fuzz: Path, tmp_path: Path, seed: int) -> None:
    command = [fuzz, str(ROUNDS), str(storms.SEED + seed), f"{tmp_path}/"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=storms.TIMES * PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr[-5000:]
    assert done.stdout == f"{ROUNDS} rounds\n"


def mutate(raw: bytes, rng: random.Random) -> bytes:
    """The object with some bytes changed, deleted, duplicated or replaced by extreme lengths."""
    changed = bytearray(raw)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(changed) - 8)
        match rng.randrange(5):
            case 0:
                changed[at] ^= 1 << rng.randrange(8)
            case 1:
                changed[at : at + 4] = rng.choice(
                    [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\x80\0\0\0", b"\x3f\xff\xff\xff"]
                )
            case 2:
                del changed[at : at + rng.randrange(1, 8)]
            case 3:
                other = rng.randrange(len(changed) - 8)
                changed[at : at + 8] = changed[other : other + 8]
            case _:
                changed[at : at + 8] = rng.randbytes(8)
    changed[:4] = (0x40000000 | (len(changed) - 4)).to_bytes(4, "big")  # otherwise most objects would be rejected by their length
    return bytes(changed)


def payloads(objects: Path) -> Iterator[Request]:
    rng = random.Random(7)
    originals = [path.read_bytes() for path in sorted(objects.glob("*.obj")) if path.stat().st_size < 100_000]
    for number in range(PAYLOADS):
        spec, original = rng.choice(SPECS), rng.choice(originals)
        earlier = [(mutate(original, rng), 0)] if rng.random() < 0.3 else []
        yield Request(name=f"Broken/{number}", spec=spec, objects=[(mutate(original, rng), 0)], earlier=earlier)


@pytest.mark.storm
def test_service_survives_hundreds_of_broken_objects(program: Path, objects: Path, tmp_path: Path) -> None:
    with Service(program, tmp_path, "--workers", "4", "--cpu", "0.5", "--memory", "500") as service:
        service.wait_until_ready()
        before = service.client.render(Request(name="A/x", spec="w=266;h=200", objects=[((objects / "TH1F.obj").read_bytes(), 0)]))

        def outcome(request: Request) -> str:
            try:
                return f"code {service.client.render(request).code}"
            except RenderError as error:
                return type(error).__name__

        with ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(outcome, payloads(objects)))
        assert len(outcomes) == PAYLOADS
        assert not {"RenderTimeout", "RenderUnavailable"} & set(outcomes)
        assert outcomes.count("code 0") > PAYLOADS / 20, "most mutations should pass the checks of the frame"
        assert is_running(service.process.pid)
        after = service.client.render(Request(name="A/x", spec="w=266;h=200", objects=[((objects / "TH1F.obj").read_bytes(), 0)]))
        assert after == before
        assert service.stop() == 0
