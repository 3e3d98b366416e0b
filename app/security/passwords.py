"""Passwords: which are good enough, and their hashes."""

from __future__ import annotations

import re
from functools import cache
from threading import BoundedSemaphore
from unicodedata import normalize

from werkzeug.security import check_password_hash, generate_password_hash

from app.web import Problem

LEAST, MOST = 10, 256
METHOD = "scrypt:32768:8:3"  # 32 MB and about 0.2 s: OWASP's advice of 2024

WORDS = (
    "password", "passw0rd", "passwort", "passwd", "welcome", "letmein", "administrator", "admin", "changeme", "secret", "qwertyuiop",
    "qwerty", "asdfghjkl", "zxcvbnm", "abcdefghij", "iloveyou", "monkey", "dragon", "sunshine", "princess", "football", "master", "login",
    "shifter", "expert", "operator", "viewer", "dqmhub", "dqmgui", "dqm", "cms", "cern", "hub", "0123456789", "1234567890", "123456789",
    "12345678", "1234567", "123456", "12345", "1234", "987654321", "9876543210",
)  # fmt: skip
"""What is guessed first; it does not count towards the length of a password."""

LEFT = 5
"""Different characters that must be left when words, years and the user's name are taken away."""

_hashing = BoundedSemaphore(2)
"""So that a flood of sign-ins can neither fill the memory nor take all the threads' time."""


def weakness(password: str, name: str) -> str:
    """Why a password cannot be used, or nothing when it can."""
    if not LEAST <= len(password) <= MOST:
        return f"a password has {LEAST} to {MOST} characters"
    rest = password.lower().replace("@", "a").replace("$", "s")
    for word in sorted((*WORDS, name.lower()), key=len, reverse=True):
        rest = rest.replace(word, "")
    rest = re.sub(r"(19|20)\d\d", "", rest)
    return "" if len(set(rest)) >= LEFT else "this password is too easy to guess: take several unrelated words, or let a program make one"


def hashed(password: str) -> str:
    with _hashing:
        return generate_password_hash(normalize("NFKC", password), method=METHOD)


def matches(password: str, stored: str | None) -> bool:
    """Whether this is the password; takes the same time when there is no account (None)."""
    if len(password) > MOST:
        return False
    if not _hashing.acquire(timeout=5):
        raise Problem(503, "too many people sign in at this moment; try again", headers={"Retry-After": "5"})
    try:
        return check_password_hash(stored or _nobodys(), normalize("NFKC", password)) and stored is not None
    finally:
        _hashing.release()


@cache
def _nobodys() -> str:
    return generate_password_hash("of nobody", method=METHOD)
