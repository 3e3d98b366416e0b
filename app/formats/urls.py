"""Addresses of remote files, `root://host[:port]//path`: one way to write each, so that they can be compared by their beginnings."""

from __future__ import annotations

import re

SCHEME = "root://"

_HOST = r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?"
_URL = re.compile(rf"{SCHEME}{_HOST}/(?P<path>(?:/[\w.~+=,:-]+)*/?)", re.ASCII)
_DEFAULT_PORT = ":1094"


def is_remote(path: str) -> bool:
    return path.startswith(SCHEME)


def normal(url: str) -> str:
    """The address of a file as everything else here takes it; raises ValueError, with a sentence, for what is none.

    Nothing in it can mean another file than what it shows: no user, no query, no `..`, no escape.
    """
    return _normal(url, folder=False)


def normal_folder(url: str) -> str:
    """What the addresses of all files in a folder start with; `root://host//` is all of a server. Raises ValueError."""
    return _normal(url if url.endswith("/") else f"{url}/", folder=True)


def _normal(url: str, folder: bool) -> str:
    scheme, colon, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    text = f"{scheme.lower()}{colon}{host.lower().removesuffix(_DEFAULT_PORT)}{slash}{path}"
    match = _URL.fullmatch(text)
    if not match or match["path"].endswith("/") != folder or {".", ".."} & set(match["path"].split("/")):
        example = "root://host//folder" if folder else "root://host//folder/file.root"
        raise ValueError(f"an address such as {example} is wanted, of letters, digits and . _ ~ + = , : - alone, not {url!r}")
    return text
