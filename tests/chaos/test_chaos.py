"""All areas of the product survive all faults; an area with an error of each kind is found.

Both are together on one site. The environment chooses, see `tests.chaos.__main__`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from app.core.area import Area
from tests.chaos.addresses import Addresses
from tests.chaos.expectations import live_through, long_transactions, read
from tests.chaos.faults import FAULTS
from tests.chaos.findings import Finding
from tests.chaos.hostile import executions
from tests.chaos.roles import wrong_roles
from tests.chaos.site import Site, running
from tests.support.gui import build_programs

pytestmark = pytest.mark.slow

FAULTY = "faulty"
AREA = os.environ.get("CHAOS_AREA", "")
CHOSEN = os.environ.get("CHAOS_FAULT", "")
MOST = int(os.environ.get("CHAOS_MOST", "1"))


@pytest.fixture
def faulty() -> Iterator[Area]:
    """The declaration of an area with a fault of each kind."""
    area: Area = import_module("tests.chaos.faulty.area").AREA
    yield area
    for name in [name for name in sys.modules if name.startswith("tests.chaos.faulty")]:
        del sys.modules[name]


@pytest.fixture
def site(tmp_path: Path, sqlite_template: Path, faulty: Area) -> Iterator[Site]:
    """A running hub with the faulty area."""
    build_programs()
    with running(tmp_path, sqlite_template, (faulty,)) as site:
        yield site


def test_every_area_lives_through_every_fault_and_the_faulty_one_is_found(site: Site, browser: Browser) -> None:
    addresses = Addresses(site, MOST)
    answers = read(site, addresses.readings)  # each fault restores them, or is found
    checks: dict[str, Callable[[], list[Finding]]] = {
        "roles": lambda: wrong_roles(site, addresses, answers),
        "hostile-text": lambda: executions(site, answers, browser),
        **{fault.name: partial(live_through, site, fault, answers, addresses.writings, {FAULTY}) for fault in FAULTS},
        "long-transactions": lambda: long_transactions(site),
    }
    found = {name: reported(name, check) for name, check in checks.items() if CHOSEN in ("", name)}
    breaches = [(name, finding) for name, findings in found.items() for finding in findings if finding.area != FAULTY]
    assert [(name, finding) for name, finding in breaches if AREA in ("", finding.area)] == []
    expected = {(name, where) for name, where in EXPECTED if name in found}
    assert expected <= {(name, finding.where.partition(":")[0]) for name, findings in found.items() for finding in findings}


EXPECTED = {
    ("roles", "faulty.forgotten"),
    ("hostile-text", "faulty.notes"),
    ("full-disk", "tests/chaos/faulty/loop.py count"),
    ("locked-database", "faulty.add"),
    ("locked-database", "faulty.count"),
    ("full-disk", "faulty.count"),
    ("long-transactions", "tests/chaos/faulty/views.py"),
}
"""Fault, and endpoint or file and function, of what is wrong in the faulty area."""


def reported(name: str, check: Callable[[], list[Finding]]) -> list[Finding]:
    """The findings of a check, which are printed."""
    begin = time.monotonic()
    findings = check()
    print(f"{name}: {len(findings)} findings, {time.monotonic() - begin:.0f} s", flush=True)
    for finding in findings:
        print(f"  {finding.area}: {finding.where}: {finding.what}")
    return findings
