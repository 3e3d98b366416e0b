"""Checks of files and folders that options name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

from .hub import read_token
from .options import Options
from .options.checks import check_host


def folder_problems(key: str, folder: str, access: int = os.R_OK | os.W_OK | os.X_OK, use: str = "change files") -> Iterator[str]:
    """The problem of a folder, as a sentence that begins with its key.

    Args:
        key: The option.
        folder: Its value.
        access: What this user must be allowed to do, as for `os.access`.
        use: Its name in the sentence.
    """
    if not os.path.isdir(folder):
        yield f"{key} = {folder!r}: there is no such folder"
    elif not os.access(folder, access):
        yield f"{key} = {folder!r}: this user may not {use} there"


def program_problems(key: str, program: str) -> Iterator[str]:
    """The problem of a program, as a sentence that begins with its key."""
    if not shutil.which(program):
        yield f"{key} = {program!r}: there is no such program"


def token_problems(key: str, path: str) -> Iterator[str]:
    """The problem of a token file, as a sentence that begins with its key; "" is no file."""
    if not path:
        return
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        yield f"{key} = {path!r}: {error.strerror}"
        return
    if mode & 0o007:
        yield f"{key} = {path!r}: all users of this host have access to the token; use `chmod 600`"
        return
    try:
        read_token(path)
    except OSError as error:
        yield f"{key} = {path!r}: {error.strerror}"
    except ValueError:
        yield f"{key} = {path!r}: there is no token in it; make one by `dqmhub token add`"


def start_problems(options: Options) -> Iterator[str]:
    """Problems that keep all modes from starting."""
    if check_host(options.host_name):
        yield f"host: the name of this host, {options.host_name!r}, cannot be part of names of files; set this option"
    if not _is_read_only(options.state) and any(folder_problems("state", _parent(options.state))):
        yield f"state = {options.state!r}: this user may not write there"


def place_problems(options: Options) -> Iterator[str]:
    """Other problems of the places that all modes have."""
    if _is_read_only(options.state):
        yield f"state = {options.state!r}: its disk is read-only"
    for number, hub in enumerate(options.hubs, 1):
        yield from token_problems(f"hubs {number}.token_file", hub.token_file)


def _parent(folder: str) -> str:
    """The folder, or the nearest existing one above it."""
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    return folder


def _is_read_only(folder: str) -> bool:
    """Whether nobody can write on a disk, as Linux makes it after a failure."""
    return bool(os.statvfs(_parent(folder)).f_flag & os.ST_RDONLY)
