"""requirements/ names all that is installed, in one version, with the hashes of its files."""

from __future__ import annotations

import ast
import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.core.settings import TREE
from services import lock

FILES = sorted((TREE / "requirements").glob("*.txt"))
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def locked(*names: str) -> dict[str, Requirement]:
    """The packages of these files by their names, those that this Python needs."""
    lines = [line for name in names for line in lock.pins(TREE / "requirements" / f"{name}.txt")]
    found = [Requirement(line.strip()) for line in lines]
    return {canonicalize_name(one.name): one for one in found if one.marker is None or one.marker.evaluate()}


def own_requirements(extras: tuple[str, ...]) -> list[Requirement]:
    """What setup.py says that the product needs, with these extras."""
    (call,) = [node for node in ast.parse((TREE / "setup.py").read_text(encoding="utf-8")).body if isinstance(node, ast.Expr)][-1:]
    assert isinstance(call.value, ast.Call)
    values = {one.arg: one.value for one in call.value.keywords}
    every = ast.literal_eval(values["extras_require"])
    return [Requirement(text) for text in sum((every[name] for name in extras), ast.literal_eval(values["install_requires"]))]


def needed(start: list[Requirement]) -> dict[str, list[Requirement]]:
    """These packages and what they need, and what that needs, by name."""
    start = [one for one in start if one.marker is None or one.marker.evaluate()]
    found = {canonicalize_name(one.name): [one] for one in start}
    waiting, seen = list(start), set()
    while waiting:
        one = waiting.pop()
        if str(one) in seen:
            continue
        seen.add(str(one))
        try:
            texts = requires(one.name) or []
        except PackageNotFoundError:  # of an extra that is not installed here
            texts = []
        for text in map(Requirement, texts):
            if any(text.marker is None or text.marker.evaluate({"extra": extra}) for extra in one.extras or {""}):
                waiting.append(text)
                found.setdefault(canonicalize_name(text.name), []).append(text)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_package_has_one_version_and_hashes(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert lines
    for line in lines:
        assert re.match(r"[a-z0-9._-]+==[0-9][^ ]* ", line), line
        assert len(HASH.findall(line)) == line.count("--hash=") > 0, line


@pytest.mark.parametrize(
    ("names", "extras"),
    [(("run",), lock.RUN_EXTRAS), (("run", "test"), (*lock.RUN_EXTRAS, "test")), (("run", "root"), (*lock.RUN_EXTRAS, "root"))],
    ids=["run", "test", "root"],
)
def test_the_lock_has_all_that_the_product_needs_in_allowed_versions(names: tuple[str, ...], extras: tuple[str, ...]) -> None:
    pinned = locked(*names)
    for name, wishes in needed(own_requirements(extras)).items():
        assert name in pinned, f"{name} is not locked: run `python -m services.lock`"
        (version,) = pinned[name].specifier
        for wish in wishes:
            assert wish.specifier.contains(version.version, prereleases=True), f"{wish} is not {version}: run `python -m services.lock`"


def test_a_mirror_alone_has_the_versions_of_the_product() -> None:
    mirror, run = locked("mirror"), locked("run")
    assert set(lock.MIRROR) <= set(mirror)
    assert {name: str(one.specifier) for name, one in mirror.items()} == {name: str(run[name].specifier) for name in mirror}


def test_pip_and_setuptools_are_locked() -> None:
    assert {"pip", "setuptools"} <= set(locked("run"))
