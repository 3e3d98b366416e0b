"""From files of runs to the answers of a real web server: the values are those that ROOT wrote into the files."""

from __future__ import annotations

import json
import math
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import service, until
from tests.trends.conftest import FILES, Site

pytestmark = pytest.mark.slow

SELECTION = "subsystem=DT&pd=ZeroBias"
HDQM = f"/hdqm/api/data?{SELECTION}&processing_string=Express"
COLUMNS = f"/api/v1/trends/points?{SELECTION}&ps=Express"


class Server:
    """A running web server of a site."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def get(self, path: str) -> Any:
        """The JSON at a path."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.site.settings.web_port}{path}", timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            return bool(self.get("/hdqm/api/"))
        except OSError:
            return False


@pytest.fixture
def server(site: Site) -> Iterator[Server]:
    """A web server without trends."""
    site.settings = site.settings.replace(web_port=free_port())
    server = Server(site)
    with service(site.settings, "web") as process:
        until(lambda: process.poll() is not None or server.is_ready(), "the web server")
        yield server


def test_points_of_files_are_in_both_answers_as_soon_as_they_are_extracted(site: Site, server: Server) -> None:
    names = sorted(FILES)  # run 355555 in versions 1 and 2, 355556, and 355557 in a later era
    first = site.add(*(name for name in names if "R000355557" not in name))
    site.configure(n="basic.BinCount(2) DT/n", none="basic.BinCount(2) DT/nan")
    site.extract(*first)
    found = {trend["metadata"]["name"]: trend["trends"] for trend in server.get(HDQM)}
    assert [(point["run"], point["value"]) for point in found["n"]] == [(355555, 200.0), (355556, 300.0)]
    assert [point["error"] for point in found["n"]] == [math.sqrt(200), math.sqrt(300)]
    assert found["none"] == []
    site.extract(*site.add(*(name for name in names if "R000355557" in name)))
    assert [(point["run"], point["value"]) for point in server.get(f"{HDQM}&series=n")[0]["trends"]][2:] == [(355557, 400.0)]
    columns = server.get(COLUMNS)
    assert columns["runs"]["run"] == [355555, 355556, 355557]
    values = {series["name"]: series for series in columns["series"]}
    assert values["n"]["values"] == [200.0, 300.0, 400.0]
    assert values["none"]["values"] == [None] * 3
    assert sorted(values["none"]["reasons"]) == ["0", "1", "2"]
