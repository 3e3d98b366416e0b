"""Running nodes for the tests of real batch systems."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.batch.node import CHROOTS, SYSTEMS, Node, running


@pytest.fixture
def node(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Node]:
    """A node of the system whose name is the parameter."""
    folder = os.environ.get(CHROOTS)
    if not folder:
        pytest.skip("real batch systems are started by `python -m tests.batch` only")
    with running(SYSTEMS[request.param], Path(folder), tmp_path) as started:
        yield started
