"""Libraries of plugins that change the process while they are loaded, take long or never finish loading."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.render.service import Service, children, compile_plugin, wait_until

pytestmark = pytest.mark.slow

SOURCE = """
#include "../src/DQMRenderPlugin.h"
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>

struct Odd : DQMRenderPlugin {
  bool applies(const VisDQMObject &, const VisDQMImgInfo &) override { return false; }
  void initialise(int, char **) override {
    const std::string what = getenv("WHILE_LOADING");
    if (what == "ignore") {
      signal(SIGCHLD, SIG_IGN);
      signal(SIGTERM, SIG_IGN);
    } else if (what == "unblock") {
      sigset_t none;
      sigemptyset(&none);
      sigprocmask(SIG_SETMASK, &none, nullptr);
    } else if (what == "close from 0" || what == "close from 3") {
      for (int number = what.back() - '0'; number < 1024; ++number)
        close(number);
    } else if (what == "return twice") {
      fork();
    } else if (what == "write") {
      const std::string much(1 << 20, 'x');
      for (;;) {
        fwrite(much.data(), 1, much.size(), stdout);
        fflush(stdout);
      }
    }
    if (what.find("fork") == 0 && fork() == 0)
      for (;;)
        pause();
    if (what.find("loop") != std::string::npos)
      for (;;)
        pause();
  }
} odd;
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plugin library that does while it is loaded what its environment says."""
    return compile_plugin(tmp_path_factory.mktemp("odd"), SOURCE)


@pytest.fixture
def load(program: Path, library: Path, tmp_path: Path) -> Callable[[str], Service]:
    """Starts a service with the library."""

    def start(what: str) -> Service:
        return Service(program, tmp_path, "--workers", "1", "--load", str(library), environment={"WHILE_LOADING": what})

    return start


def status(service: Service) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((service.state / "status.json").read_text())
    return document


@pytest.mark.parametrize("what", ["ignore", "unblock", "fork", "return twice"])
def test_service_replaces_workers_and_ends_whatever_loading_did_to_its_signals_and_children(
    load: Callable[[str], Service], what: str
) -> None:
    with load(what) as service:
        service.wait_until_ready()
        assert status(service)["plugins"] == ["Odd"]
        wait_until(lambda: len(children(service.process.pid)) == 2, "there should be a worker and a spare, and no other process")
        (worker,) = service.workers
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: status(service)["lost"] == 1, "the loss should be counted")
        assert service.client.ping() > 0
        assert service.stop() == 0
        assert list(service.state.iterdir()) == []


@pytest.mark.parametrize("first", [0, 3])
def test_library_that_closes_descriptors_is_not_loaded(load: Callable[[str], Service], first: int) -> None:
    with load(f"close from {first}") as service:
        service.wait_until_ready()
        assert status(service)["error"].endswith("Loading closes descriptors that it did not open")
        assert status(service)["plugins"] == []
        assert service.client.ping() > 0
        assert service.stop() == 0


@pytest.mark.parametrize("what", ["loop", "write", "fork and loop"])
def test_sigterm_ends_the_service_while_plugins_are_loaded(load: Callable[[str], Service], what: str) -> None:
    with load(what) as service:
        wait_until(lambda: bool(children(service.process.pid)), "the library should be tried in another process")
        assert service.stop() == 0
        assert "The service ended before it was loaded" in service.log
