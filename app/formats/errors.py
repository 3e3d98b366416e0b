"""Errors of reading files: one base class, `FileError`."""

from __future__ import annotations


class FileError(Exception):
    """Base class of the errors of `app.formats`. Errors of the operating system stay plain `OSError`."""


class FormatError(FileError):
    """A file, or an object in it, does not follow its format; a retry fails in the same way until the file changes.

    `str(error)` is "<where>: <what>; expected <expected>".

    Attributes:
        what: What was found: "has 12 bytes", "starts with b'toor'".
        where: Path or URL of the file, with the position in it if that is known.
        expected: What would be right: "a ROOT file, starting with b'root'".
    """

    def __init__(self, what: str, where: str, expected: str) -> None:
        super().__init__(what, where, expected)
        self.what = what
        self.where = where
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; expected {self.expected}"


class FileReplaced(FormatError):
    """The file changed since it was listed; it must be listed again."""


class ServerUnreachable(FileError, OSError):
    """The server of a remote file does not respond, refuses the connection, or still has an old copy; a retry may succeed."""
