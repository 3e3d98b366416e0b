"""Opening files of other people."""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO


def open_regular(path: str) -> BinaryIO:
    """Open a regular file for reading. Raises OSError, also for symbolic links, pipes and folders.

    A link could show a file that the hub may read and its owner may not; a pipe would stop the source for ever.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", path)
        return open(handle, "rb")
    except OSError:
        os.close(handle)
        raise
