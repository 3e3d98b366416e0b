from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from render.build import build
from render.client import Request
from tests.render.pictures import Picture, read
from tests.render.service import Service, compile_plugin
from tests.support.patience import PATIENCE_S
from tests.support.shared import shared_folder

TREE = Path(__file__).parents[2]

Draw = Callable[..., Picture]


@pytest.fixture(scope="session")
def program() -> Path:
    """The render service, rebuilt if it is outdated."""
    return build(TREE, sys.executable)


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one object of each class, written by ROOT."""

    def write(folder: Path) -> None:
        script = Path(__file__).with_name("make_objects.py")
        subprocess.run([sys.executable, "-W", "ignore", str(script), str(folder)], check=True, timeout=PATIENCE_S)

    return shared_folder(tmp_path_factory, "objects", write)


@pytest.fixture(scope="session")
def faulty_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of the plugin that does what the name of a plot says, such as "Faulty/crash"."""
    source = Path(__file__).with_name("faulty_plugin.cc").read_text()
    return shared_folder(tmp_path_factory, "faulty", lambda folder: compile_plugin(folder, source)) / "plugins.so"


@pytest.fixture(scope="session")
def shared_service(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(program, tmp_path_factory.mktemp("service"), "--workers", "2") as service:
        yield service.wait_until_ready()
        assert service.stop() == 0


@pytest.fixture
def service(shared_service: Service) -> Service:
    """A running service shared by all tests. A test that ends or overloads a service starts its own."""
    return shared_service


@pytest.fixture(scope="session")
def request_for(objects: Path) -> Callable[..., Request]:
    """Creates a request for objects by name."""

    def make(*names: str, spec: str = "w=400;h=300", flags: int = 0x10) -> Request:
        encoded = [((objects / f"{name}.obj").read_bytes(), 0) for name in names]
        return Request(name=f"Test/{names[0]}", spec=spec, objects=encoded, flags=flags)

    return make


@pytest.fixture
def draw(service: Service, request_for: Callable[..., Request]) -> Draw:
    """Draws objects by name, asserts that ROOT reported no problem, and returns the image."""

    def render(*names: str, spec: str = "w=400;h=300", flags: int = 0x10) -> Picture:
        response = service.client.render(request_for(*names, spec=spec, flags=flags))
        assert response.code == 0, service.log
        return read(response.image)

    return render
