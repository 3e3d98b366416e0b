"""Replacement of the value after a label: `password=hunter2` becomes `password=token-1`."""

from __future__ import annotations

from collections.abc import Callable

import re2

from app.publish.sanitize.addresses import is_silent
from app.publish.sanitize.credentials import ASSIGNMENT, CLAUSE, CONSTRUCTOR, SECRET_POSITIONS, VALUE
from app.publish.sanitize.parts import Ahead, Parts, ReadRest, Replace, Unread, host_secret, is_pseudonym, user_secret
from app.publish.sanitize.patterns import PATTERNS
from app.publish.sanitize.pseudonyms import Secret
from app.publish.sanitize.secret_words import COPULAS, PASSWORDS, PROPERTIES, SECRET_WORDS, STATES, TOPICS
from app.publish.sanitize.words import COMMON, PROGRAMS, is_ordinary

_ASSIGNED = rf"{ASSIGNMENT}{CONSTRUCTOR}"
_UUID = re2.compile(PATTERNS["uuid"])
_STRING_PREFIX = re2.compile(r"""(?i)(?:[ubrf]{1,2}["'])?""")
"""Prefix of a string literal in Python."""

_COPULA = re2.compile(rf"(?i)\s{COPULAS}(?:\s+now)?\s+\z")
_PASSWORD = re2.compile(rf"(?i){PASSWORDS}")
_SECRET_WORD = re2.compile(rf"(?i){SECRET_WORDS}")
_FOR = re2.compile(r"\s(?:for|of|to)\s")
_LAST_WORD = re2.compile(r"[^\s/:]*\z")
_VALUE_GROUP = 2
"""Number of the group `value` in the patterns of `value_replacement`; the first group is the label."""

_MAX_HARMLESS = 200
"""Length of the longest value that may be published."""

_MIN_CODE_DIGITS, _MAX_PORT_DIGITS, _MIN_MIXED = 4, 5, 6

IsHarmless = Callable[[str, str], bool]
"""Whether a value after a label is published unchanged."""


def _is_never_harmless(label: str, value: str) -> bool:
    return False


def value_replacement(
    label: str,
    secret: Callable[[str], Secret],
    is_harmless: IsHarmless = _is_never_harmless,
    value: str = VALUE,
    rest: str = "",
    is_context_read: bool = False,
) -> Replace:
    """A function that keeps the label of a text and replaces its value.

    Args:
        label: Pattern of the label. All three patterns are case-insensitive.
        secret: Returns the secret for the value.
        is_harmless: Whether a value is published unchanged.
        value: Pattern of the value.
        rest: Pattern of the text after the value.
        is_context_read: Whether all rules are applied to label and rest; else only those for hosts and keys.
    """
    pattern = re2.compile(rf"(?i)(?P<label>{label})(?P<value>{value})(?:{rest})")

    def replace(text: str, read_rest: ReadRest) -> Parts | None:
        match = pattern.fullmatch(text)
        if not match:
            return (secret(text),)
        quoted = match["value"]
        plain = quoted[_STRING_PREFIX.match(quoted).end() :].strip("\"'")
        if 0 < len(plain) <= _MAX_HARMLESS and not is_pseudonym(plain) and is_harmless(match["label"], plain):
            return None
        before, after = quoted.partition(plain)[::2] if plain else (quoted, "")
        rest = text[match.end(_VALUE_GROUP) :]
        value_part = plain if not plain or is_pseudonym(plain) else secret(plain)
        if is_context_read:
            return Unread(match["label"]), before, value_part, after, Unread(rest)
        return *read_rest(match["label"]), before, value_part, after, *read_rest(rest)

    return replace


