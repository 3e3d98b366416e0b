"""Tables of the job diary. Times are Unix s UTC.

What sources say is in `DiaryJob` and `DiaryParent`, what people say in `DiaryReview` and `DiaryTag`; the history of both is in
`DiaryEvent`, to which rows are only added.
"""

from __future__ import annotations

import json
from typing import Any

from peewee import SQL, BigIntegerField, BlobField, BooleanField, DoubleField, IntegerField, TextField

from app.core.database import Table
from app.diary.states import UNKNOWN


class DiaryJob(Table):
    """A job.

    Attributes:
        source: Name of the source that found it.
        native_id: Its id there, which may come again.
        submitted: Time of submission, whole s; 0: unknown. Source, native_id and submitted are the key.
        kind: As dqm-client, import, batch.
        project: Group, account or project.
        state: What is shown: that of a person while one is pinned, otherwise `machine_state`.
        machine_state: The state reported by the source.
        pinned_by, pinned: Who set the state by hand, and when; "" and null: nobody.
        exit_code, signal: Of its end; null: none is known.
        reason: Why it waits or failed.
        attempts: Starts so far; 0: unknown.
        seen: Time of the latest observation by the clock of the source.
        met: The same by the clock of this hub.
        cycle: Number of the scan of its source in which it was observed last.
        found: When it was stored first.
        changed: When one of its columns changed last, other than `seen`, `met` and `cycle`.
        placed: By what lists are ordered: its submission, or `found` where that is unknown or in the future.
        labels, metrics, facts: JSON objects: texts that are searched, numbers, and all that the source reports.
        logs: JSON array of [path, kind].
        outputs: JSON array of paths.
    """

    source = TextField()
    native_id = TextField()
    submitted = BigIntegerField(default=0)
    kind = TextField(default="")
    name = TextField(default="")
    user = TextField(default="")
    project = TextField(default="")
    state = TextField(default=UNKNOWN)
    machine_state = TextField(default=UNKNOWN)
    pinned_by = TextField(default="")
    pinned = DoubleField(null=True)
    exit_code = BigIntegerField(null=True)
    signal = IntegerField(null=True)
    reason = TextField(default="")
    attempts = IntegerField(default=0)
    started = DoubleField(null=True)
    ended = DoubleField(null=True)
    seen = DoubleField()
    met = DoubleField()
    cycle = BigIntegerField()
    found = DoubleField()
    changed = DoubleField()
    placed = DoubleField()
    workdir = TextField(default="")
    labels = TextField(default="{}")
    metrics = TextField(default="{}")
    facts = TextField(default="{}")
    logs = TextField(default="[]")
    outputs = TextField(default="[]")

    class Meta:
        """Options of peewee."""

        table_name = "diary_job"
        indexes = (
            (("source", "native_id", "submitted"), True),
            (("placed", "id"), False),
            (("source", "machine_state", "cycle"), False),
        )

    def value_of(self, column: str) -> Any:
        """The value of one of the JSON columns."""
        return json.loads(getattr(self, column))


class DiaryParent(Table):
    """A job that another one follows from, by its key: it may be found later, or never."""

    job = BigIntegerField()  # number of the child
    source = TextField()
    native_id = TextField()
    submitted = BigIntegerField(default=0)  # 0: not shown; the newest that was submitted before the child

    class Meta:
        """Options of peewee."""

        table_name = "diary_parent"
        indexes = ((("job", "source", "native_id", "submitted"), True), (("source", "native_id"), False))


class DiaryEvent(Table):
    """A change of a job. Rows are never changed."""

    job = BigIntegerField()
    at = DoubleField()  # by the clock of this hub
    actor = TextField()  # source:<name> or user:<name>
    field = TextField()
    old = TextField()  # "" for the state of a job that is found
    new = TextField()

    class Meta:
        """Options of peewee."""

        table_name = "diary_event"
        indexes = ((("job", "id"), False),)


DiaryEvent.add_index(
    DiaryEvent.index(DiaryEvent.at, name="diary_event_end", where=SQL("field = 'state' AND new IN ('done', 'failed', 'cancelled', 'lost')"))
)


