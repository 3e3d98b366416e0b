"""Images and data that a browser shows alone, as from a link in an e-log."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.pages import Watch, open_page
from tests.mirror.process import Response, fetch, mirror_process

pytestmark = pytest.mark.slow

SAMPLE = "367140/Cosmics/Run2023C-Demo-v1/DQMIO"
PLOT = f"/api/v1/render/{SAMPLE}/Muons/diMuonHistograms/GlbGlbMuon_HM"


def test_plot_alone_is_no_violation_of_the_content_security_policy(page: Page) -> None:
    """The fixture fails for each error in the console, as a violation is."""
    answer = page.goto(f"{PLOT}?w=400&h=300")
    assert answer is not None
    assert answer.headers["content-type"] == "image/png"
    assert page.locator("img").evaluate("image => image.naturalWidth") == 400


def check_icon(answer: Response) -> None:
    """An icon of Windows: a head, 16 bytes for each image, and the images, here PNG with their width after the chunk `IHDR`."""
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/x-icon")
    zero, kind, count = struct.unpack_from("<HHH", answer.body)
    assert (zero, kind) == (0, 1)
    for number in range(count):
        width, height, *_, size, at = struct.unpack_from("<4B2H2I", answer.body, 6 + 16 * number)
        image = answer.body[at : at + size]
        assert image[:8] + image[12:16] == b"\x89PNG\r\n\x1a\nIHDR"
        assert struct.unpack_from(">II", image, 16) == (width, height)


@pytest.mark.parametrize("address", [PLOT, f"/api/v1/archive/{SAMPLE}", "/api/openapi.json"])
def test_picture_or_json_alone_has_the_icon_of_the_hub(page: Page, home: str, address: str) -> None:
    """The fixture fails for each error in the console, as a 404 is."""
    page.goto(address)
    check_icon(fetch(f"{home}/favicon.ico"))


def test_data_of_a_mirror_alone_have_its_icon(browser: Browser, tmp_path: Path, watch: Watch) -> None:
    with mirror_process(tmp_path) as mirror, open_page(browser, mirror.url, watch) as page:
        page.goto("/status")
        check_icon(mirror.get("/favicon.ico"))
