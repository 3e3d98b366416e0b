"""A real XRootD server, and limits that keep the tests short."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.formats import remote, xrootd
from tests.support.xrootd import ANSWER_S, XRootD, xrootd_server


@pytest.fixture
def server() -> Iterator[XRootD]:
    """A server with an empty store, without any state of it in this process."""
    with xrootd_server() as server:
        yield server


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Few seconds for an answer, a version check on each use, and half a second between attempts at a silent server."""
    monkeypatch.setattr(xrootd, "RETRY_S", 0.5)
    remote.configure(timeout_s=ANSWER_S, recheck_s=0.0)
    yield
    remote.configure()
