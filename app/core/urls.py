"""Paths of files, and URLs of remote files, `root://host[:port]//path`, in a normal form, so that prefixes can be compared."""

from __future__ import annotations

import re

SCHEME = "root://"
"""The beginning of each address."""

_HOST = r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?"
_URL = re.compile(rf"{SCHEME}{_HOST}/(?P<path>(?:/[\w.~+=,:-]+)*/?)", re.ASCII)
_DEFAULT_PORT = ":1094"


def is_remote(path: str) -> bool:
    """Whether a path is an address of a remote file."""
    return path.startswith(SCHEME)


def base_name(url: str) -> str:
    """The name of a file without its folder, which viewers must not see."""
    return url.rpartition("/")[2]


def without_folder(text: str, url: str) -> str:
    """A text with the name of a file in place of its path."""
    return text.replace(url, base_name(url))


def normalize_url(url: str) -> str:
    """The normal form of the address of a file. Raises `ValueError`, with a sentence, for other texts.

    An address cannot mean another file than it shows: it has no user, no query, no `..` and no escapes.
    """
    return _normalize(url, folder=False)


def normalize_folder_url(url: str) -> str:
    """The beginning of the addresses of all files in a folder; `root://host//` is a whole server. Raises `ValueError`."""
    return _normalize(url if url.endswith("/") else f"{url}/", folder=True)


def _normalize(url: str, folder: bool) -> str:
    scheme, colon, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    text = f"{scheme.lower()}{colon}{host.lower().removesuffix(_DEFAULT_PORT)}{slash}{path}"
    match = _URL.fullmatch(text)
    if not match or match["path"].endswith("/") != folder or {".", ".."} & set(match["path"].split("/")):
        example = "root://host//folder" if folder else "root://host//folder/file.root"
        raise ValueError(f"expected an address such as {example}, with letters, digits and . _ ~ + = , : - only, not {url!r}")
    return text
