"""Installed releases and the link to the one in use."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from app.core.installation import InstallationError, Release, current, release, releases, switch


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    for version in ("0.9.0", "0.10.0", "0.10.0rc9", "0.10.0rc10", "0.2.0"):
        launcher = Release(tmp_path, version).launcher
        launcher.parent.mkdir(parents=True)
        launcher.write_text("#!/bin/sh\n")
    (tmp_path / "notes").mkdir()
    (tmp_path / "empty.txt").touch()
    return tmp_path


def test_a_checkout_is_no_release() -> None:
    assert release() is None


def test_releases_are_listed_by_version_without_other_folders_and_the_link(prefix: Path) -> None:
    switch(prefix, "0.9.0")
    assert [found.version for found in releases(prefix)] == ["0.2.0", "0.9.0", "0.10.0rc9", "0.10.0rc10", "0.10.0"]
    assert releases(prefix / "absent") == []


def test_the_release_of_a_tree_is_known_from_its_place(prefix: Path) -> None:
    assert release(prefix / "0.9.0") == Release(prefix, "0.9.0")
    assert release((switch(prefix, "0.2.0").prefix / "current").resolve()) == Release(prefix, "0.2.0")


def test_the_link_leads_to_the_release_switched_to_and_back(prefix: Path) -> None:
    assert current(prefix) is None
    switch(prefix, "0.9.0")
    switch(prefix, "0.10.0")
    assert current(prefix) == Release(prefix, "0.10.0")
    switch(prefix, "0.9.0")
    assert current(prefix) == Release(prefix, "0.9.0")
    assert [path.name for path in prefix.glob(".*")] == []


def test_the_link_works_where_the_prefix_is_moved_to(prefix: Path) -> None:
    switch(prefix, "0.9.0")
    moved = prefix.rename(prefix.with_name("moved"))
    assert current(moved) == Release(moved, "0.9.0")


def test_at_each_moment_of_a_switch_there_is_a_release(prefix: Path) -> None:
    switch(prefix, "0.2.0")
    ended = threading.Event()
    missing = []

    def look() -> None:
        while not ended.is_set():
            if not (prefix / "current" / "bin" / "dqmhub").exists():
                missing.append("no release")

    reader = threading.Thread(target=look)
    reader.start()
    for version in ("0.9.0", "0.10.0") * 100:
        switch(prefix, version)
    ended.set()
    reader.join()
    assert missing == []


@pytest.mark.parametrize("version", ["1.0.0", "notes", "../elsewhere", "current", ""])
def test_a_release_that_is_not_installed_is_refused_with_those_that_are(prefix: Path, version: str) -> None:
    switch(prefix, "0.9.0")
    with pytest.raises(InstallationError, match=r"installed: 0\.2\.0, 0\.9\.0, 0\.10\.0rc9, 0\.10\.0rc10, 0\.10\.0$"):
        switch(prefix, version)
    assert current(prefix) == Release(prefix, "0.9.0")


def test_a_link_to_a_removed_release_is_none(prefix: Path) -> None:
    (prefix / "current").symlink_to("0.1.0")
    assert current(prefix) is None
