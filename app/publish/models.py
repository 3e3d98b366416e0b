"""Tables of publishing: the published items, the revision of their last change, and the progress of each mirror.

A revision is stored in one transaction: its number, its items and the tokens of the pieces that were rendered. A publisher
that is killed at any time loses nothing, and each number has only one content.
"""

from __future__ import annotations

from peewee import BigIntegerField, BlobField, DoubleField, ForeignKeyField, IntegerField, TextField

from app.core.database import Table


class RevisionSeries(Table):
    """The numbering of revisions; the row with the greatest id is in use.

    Attributes:
        name: Begins with the UTC time of `started`, so that names sort as series do.
        started: Unix s UTC.
        revision: The newest revision; 0 before the first.
        at: Time of the newest revision, Unix s UTC.
        forgotten: The newest revision whose removals are no longer stored.
    """

    name = TextField(unique=True)
    started = DoubleField()
    revision = BigIntegerField(default=0)
    at = DoubleField(default=0.0)
    forgotten = BigIntegerField(default=0)

    class Meta:
        table_name = "publish_series"


class Piece(Table):
    """The last rendering of a piece (see `app.publish.pieces`).

    Attributes:
        token: Version of the code and the data that it was rendered from.
        due: Time of the next change without new data, for example when a job becomes stuck, Unix s UTC; 0: never.
    """

    kind = TextField()
    system = TextField()
    run = BigIntegerField()
    name = TextField()
    token = TextField()
    due = DoubleField(default=0.0)

    class Meta:
        table_name = "publish_piece"
        indexes = ((("kind", "system", "run", "name"), True),)


class PublishedItem(Table):
    """An item as mirrors have it (`protocol.snapshot.Item`), or a removal.

    Attributes:
        sha256: Of `body`, hexadecimal.
        size: Bytes of `body`.
        body: The content in its `encoding`; None: the item was removed.
        revision: Revision of the last change.
        at: Time of that revision, Unix s UTC.
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
    revision = BigIntegerField(index=True)
    at = DoubleField()

    class Meta:
        table_name = "publish_item"
        indexes = ((("kind", "system", "run", "name"), True),)


class MirrorState(Table):
    """Progress of a mirror or of the folder. All times are Unix s UTC.

    Attributes:
        address: URL of the mirror, or path of the folder.
        series: Name of its series.
        revision: Its revision in that series.
        at: Time of that revision.
        last_ok: When it last accepted or confirmed something.
        last_error: When it last failed.
        error: Reason of the last failure; not cleared by a success.
        failures: Failures since the last success.
        not_before: Time of the next attempt after a failure.
        sent: Total bytes sent.
    """

    address = TextField(unique=True)
    series = TextField(default="")
    revision = BigIntegerField(default=0)
    at = DoubleField(default=0.0)
    last_ok = DoubleField(null=True)
    last_error = DoubleField(null=True)
    error = TextField(default="")
    failures = IntegerField(default=0)
    not_before = DoubleField(default=0.0)
    sent = BigIntegerField(default=0)

    class Meta:
        table_name = "publish_mirror"
