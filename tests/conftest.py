"""Fixtures for all tests.

A test that touches the database takes `hub`, and runs on SQLite. A test of code with SQL of its own (queries, transactions,
locks, migrations) has the mark `both_databases`, itself or by `pytestmark` of its module, and runs on PostgreSQL, too.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from flask.testing import FlaskClient

from app import areas, create_app  # noqa: F401  areas makes the settings known
from app.core import database, database_kinds, database_schema, log_context
from app.core.settings import TREE, Settings
from app.gui.api import legacy, overlays, v1
from app.gui.pages import compare, views
from app.gui.pages.layouts import pictures
from app.queue import execution
from app.security import passwords
from app.trends.pages import me_pictures
from tests.support import applications, guard, servers
from tests.support.p5 import Simulators
from tests.support.patience import PATIENCE_MS, PATIENCE_S
from tests.support.processes import LOOPBACK_RIGHTS
from tests.support.shared import shared_folder
from tests.support.site import unbind
from tests.support.small_disk import small_disk
from tests.support.write_watch import WatchPlugin

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Browser as Chromium
    from playwright.sync_api import BrowserContext
    from werkzeug.test import TestResponse

database.LOCK_TIMEOUT_S = round(PATIENCE_S)  # tests write beside services, which may stall while they write
database_kinds.POSTGRESQL_GONE["connect_timeout"] = round(PATIENCE_S)
for requests in (v1, legacy, overlays, compare, pictures, views, me_pictures):
    requests.WAIT_S = PATIENCE_S  # requests are answered when a file has been read, however slow the machine is

REAL_METHOD, QUICK_METHOD = passwords.METHOD, "scrypt:256:8:1"

# hypothesis measures an example and the making of inputs by the clock, and a busy machine is slow in both.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")

CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Byte code is kept even where the environment says otherwise: else each worker rewrites the assertions of all tests,
# and each of the hundreds of processes that they start compiles the whole product.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

applications.share()


def pytest_configure(config: pytest.Config) -> None:
    """Stop when the environment was installed before a top-level package was added: child processes would not find it."""
    installed = (distribution("dqmhub").read_text("top_level.txt") or "").split()
    if missing := {folder.parent.name for folder in TREE.glob("*/__init__.py")}.difference(installed):
        raise pytest.UsageError(f"The environment does not know the package {', '.join(sorted(missing))}. Run `make build` first.")
    config.pluginmanager.register(WatchPlugin(), "write transactions")
    if not hasattr(config, "workerinput"):  # which pytest-xdist gives to its workers
        guard.start()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_databases"):
        metafunc.parametrize("database_kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest tests first: one that starts last would run for minutes while other processors have nothing to do."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/packages/test_production"))


def pytest_collection_finish() -> None:
    """Let searches for cycles pass over the tests themselves, millions of objects that live until the end."""
    gc.freeze()


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """Undo the umask that a command of `dqmhub` sets: servers that tests start later as other users must read their files."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def own_log_context() -> Iterator[None]:
    """The log lines of a test belong to no request of an earlier one, whose client was in this thread."""
    with log_context.during():
        yield


@pytest.fixture(scope="session")
def fixtures_dir() -> Path:
    """Real data; tests that need it are skipped, saying so, where it is absent."""
    folder = Path(os.environ.get("DQMHUB_FIXTURES") or TREE.parent / "shared" / "fixtures")
    if not folder.is_dir():
        pytest.skip(f"real data is absent: {folder} (set DQMHUB_FIXTURES)")
    return folder


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.PostgreSQL]:
    """A real PostgreSQL server of this worker, started by the first test that needs it."""
    with servers.postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The address of a real Redis server of this worker, started by the first test that needs it."""
    with servers.redis_server() as server:
        yield server.url


@pytest.fixture(scope="session")
def simulators() -> Iterator[Simulators]:
    """Runs simulators of P5, each in a process of its own."""
    started = Simulators()
    yield started
    started.end()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A real browser; one for all tests, as Playwright runs once in a process."""
    program = shutil.which("chromium-headless-shell")
    if program is None:
        pytest.skip("Chromium is not on this machine; `make test` installs it")
    from playwright.sync_api import expect, sync_playwright

    own = str(tmp_path_factory.mktemp("chromium"))  # else it keeps crash reports and caches in the user's home
    places = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), own)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM, env={**os.environ, **places})
        new_context = browser.new_context

        def new_patient_context(**options: Any) -> BrowserContext:
            context = new_context(**options)
            context.set_default_timeout(PATIENCE_MS)
            return context

        browser.new_context = new_patient_context
        expect.set_options(timeout=PATIENCE_MS)
        yield browser
        browser.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a data folder of their own; no database is made yet."""
    return Settings(data_dir=str(tmp_path / "var"), instance_name="Test", **LOOPBACK_RIGHTS)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose SQLite database has every table."""
    return shared_folder(tmp_path_factory, "template", lambda folder: servers.migrate(Settings(data_dir=str(folder))))


@pytest.fixture(autouse=True)
def quick_password_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Store passwords of tests with a cheap hash: the real one would take a tenth of the time of all tests."""
    monkeypatch.setattr(passwords, "METHOD", QUICK_METHOD)


@pytest.fixture
def database_kind() -> str:
    """On which database `hub` is: `pytest_generate_tests` gives both to tests with the mark `both_databases`."""
    return "sqlite"


@pytest.fixture
def hub(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> Iterator[Settings]:
    """Settings with an empty database of this version, bound to the tables."""
    data = tmp_path / "var"
    with ExitStack() as stack:
        url = ""
        if database_kind == "sqlite":
            shutil.copytree(request.getfixturevalue("sqlite_template"), data)
        else:
            server = request.getfixturevalue("postgresql")
            url = stack.enter_context(server.database(server.template()))
        given = Settings(data_dir=str(data), instance_name="Test", database_url=url, **LOOPBACK_RIGHTS)
        database.connect(given).connect()  # notes which file it is; a check would be a good part of the cost of a short test
        execution.connect(given)
        yield given
        unbind()
        execution.disconnect()


@pytest.fixture
def small_hub(tmp_path: Path, sqlite_template: Path) -> Iterator[Settings]:
    """As `hub`, on a disk of 64 MB that a test can fill."""
    small = Settings(data_dir=str(tmp_path / "small"), instance_name="Test")
    with small_disk(small.data, 64):
        shutil.copytree(sqlite_template, small.data, dirs_exist_ok=True)
        database_schema.check(database.connect(small))
        execution.connect(small)
        yield small
        unbind()
        execution.disconnect()
        gc.collect()  # errors that tests look at hold statements, which keep files open


@pytest.fixture
def app(hub: Settings) -> Flask:
    """The web application on an empty database."""
    return create_app(hub)


class Browser(FlaskClient):
    """A client of the address that the server has by default."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("base_url", "http://127.0.0.1:8889")
        return super().open(*args, **kwargs)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser on this machine."""
    app.test_client_class = Browser
    return app.test_client()
