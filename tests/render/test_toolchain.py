"""The tools that the render service is built with, as the path, the variable CXX and ROOT name them."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from render import toolchain
from render.errors import ToolsMissing


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the path, with those tools of this machine that a build needs, but no ROOT."""
    for name in ("cmake", "make", "c++", "as"):
        found = shutil.which(name)
        assert found, name
        (tmp_path / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    return tmp_path


def add(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_the_compiler_is_that_of_the_variable_then_that_of_root_then_the_usual_one(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert toolchain.find_compiler() == f"{tools}/c++"
    of_root, named = add(tools, "g++-of-root", ""), add(tools, "g++-named", "")
    add(tools, "root-config", f"echo {of_root}")
    assert toolchain.find_compiler() == of_root
    monkeypatch.setenv("CXX", named)
    assert toolchain.find_compiler() == named
    monkeypatch.setenv("CXX", "absent")
    assert toolchain.find_compiler() == of_root
    os.remove(of_root)
    assert toolchain.find_compiler() == f"{tools}/c++"


def test_another_root_is_another_toolchain(tools: Path) -> None:
    add(tools, "root-config", 'case $1 in --prefix) echo "/opt/root 6.30/02";; *) echo c++;; esac')
    first = toolchain.find(sys.executable)
    assert first.root == "/opt/root 6.30/02"
    add(tools, "root-config", 'case $1 in --prefix) echo "/opt/root 6.32/00";; *) echo c++;; esac')
    assert toolchain.find(sys.executable) != first


def test_all_that_is_missing_is_named_with_its_package(tools: Path) -> None:
    for name in ("cmake", "c++"):
        (tools / name).unlink()
    with pytest.raises(ToolsMissing) as caught:
        toolchain.find("/nowhere/python")
    message = str(caught.value)
    for words in ("cmake (package cmake)", "C++ compiler (package gcc-c++, Debian: g++), or name one by the variable CXX"):
        assert words in message
    assert "make (package make)" not in message.replace("cmake (package cmake)", "")


def test_without_root_the_ways_to_it_are_named(tools: Path) -> None:
    without = add(tools, "python-without", "echo /nowhere")
    with pytest.raises(ToolsMissing, match=r"ROOT: put its root-config on the path.*cmsenv.*the package `root`"):
        toolchain.find(without)


def test_root_from_its_package_is_found_by_the_python_that_has_it(tools: Path) -> None:
    with_package = add(tools, "python-with", f"echo {tools}")
    header = tools / "ROOT/include/TROOT.h"
    header.parent.mkdir(parents=True)
    header.touch()
    assert toolchain.find(with_package).root == f"{tools}/ROOT"
