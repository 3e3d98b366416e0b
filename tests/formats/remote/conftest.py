"""A real XRootD server, and a client that waits for it however long the machine stalls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.formats import remote, xrootd
from tests.support.patience import PATIENCE_S
from tests.support.xrootd import XRootD, patient_client, xrootd_server


@pytest.fixture
def server() -> Iterator[XRootD]:
    """A server with an empty store, without any state of it in this process."""
    with xrootd_server() as server:
        yield server


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Files that stay open, a version check on each use, and half a second between attempts at a silent server."""
    monkeypatch.setattr(xrootd, "RETRY_S", 0.5)
    monkeypatch.setattr(remote, "OPEN_S", PATIENCE_S)
    with patient_client():
        yield