class DiarySource(Table):
    """The state of a source.

    Attributes:
        cursor: JSON object with which its next scan begins.
        scans: Scans whose cursor was stored; a scan that another one has overtaken does not store its cursor.
        cycle: Complete scans so far.
        last_ok: End of the last scan.
        error, failures: Of the last failed scan, and failed ones in a row.
        next_try: No scan before; 0 unless it fails.
        duration_s: Of the last scan.
        found, changed: Jobs that its last scan found and changed.
        quarantined: Records so far that could not be used.
        skew_s: How far its clock was ahead of that of this hub in the last scan; 0 if it was not.
    """

    name = TextField(unique=True)
    cursor = TextField(default="{}")
    scans = BigIntegerField(default=0)
    cycle = BigIntegerField(default=0)
    last_ok = DoubleField(null=True)
    error = TextField(default="")
    failures = IntegerField(default=0)
    next_try = DoubleField(default=0.0)
    duration_s = DoubleField(null=True)
    found = IntegerField(default=0)
    changed = IntegerField(default=0)
    quarantined = BigIntegerField(default=0)
    skew_s = DoubleField(default=0.0)

    class Meta:
        """Options of peewee."""

        table_name = "diary_source"


class DiaryQuarantine(Table):
    """A record of a source that cannot be used; the newest ones are kept."""

    source = TextField()
    digest = TextField()  # hash of reason and whole text, so that the same record is counted, not kept again
    text = TextField()  # the beginning
    reason = TextField()
    first = DoubleField()
    at = DoubleField()  # the last time
    count = IntegerField(default=1)

    class Meta:
        """Options of peewee."""

        table_name = "diary_quarantine"
        indexes = ((("source", "digest"), True), (("source", "at"), False))


class DiaryReview(Table):
    """The review of a job; without a row it is open, without verdict and texts. Sources never write it."""

    job = BigIntegerField(primary_key=True)  # number of the job
    review = TextField(default="open")  # one of REVIEWS
    verdict = TextField(default="none")  # one of VERDICTS
    summary = TextField(default="")  # one line
    notes = TextField(default="")  # Markdown
    version = BigIntegerField(default=0)  # grows with each change, also of tags
    by = TextField()  # who changed it last
    at = DoubleField()

    class Meta:
        """Options of peewee."""

        table_name = "diary_review"


class DiaryTag(Table):
    """A tag of a job."""

    job = BigIntegerField()
    tag = TextField()  # as `clean_tag` returns it

    class Meta:
        """Options of peewee."""

        table_name = "diary_tag"
        indexes = ((("job", "tag"), True), (("tag", "job"), False))


class DiaryBulkReview(Table):
    """One change of the reviews of many jobs.

    Attributes:
        selection: Query of the address of the list whose jobs were reviewed.
        change: JSON object: the fields that were set.
        jobs: Numbers of the jobs as they were confirmed: compressed 8-byte integers, ascending; empty once all are reviewed.
        count: How many these are.
        reached: Number of the last job that was handled.
        changed: Jobs whose review was changed.
        skipped: Jobs that would have too many tags, and were left as they are.
        finished: When the last job was handled; null: not yet.
        undone_by, undone: Who undid it, and when; "" and null: nobody.
        restored, kept: Jobs that got their earlier review back, and those that were changed since and were left as they are.
        undo_finished: When the last job was restored; null: not yet.
    """

    by = TextField()
    at = DoubleField()
    selection = TextField()
    change = TextField()
    jobs = BlobField(default=b"")
    count = IntegerField()
    reached = BigIntegerField(default=0)
    changed = IntegerField(default=0)
    skipped = IntegerField(default=0)
    finished = DoubleField(null=True)
    undone_by = TextField(default="")
    undone = DoubleField(null=True)
    restored = IntegerField(default=0)
    kept = IntegerField(default=0)
    undo_finished = DoubleField(null=True)

    class Meta:
        """Options of peewee."""

        table_name = "diary_bulk_review"


class DiaryBulkChange(Table):
    """A job changed by a bulk review; the row is deleted when the change is undone or can no longer be undone."""

    bulk = IntegerField()  # number of the DiaryBulkReview
    job = BigIntegerField()
    version = BigIntegerField()  # of the review after the change
    earlier_version = BigIntegerField()  # of the review before the change
    before = TextField()  # JSON object: the earlier values of the changed fields

    class Meta:
        """Options of peewee."""

        table_name = "diary_bulk_change"
        indexes = ((("bulk", "job"), True), (("job",), False))


class DiarySavedSearch(Table):
    """A search of the list that somebody saved under a name."""

    user = TextField()
    name = TextField()
    address = TextField()  # query of the address of the list
    is_shared = BooleanField(default=False)  # all users see it

    class Meta:
        """Options of peewee."""

        table_name = "diary_saved_search"
        indexes = ((("user", "name"), True),)
