"""The files of clients, and a render service, for all tests of sites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gui import render_service
from tests.support.shared import shared_folder
from tests.transfer.site.online_site import write_client_files

RUN, NEXT_RUN = 367094, 367095


@pytest.fixture(scope="session")
def client_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the clients of two runs, written by ROOT."""
    return shared_folder(tmp_path_factory, "clients", lambda folder: write_client_files(folder, RUN, NEXT_RUN))


@pytest.fixture(scope="session")
def render(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A running render service."""
    with render_service(tmp_path_factory.mktemp("render")) as folder:
        yield folder
