"""Strength of passwords, and their hashes."""

from __future__ import annotations

import re
from functools import cache
from threading import BoundedSemaphore
from unicodedata import normalize

from werkzeug.security import check_password_hash, generate_password_hash

from app.security.errors import SignInBusyError

MIN_LENGTH, MAX_LENGTH = 10, 256
METHOD = "scrypt:32768:8:3"  # 32 MB and about 0.2 s: OWASP's advice of 2024

_WORDS = """
password passw0rd passwort passwd welcome letmein administrator admin changeme secret qwertyuiop qwerty asdfghjkl
zxcvbnm abcdefghij iloveyou monkey dragon sunshine princess football master login shifter expert operator viewer dqmhub
dqmgui dqm cms cern hub 0123456789 1234567890 123456789 12345678 1234567 123456 12345 1234 987654321 9876543210
"""
COMMON_WORDS = tuple(_WORDS.split())
"""Words that are guessed first; they do not count towards the strength of a password."""

MIN_OTHER_CHARACTERS = 5
"""Different characters that must remain without common words, years and the user name."""

HASHING_WAIT_S = 5.0
_hashing = BoundedSemaphore(2)
"""Bounds the memory and threads that a flood of sign-ins can use."""


def weakness(password: str, name: str) -> str:
    """Why a password is not allowed for a user of this name; "" if it is."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        return f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters"
    rest = password.lower().replace("@", "a").replace("$", "s")
    for word in sorted((*COMMON_WORDS, name.lower()), key=len, reverse=True):
        rest = rest.replace(word, "")
    rest = re.sub(r"(19|20)\d\d", "", rest)
    if len(set(rest)) >= MIN_OTHER_CHARACTERS:
        return ""
    return "This password is too easy to guess: use several unrelated words, or a generated password"


def hash_password(password: str) -> str:
    """The salted scrypt hash of a password."""
    with _hashing:
        return generate_password_hash(normalize("NFKC", password), method=METHOD)


def verify(password: str, stored: str | None) -> bool:
    """Whether a password matches a stored hash. Takes the same time without an account (None) or without a password ("").

    Raises:
        SignInBusyError: too many passwords are being checked at the same time.
    """
    if len(password) > MAX_LENGTH:
        return False
    if not _hashing.acquire(timeout=HASHING_WAIT_S):
        raise SignInBusyError("Too many sign-ins at the same time; try again in a few seconds", HASHING_WAIT_S)
    try:
        return check_password_hash(stored or _dummy_hash(), normalize("NFKC", password)) and bool(stored)
    finally:
        _hashing.release()


@cache
def _dummy_hash() -> str:
    """A hash that is checked if there is no account, for the same response time."""
    return generate_password_hash("no account", method=METHOD)
