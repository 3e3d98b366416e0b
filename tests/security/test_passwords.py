"""Strength of passwords, and their hashes."""

from __future__ import annotations

import base64
import hashlib

import pytest

from app.security import passwords
from app.security.throttle import RULES, wait_after
from tests.conftest import REAL_METHOD

GOOD = [
    "violet tractor 7 harbour",
    "korrekt-Pferd-batterie",
    "Xk9#vv2!qLpz",
    "p\u00e4ssliches W\u00f6rterbuch",
    "a" + "\u03b2\u03b3\u03b4\u03b5\u03b6" * 2,
]
WEAK = [
    "",
    "short",
    "123456789",
    "1234567890",
    "aaaaaaaaaaaa",
    "abababababab",
    "password123",
    "Password2026!",
    "P@$$w0rd2024",
    "passw0rd1999",
    "qwertyuiop",
    "asdfghjkl1",
    "cmsdqmhub2026",
    "alice-alice-1",
    "Administrator",
    "0123456789",
    "changeme12",
    "letmein2025!",
    "x" * 257,
]


@pytest.mark.parametrize("password", GOOD)
def test_a_long_password_without_common_words_is_accepted(password: str) -> None:
    assert passwords.weakness(password, "alice") == ""


@pytest.mark.parametrize("password", WEAK)
def test_a_password_that_is_easy_to_guess_is_rejected_with_the_reason(password: str) -> None:
    assert passwords.weakness(password, "alice")


def test_passwords_are_stored_as_scrypt_with_their_own_salt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "METHOD", REAL_METHOD)
    one, two = passwords.hash_password(GOOD[0]), passwords.hash_password(GOOD[0])
    assert one != two
    method, salt, digest = one.split("$")
    _, n, r, p = method.split(":")
    assert (int(n), int(r), int(p)) == (2**15, 8, 3)
    again = hashlib.scrypt(GOOD[0].encode(), salt=salt.encode(), n=2**15, r=8, p=3, maxmem=2**27)
    assert again.hex() == digest
    assert GOOD[0] not in one
    assert base64.b64encode(GOOD[0].encode()).decode() not in one


def test_a_password_matches_only_its_own_hash_in_any_unicode_form() -> None:
    stored = passwords.hash_password("p\u00e4ssliches")
    assert passwords.verify("pa\u0308ssliches", stored)
    assert not passwords.verify("passliches", stored)
    assert not passwords.verify("p\u00e4ssliches", None)
    assert not passwords.verify("x" * 100_000, stored)


def test_waits_grow_up_to_a_maximum() -> None:
    assert [wait_after("name", n) for n in (1, 4, 5, 6, 7, 9, 10, 1000)] == [0, 0, 2, 4, 8, 32, 60, 60]
    assert [wait_after("address", n) for n in (99, 100, 108, 109, 10**9)] == [0, 2, 512, 900, 900]
    assert RULES["name"][1] < RULES["address"][1]
