"""The limit of files that a process may open, to which its connections belong."""

from __future__ import annotations

import resource

RESERVED_FILES = 200
"""Files that a process may open beside its connections."""


def connections_allowed(wanted: int) -> int:
    """Raise the limit of this process as far as `wanted` connections need; how many of them it allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = wanted + RESERVED_FILES
    if soft != resource.RLIM_INFINITY and soft < files:
        soft = files if hard == resource.RLIM_INFINITY else min(files, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else min(wanted, soft - RESERVED_FILES)
