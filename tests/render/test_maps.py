"""Colour maps, whose cells the service paints itself, are ROOT's pixel by pixel."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from render.client import Request
from tests.render import pictures
from tests.render.service import Service
from tests.support.patience import PATIENCE_S

TREE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with random maps and ROOT's pictures of them."""
    folder = tmp_path_factory.mktemp("maps")
    subprocess.run([sys.executable, "-W", "ignore", "-m", "tests.render.make_maps", str(folder)], check=True, cwd=TREE, timeout=PATIENCE_S)
    return folder


def test_random_maps_are_painted_as_root_paints_them(service: Service, maps: Path) -> None:
    differing = []
    for number, spec, width, height in json.loads((maps / "specs.json").read_text()):
        rendered = service.client.render(Request(name=f"map{number}", spec=spec, objects=[((maps / f"{number}.obj").read_bytes(), 0)]))
        own = pictures.from_argb((maps / f"{number}.argb").read_bytes(), width, height)
        if share := pictures.read(rendered.image).share_that_differs(own):
            differing.append((number, spec, share))
    assert not differing
