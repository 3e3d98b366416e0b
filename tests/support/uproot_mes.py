"""The monitor elements (MEs) of a legacy ROOT file with their quality tests, as uproot reads them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import uproot

WORST = (300, 200, 60, 30, 90, 70, 100, 50)
"""Statuses of quality tests, worst first."""
FAILING = {300: "error", 200: "warning", 60: "invalid"}

_OBJECT = re.compile(r"DQMData/Run \d+/([^/]+)/Run summary/(?:([^<]*)/)?([^/<]+|<.*)", re.DOTALL)
_TEST = re.compile(r"<(.*)>qr=st:(\d+):([^:]*):([^:]*):(.*)</\1>", re.DOTALL)
_SCALAR = re.compile(r"<(.*)>([ifs])=.*</\1>", re.DOTALL)


class ReadTest(NamedTuple):
    """A quality test."""

    name: str
    status: int
    result: str
    algorithm: str
    message: str


class ReadME(NamedTuple):
    """An ME."""

    path: str
    class_name: str  # of ROOT; i, f or s for numbers and texts
    tests: list[ReadTest]  # worst first

    @property
    def status(self) -> int:
        """The worst of its tests, 0 without tests."""
        return self.tests[0].status if self.tests else 0


def read_mes(file: Path) -> list[ReadME]:
    """The MEs of a file by path."""
    found: dict[str, ReadME] = {}
    tests: list[tuple[str, ReadTest]] = []
    with uproot.open(file) as opened:
        for key, class_name in opened.classnames(cycle=False).items():
            match = _OBJECT.fullmatch(key)
            if match is None or class_name == "TDirectory":
                continue
            folder = "/".join(part for part in match.groups()[:2] if part)
            if test := _TEST.fullmatch(match[3]):
                tests.append((f"{folder}/{test[1]}", ReadTest("", int(test[2]), test[3], test[4], test[5])))
            elif scalar := _SCALAR.fullmatch(match[3]):
                found[f"{folder}/{scalar[1]}"] = ReadME(f"{folder}/{scalar[1]}", scalar[2], [])
            elif class_name != "TObjString":
                found[f"{folder}/{match[3]}"] = ReadME(f"{folder}/{match[3]}", class_name, [])
    for name, read in tests:  # <ME>.<test>, both of which can have dots: the longest name of an ME counts
        path = max((name[: dot.start()] for dot in re.finditer(r"\.", name) if name[: dot.start()] in found), key=len)
        found[path].tests.append(read._replace(name=name[len(path) + 1 :]))
    for me in found.values():
        me.tests.sort(key=lambda test: WORST.index(test.status))
    return sorted(found.values(), key=lambda me: me.path.encode())


def read_failing(file: Path) -> list[ReadME]:
    """The MEs of a file that fail, worst first, else in the order of their paths."""
    return sorted((me for me in read_mes(file) if me.status in FAILING), key=lambda me: WORST.index(me.status))
