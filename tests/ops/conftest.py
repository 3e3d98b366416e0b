"""Nothing is silent or down because the machine of the tests stalls for some seconds."""

from __future__ import annotations

import pytest

from app.core import heartbeat
from app.gui import status as gui_status
from app.ops.doctor.checks import certificates, clock, ports, proxy, queue, renderer, servers, units
from app.queue import status as queue_status
from tests.support.patience import PATIENCE_S

SILENT_S = PATIENCE_S / 2
"""Services that tests call silent have been so for longer."""
LIMITS = (
    (certificates, "CONNECT_S"),
    (clock, "TIMEOUT_S"),
    (gui_status, "PING_S"),
    (ports, "TIMEOUT_S"),
    (proxy, "TIMEOUT_S"),
    (queue, "TIMEOUT_S"),
    (renderer, "PING_S"),
    (servers, "CONNECT_S"),
    (units, "TIMEOUT_S"),
)
"""How long the status page and `dqmhub doctor` wait for others."""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (heartbeat, queue_status):
        monkeypatch.setattr(module, "SILENT_S", SILENT_S)
    for module, limit in LIMITS:
        monkeypatch.setattr(module, limit, PATIENCE_S)
