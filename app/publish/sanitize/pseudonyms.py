"""Numbers for what outside must not see: the same value has the same one in every log, for good.

What is stored is a kind, a number and an HMAC of the value, never the value. Who has the table alone can neither
read it nor try names in it. Kept in memory is what this object was asked for.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from typing import NamedTuple

from peewee import IntegerField, TextField, chunked, fn

from app.core.database import Table, proxy, rows

AT_ONCE = 500
"""Rows of one statement; SQLite takes a limited number of values."""


class Pseudonym(Table):
    """A value that was replaced: number counts within the kind; digest: 32 hex digits of an HMAC-SHA256."""

    kind = TextField()
    number = IntegerField()
    digest = TextField()

    class Meta:
        table_name = "publish_pseudonym"
        indexes = ((("kind", "digest"), True), (("kind", "number"), True))


class Secret(NamedTuple):
    """A value that stays inside; it is shown as its kind and number, as host-3."""

    kind: str
    value: str


class Pseudonyms:
    """The numbers of one instance; secret: its key."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self._numbers: dict[Secret, int] = {}
        self._digests: dict[Secret, str] = {}
        self._known: dict[str, set[str]] = {}

    def digest(self, secret: Secret) -> str:
        """32 hex digits by which a value is found again."""
        if secret not in self._digests:
            text = f"{secret.kind}\0{secret.value}".encode(errors="surrogatepass")
            self._digests[secret] = hmac.digest(self.secret, text, "sha256").hex()[:32]
        return self._digests[secret]

    def numbers(self, secrets: Collection[Secret]) -> dict[Secret, int]:
        """The number of each, given now to those that have none; others may give numbers at the same time."""
        new = [secret for secret in dict.fromkeys(secrets) if secret not in self._numbers]
        self._numbers |= self._stored(new)
        while missing := [secret for secret in new if secret not in self._numbers]:
            self._give(missing)
            self._numbers |= self._stored(missing)
        return {secret: self._numbers[secret] for secret in secrets}

    def has(self, secret: Secret) -> bool:
        """Whether a value has a number; of what others give meanwhile, only what this object was asked for is seen."""
        if secret.kind not in self._known:
            query = Pseudonym.select(Pseudonym.digest).where(Pseudonym.kind == secret.kind)
            self._known[secret.kind] = {digest for (digest,) in rows(query)}
        return secret in self._numbers or self.digest(secret) in self._known[secret.kind]

    def _stored(self, secrets: Collection[Secret]) -> dict[Secret, int]:
        by_digest = {(secret.kind, self.digest(secret)): secret for secret in secrets}
        found: dict[Secret, int] = {}
        for some in chunked(sorted({digest for _, digest in by_digest}), AT_ONCE):
            query = Pseudonym.select(Pseudonym.kind, Pseudonym.digest, Pseudonym.number).where(Pseudonym.digest.in_(some))
            found |= {by_digest[kind, digest]: number for kind, digest, number in rows(query) if (kind, digest) in by_digest}
        return found

    def _give(self, secrets: Collection[Secret]) -> None:
        """The next numbers to these; one that somebody else took meanwhile is not given twice, and its secret is left for another try."""
        for kind in dict.fromkeys(secret.kind for secret in secrets):
            digests = [self.digest(secret) for secret in secrets if secret.kind == kind]
            with proxy.atomic():
                ((last,),) = rows(Pseudonym.select(fn.COALESCE(fn.MAX(Pseudonym.number), 0)).where(Pseudonym.kind == kind))
                given = [{"kind": kind, "number": number, "digest": digest} for number, digest in enumerate(digests, last + 1)]
                for some in chunked(given, AT_ONCE // 3):
                    Pseudonym.insert_many(some).on_conflict_ignore().execute()
