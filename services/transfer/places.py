"""Checks of files and folders that options name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

from .options import Options
from .options.checks import check_host


def folder_problem(key: str, folder: str, access: int = os.R_OK | os.W_OK | os.X_OK, use: str = "change files") -> str:
    """What is wrong with a folder, as a sentence that begins with its key; "" if nothing is.

    Args:
        key: The option.
        folder: Its value.
        access: What this user must be allowed to do, as for `os.access`.
        use: Its name in the sentence.
    """
    if not os.path.isdir(folder):
        return f"{key} = {folder!r}: there is no such folder"
    return "" if os.access(folder, access) else f"{key} = {folder!r}: this user may not {use} there"


def program_problem(key: str, program: str) -> str:
    """What is wrong with a program; "" if nothing is."""
    return "" if shutil.which(program) else f"{key} = {program!r}: there is no such program"


def token_problem(key: str, path: str) -> str:
    """What is wrong with a file that holds a token; "" if nothing is, or if there is none."""
    if not path:
        return ""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        return f"{key} = {path!r}: {error.strerror}"
    if mode & 0o007:
        return f"{key} = {path!r}: all users of this host have access to the token; use `chmod 600`"
    return "" if os.access(path, os.R_OK) else f"{key} = {path!r}: this user may not read it"


def common_problems(options: Options) -> Iterator[str]:
    """What is wrong with the places that all modes have."""
    if check_host(options.host_name):
        yield f"host: the name of this host, {options.host_name!r}, cannot be part of names of files; set this option"
    parent = options.state
    while not os.path.exists(parent):
        parent = os.path.dirname(parent)
    if folder_problem("state", parent):
        yield f"state = {options.state!r}: this user may not write there"
    for number, hub in enumerate(options.hubs, 1):
        yield token_problem(f"hubs {number}.token_file", hub.token_file)
