"""The list of the third-party parts of the packages of the product (SBOM)."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.settings import TREE
from services import sbom
from tests.supply.containerfile import stages


@pytest.mark.parametrize("product", sbom.LOCKS)
def test_the_list_has_the_form_of_cyclonedx(product: str) -> None:
    from cyclonedx.schema import SchemaVersion  # not above: this takes two seconds, in each process that collects tests
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(sbom.document(product))) is None


def test_the_list_has_the_packages_and_hashes_that_the_tool_of_cyclonedx_finds_in_the_lock() -> None:
    command = [Path(sys.executable).with_name("cyclonedx-py"), "requirements", "requirements/mirror.txt"]
    theirs = json.loads(subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=True).stdout)
    ours = sbom.document("dqmhub-mirror")

    def packages(document: dict[str, list[dict[str, object]]]) -> dict[object, object]:
        found = [one for one in document["components"] if str(one["purl"]).startswith("pkg:pypi/")]
        return {one["purl"]: one["externalReferences"][0]["hashes"] for one in found}  # type: ignore[index]  # JSON

    assert packages(ours) == packages(theirs)


def test_the_list_of_the_image_has_root_with_the_hashes_of_its_lock() -> None:
    (root,) = [one for one in sbom.document("dqmhub", has_root=True)["components"] if one["name"] == "root"]
    lock = (TREE / "requirements/root.txt").read_text(encoding="utf-8")
    assert f"root=={root['version']} " in lock
    hashes = {each["content"] for each in root["externalReferences"][0]["hashes"]}
    assert len(hashes) == lock.count("--hash=sha256:")
    assert all(f"sha256:{each}" in lock for each in hashes)
    build = "".join(one.text for one in stages("hub")[1].instructions if one.word == "RUN")
    assert "services.sbom dqmhub --root" in build


def test_an_installed_package_that_is_not_locked_is_refused(tmp_path: Path) -> None:
    write_package(tmp_path, "bottle-neck", "1.0")
    with pytest.raises(ValueError, match=r"bottle-neck: installed, but not in mirror\.txt"):
        sbom.document("dqmhub-mirror", tmp_path)


def test_an_installed_package_of_another_version_is_refused(tmp_path: Path) -> None:
    write_package(tmp_path, "bottle", "0.12.0")
    with pytest.raises(ValueError, match=r"bottle is installed as 0\.12\.0, and mirror\.txt has 0\.13"):
        sbom.document("dqmhub-mirror", tmp_path)


def test_licences_and_dependencies_are_those_of_the_installed_packages(tmp_path: Path) -> None:
    version = {one["name"]: one["version"] for one in sbom.document("dqmhub-mirror")["components"]}
    needs = ("Requires-Dist: cffi>=1", 'Requires-Dist: pytest; extra == "test"')
    write_package(tmp_path, "cryptography", version["cryptography"], "License-Expression: MIT", *needs)
    write_package(tmp_path, "cffi", version["cffi"], "Classifier: License :: OSI Approved :: BSD License")
    document = sbom.document("dqmhub-mirror", tmp_path)
    from cyclonedx.schema import SchemaVersion  # not above: this takes two seconds, in each process that collects tests
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document)) is None
    assert [(one["name"], one["licenses"]) for one in document["components"]] == [
        ("cffi", [{"license": {"name": "BSD License"}}]),
        ("cryptography", [{"expression": "MIT"}]),
    ]
    edges = {one["ref"].partition("@")[0]: one["dependsOn"] for one in document["dependencies"]}
    assert edges["pkg:pypi/cryptography"] == [f"pkg:pypi/cffi@{version['cffi']}"]


def write_package(folder: Path, name: str, version: str, *headers: str) -> None:
    """An installed Python package of which only the metadata is there."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *headers, ""]))


def test_two_lists_of_one_tree_are_the_same() -> None:
    command = [sys.executable, "-m", "services.sbom", "dqmhub"]
    first, second = (subprocess.run(command, cwd=TREE, capture_output=True, check=True).stdout for _ in range(2))
    assert first == second
    assert json.loads(first)["metadata"]["component"]["name"] == "dqmhub"


@pytest.mark.parametrize("folder", sbom.THIRD_PARTY)
def test_every_third_party_file_is_listed_with_its_hash(folder: str) -> None:
    files = [each for one in sbom.document("dqmhub")["components"] for each in one.get("components", [])]
    listed = {each["name"]: each["hashes"][0]["content"] for each in files if each["name"].startswith(f"{folder}/")}
    there = [path for path in (TREE / folder).rglob("*") if path.is_file() and path.name not in ("README.md", "third-party.toml")]
    assert listed == {str(path.relative_to(TREE)): hashlib.sha256(path.read_bytes()).hexdigest() for path in there}
