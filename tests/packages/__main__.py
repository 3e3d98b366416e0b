"""`python -m tests.packages`: builds all packages twice, compares them, lets rpmlint look at each file, and compiles on site; takes minutes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from services.packaging.products import TREE
from services.rpm.build import OF_OTHERS, build
from tests.packages.machine import base_package, machine
from tests.packages.test_machine import OF_ROOT

TOOLS = ("as", "c++", "cmake", "ld", "make", "sed")


def compile_on_site(packages: list[Path], folder: Path) -> str:
    """Build the render service of a release on a machine with ROOT in an environment of Python; what the check of the installation says."""
    (environment,) = (TREE / ".venv/lib").glob("python3.*/site-packages")
    with machine(folder / "root", *OF_ROOT, *Path("/usr/share").glob("cmake-*"), programs=TOOLS) as host:
        host.rpm("-i", base_package(folder), *(package for package in packages if not package.name.startswith(OF_OTHERS)))
        place = host.root / "srv/env"
        for path, target in (("bin/python3.11", "/usr/bin/python3.11"), ("lib/python3.11/site-packages", str(environment))):
            (place / path).parent.mkdir(parents=True)
            (place / path).symlink_to(target)
        (place / "pyvenv.cfg").write_text("home = /usr/bin\n")
        host.run("/usr/bin/dqmhub", "render", "build", "--python", "/srv/env/bin/python3.11")
        host.run("/usr/bin/dqmhub", "db", "upgrade", user="dqmhub")
        return host.run("/usr/bin/dqmhub", "doctor", "renderer", user="dqmhub").stdout


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        folder = Path(name)
        first, second = (build(folder / place, TREE / "build" / "wheels") for place in ("one", "another/deeper"))
        differing = [one.name for one, other in zip(first, second, strict=True) if one.read_bytes() != other.read_bytes()]
        print(f"Differing: {', '.join(differing) or 'none'}", flush=True)
        lint = ["rpmlint", "-c", str(TREE / "services/rpm/rpmlint.toml"), *map(str, first)]
        code = subprocess.run(lint, check=False).returncode or bool(differing)
        print(compile_on_site(first, folder))
        sys.exit(code)
