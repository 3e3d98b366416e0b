"""Colour maps painted by the service have the same pixels as those painted by ROOT."""

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

pytestmark = pytest.mark.slow

TREE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with random maps and their images painted by ROOT."""
    folder = tmp_path_factory.mktemp("maps")
    subprocess.run([sys.executable, "-W", "ignore", "-m", "tests.render.make_maps", str(folder)], check=True, cwd=TREE, timeout=PATIENCE_S)
    return folder


def test_random_maps_have_the_same_pixels_as_with_root(service: Service, maps: Path) -> None:
    differing = []
    for number, spec, width, height in json.loads((maps / "specs.json").read_text()):
        response = service.client.render(Request(name=f"map{number}", spec=spec, objects=[((maps / f"{number}.obj").read_bytes(), 0)]))
        painted_by_root = pictures.from_argb((maps / f"{number}.argb").read_bytes(), width, height)
        if share := pictures.read(response.image).differing_share(painted_by_root):
            differing.append((number, spec, share))
    assert not differing
