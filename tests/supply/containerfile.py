"""Reads container files, and runs what they start as an engine does: in a root of its own, read-only, as their user. Linux, as root."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from app.core.settings import TREE
from tests.support.patience import PATIENCE_S

FOLDER = TREE / "services" / "containers"


class Instruction(NamedTuple):
    word: str
    text: str


class Stage(NamedTuple):
    """What follows a FROM."""

    name: str
    instructions: list[Instruction]

    def last(self, word: str) -> str:
        return [one.text for one in self.instructions if one.word == word][-1]

    def copies(self) -> Iterator[tuple[str, list[str], str]]:
        """Each COPY: the stage or "", sources, and the absolute target."""
        folder = "/"
        for word, text in self.instructions:
            if word == "WORKDIR":
                folder = text
            elif word == "COPY":
                origin = re.match(r"--from=(\S+) ", text)
                *sources, target = text[origin.end() if origin else 0 :].split()
                place = os.path.normpath(os.path.join(folder, target))
                yield origin[1] if origin else "", sources, place + "/" * target.endswith("/")

    def variables(self) -> dict[str, str]:
        words = [word for one in self.instructions if one.word == "ENV" for word in one.text.split()]
        return dict(word.split("=", 1) for word in words)


def stages(name: str) -> list[Stage]:
    """The stages of services/containers/NAME.containerfile."""
    lines = (FOLDER / f"{name}.containerfile").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#")).replace("\\\n", " ")
    found: list[Stage] = []
    for line in filter(str.strip, text.splitlines()):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append(Stage(rest.rpartition(" AS ")[2] if " AS " in rest else "", []))
        elif found:
            found[-1].instructions.append(Instruction(word, rest.strip()))
    return found


class Image(NamedTuple):
    """The files of an image. Packages of Debian are this machine's, so one that the container file forgets is not missed here."""

    root: Path
    final: Stage

    def command(self, arguments: Sequence[str], variables: Mapping[str, str], entry: Sequence[str] = ()) -> list[str]:
        """The command that runs the entry point with these arguments in the image: its root is read-only but for /data and /tmp."""
        user = self.final.last("USER")
        environment = [f"{name}={value}" for name, value in (self.final.variables() | dict(variables)).items()]
        program = [*(entry or json.loads(self.final.last("ENTRYPOINT"))), *arguments]
        mounts = [
            f"mount --bind {self.root} {self.root}",
            f"mount --bind {Path(sys.prefix)} {self.root}{self.final.last('WORKDIR')}/.venv",
            *(f"mount --bind {place} {self.root}{place}" for place in _system()),
            f"mount --bind {self.root}.data {self.root}/data",
            f"mount -t tmpfs -o mode=1777 tmpfs {self.root}/tmp",
            f"mount -t proc proc {self.root}/proc",
            f"mount --rbind /dev {self.root}/dev",
            f"mount -o remount,bind,ro {self.root}",
            f'exec chroot --userspec={user} {self.root} env -i -C {self.final.last("WORKDIR")} "$@"',
        ]
        script = " && ".join(mounts)
        # no process namespace: unshare would stay in between, and pass no signal on
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *environment, *program]

    def run(self, *arguments: str, entry: Sequence[str] = (), **variables: str) -> subprocess.CompletedProcess[str]:
        command = self.command(arguments, variables, entry)
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    @contextmanager
    def running(self, *arguments: str, **variables: str) -> Iterator[None]:
        process = subprocess.Popen(self.command(arguments, variables))
        try:
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _system() -> list[Path]:
    """Folders of this machine that are those of Debian in an image; Python may be elsewhere."""
    folders = [
        Path("/usr"),
        Path("/etc"),
        *(path for path in map(Path, ("/lib", "/lib64", "/bin")) if not path.is_symlink() and path.is_dir()),
    ]
    base = Path(sys.base_prefix)
    return folders if base.is_relative_to("/usr") else [*folders, base]


def assemble(name: str, root: Path) -> Image:
    """The image of a container file: copies from this tree, through the stage that builds."""
    if os.geteuid():
        pytest.skip("only root can change its root")
    _, build, final = stages(name)
    for origin, sources, target in build.copies():
        assert not origin
        for source in sources:
            _copy(TREE / source, root / target[1:] / Path(source).name if target.endswith("/") else root / target[1:])
    for folder in ("data", "tmp", "proc", "dev", final.last("WORKDIR")[1:] + "/.venv", *(str(place)[1:] for place in _system())):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for link in ("lib", "lib64", "bin"):
        if Path("/", link).is_symlink():
            (root / link).symlink_to(os.readlink(f"/{link}"))
    data = root.with_name(f"{root.name}.data")
    data.mkdir()
    os.chown(data, *map(int, final.last("USER").split(":")))
    root.chmod(0o755)
    return Image(root, final)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)  # with compiled files, as the build makes them
    else:
        shutil.copy(source, target)
