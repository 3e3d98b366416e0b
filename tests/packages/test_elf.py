"""The check that no file needs a newer C or C++ library than el8 has."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.packaging.elf import is_too_new, too_new, versions


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        *(("GLIBC_2.28", False), ("GLIBC_2.29", True), ("GLIBC_2.2.5", False), ("GLIBC_2.34", True), ("GLIBC_PRIVATE", False)),
        *(("GLIBCXX_3.4.25", False), ("GLIBCXX_3.4.26", True), ("CXXABI_1.3.11", False), ("CXXABI_1.3.12", True), ("OPENSSL_3.0.0", False)),
    ],
)
def test_a_version_is_too_new_when_el8_lacks_it(version: str, expected: bool) -> None:
    assert is_too_new(version) is expected


@pytest.mark.parametrize("name", ["/bin/sh", sys.executable, "/usr/lib/x86_64-linux-gnu/libstdc++.so.6"])
def test_the_versions_of_a_file_are_those_that_readelf_names(name: str) -> None:
    if not Path(name).exists() or not shutil.which("readelf"):
        pytest.skip(f"{name} or readelf is not on this machine")
    text = subprocess.run(["readelf", "-V", "-W", name], check=True, capture_output=True, text=True).stdout
    expected = set(re.findall(r"Name: (\S+)", text.partition(".gnu.version_r")[2]))
    assert expected
    assert set(versions(Path(name).read_bytes())) == expected


def test_a_file_that_needs_more_is_named_with_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no ELF file")
    (tmp_path / "short").write_bytes(b"\x7fELF")
    source = 'extern void* f(void); __asm__(".symver f, pthread_create@GLIBC_2.34"); void* g(void) { return f(); }\n'
    (tmp_path / "new.c").write_text(source)
    library = tmp_path / "lib" / "new.so"
    library.parent.mkdir()
    done = subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", str(library), str(tmp_path / "new.c")], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"this machine's C library has no such symbol: {done.stderr}")
    assert too_new(tmp_path) == {library: ["GLIBC_2.34"]}
    command = [sys.executable, "-m", "services.packaging.elf", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, f"{library} needs GLIBC_2.34\n")
