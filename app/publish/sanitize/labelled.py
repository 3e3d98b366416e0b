"""Replacement of the value after a label: `password=hunter2` becomes `password=token-1`."""

from __future__ import annotations

from collections.abc import Callable

import re2

from app.publish.sanitize.addresses import is_silent
from app.publish.sanitize.parts import Parts, ReadRest, Replace, host_secret, is_pseudonym, user_secret
from app.publish.sanitize.patterns import ASSIGNMENT, CONSTRUCTOR, PATTERNS, SECRET_WORDS, VALUE
from app.publish.sanitize.pseudonyms import Secret
from app.publish.sanitize.words import COMMON, PROGRAMS

_ASSIGNED = rf"{ASSIGNMENT}{CONSTRUCTOR}"
_UUID = re2.compile(PATTERNS["uuid"])
_STRING_PREFIX = re2.compile(r"""(?i)(?:[ubrf]{1,2}["'])?""")
"""Prefix of a string literal in Python."""

_VALUE_GROUP = 2
"""Number of the group `value` in the patterns of `value_replacement`; the first group is the label."""


def _is_never_harmless(value: str) -> bool:
    return False


def value_replacement(
    label: str, secret: Callable[[str], Secret], is_harmless: Callable[[str], bool] = _is_never_harmless, value: str = VALUE, rest: str = ""
) -> Replace:
    """A function that keeps the label of a text and replaces its value.

    Args:
        label: Pattern of the label. All three patterns are case-insensitive.
        secret: Returns the secret for the value.
        is_harmless: Whether a value is published unchanged.
        value: Pattern of the value.
        rest: Pattern of the text after the value, which is published unchanged.
    """
    pattern = re2.compile(rf"(?i)(?P<label>{label})(?P<value>{value}){rest}")

    def replace(text: str, read_rest: ReadRest) -> Parts | None:
        match = pattern.fullmatch(text)
        if not match:
            return (secret(text),)
        quoted = match["value"]
        plain = quoted[_STRING_PREFIX.match(quoted).end() :].strip("\"'")
        if not plain or is_pseudonym(plain) or is_harmless(plain):
            return None
        before, after = quoted.partition(plain)[::2]
        return (*read_rest(match["label"]), before, secret(plain), after, text[match.end(_VALUE_GROUP) :])

    return replace


def _is_no_name(value: str) -> bool:
    """Whether a value is a number, a common word, or a shortened name."""
    return (
        value.endswith("..")
        or ".." in value[1:-2]
        or value.lower() in COMMON
        or value.lower() in PROGRAMS
        or not any(letter.isalpha() for letter in value)
    )


def _is_no_host(value: str) -> bool:
    return _is_no_name(value) or is_silent(value)


def _is_plain_word(value: str) -> bool:
    """Whether a value has letters without digits, or digits without letters."""
    return not (any(map(str.isdigit, value)) and any(map(str.isalpha, value)))


def _token(value: str) -> Secret:
    return Secret("key", value.lower()) if _UUID.fullmatch(value) else Secret("token", value)


_SECRET_LABEL = (
    rf"[\w.-]*(?:{SECRET_WORDS}|auth|pass|pw)[\w-]*(?:\s+(?:for|of)\s+[\w.@-]+)?{_ASSIGNED}|\w+/(?:auth|pass|pw){_ASSIGNED}"
    r"|pass(?:word|phrase)\s+(?:is|was)\s+|[\w-]*(?:password|passphrase|secret)\s+"
)
_OPTION_LABEL = r"--?[\w-]*(?:\s*=\s*|\s+)|mysql.*\s-p|\w+/|sshpass\s+-p\s*|identified\s+by\s+"
_USER_LABEL = rf"""[\w -]*?(?:{_ASSIGNED}|\s["']?|(?:su|sudo)\s+-[ul]?\s+)"""
_HOST_LABEL = rf"\w*{_ASSIGNED}|[a-z]+\s+host(?:name)?\s+"
_HEADER_LABEL = r"""[\w-]+["']?\s*[:=]\s*["']?"""
_PHRASE_LABEL = r"\w+\s+[(\[\"']?"

LABELLED: dict[str, Replace] = {
    "header": value_replacement(_HEADER_LABEL, _token, value=".*"),
    "option": value_replacement(_OPTION_LABEL, _token),
    "secret_label": value_replacement(_SECRET_LABEL, _token, rest=".*"),
    "auth_label": value_replacement(_SECRET_LABEL, _token, str.isdigit, rest=".*"),
    "phrase": value_replacement(_PHRASE_LABEL, _token, _is_plain_word, value=".*"),
    "uid": value_replacement(_HEADER_LABEL, user_secret, _is_no_name, value=".*"),
    "user_label": value_replacement(_USER_LABEL, user_secret, _is_no_name, value=rf"""{VALUE}|[\w.-]+["']?"""),
    "host_label": value_replacement(_HOST_LABEL, host_secret, _is_no_host),
}
"""Functions by the name of their rule in `patterns`."""
