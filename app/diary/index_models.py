"""Tables of the index of the job diary, which is made of those of `app.diary.models`."""

from __future__ import annotations

from peewee import BigIntegerField, DoubleField, TextField

from app.core.database import Table


class DiaryIndex(Table):
    """The place of a job in lists, and the values that narrow lists. Its words are in the table diary_words, by its place.

    Only `app.diary.index` writes these.

    Attributes:
        place: `place_of` the job; negative: it is to be indexed again.
        job: Number of the job.
        digest: Hash of its words.
        tags: One a line.
        name: Its beginning, without difference of case; the database orders it by code points.
        user_key: The user, likewise.
        changed, ended: Of the job; 0: it has not ended.
    """

    place = BigIntegerField(primary_key=True)
    job = BigIntegerField(unique=True)
    digest = BigIntegerField(default=0)
    state = TextField()
    review = TextField()
    verdict = TextField()
    source = TextField()
    user = TextField()
    project = TextField()
    run = TextField()
    tags = TextField()
    name = TextField()
    user_key = TextField()
    changed = DoubleField()
    ended = DoubleField()

    class Meta:
        """Options of peewee."""

        table_name = "diary_index"
        indexes = tuple(((order, "place"), False) for order in ("changed", "ended", "name", "user_key"))


class DiaryTally(Table):
    """How many jobs of a source have these values; `app.diary.tallies` writes it."""

    source = TextField()
    state = TextField()
    review = TextField()
    verdict = TextField()
    field = TextField()  # user, project, run, tag; "": none of them
    value = TextField()
    jobs = BigIntegerField()

    class Meta:
        """Options of peewee."""

        table_name = "diary_tally"
        indexes = ((("field", "value", "source", "state", "review", "verdict"), True),)
