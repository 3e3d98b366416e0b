"""Bodies of forms: their texts are checked once, for all pages."""

from __future__ import annotations

from typing import IO

from flask import Request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import FormDataParser

from app.web.problem import Problem

Parsed = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]


class _Parser(FormDataParser):
    def parse(self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None) -> Parsed:
        """The body, the fields and the files of a form. Raises Problem 400 for the character NUL in a field or the name of a file."""
        body, fields, files = super().parse(stream, mimetype, content_length, options)
        texts = [*fields.items(multi=True), *((name, file.filename or "") for name, file in files.items(multi=True))]
        try:
            check_no_nul(texts, "Invalid form: it contains the character NUL")
        except Problem:
            for _, file in files.items(multi=True):
                file.close()  # nobody else does: the request never has them
            raise
        return body, fields, files


class HubRequest(Request):
    """A request whose form is refused when a text in it holds NUL, which PostgreSQL accepts in no text."""

    form_data_parser_class = _Parser


def check_no_nul(texts: list[tuple[str, str]], message: str) -> None:
    """Raise Problem 400 with the names of the fields that hold NUL in their name or text, if there are any."""
    names = dict.fromkeys(name for name, text in texts if "\0" in name + text)
    if names:
        raise Problem(400, message, [(name.replace("\0", "\\0"), "must not contain the character NUL") for name in names])
