"""The limit of files that a process may open, to which its connections belong."""

from __future__ import annotations

import resource
import sys

OWN_FILES = 200
"""Files that a process usually has open beside its connections: three for the database in each thread, sockets of services."""

SPARE_FILES = 100
"""The last file descriptors are never used for connections, so that the application can open what it needs."""


def raise_limit(connections: int) -> tuple[int, int]:
    """Raise the limit of this process, as far as possible, to what this many connections need.

    Returns:
        How many connections it allows, and the first number of a file that is none of a connection.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = connections + OWN_FILES + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < files:
        soft = files if hard == resource.RLIM_INFINITY else min(files, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return connections, sys.maxsize
    return max(16, min(connections, soft - OWN_FILES - SPARE_FILES)), soft - SPARE_FILES
