"""Arguments of API addresses: the query, samples, paths, times and drawing options.

The parts of a query are separated by `&` or, as older clients do, by `;`. Both can be in a value if percent-encoded.
"""

from __future__ import annotations

import re
import time
from functools import lru_cache
from urllib.parse import parse_qsl, unquote_to_bytes

from flask import request
from werkzeug.datastructures import MultiDict

from app.gui.addresses import unquote_path
from app.gui.samples import LARGEST, SampleKey
from app.gui.view import WINDOWS
from app.web import Problem, raw_path
from app.web.arguments import parse_int
from render.errors import OptionError
from render.options import Options

REFERENCES_OF_FRONT_END = {"onSide": "object", "on-side": "object", "undefined": "overlay"}
"""Values of `ref` that the front ends of the legacy GUI send, and those of the API: they draw plots side by side themselves."""

SWITCHES_OF_FRONT_END = {"showstats": "stats", "showerrbars": "errors"}
"""Options of the front ends of the legacy GUI, which are whole numbers or true and false there, and their names in the API."""

LARGEST_SWITCH = 10**9 - 1

_NAME = re.compile(rb"(?:^|[&;])name=((?:[^&;]|[&;](?![^=&;]+=))*)")
_TIME = re.compile(rb"(?:^|(?<=[&;]))notOlderThan=[^&;]*[&;]?")


def query_args() -> MultiDict[str, str]:
    """The query of this request; bytes that are not UTF-8 become replacement characters."""
    return _parse_cached(request.query_string, "replace")


def byte_values(name: str) -> list[bytes]:
    """All values of one name as bytes: names of monitor elements need not be UTF-8."""
    values = _parse_cached(request.query_string, "surrogateescape").getlist(name)
    return [value.encode("utf-8", "surrogateescape") for value in values]


def object_values() -> list[bytes]:
    """All values of `obj`. The newer front end of the legacy GUI leaves `+` as it is, which browsers do not encode, but they encode blanks."""
    parts = (part.partition(b"=") for part in request.query_string.replace(b";", b"&").split(b"&"))
    return [_unquote(value) for name, _, value in parts if name == b"obj"]


def name_value() -> bytes:
    """The value of `name`, b"" without one. The newer front end of the legacy GUI leaves `+` and `&` in it as they are."""
    found = _NAME.search(request.query_string)
    return _unquote(found[1].rstrip(b"&;")) if found else b""


def _unquote(value: bytes) -> bytes:
    """A value whose blanks a browser encoded, with `+` as it is, or one of a form or script, with `+` for blanks."""
    return unquote_to_bytes(value if b"%20" in value else value.replace(b"+", b" "))


@lru_cache(maxsize=16)  # a request reads it several times
def _parse_cached(query: bytes, errors: str) -> MultiDict[str, str]:
    return _parse(query, errors)


def _parse(query: bytes, errors: str = "replace") -> MultiDict[str, str]:
    text = query.decode("latin1").replace(";", "&")
    return MultiDict(parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors=errors))


def sample_key(sample: str, primary: str, processed: str, tier: str) -> SampleKey:
    """The sample that the parts of an address name. Raises Problem 400."""
    run, colon, lumi = sample.partition(":")
    return SampleKey(checked_int("run", run), checked_int("lumi", lumi) if colon else 0, f"/{primary}/{processed}/{tier}")


def checked_int(field: str, text: str, lowest: int = 0) -> int:
    """A whole number from `lowest` (0 or -1) to LARGEST. Raises Problem 400."""
    number = -1 if text == "-1" and lowest == -1 else parse_int(text, LARGEST)
    if number is None:
        problem = f"Expected a whole number from {lowest} to {LARGEST}, not {text!r}"
        raise Problem(400, f"{field}: {problem}", [(field, problem)])
    return number


def path_in_address(skip: int) -> bytes:
    """The path of a folder or ME at the end of an address, after its first `skip` parts."""
    return unquote_path(raw_path(skip).split(b"/"))


def not_older_than() -> float:
    """The time of `notOlderThan`, Unix s UTC: lists stored before it are not used. A future time is now. Raises Problem 400."""
    text = query_args().get("notOlderThan", "0")
    if text.isascii() and text.isdigit():
        return min(float(text), time.time())
    problem = "Expected a time in whole seconds since 1970, UTC"
    raise Problem(400, f"notOlderThan: {problem}", [("notOlderThan", problem)])


def windows(objects: int = 1) -> list[int]:
    """The lengths of the windows of the objects of this request, lumisections, in their order; 0 or no text is the whole. Raises Problem 400."""
    texts = query_args().getlist("window")
    lengths = [parse_int(text or "0", WINDOWS[-1]) for text in texts]
    if len(texts) > objects or None in lengths:
        problem = f"Expected whole numbers of lumisections up to {WINDOWS[-1]}, at most one for each object"
        raise Problem(400, f"window: {problem}", [("window", problem)])
    return [length for length in lengths if length is not None]


def drawing_options() -> Options:
    """The drawing options of this request. Raises Problem 400."""
    try:
        return _options(_query_without_time())
    except OptionError as error:
        field, problem = _as_typed(error)
        raise Problem(400, f"{field}: {problem}", [(field, problem)]) from error


def _as_typed(error: OptionError) -> tuple[str, str]:
    """Name and problem of a wrong option, by the name that this request has for it."""
    args = query_args()
    old = next((old for old, new in SWITCHES_OF_FRONT_END.items() if new == error.field and args.get(old) and not args.get(new)), "")
    return (old, f"{args[old]!r} is no whole number, nor true or false") if old else (error.field, error.problem)


def _query_without_time() -> bytes:
    """The query of this request without `notOlderThan`, which differs in each request."""
    return _TIME.sub(b"", request.query_string) if b"notOlderThan" in request.query_string else request.query_string


@lru_cache(maxsize=1024)
def _options(query: bytes) -> Options:
    """The options in a query; the plots of a page all have the same. Raises OptionError."""
    args = _parse(query)
    if (ref := args.get("ref")) in REFERENCES_OF_FRONT_END:
        args["ref"] = REFERENCES_OF_FRONT_END[ref]
    for old, new in SWITCHES_OF_FRONT_END.items():
        if (value := args.get(old)) and not args.get(new):
            number = parse_int(value, LARGEST_SWITCH)
            args[new] = value if number is None else str(number > 0)
    return Options.from_query(args)
