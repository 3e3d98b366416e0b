"""Another area publishes with a single object: plan, rendering, addresses, previews, redaction, host names and mirrors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from bottle import HTTPError

from app import create_app
from app.areas import AREAS
from app.core.area import Area
from app.core.settings import Settings
from app.publish import revisions
from app.publish.areas import PreviewGroup, PublishedArea, published_areas, renderers_of
from app.publish.errors import AreaConflict
from app.publish.fragments import render_fragment
from app.publish.pieces import AreaPlan, PieceKey
from app.publish.publisher import Publisher
from app.publish.rendering import HTML, RenderContext, RenderResult
from app.publish.sending import Sender
from app.security import Role, accounts
from protocol.snapshot import ItemKey
from services.mirror.options import Options
from services.mirror.routes import Routes
from tests.conftest import Browser
from tests.publish import receivers
from tests.publish.copies import contents

BROKEN = "points that cannot be rendered"
PASSWORD = "nobody will guess this one"


class Orbits:
    """A stub of an area with one page for each run."""

    def __init__(self) -> None:
        self.points = {7: "12 points from orbitbox17", 8: "3 points, password=hunter2"}
        self.rendered: list[PieceKey] = []

    def area(self) -> PublishedArea:
        return PublishedArea(
            name="orbits",
            plan=self.plan,
            state=lambda: (repr(self.points),),
            renderers={"orbit": self.render},
            sources=("app/web",),
            throttled=frozenset({"slow"}),
            hosts=lambda settings: ["orbitbox17"],
            item_at=self.item_at,
            previews=lambda: [PreviewGroup("Orbits", [(f"Run {run}", f"orbits/{run}") for run in self.points])],
        )

    def plan(self, settings: Settings, now: float) -> AreaPlan:
        return AreaPlan({}, {PieceKey("orbit", "all", run): text for run, text in self.points.items()})

    def render(self, context: RenderContext) -> RenderResult:
        self.rendered.append(context.key)
        if self.points[context.key.run] == BROKEN:
            raise ZeroDivisionError("no points")
        text = context.sanitizer.text(self.points[context.key.run])
        html = f"<h1>Orbit of run {context.key.run}</h1><p>{text}</p>"
        return RenderResult(
            [context.item("orbit", "page", HTML, html), context.json("orbit", "runs", context.planned.runs("orbit", "all"))]
        )

    def item_at(self, path: str, query: Mapping[str, str]) -> ItemKey | None:
        match path.split("/"):
            case ["orbits", run] if run.isdecimal():
                return ItemKey("orbit", "all", int(run), "page")
        return None


@pytest.fixture
def orbits(hub: Settings) -> Iterator[Orbits]:
    return Orbits()


def page(run: int) -> str:
    return contents()[ItemKey("orbit", "all", run, "page")].decode()


def test_the_pieces_of_an_area_are_published_and_redacted(hub: Settings, orbits: Orbits) -> None:
    Publisher(hub, [orbits.area()]).step()
    assert page(7) == "<h1>Orbit of run 7</h1><p>12 points from host-1</p>"
    assert page(8) == "<h1>Orbit of run 8</h1><p>3 points, password=token-1</p>"
    assert contents()[ItemKey("orbit", "all", 8, "runs")] == b"[7,8]"


def test_only_a_piece_whose_token_changed_is_rendered_again_and_one_that_is_not_planned_is_removed(hub: Settings, orbits: Orbits) -> None:
    publisher = Publisher(hub, [orbits.area()])
    publisher.step()
    orbits.rendered.clear()
    orbits.points = {8: "4 points"}
    publisher.step()
    assert orbits.rendered == [PieceKey("orbit", "all", 8)]
    assert "4 points" in page(8)
    assert ItemKey("orbit", "all", 7, "page") not in contents()


def test_a_piece_that_cannot_be_rendered_has_no_items_and_stops_no_other(hub: Settings, orbits: Orbits) -> None:
    orbits.points = {6: "before", 7: BROKEN, 8: "after"}
    Publisher(hub, [orbits.area()]).step()
    assert {key.run for key in contents() if key.name == "page"} == {6, 8}


def test_a_mirror_gets_the_pages_of_every_area(hub: Settings, orbits: Orbits, tmp_path: Path) -> None:
    with receivers.mirror(tmp_path / "mirror", hub) as mirror:
        Publisher(hub, [orbits.area()]).step()
        Sender(mirror.url, hub).step(receivers.never)
        assert mirror.have() == revisions.current().revision
        assert ItemKey("orbit", "all", 7, "page") in mirror.contents()


def test_two_areas_cannot_render_one_kind(orbits: Orbits) -> None:
    with pytest.raises(AreaConflict, match="Area orbits renders pieces of kind orbit, but another area does, too"):
        renderers_of([orbits.area(), orbits.area()])


@pytest.mark.parametrize("change", [{"sources": ("app/orbits/publishd",)}, {"styles": ("orbits/no.css",)}])
def test_a_folder_or_style_that_does_not_exist_is_named(orbits: Orbits, change: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(ValueError, match=r"The area orbits publishes with .*(orbits/publishd|static/orbits/no\.css), which does not exist"):
        replace(orbits.area(), **change)


def test_the_operators_page_links_to_previews_of_every_area(hub: Settings, orbits: Orbits) -> None:
    Publisher(hub, [orbits.area()]).step()
    accounts.add("eve", Role.EXPERT, PASSWORD)
    app = create_app(hub, (*AREAS, Area("orbits", "Orbits", published=orbits.area)))
    app.test_client_class = Browser
    client = app.test_client()
    client.post("/account/sign-in", data={"name": "eve", "password": PASSWORD}, headers={"Sec-Fetch-Site": "same-origin"})
    assert 'href="/published/preview?of=orbits/7">Run 7</a>' in client.get("/published").text
    assert page(7) in client.get("/published/preview?of=orbits/7").text
    assert client.get("/published/orbits/7").headers["Location"] == "/published/preview?of=orbits/7"
    assert client.get("/published/preview?of=orbits/10").status_code == 404


def unserved(areas: Iterable[PublishedArea], folder: Path) -> list[str]:
    """The previewed addresses of areas that a mirror has no view for."""
    router = Routes(Options(data=str(folder))).application.routes.router
    found = []
    for address in [address for area in areas for group in area.previews() for _, address in group.links]:
        try:
            router.match({"REQUEST_METHOD": "GET", "PATH_INFO": "/" + address.partition("?")[0]})
        except HTTPError:
            found.append(address)
    return found


def test_mirrors_serve_the_pages_of_every_area(hub: Settings, orbits: Orbits, tmp_path: Path) -> None:
    areas = published_areas(AREAS)
    Publisher(hub, areas).step()
    assert unserved(areas, tmp_path) == [], "add a view of these addresses to services/mirror/routes.py"
    assert unserved([orbits.area()], tmp_path) == ["orbits/7", "orbits/8"]


def test_fragments_fill_in_the_redaction_counts(hub: Settings) -> None:
    assert "None so far." in render_fragment("publish/mirror/redactions.html", totals={}, days=30)
