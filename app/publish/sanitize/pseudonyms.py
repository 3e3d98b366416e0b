"""Pseudonyms: a secret value has the same number in every log, permanently.

The table holds a kind, a number and an HMAC of the value, never the value. Without the key the values cannot be read, and
guesses cannot be tested.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from typing import NamedTuple

from peewee import IntegerField, TextField, chunked, fn

from app.core.database import Table, proxy, rows

MAX_ROWS = 500
"""Rows of one statement; SQLite limits the number of values."""


LEARNED, FORGOTTEN = "learned-user", "forgotten-user"
"""Kinds of rows for users that are replaced outside of their positions, and for users that are not; with the number of the user."""


class Pseudonym(Table):
    """The number of a replaced value.

    Attributes:
        kind: As in `Secret`, or one of the two above.
        number: Counts within the kind, from 1 on.
        digest: 32 hex digits of an HMAC-SHA256 of kind and value.
    """

    kind = TextField()
    number = IntegerField()
    digest = TextField()

    class Meta:
        table_name = "publish_pseudonym"
        indexes = ((("kind", "digest"), True), (("kind", "number"), True))


class Secret(NamedTuple):
    """A value that is not published; its pseudonym is kind and number, such as host-3."""

    kind: str  # host, path, user, client, e-mail, address, token, key or environment
    value: str


class Login(Secret):
    """A user at a position where only an account can stand."""

    __slots__ = ()


def forget(number: int) -> bool:
    """Never again replace a user outside of its positions; False if there is no user with this number."""
    digest = Pseudonym.select(Pseudonym.digest).where(Pseudonym.kind == "user", Pseudonym.number == number).scalar()
    if digest is None:
        return False
    Pseudonym.insert(kind=FORGOTTEN, number=number, digest=digest).on_conflict_ignore().execute()
    return True


class Pseudonyms:
    """The numbers of one instance, with a cache."""

    def __init__(self, key: bytes) -> None:
        """Use the key of the instance for digests."""
        self._key = key
        self._numbers: dict[Secret, int] = {}
        self._digests: dict[Secret, str] = {}
        self._known: dict[str, set[str]] = {}

    def digest(self, secret: Secret) -> str:
        """The digest of a value, the key of its number."""
        if secret not in self._digests:
            text = f"{secret.kind}\0{secret.value}".encode(errors="surrogatepass")
            self._digests[secret] = hmac.digest(self._key, text, "sha256").hex()[:32]
        return self._digests[secret]

    def numbers(self, secrets: Collection[Secret]) -> dict[Secret, int]:
        """The number of each value; values without one get the next numbers. Safe if other processes do this at the same time."""
        new = [secret for secret in dict.fromkeys(secrets) if secret not in self._numbers]
        self._numbers |= self._stored_numbers(new)
        while missing := [secret for secret in new if secret not in self._numbers]:
            self._assign(missing)
            self._numbers |= self._stored_numbers(missing)
        return {secret: self._numbers[secret] for secret in secrets}

    def learn(self, secrets: Collection[Secret]) -> None:
        """Learn values, which are then replaced outside of their positions, too, unless their number is in `FORGOTTEN`."""
        if new := [secret for secret in dict.fromkeys(secrets) if self.digest(secret) not in self._digests_of(LEARNED)]:
            learned = [{"kind": LEARNED, "number": number, "digest": self.digest(secret)} for secret, number in self.numbers(new).items()]
            for some in chunked(learned, MAX_ROWS // 3):
                Pseudonym.insert_many(some).on_conflict_ignore().execute()
            self._known[LEARNED] |= {self.digest(secret) for secret in new}

    def is_learned(self, secret: Secret) -> bool:
        """Whether a value is replaced outside of its positions. Values that other processes learn later are not known."""
        digest = self.digest(secret)
        return digest in self._digests_of(LEARNED) and not self.is_forgotten(secret)

    def is_forgotten(self, secret: Secret) -> bool:
        """Whether a value is never replaced outside of its positions."""
        return self.digest(secret) in self._digests_of(FORGOTTEN)

    def _digests_of(self, kind: str) -> set[str]:
        if kind not in self._known:
            query = Pseudonym.select(Pseudonym.digest).where(Pseudonym.kind == kind)
            self._known[kind] = {digest for (digest,) in rows(query)}
        return self._known[kind]

    def _stored_numbers(self, secrets: Collection[Secret]) -> dict[Secret, int]:
        by_digest = {(secret.kind, self.digest(secret)): secret for secret in secrets}
        found: dict[Secret, int] = {}
        for some in chunked(sorted({digest for _, digest in by_digest}), MAX_ROWS):
            query = Pseudonym.select(Pseudonym.kind, Pseudonym.digest, Pseudonym.number).where(Pseudonym.digest.in_(some))
            found |= {by_digest[kind, digest]: number for kind, digest, number in rows(query) if (kind, digest) in by_digest}
        return found

    def _assign(self, secrets: Collection[Secret]) -> None:
        """Assign the next numbers. A value gets none if another process assigns the same number concurrently."""
        for kind in dict.fromkeys(secret.kind for secret in secrets):
            digests = [self.digest(secret) for secret in secrets if secret.kind == kind]
            with proxy.atomic():
                ((last,),) = rows(Pseudonym.select(fn.COALESCE(fn.MAX(Pseudonym.number), 0)).where(Pseudonym.kind == kind))
                new_rows = [{"kind": kind, "number": number, "digest": digest} for number, digest in enumerate(digests, last + 1)]
                for some in chunked(new_rows, MAX_ROWS // 3):
                    Pseudonym.insert_many(some).on_conflict_ignore().execute()
