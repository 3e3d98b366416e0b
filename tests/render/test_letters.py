"""The outlines of letters are kept from plot to plot, and no plot shows it."""

from __future__ import annotations

from pathlib import Path

from render.client import Request
from tests.render.service import Service


def test_letters_of_more_sizes_than_are_kept_leave_a_picture_as_it_was(program: Path, objects: Path, tmp_path: Path) -> None:
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
