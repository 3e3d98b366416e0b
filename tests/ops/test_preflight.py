"""What `preflight.py` says of machines that lack something, run alone as before an installation."""

from __future__ import annotations

import ast
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.disk import NETWORK_FILE_SYSTEMS
from app.core.settings import TREE, Settings
from app.ops import preflight as script
from tests.support.cli import run_command
from tests.support.ports import free_port
from tests.support.processes import environment
from tests.support.small_disk import small_disk

SOURCE = TREE / "app/ops/preflight.py"
PLACES = (*Path.home().glob(".pyenv/versions/3.6.*/bin/python"), Path("/usr/bin/python3.6"), Path("/usr/libexec/platform-python3.6"))
OLD = next((path for path in PLACES if path.exists()), None)


def preflight(folder: Path, *arguments: str, python: str | Path = sys.executable, **variables: str) -> list[tuple[str, str]]:
    """Level and text of what is found, by a copy that sees nothing of the product."""
    script = Path(shutil.copy(SOURCE, folder / "preflight.py"))
    places = ["--prefix", str(folder / "opt"), "--data", str(folder / "data"), "--json"]
    if "--port" not in arguments:
        places += ["--port", str(free_port())]
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "DQMHUB_PYTHON": sys.executable, **variables}
    done = subprocess.run([python, script, *places, *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    findings = json.loads(done.stdout)
    assert all(finding["remedy"] for finding in findings if finding["level"] != "ok")
    assert done.returncode == any(finding["level"] == "error" for finding in findings)
    return [(finding["level"], finding["text"]) for finding in findings]


def errors(findings: list[tuple[str, str]]) -> list[str]:
    return [text for level, text in findings if level == "error"]


def test_preflight_needs_only_the_standard_library_and_the_language_of_python_3_6() -> None:
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 6))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name if isinstance(node, ast.Import) else str(node.module) for node in imports for alias in node.names}
    assert names <= sys.stdlib_module_names - {"__future__", "dataclasses", "tomllib"}


@pytest.mark.skipif(OLD is None, reason="Python 3.6 is not on this machine")
def test_preflight_runs_with_python_3_6(tmp_path: Path) -> None:
    assert errors(preflight(tmp_path, python=str(OLD))) == []


def test_a_machine_without_python_3_11_or_with_another_one_is_named(tmp_path: Path) -> None:
    assert errors(preflight(tmp_path, DQMHUB_PYTHON="python3.11-of-nobody")) == ["python3.11-of-nobody is not on this machine"]
    other = tmp_path / "python"
    other.write_text(f"#!/bin/sh\n{sys.executable} -c 'print(\"3.9.18 3.26.0 OpenSSL 1.1\")'\n")
    other.chmod(0o755)
    assert errors(preflight(tmp_path, DQMHUB_PYTHON=str(other))) == [f"{other} is Python 3.9, and the packages are for 3.11"]


def test_a_python_without_a_part_of_its_standard_library_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text(f"#!/bin/sh\nexec {sys.executable} -c \"import sys; sys.modules['sqlite3'] = None; $3\"\n")
    broken.chmod(0o755)
    (text,) = errors(preflight(tmp_path, DQMHUB_PYTHON=str(broken)))
    assert text.startswith(f"{broken} cannot be used: ModuleNotFoundError: ")
    assert "sqlite3" in text


def test_missing_tools_for_the_render_service_are_warnings_of_the_hub_alone(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "getconf").symlink_to(str(shutil.which("getconf")))
    path = str(tmp_path / "bin")
    warnings = [text for level, text in preflight(tmp_path, PATH=path) if level == "warning"]
    missing = ["root-config is not on the path, so the render service cannot be built", "There is no C++ compiler", "There is no CMake"]
    assert warnings[-3:] == missing
    assert not set(missing) & {text for _, text in preflight(tmp_path, "dqmhub-mirror", PATH=path)}


def test_a_small_disk_and_a_port_in_use_are_named(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data"), socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        found = errors(preflight(tmp_path, "--port", str(port)))
    assert found == [
        f"{tmp_path}/data has 8 MB of free space for {tmp_path}/data, and 1,000 MB are needed",
        f"Port {port} cannot be used: Address already in use",
    ]


@pytest.mark.parametrize("port", ["70000", "-1", "x"])
def test_what_is_no_port_is_refused_in_one_sentence(capsys: pytest.CaptureFixture[str], port: str) -> None:
    with pytest.raises(SystemExit) as ended:
        script.main(["--port", port])
    assert ended.value.code == 2
    assert f"{port} is not a port, which is 1 to 65535" in capsys.readouterr().err


def test_preflight_refuses_the_network_file_systems_that_the_hub_refuses() -> None:
    assert script.NETWORK_FILE_SYSTEMS == NETWORK_FILE_SYSTEMS


def test_a_folder_on_which_programs_cannot_run_is_named(tmp_path: Path) -> None:
    with small_disk(tmp_path / "opt", 2000):
        subprocess.run(["mount", "-o", "remount,noexec", tmp_path / "opt"], check=True)
        assert errors(preflight(tmp_path)) == [f"{tmp_path}/opt is mounted with noexec"]


def test_the_command_preflight_does_the_same_as_the_file(settings: Settings) -> None:
    done = run_command(environment(settings), "preflight", "dqmhub-transfer", "--prefix", "/", "--data", "/", "--json")
    assert {"level", "text", "remedy"} == set(json.loads(done.stdout)[0])
