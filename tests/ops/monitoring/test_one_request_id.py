"""One word finds what all processes did for a request: the web server, the worker of background jobs, and the render service."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.core.settings import Settings
from tests.support.gui import demo_files
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import service, until
from tests.support.site import address, answers

DATASET = "/StreamExpress/Run2023C-Demo-v1/DQMIO"
RUN = 367131
SERVICES = ("web", "worker", "render")


class Logged(NamedTuple):
    """A running hub, and the files with the logs of its processes."""

    settings: Settings
    file: Path
    folder: Path

    def lines(self, request_id: str) -> dict[str, list[dict[str, Any]]]:
        """The lines with an id, by the name of the process. Each line of each log must be a JSON object."""
        found: dict[str, list[dict[str, Any]]] = {}
        for name in SERVICES:
            for line in (self.folder / name).read_text().split("\n")[:-1]:
                entry = json.loads(line)
                assert entry["process"] == name
                if entry.get("request") == request_id:
                    found.setdefault(name, []).append(entry)
        return found

    def request(self, path: str, body: object = None) -> str:
        """Send a request; the id in its response."""
        request = urllib.request.Request(f"{address(self.settings)}{path}", headers={"Origin": address(self.settings)})
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
            response.read()
            return str(response.headers["X-Request-ID"])


@pytest.fixture(scope="module")
def hub_with_logs(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Logged]:
    file = next(file for file in demo_files(tmp_path_factory) if "StreamExpress" in file.name)
    folder = tmp_path_factory.mktemp("logs")
    settings = Settings(
        data_dir=str(folder / "var"),
        web_port=free_port(),
        web_workers=1,
        worker_processes=1,
        render_workers=1,
        log_format="json",
        log_level="debug",
        file_roots=(str(file.parent),),
    )
    shutil.copytree(sqlite_template, settings.data)
    with ExitStack() as stack:
        for name in SERVICES:
            stack.enter_context(service(settings, name, folder / name))
        until(lambda: answers(settings) and (settings.data / "render" / "status.json").exists(), "web server and render service")
        yield Logged(settings, file, folder)


def test_a_registered_file_and_its_plot_can_be_followed_through_all_logs(hub_with_logs: Logged) -> None:
    entry = {"dataset": DATASET, "run": RUN, "lumi": 0, "file": str(hub_with_logs.file), "fileformat": 2}
    registered = hub_with_logs.request("/api/v1/register", [entry])
    until(lambda: "worker" in hub_with_logs.lines(registered), "the import of the file")
    lines = hub_with_logs.lines(registered)
    (queued,) = [line for line in lines["web"] if line["message"].endswith(": queued")]
    attempt = next(line for line in lines["worker"] if line["message"].endswith(": attempt 1"))
    assert queued["message"].partition(":")[0] == attempt["message"].partition(":")[0]
    assert f"Job {attempt['job']}, " in queued["message"]
    assert (attempt["level"], attempt["request"]) == ("info", registered)

    drawn = hub_with_logs.request(f"/plotfairy/archive/{RUN}{DATASET}/nothing/of/this/name?w=60;h=40")
    until(lambda: "render" in hub_with_logs.lines(drawn), "the plot")
    (line,) = hub_with_logs.lines(drawn)["render"]
    assert line["message"].startswith("drew 'nothing/of/this/name'")
