"""Rights of this user on files and folders, and the command that gives those that are missing."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

FILE, FOLDER = os.R_OK | os.W_OK, os.R_OK | os.W_OK | os.X_OK
"""Rights that a service needs on what it changes."""
LETTERS = {os.R_OK: "r", os.W_OK: "w", os.X_OK: "x"}
VERBS = {os.R_OK: "read", os.W_OK: "write", os.X_OK: "enter"}


def user_name(number: int) -> str:
    """Name of a user, or the number of one without a name, as commands take it."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def missing_rights(path: Path, rights: int, data: Path) -> tuple[str, str] | None:
    """That this user lacks rights on a file or folder, and the remedy.

    None if it has them, if nothing is there or can be seen, and if the file system is read-only.

    Args:
        rights: Some of os.R_OK, os.W_OK and os.X_OK.
        data: The data folder, which belongs to the user of the services.
    """
    lacks = [right for right in LETTERS if right & rights and not os.access(path, right)]
    try:
        owner, services, is_read_only = path.stat().st_uid, data.stat().st_uid, os.statvfs(path).f_flag & os.ST_RDONLY
    except OSError:
        return None
    if not lacks or is_read_only:
        return None
    name, verb = user_name(os.getuid()), VERBS[lacks[0]]
    if owner != os.getuid():
        remedy = f"run dqmhub as {user_name(owner)}" if owner == services else f"run `chown {user_name(services)} {path}`"
        return f"{path} belongs to {user_name(owner)}, and {name} cannot {verb} it", remedy
    letters = "".join(letter for right, letter in LETTERS.items() if right & rights)
    return f"{path} has mode {path.stat().st_mode & 0o7777:o}, so {name} cannot {verb} it", f"run `chmod u+{letters} {path}`"
