"""The folder of the BU, here or on another host."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Protocol

from ..copying import CopyFailed, RemoteHost, TargetFailed, copy_file, has_file, shared_socket, synchronise
from ..expected import Expected
from ..names import run_folder


class Target(Protocol):
    """Where files are sent; below it is a folder for each run."""

    def send(self, path: Path, run: int, name: str, expected: Expected | None) -> int:
        """Copy a file into the folder of a run; returns its size. Raises CopyFailed."""

    def has(self, run: int, name: str, expected: Expected) -> bool:
        """Whether the file in the folder of a run is what is expected, by size and md5. Raises CopyFailed."""

    def close(self) -> None:
        """Close connections."""


class LocalTarget:
    """A local or mounted folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, path: Path, run: int, name: str, expected: Expected | None) -> int:
        """Copy a file into the folder of a run, which is created; the folder above is not, since it may be a mount point."""
        if not self._folder.is_dir():
            raise TargetFailed(f"{self._folder}: there is no such folder")
        folder = self._folder / run_folder(run)
        try:
            if not folder.is_dir():
                folder.mkdir(exist_ok=True)
                synchronise(self._folder)
        except OSError as error:
            raise CopyFailed(f"{folder}: {error.strerror}") from error
        return copy_file(path, folder / name, expected)

    def has(self, run: int, name: str, expected: Expected) -> bool:
        """Whether the file in the folder of a run is what is expected."""
        return has_file(self._folder / run_folder(run) / name, expected)

    def close(self) -> None:
        """There are no connections."""


class RemoteTarget:
    """A folder on another host, reached by ssh."""

    def __init__(self, host: RemoteHost, folder: PurePosixPath) -> None:
        self._host, self._folder = host, folder
        self._created_runs: set[int] = set()

    def send(self, path: Path, run: int, name: str, expected: Expected | None) -> int:
        """Copy a file into the folder of a run, which is created."""
        folder = self._folder / run_folder(run)
        if run not in self._created_runs:
            self._host.make_folder(folder)
            self._created_runs.add(run)
        try:
            return self._host.copy_file(path, folder / name, expected)
        except CopyFailed:
            self._created_runs.discard(run)  # it may have been removed
            raise

    def has(self, run: int, name: str, expected: Expected) -> bool:
        """Whether the file in the folder of a run is what is expected."""
        return self._host.has_file(self._folder / run_folder(run) / name, expected)

    def close(self) -> None:
        """End the connection."""
        self._host.close()


def open_target(place: str, ssh: tuple[str, ...], state: str) -> Target:
    """The target of the option `fu.target`; nothing is connected.

    Args:
        place: The option.
        ssh: The option `fu.ssh`.
        state: A folder for the socket of a connection that all copies share, unless its path is too long for a socket.
    """
    if place.startswith("/"):
        return LocalTarget(Path(place))
    address, _, folder = place.partition(":")
    return RemoteTarget(RemoteHost(address, ssh, socket=shared_socket(state, address, ssh)), PurePosixPath(folder))
