"""Tables of the publisher: what outside has, in which edition it came, and how far each mirror is.

An edition is one transaction: its number, its items and the tokens of what was rendered are there together or not at
all. So a publisher killed at any moment loses nothing, and no number ever stands for two contents.
"""

from __future__ import annotations

from peewee import BigIntegerField, BlobField, DoubleField, ForeignKeyField, IntegerField, TextField

from app.core.database import Table


class Series(Table):
    """The numbering of editions, one row. name: begins with the UTC time of `started`, so that names sort as series do.

    edition: the newest; at: when it was made. dropped: the newest edition whose removals are not known any more.
    """

    name = TextField(unique=True)
    started = DoubleField()
    edition = BigIntegerField(default=0)
    at = DoubleField(default=0.0)
    dropped = BigIntegerField(default=0)

    class Meta:
        table_name = "square_outside_series"


class Piece(Table):
    """What is rendered in one go, as a run, its charts or a log (plan.py). token: of the facts and the code it was made
    from; due: when time alone changes what it says (a job is stuck, then), Unix s UTC, 0 for never.
    """

    kind = TextField()
    system = TextField()
    run = BigIntegerField()
    name = TextField()
    token = TextField()
    due = DoubleField(default=0.0)

    class Meta:
        table_name = "square_outside_piece"
        indexes = ((("kind", "system", "run", "name"), True),)


class Published(Table):
    """An item as mirrors have it (protocol/snapshot.py), or that it is gone: body None.

    sha256: of the content before `encoding`. size: bytes of body. edition: of its last change, at `at`.
    """

    piece = ForeignKeyField(Piece, null=True, on_delete="SET NULL")
    kind = TextField()
    system = TextField()
    run = BigIntegerField()
    name = TextField()
    type = TextField()
    encoding = TextField()
    sha256 = TextField()
    size = IntegerField()
    body = BlobField(null=True)
    edition = BigIntegerField(index=True)
    at = DoubleField()

    class Meta:
        table_name = "square_outside_item"
        indexes = ((("kind", "system", "run", "name"), True),)


class Mirror(Table):
    """A mirror by its address, or the folder by its path; series, have: what it has; at: when that edition was made.

    last_ok: when it last took or confirmed something; error, last_error: the last failure, kept; failures: in a row;
    not_before: it is left alone until then. sent: bytes since it was first heard of. Times are Unix s UTC.
    """

    address = TextField(unique=True)
    series = TextField(default="")
    have = BigIntegerField(default=0)
    at = DoubleField(default=0.0)
    last_ok = DoubleField(null=True)
    last_error = DoubleField(null=True)
    error = TextField(default="")
    failures = IntegerField(default=0)
    not_before = DoubleField(default=0.0)
    sent = BigIntegerField(default=0)

    class Meta:
        table_name = "square_outside_mirror"
