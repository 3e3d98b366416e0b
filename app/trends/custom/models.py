"""Tables of requested trends. They are removed when nobody has looked at them for some days."""

from __future__ import annotations

from peewee import BlobField, CompositeKey, DoubleField, ForeignKeyField, IntegerField, TextField

from app.core.database import Table


class RequestedTrend(Table):
    """A trend that a user asked for. Equal requests are one, whoever sends them."""

    key = TextField(unique=True)  # a hash of kind and request, in its address
    kind = TextField()  # of the request, see app.trends.custom.requests
    request = TextField()  # JSON object
    user = TextField()  # who asked for it last
    created = DoubleField()  # time of the last request, Unix s UTC
    seen = DoubleField()  # when somebody looked at it last, Unix s UTC
    total = IntegerField(null=True)  # values to compute; null until the samples are chosen
    note = TextField(default="")  # what the choice of samples left out
    version = IntegerField(default=0)  # grows with each change of the points

    class Meta:
        """Options of peewee."""

        table_name = "requested_trend"


class RequestedPoint(Table):
    """A value of a requested trend, or the reason why there is none."""

    trend = ForeignKeyField(RequestedTrend, index=False)
    dataset = TextField()
    run = IntegerField()
    lumi = IntegerField()  # 0: the whole run
    value = DoubleField(null=True)
    error = DoubleField(null=True)
    reason = TextField()
    file = TextField()  # a tag that changes with the files that were read; "" if they could not be read

    class Meta:
        """Options of peewee."""

        table_name = "requested_point"
        primary_key = CompositeKey("trend", "dataset", "run", "lumi")


class FollowedSnapshot(Table):
    """The newest snapshot of an ongoing run that a requested trend has a value of; the next value is of the difference from it."""

    trend = ForeignKeyField(RequestedTrend, primary_key=True)
    sample_version = IntegerField()  # of the list of its monitor elements
    run = IntegerField()
    lumi = IntegerField()
    elements = BlobField()  # zstd of JSON: an `EncodedPayload` of each monitor element by path

    class Meta:
        """Options of peewee."""

        table_name = "followed_snapshot"
