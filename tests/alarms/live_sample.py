"""A snapshot of the ongoing run that tests write: numbers and quality tests, without histograms."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from app.alarms.judging import RuleJudge
from app.alarms.models import AlarmRule
from app.core.settings import Settings
from app.formats import Kind
from app.formats.root.framing import frame
from app.gui.catalog.catalog import Catalog
from app.gui.files.entries import ONLINE_DATASET, Entry
from app.gui.files.register import register
from app.gui.samples import SampleKey
from app.queue import execution
from tests.formats.snapshots import Object, serialise
from tests.support.patience import PATIENCE_S

LIVE = SampleKey(0, 0, ONLINE_DATASET)

FIRST_TIME = 1_700_000_000


def tag(path: str, text: str, kind: Kind) -> Object:
    """An entry with a text, as DQMFileSaverPB of CMSSW writes numbers and results of tests."""
    name = path.rpartition("/")[2]
    content = f"<{name}>{text}</{name}>".encode()
    length = bytes([len(content)]) if len(content) < 255 else b"\xff" + struct.pack(">I", len(content))
    head = struct.pack(">IHHII", 0x40000000 | (12 + len(length) + len(content)), 1, 1, 0, 0x02000000)
    return Object(path, frame(b"TObjString", head + length + content), int(kind))


def objects(numbers: Mapping[str, float], tests: Mapping[str, Iterable[tuple[str, int, str]]]) -> Iterator[Object]:
    """The entries of numbers, and of the tests of some of them: name, status and message."""
    for path, value in numbers.items():
        yield tag(path, f"f={value}", Kind.FLOAT)
        for name, status, message in tests.get(path, ()):
            yield tag(f"{path}.{name}", f"qr=st:{status}:0.5:Algorithm:{message}", Kind.STRING)


class LiveSample:
    """The ongoing run of the online system; each snapshot replaces the one before."""

    def __init__(self, hub: Settings) -> None:
        execution.connect(hub)
        hub.data.mkdir(exist_ok=True)
        self.settings = hub.replace(file_roots=(str(hub.data),))
        self.file = hub.data / "live.pb"
        self.catalog = Catalog(self.settings)
        self.judge = RuleJudge(self.settings)
        self.snapshots = 0

    def write(self, numbers: Mapping[str, float], tests: Mapping[str, Iterable[tuple[str, int, str]]] | None = None) -> None:
        """Write a snapshot, and read its lists."""
        new = Path(f"{self.file}.new")
        new.write_bytes(serialise(objects(numbers, tests or {})))
        self.snapshots += 1
        os.utime(new, (FIRST_TIME + self.snapshots,) * 2)
        new.replace(self.file)
        if self.snapshots == 1:
            register([Entry(ONLINE_DATASET, 0, 0, str(self.file), "protobuf")])
        self.catalog.open(LIVE, PATIENCE_S)

    def show(self, lumi: int, *paths: str, run: int = 367_129, **fields: float) -> None:
        """Write and judge a snapshot of a lumisection with these MEs."""
        info = {"DT/EventInfo/iRun": run, "DT/EventInfo/iLumiSection": lumi, **fields}
        self.write(info | dict.fromkeys(paths, 1.0))
        self.judge.step()


def problems() -> dict[str, str]:
    """The problems of rules by name."""
    return {rule.name: rule.problem for rule in AlarmRule.select() if rule.problem}
