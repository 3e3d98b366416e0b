"""Plots of every size stay within the memory of their image: what they overwrite would belong to the plots of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from render.client import Request
from render.errors import OptionError
from render.options import Options
from tests.render.pictures import read
from tests.render.service import Service

pytestmark = pytest.mark.slow

CHECKER = Path("/lib/x86_64-linux-gnu/libc_malloc_debug.so.0")
"""glibc's library that ends a process which has written outside the memory that it was given, when that is freed."""

SIZES = [(1, 1), (3, 3), (8, 8), (266, 5), (266, 15), (2, 200), (20, 20), (21, 24), (60, 20), (24, 300), (40, 30)]


@pytest.fixture(scope="module")
def checked_service(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    if not CHECKER.exists():
        pytest.skip(f"this system has no {CHECKER}")
    environment = {"LD_PRELOAD": str(CHECKER), "MALLOC_CHECK_": "3"}
    with Service(program, tmp_path_factory.mktemp("checked"), "--workers", "1", environment=environment) as service:
        yield service.wait_until_ready()


@pytest.mark.parametrize(
    ("names", "options"),
    [
        (("TH1F", "reference", "higher"), ""),
        (("TH1F", "reference"), ";ref=ratiooverlay"),
        (("TH1F",), ";drawopts=PE1"),
        (("TH2F",), ""),
        (("TH2F",), ";drawopts=SCAT"),
        (("TH2F",), ";drawopts=LEGO2"),
        (("TH2F",), ";drawopts=SURF"),
        (("TH3F",), ""),
    ],
)
def test_pictures_of_any_size_write_only_into_their_own_image(
    checked_service: Service, request_for: Callable[..., Request], names: tuple[str, ...], options: str
) -> None:
    before = checked_service.workers
    for width, height in SIZES:
        response = checked_service.client.render(request_for(*names, spec=f"w={width};h={height}{options}"))
        picture = read(response.image)
        assert (picture.width, picture.height) == (max(width, 20), max(height, 20))
    checked_service.client.render(request_for("TH1F", spec="w=266;h=200"))  # frees the last image
    assert checked_service.workers == before, checked_service.log


@pytest.mark.parametrize("side", ["0", "1", "19", "4097"])
def test_sizes_that_root_cannot_draw_are_refused_with_the_range(side: str) -> None:
    with pytest.raises(OptionError, match=f"'{side}' is not a whole number of pixels from 20 to 4096"):
        Options.from_spec(f"w={side};h=200")
