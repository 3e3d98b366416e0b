"""Reviews of jobs, their tags, reviews of many jobs at once, and saved searches."""

from peewee import BigIntegerField, BlobField, BooleanField, DoubleField, IntegerField, Model, TextField


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class DiaryReview(Base):
        job = BigIntegerField(primary_key=True)
        review = TextField(default="open")
        verdict = TextField(default="none")
        summary = TextField(default="")
        notes = TextField(default="")
        version = BigIntegerField(default=0)
        by = TextField()
        at = DoubleField()

        class Meta:
            table_name = "diary_review"

    class DiaryTag(Base):
        job = BigIntegerField()
        tag = TextField()

        class Meta:
            table_name = "diary_tag"
            indexes = ((("job", "tag"), True), (("tag", "job"), False))

    class DiaryBulkReview(Base):
        by = TextField()
        at = DoubleField()
        selection = TextField()
        change = TextField()
        jobs = BlobField(default=b"")
        count = IntegerField()
        reached = BigIntegerField(default=0)
        changed = IntegerField(default=0)
        finished = DoubleField(null=True)
        undone_by = TextField(default="")
        undone = DoubleField(null=True)
        restored = IntegerField(default=0)
        kept = IntegerField(default=0)
        undo_finished = DoubleField(null=True)

        class Meta:
            table_name = "diary_bulk_review"

    class DiaryBulkChange(Base):
        bulk = IntegerField()
        job = BigIntegerField()
        version = BigIntegerField()
        earlier_version = BigIntegerField()
        before = TextField()

        class Meta:
            table_name = "diary_bulk_change"
            indexes = ((("bulk", "job"), True), (("job",), False))

    class DiarySavedSearch(Base):
        user = TextField()
        name = TextField()
        address = TextField()
        is_shared = BooleanField(default=False)

        class Meta:
            table_name = "diary_saved_search"
            indexes = ((("user", "name"), True),)

    db.create_tables([DiaryReview, DiaryTag, DiaryBulkReview, DiaryBulkChange, DiarySavedSearch])
