"""Libraries of plugins that change the process while they are loaded, take long or never finish loading."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.render.service import Service, children, compile_plugin, wait_until

pytestmark = pytest.mark.slow

SOURCE = """
#include "../src/DQMRenderPlugin.h"
#include <csignal>
#include <cstdio>
#include <string>
#include <unistd.h>

struct Odd : DQMRenderPlugin {
  bool applies(const VisDQMObject &, const VisDQMImgInfo &) override { return false; }
  void initialise(int, char **) override { %s }
} odd;
"""

IGNORE_CHILDREN = "signal(SIGCHLD, SIG_IGN); signal(SIGTERM, SIG_IGN);"
UNBLOCK = "sigset_t none; sigemptyset(&none); sigprocmask(SIG_SETMASK, &none, nullptr);"
CLOSE = "for (int number = %d; number < 1024; ++number) close(number);"
FORK = "if (fork() == 0) for (;;) pause();"
RETURN_TWICE = "fork();"
LOOP = "for (;;) pause();"
FILL_PIPE = "const std::string much(1 << 20, 'x'); for (;;) { fwrite(much.data(), 1, much.size(), stdout); fflush(stdout); }"


def load(program: Path, folder: Path, what: str) -> Service:
    return Service(program, folder, "--workers", "1", "--load", str(compile_plugin(folder, SOURCE % what)))


def status(service: Service) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((service.state / "status.json").read_text())
    return document


@pytest.mark.parametrize("what", [IGNORE_CHILDREN, UNBLOCK, FORK, RETURN_TWICE], ids=["ignore", "unblock", "fork", "return twice"])
def test_service_replaces_workers_and_ends_whatever_loading_did_to_its_signals_and_children(
    program: Path, tmp_path: Path, what: str
) -> None:
    with load(program, tmp_path, what) as service:
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
def test_library_that_closes_descriptors_is_not_loaded(program: Path, tmp_path: Path, first: int) -> None:
    with load(program, tmp_path, CLOSE % first) as service:
        service.wait_until_ready()
        assert status(service)["error"].endswith("Loading closes descriptors that it did not open")
        assert status(service)["plugins"] == []
        assert service.client.ping() > 0
        assert service.stop() == 0


@pytest.mark.parametrize("what", [LOOP, FILL_PIPE, FORK + LOOP], ids=["loop", "write", "fork"])
def test_sigterm_ends_the_service_while_plugins_are_loaded(program: Path, tmp_path: Path, what: str) -> None:
    with load(program, tmp_path, what) as service:
        wait_until(lambda: bool(children(service.process.pid)), "the library should be tried in another process")
        assert service.stop() == 0
        assert "The service ended before it was loaded" in service.log