def clause_replacement(label: str, value: str = VALUE) -> Replace:
    """A function that replaces the value after a label of secrets; the pattern of the value ends with `CLAUSE`.

    A value is harmless if all words of its clause say something of the secret, as in `password: not set`. If only the first
    does, as in `password: correct horse`, the whole clause is the secret: it may be a passphrase.
    """
    pattern = re2.compile(rf"(?i)(?P<label>{label})(?P<value>{value})(?P<clause>{CLAUSE})")

    def replace(text: str, read_rest: ReadRest) -> Parts | None:
        match = pattern.fullmatch(text)
        if not match:
            return (_token(text),)
        label, quoted, clause = match["label"], match["value"], match["clause"]
        plain = quoted[_STRING_PREFIX.match(quoted).end() :].strip("\"'")
        before, after = quoted.partition(plain)[::2] if plain else (quoted, "")
        label_parts = (Unread(label),) if _FOR.search(label) else read_rest(label)  # may name a user
        if not plain or is_pseudonym(plain):
            return *label_parts, quoted, Ahead(clause)
        if 0 < len(plain) <= _MAX_HARMLESS:
            if _means_other(label, plain):
                return None
            phrase = plain + ("" if after or not _PASSWORD.search(label) else clause)
            if _is_first_word_state(label, plain):
                if _is_said_of_secret("" if after else label, phrase):
                    return None
                return *label_parts, before, _token(phrase), after, Ahead(clause[len(phrase) - len(plain) :])
        return *label_parts, before, _token(plain), after, Ahead(clause)

    return replace


def _is_no_name(label: str, value: str) -> bool:
    """Whether a value is a number, a common word, a member of an object as in `args.user`, or a shortened name."""
    value = value.lower()
    return (
        ("." in value and any(word in COMMON or word in PROGRAMS for word in value.split(".")[1:]) and "@" not in value)
        or value.endswith("..")
        or ".." in value[1:-2]
        or value in COMMON
        or value in PROGRAMS
        or not any(letter.isalpha() for letter in value)
    )


def _is_no_host(label: str, value: str) -> bool:
    return _is_no_name(label, value) or is_silent(value)


def _is_plain_word(label: str, value: str) -> bool:
    """Whether a value has letters without digits, or digits without letters."""
    return not (any(map(str.isdigit, value)) and any(map(str.isalpha, value)))


def _word(value: str) -> str:
    """The first word of a value; "" without any."""
    return next(iter(value.split(None, 1)), "").strip(".,;:!?()[]'\"")


def _is_state(label: str, value: str) -> bool:
    """Whether a value says something of the secret, or its label means something else."""
    return _means_other(label, value) or _is_first_word_state(label, value)


def _is_first_word_state(label: str, value: str) -> bool:
    word = _word(value)
    if word.lower() in STATES:
        return True
    is_said = word.lower() in TOPICS or (not _PASSWORD.search(label) and is_ordinary(word.lower()))
    return bool(_COPULA.search(label)) and word.islower() and is_said


def _is_said_of_secret(label: str, phrase: str) -> bool:
    """Whether a phrase has no word of a passphrase; after `is` a sentence of ordinary words may follow."""
    words = [_word(word).lower() for word in phrase.split()]
    return all(
        not any(map(str.isalnum, word))
        or word in TOPICS
        or is_pseudonym(word)
        or _SECRET_WORD.fullmatch(word)
        or (_COPULA.search(label) is not None and is_ordinary(word))
        for word in words
    )


def _means_other(label: str, value: str) -> bool:
    """Whether a label means no secret: a number of tokens, a C++ signature, the type of a token."""
    if not any(map(str.isalnum, value)):
        return True
    name = label.lower().rstrip("\"' \t:=>(,-")
    if name.endswith("signature") and (value.isalpha() or "::" in value or "(" in value):
        return True
    if _FOR.search(name):
        return False
    if name.rstrip("_").endswith("token") and ((value.isdigit() and len(value) <= _MAX_PORT_DIGITS) or is_ordinary(value)):
        return True  # of a parser, or of an event
    return (name.endswith(PROPERTIES) and not _is_mixed(value)) or (name.endswith("s") and value.isdigit())


def _is_mixed(value: str) -> bool:
    """Whether a value is one word with letters and digits, as passwords are, and no version or size."""
    return len(value) >= _MIN_MIXED and value.isalnum() and any(map(str.isdigit, value)) and any(map(str.isalpha, value))


