"""Lists the third-party parts of a package of the product: an SBOM in the form of CycloneDX 1.6, the same for the same tree.

Python packages are those of requirements/, with the SHA-256 of their files; third-party files in the tree are those of the
tables third-party.toml. Usage: python -m services.sbom dqmhub | dqmhub-mirror | dqmhub-transfer [--lib FOLDER] [--root] > sbom.json
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

TREE = Path(__file__).resolve().parent.parent
LOCKS = {"dqmhub": "run.txt", "dqmhub-mirror": "mirror.txt", "dqmhub-transfer": None}
"""The packages of the product, and the lock of what is installed with each."""

ROOT_LOCK = "root.txt"
"""The lock of ROOT, which is installed in images of the hub; elsewhere the machine has its own."""

THIRD_PARTY = ("static/vendor", "app/publish/sanitize/data")
"""Folders with a table third-party.toml; only `dqmhub` contains them."""

HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def document(product: str, lib: Path | None = None, has_root: bool = False) -> dict[str, Any]:
    """The SBOM of one of LOCKS.

    Args:
        lib: Folder with installed Python packages; then only these are listed, with licences and what each needs.
        has_root: Whether ROOT is installed with it.

    Raises:
        ValueError: The folder has a package that the lock does not have in this version.
    """
    installed = {_canonical(one.metadata["Name"]): one for one in distributions(path=[str(lib)])} if lib else None
    components = [*_python_packages(LOCKS[product], installed), *(_third_party_files() if product == "dqmhub" else ())]
    components += _python_packages(ROOT_LOCK, None) if has_root else ()
    version = _version()
    root = {"type": "application", "bom-ref": product, "name": product, "version": version, "licenses": [{"license": {"id": "Apache-2.0"}}]}
    edges = {one["name"]: one["bom-ref"] for one in components}
    needs = {name: _needed(one) & edges.keys() for name, one in (installed or {}).items()}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_OID, json.dumps([product, version, components])).urn,
        "version": 1,
        "metadata": {"component": root},
        "components": components,
        "dependencies": [
            {"ref": product, "dependsOn": sorted(edges.values())},
            *({"ref": edges[name], "dependsOn": sorted(edges[each] for each in needed)} for name, needed in sorted(needs.items())),
        ],
    }


def _version() -> str:
    found = re.search(r'VERSION = "(.+)"', (TREE / "app/core/version.py").read_text(encoding="utf-8"))
    assert found
    return found[1]


def _python_packages(lock: str | None, installed: Mapping[str, Distribution] | None) -> Iterator[dict[str, Any]]:
    """The packages of a lock, or those of them that are installed."""
    text = (TREE / "requirements" / lock).read_text(encoding="utf-8") if lock else ""
    left = dict(installed or {})
    for line in text.replace("\\\n", "").splitlines():
        pin = re.match(r"([A-Za-z0-9._-]+)==(\S+)", line)
        if not pin:
            continue
        name, version = _canonical(pin[1]), pin[2]
        one = left.pop(name, None)
        if installed is not None and (one is None or one.version != version):
            if one is not None:
                raise ValueError(f"{name} is installed as {one.version}, and {lock} has {version}")
            continue
        source = {
            "type": "distribution",
            "url": f"pkg:pypi/{name}@{version}",
            "hashes": [{"alg": "SHA-256", "content": content} for content in HASH.findall(line)],
        }
        yield _component(f"pkg:pypi/{name}@{version}", _licences(one) if one else [], externalReferences=[source])
    if left:
        raise ValueError(f"{', '.join(sorted(left))}: installed, but not in {lock}")


def _third_party_files() -> Iterator[dict[str, Any]]:
    """The third-party packages whose files are in the tree."""
    for folder in THIRD_PARTY:
        for one in tomllib.loads((TREE / folder / "third-party.toml").read_text(encoding="utf-8")).values():
            files = [
                {"type": "file", "name": f"{folder}/{name}", "hashes": [{"alg": "SHA-256", "content": file["sha256"]}]}
                for name, file in one["files"].items()
            ]
            yield _component(one["package"], [{"expression": one["licence"]}], components=files)


def _component(purl: str, licences: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    name, _, version = purl.partition("/")[2].rpartition("@")
    component = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, **more}
    return component | ({"licenses": licences} if licences else {})


def _licences(package: Distribution) -> list[dict[str, Any]]:
    """The licence that a package names: an expression of SPDX, or else its own words."""

    def values(header: str) -> list[str]:
        return package.metadata.get_all(header) or []

    for expression in values("License-Expression"):
        return [{"expression": expression}]
    classified = [text.rpartition(" :: ")[2] for text in values("Classifier") if text.startswith("License :: ")]
    words = classified or [text.strip().partition("\n")[0] for text in values("License")]
    return [{"license": {"name": text}} for text in words]


def _needed(package: Distribution) -> set[str]:
    """Names of the packages that a package needs, without those of its extras."""
    names = (re.match(r"[A-Za-z0-9._-]+", text) for text in package.requires or [] if "extra ==" not in text)
    return {_canonical(name[0]) for name in names if name}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> None:
    """Print the SBOM."""
    parser = argparse.ArgumentParser(prog="python -m services.sbom", description="List the third-party parts of a package of the product.")
    parser.add_argument("product", choices=LOCKS)
    parser.add_argument("--lib", type=Path, metavar="FOLDER", help="list the Python packages that are installed there")
    parser.add_argument("--root", action="store_true", help="list ROOT as well, which images have")
    arguments = parser.parse_args()
    json.dump(document(arguments.product, arguments.lib, arguments.root), sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
