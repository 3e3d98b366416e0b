"""A hub with two trends of DT in two eras and three runs, and its addresses."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.settings import Settings
from tests.trends.query.points_of_tests import TrendStore

SELECTION = "subsystem=DT&pd=StreamExpress&ps=Express"
LATER_ERA = "/StreamExpress/Run2022D-Express-v2/DQMIO"


@pytest.fixture
def store(hub: Settings) -> TrendStore:
    """Run 355555 and 355557 are significant, 355556 is not; nobody knows run 357000, which is of a later era."""
    store = TrendStore(hub)
    store.configure("DT", a="basic.Mean() DT/a", b="basic.BinCount(2) DT/b")
    store.add(355557, {"a": (12.1049, 0.27094), "b": "ZeroDivisionError: division by zero"})
    store.add(355555, {"a": (1 / 3, 0.1), "b": (5.0, 0.0, "few entries: 5 of 100")})
    store.add(355556, {"a": (7.0, 0.5)})
    store.add(357000, {"a": (8.0, 0.5)}, LATER_ERA)
    store.facts(355555, 355557)
    store.facts(355556, run_class="Commissioning22")
    return store


@pytest.fixture
def client(store: TrendStore, app: Flask, client: FlaskClient) -> FlaskClient:
    """A browser on this machine."""
    return client
