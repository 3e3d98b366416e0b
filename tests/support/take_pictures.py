"""Takes the pictures in docs/images from the pages of a running demo (`make run`), with 256 colours.

Run `.venv/bin/python -m tests.support.take_pictures PASSWORD` after `make test` has installed the browser; PASSWORD is that of
demo-operator, which the start of the demo prints. The demo needs some minutes until its run has crashed jobs.
"""

from __future__ import annotations

import argparse
import io
import shutil
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Page, ViewportSize, sync_playwright

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WINDOW: ViewportSize = {"width": 1366, "height": 768}
COSMICS = "/browse/367140/Cosmics/Run2023C-Demo-v1/DQMIO"
EXPRESS = "/browse/367131:9/StreamExpress/Run2023C-Demo-v1/DQMIO"
DEMO = ("367131/Muon", "367131/StreamExpress", "367129/Muon", "367129/ZeroBias", "367100/ZeroBias")
IMPORTED = (COSMICS, "/browse/0/Global/Online/ALL", *(f"/browse/{sample}/Run2023C-Demo-v1/DQMIO" for sample in DEMO))


class Picture(NamedTuple):
    """A page to take a picture of."""

    path: str
    content: str  # selector of what must be there
    dark: bool = False


PICTURES = {
    "home": Picture("/", "#now h2"),
    "folder": Picture(f"{COSMICS}/PixelPhase1/Phase1_MechanicalView/PXBarrel", ".tile img"),
    "plot": Picture(f"{COSMICS}/Muons/diMuonHistograms?plot=Muons/diMuonHistograms/GlbGlbMuon_HM", "#stage img", dark=True),
    "lumisections": Picture(
        f"{EXPRESS}/PixelPhase1/Tracks/PXBarrel?plot=PixelPhase1/Tracks/PXBarrel/charge_PXLayer_1&quantity=Mean", "#series svg"
    ),
    "square": Picture("/square", ".jobs tbody tr"),
    "diary": Picture("/diary", "table.diary tbody tr"),
}


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description="Take the pictures in docs/images from a running demo.")
    parser.add_argument("password", help="of demo-operator")
    parser.add_argument("--hub", default="http://127.0.0.1:8889", help="address of the hub (%(default)s)")
    parser.add_argument("--mirror", default="http://127.0.0.1:8084", help="address of the public mirror (%(default)s)")
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium-headless-shell"), args=["--no-sandbox"])
        page = browser.new_page(viewport=WINDOW)
        for path in IMPORTED:
            page.goto(arguments.hub + path)
            page.wait_for_selector(".folders")  # after the import, so that the home page has counts
        for name, picture in PICTURES.items():
            page.emulate_media(color_scheme="dark" if picture.dark else "light")
            take(page, name, arguments.hub + picture.path, picture.content)
        page.emulate_media(color_scheme="light")
        page.goto(f"{arguments.hub}/transfers")
        newest = page.locator('[aria-labelledby="runs-title"] .stop').first.get_attribute("href")
        take(page, "transfers", f"{arguments.hub}{newest}", "main table tbody tr")
        take(page, "mirror", f"{arguments.mirror}/", ".jobs tbody tr")
        page.goto(f"{arguments.hub}/account/sign-in")
        page.get_by_label("User name").fill("demo-operator")
        page.get_by_label("Password").fill(arguments.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "sign-in" not in url)
        take(page, "control", f"{arguments.hub}/control", "main table tbody tr")


def take(page: Page, name: str, address: str, content: str) -> None:
    """Take the picture of a page once its content and all images in view are there."""
    page.goto(address)
    page.wait_for_selector(content)
    page.wait_for_function("[...document.images].every(image => image.loading === 'lazy' || image.complete)")
    page.wait_for_load_state("networkidle")
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)
    print(IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
