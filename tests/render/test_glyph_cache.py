"""The cache of glyph outlines does not change plots."""

from __future__ import annotations

from pathlib import Path

from render.client import Request
from tests.render.service import Service


def test_plot_is_unchanged_after_the_glyph_cache_overflows(program: Path, objects: Path, tmp_path: Path) -> None:
    histogram = [((objects / "TH1F.obj").read_bytes(), 0)]
    with Service(program, tmp_path, "--workers", "1") as service:
        service.wait_until_ready()
        pictures = [
            service.client.render(Request(name="A/TH1F", spec=f"w={width};h={height}", objects=histogram)).image
            for width, height in [(400, 300), *((100 + size, 90 + size) for size in range(300)), (400, 300)]
        ]
        assert service.stop() == 0
    assert pictures[0] == pictures[-1]
    assert len(set(pictures)) == len(pictures) - 1
