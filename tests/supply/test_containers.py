"""The container files: what they copy is there, nobody runs as root, and their commands work in a read-only root."""

from __future__ import annotations

import inspect
import re
import shutil
import sys
import sysconfig
from pathlib import Path

import click
import pytest

from app.cli import dqmhub
from app.core.settings import TREE, setting_rows
from app.core.settings.table import CoreSettings
from app.core.version import VERSION
from app.ops.settings import ServiceSettings
from render.build import binary, build
from render.client import RenderClient
from render.errors import RenderError
from services.bootstrap import BUILD_PACKAGES, ROOT_PACKAGES
from tests.render.service import scalar_request
from tests.supply.containerfile import FOLDER, Image, assemble, stages
from tests.support.http_clients import request
from tests.support.ports import free_port
from tests.support.processes import until

NAMES = sorted(path.stem for path in FOLDER.glob("*.containerfile"))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_copied_is_in_the_tree_and_the_last_stage_takes_only_what_was_built(name: str) -> None:
    _, build, final = stages(name)
    assert all((TREE / source).exists() for origin, sources, _ in build.copies() for source in sources if not origin)
    place = final.last("WORKDIR")
    assert list(final.copies()) == [(build.name, [place], place)]
    assert build.last("WORKDIR") == place


@pytest.mark.parametrize("name", NAMES)
def test_packages_are_those_of_the_lock_by_their_hashes(name: str) -> None:
    _, build, _ = stages(name)
    (install,) = [one.text for one in build.instructions if "pip install" in one.text]
    assert "--require-hashes" in install
    assert "--only-binary :all:" in install
    files = {f"requirements/{text}.txt" for text in re.findall(r"-r requirements/(\w+)\.txt", install)}
    assert files == {source for _, sources, _ in build.copies() for source in sources if source.startswith("requirements/")}


@pytest.mark.parametrize("name", NAMES)
def test_the_user_is_not_root_and_named_by_a_number(name: str) -> None:
    *_, final = stages(name)
    number, _, group = final.last("USER").partition(":")
    assert int(number) > 0
    assert int(group) > 0  # Kubernetes only believes numbers with runAsNonRoot


def test_ports_and_variables_are_those_of_the_settings() -> None:
    (*_, hub), (*_, mirror) = stages("hub"), stages("mirror")
    assert int(hub.last("EXPOSE")) == CoreSettings.web_port
    assert int(mirror.last("EXPOSE")) == ServiceSettings.mirror_port
    known = {f"DQMHUB_{row.name.upper()}" for row in setting_rows()}
    assert {name for name in hub.variables() if name.startswith("DQMHUB_")} <= known


def test_debian_packages_are_those_of_the_build_from_a_checkout() -> None:
    _, build, final = stages("hub")
    texts = ["".join(one.text for one in stage.instructions if one.word == "RUN") for stage in (build, final)]
    left_out = {"libpng-dev", "libboost-dev"}  # for the bench, and for plugins that need it
    assert {name for name in BUILD_PACKAGES if name not in texts[0].split()} <= left_out
    assert {name for name in ROOT_PACKAGES if name not in texts[1].split()} == set()


def test_commands_that_miss_what_they_run_in_the_image_are_those_that_the_page_names() -> None:
    """What a command starts by a name, which no import shows."""
    _, build, _ = stages("hub")
    copied = {source for _, sources, _ in build.copies() for source in sources}
    missing = set()
    for name in dqmhub.list_commands(click.Context(dqmhub)):
        command = dqmhub.get_command(click.Context(dqmhub), name)
        assert command is not None
        module = inspect.getmodule(inspect.unwrap(command.callback or command))
        assert module is not None
        source = inspect.getsource(module)
        started = {found.replace(".", "/") for found in re.findall(r'"(Procfile|services\.\w+)', source)}
        missing |= {name} if started - copied else set()
    page = (TREE / "docs/operators/containers.md").read_text(encoding="utf-8")
    sentence = page.partition("except for those of demonstrations:")[2].partition(". ")[0]
    assert set(re.findall(r"`([\w-]+)`", sentence)) == missing


def test_the_image_has_the_programs_of_backups() -> None:
    *_, final = stages("hub")
    assert any("postgresql-client" in one.text.split() for one in final.instructions if one.word == "RUN")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return assemble("hub", tmp_path_factory.mktemp("hub") / "root")


@pytest.mark.slow
def test_the_hub_runs_from_a_read_only_root_as_another_user_than_root(hub: Image) -> None:
    port = free_port()
    variables = {"DQMHUB_WEB_PORT": str(port), "DQMHUB_WEB_WORKERS": "1"}
    upgraded = hub.run("db", "upgrade", **variables)
    assert upgraded.returncode == 0, upgraded.stderr
    with hub.running("web", **variables):
        until(lambda: answers(port, "/healthz/live"), "the hub of the image")
        database = Path(f"{hub.root}.data") / "dqmhub.db"
        assert database.stat().st_uid == int(hub.final.last("USER").partition(":")[0])


@pytest.mark.slow
def test_the_command_dqmhub_is_in_the_image_and_works_in_any_folder(hub: Image) -> None:
    done = hub.run("-c", "command -v dqmhub && cd /tmp && dqmhub --version", entry=["sh"])
    assert done.stdout.splitlines()[0] == "/opt/dqmhub/bin/dqmhub", done.stderr
    assert VERSION in done.stdout.splitlines()[1]


@pytest.mark.slow
def test_the_render_service_draws_in_a_read_only_root(hub: Image) -> None:
    """With the program of this tree, whose libraries are elsewhere than in the image that builds its own."""
    program = binary(hub.root / hub.final.last("WORKDIR")[1:])
    program.parent.mkdir(parents=True)
    shutil.copy(build(TREE, sys.executable), program)
    libraries = f"{hub.final.last('WORKDIR')}/.venv/{Path(sysconfig.get_path('platlib')).relative_to(sys.prefix)}/ROOT/lib"
    with hub.running("render", DQMHUB_RENDER_WORKERS="1", LD_LIBRARY_PATH=libraries):
        client = RenderClient(Path(f"{hub.root}.data") / "render" / "socket")
        until(lambda: draws(client), "the render service of the image")


@pytest.mark.slow
def test_nothing_of_the_image_can_be_changed_by_what_runs_in_it(hub: Image) -> None:
    program = "import os; print(os.getuid()); open('/opt/dqmhub/wsgi.py', 'a')"
    done = hub.run("-c", program, entry=["/opt/dqmhub/.venv/bin/python"])
    assert done.stdout == "10001\n"
    assert re.search("Read-only file system|Permission denied", done.stderr)


@pytest.mark.slow
def test_the_mirror_runs_from_a_read_only_root_as_another_user_than_root(tmp_path: Path) -> None:
    image, port = assemble("mirror", tmp_path / "root"), free_port()
    with image.running("--port", str(port)):
        until(lambda: answers(port, "/healthz"), "the mirror of the image")
    assert (Path(f"{image.root}.data") / "mirror.db").is_file()


def answers(port: int, path: str) -> bool:
    """Whether a service answers at an address of this machine."""
    try:
        return request(port, path)[0] == 200
    except OSError:
        return False


def draws(client: RenderClient) -> bool:
    """Whether a render service draws a plot."""
    try:
        return bool(client.render(scalar_request("5")).image)
    except RenderError:
        return False