def _is_topic(label: str, value: str) -> bool:
    """Whether a value continues a sentence about passwords."""
    word = _word(value).lower()
    return not any(map(str.isalnum, value)) or word in TOPICS or word in COMMON or (word.isdigit() and len(word) < _MIN_CODE_DIGITS)


def _is_english(label: str, value: str) -> bool:
    """Whether a value is a word of a sentence."""
    return _is_topic(label, value) or is_ordinary(_word(value).lower())


def _is_sentence(label: str, value: str) -> bool:
    """Whether all words of a value are common."""
    return all(_is_topic(label, word) for word in value.split())


def _is_state_of_header(label: str, value: str) -> bool:
    return _word(value).lower() in STATES and "=" not in value


def _is_no_code(label: str, value: str) -> bool:
    return sum(map(str.isdigit, value)) < _MIN_CODE_DIGITS


def _is_number(label: str, value: str) -> bool:
    return value.isdigit()


def _is_no_option_value(label: str, value: str) -> bool:
    """Whether a value is the next option, a small number, or ends with a port or a group."""
    last = value.rpartition(":")[2]
    return (
        value.startswith("-")
        or (value.isdigit() and len(value) < _MIN_CODE_DIGITS)
        or (last != value and last.isdigit() and len(last) <= _MAX_PORT_DIGITS)
    )


def _is_port_or_label(label: str, value: str) -> bool:
    """Whether label:value@process is the tag of a product, or a port."""
    return value.isdigit() and len(value) <= _MAX_PORT_DIGITS


def _token(value: str) -> Secret:
    return Secret("key", value.lower()) if _UUID.fullmatch(value) else Secret("token", value)


_OPTION_LABEL = r"--?[\w-]*(?:\s*=\s*|\s+)|mysql.*\s-p|\w+/|sshpass\s+-p\s*"
_USER_LABEL = rf"""[\w -]*?(?:{_ASSIGNED}|\s["']?|(?:su|sudo)\s+-[ul]?\s+)"""
_HOST_LABEL = rf"\w*{_ASSIGNED}|[a-z]+\s+host(?:name)?\s+"
_UID_LABEL = r"""[\w-]+["']?\s*[:=]\s*["']?"""

_HARMLESS: dict[str, IsHarmless] = {
    "header": _is_state_of_header,
    "several_words": _is_sentence,
    "named_value": _is_state,
    "marked_label": lambda label, value: (label == "passwd[" and value.isdigit()) or _is_topic(label, value),  # a process of passwd
    "with_password": _is_topic,
    "bare_password": _is_english,
    "login_pair": lambda label, value: _is_topic(label, _LAST_WORD.search(value)[0]) or (" and " in value and "user" not in label.lower()),
    "set_to": lambda label, value: _is_topic(label, _LAST_WORD.search(value)[0]),
    "auth_label": lambda label, value: value.isdigit() or _is_state(label, value) or label.strip() == "PASS:",
    "parameter": _is_number,
    "user_option": _is_number,
    "program": _is_number,
    "code": _is_no_code,
    "phrase": _is_plain_word,
    "session_label": _is_plain_word,
    "login_at": _is_port_or_label,
    "password_file": _is_number,
}
"""By rule of `SECRET_POSITIONS`; no value of the others is harmless."""

LABELLED: dict[str, Replace] = {
    name: clause_replacement(position.label, position.value)
    if position.rest == CLAUSE
    else value_replacement(position.label, _token, _HARMLESS.get(name, _is_never_harmless), *position[1:])
    for name, position in SECRET_POSITIONS.items()
} | {
    "option": value_replacement(_OPTION_LABEL, _token, _is_no_option_value),
    "uid": value_replacement(_UID_LABEL, user_secret, lambda label, value: _is_no_name(label, user_secret(value).value), value=".*"),
    "user_label": value_replacement(_USER_LABEL, user_secret, _is_no_name, value=rf"""{VALUE}|[\w.-]+["']?"""),
    "host_label": value_replacement(_HOST_LABEL, host_secret, _is_no_host),
}
"""Functions by the name of their rule in `patterns` and `credentials`."""
