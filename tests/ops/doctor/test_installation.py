"""The checks of the installation: data folder, versions, render service and plugins."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from app.core import database, database_schema
from app.core.heartbeat import Service
from app.core.settings import TREE, Settings
from app.ops.doctor.checks import renderer, software
from render.build import binary
from services import sbom
from tests.ops.doctor.findings import found, wrong
from tests.support.small_disk import fill_disk, small_disk


def test_a_data_folder_that_is_not_there_is_named(settings: Settings) -> None:
    assert wrong(settings, "data-folder") == [("error", f"The data folder {settings.data} does not exist")]


def test_files_that_root_left_in_the_data_folder_are_named_with_the_command(settings: Settings) -> None:
    if os.geteuid():
        pytest.skip("only root can give files away")
    settings.data.mkdir()
    (settings.data / "dqmhub.db").touch()
    os.chown(settings.data, 65534, -1)
    ((level, text),) = wrong(settings, "data-folder")
    assert level == "error"
    assert text == f"dqmhub.db in {settings.data} does not belong to nobody, so the services may not be able to write it"
    (finding,) = [one for one in found(settings, "data-folder") if one.level == "error"]
    assert finding.remedy.startswith(f"chown -R nobody {settings.data}")


def test_a_data_folder_that_everybody_can_write_and_missing_file_roots_are_named(settings: Settings, tmp_path: Path) -> None:
    settings.data.mkdir()
    settings.data.chmod(0o777)
    problems = wrong(settings.replace(file_roots=(str(tmp_path / "eos"),)), "data-folder")
    assert problems == [
        ("error", f"All users of this machine can write {settings.data}"),
        ("error", f"The folder {tmp_path / 'eos'} of file_roots does not exist"),
    ]


def test_a_full_and_a_nearly_full_disk_are_told_apart(settings: Settings) -> None:
    with small_disk(settings.data, 64):
        settings.data.chmod(0o750)
        (settings.data / "ballast").write_bytes(bytes(62 << 20))
        ((level, text),) = wrong(settings, "data-folder")
        assert (level, text.startswith(f"The disk of {settings.data}: nearly full")) == ("warning", True)
        fill_disk(settings.data)
        assert wrong(settings, "data-folder") == [("error", f"The disk of {settings.data}: full")]


def test_a_service_of_another_version_on_this_host_is_named(hub: Settings) -> None:
    now = {"started": time.time(), "seen": time.time()}
    Service.create(name="web", host=socket.gethostname(), process=7, version="0.0.9", **now)
    Service.create(name="live", host="elsewhere", process=8, version="0.0.9", **now)
    try:
        problems = wrong(hub, "software")
    finally:
        database_schema.check(database.connect(hub))
    assert problems == [("error", "dqmhub web, process 7, runs version 0.0.9, and 0.1.0 is installed")]


def test_a_package_of_another_version_is_named(tmp_path: Path) -> None:
    lock, contents = tmp_path / "run.txt", tmp_path / "sbom.json"
    lock.write_text("flask==3.1.2 \\\n    --hash=sha256:00\nredis==5.0 ; python_version < '4' \\\n")
    wrong = ["flask is 3.0.0, and this version of DQM Hub was tested with 3.1.2"]
    assert list(software.version_differences(software.tested_versions(contents, lock), {"flask": "3.0.0"})) == wrong
    contents.write_text(json.dumps(sbom.document("dqmhub")))
    versions = software.tested_versions(contents, lock)
    assert versions == software.tested_versions(tmp_path / "none", software.LOCK)
    assert next(software.version_differences(versions, versions | {"huey": "1.0"})).startswith("huey is 1.0, and ")


def test_a_render_service_that_is_not_built_is_named(tmp_path: Path) -> None:
    (finding,) = renderer.examine_program(tmp_path / "dqmhub-render", "")
    assert (finding.level, finding.remedy) == ("error", renderer.BUILD)
    assert finding.text == f"The render service is not built: {tmp_path}/dqmhub-render does not exist"


def test_a_render_service_without_its_root_is_named_with_what_the_loader_says(tmp_path: Path) -> None:
    program = Path(shutil.copy(binary(TREE), tmp_path / "dqmhub-render"))
    content = program.read_bytes()
    program.write_bytes(content.replace(b"libHistPainter.so\0", b"libHistPaintex.so\0"))
    (finding,) = renderer.examine_program(program, "")
    assert finding.level == "error"
    assert "libHistPaintex.so: cannot open shared object file" in finding.text


def test_a_render_service_draws_and_names_a_plugin_library_that_cannot_be_loaded(tmp_path: Path) -> None:
    source, library = tmp_path / "broken.c", tmp_path / "libplugins.so"
    source.write_text("extern int of_another_release(void); int start(void) { return of_another_release(); }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    draws, plugins = renderer.examine_program(binary(TREE), str(library))
    assert (draws.level, plugins.level) == ("ok", "error")
    assert plugins.text.startswith(f"The plugins of {library} cannot be used: ")
    assert "of_another_release" in plugins.text
