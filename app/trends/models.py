"""Tables of trends: what is configured, from which files, and the points.

A point belongs to a series, which is one version of a trend for one dataset, and to a run. A changed configuration makes a new
version, so points are never mixed; the older ones stay.
"""

from __future__ import annotations

from peewee import BigIntegerField, BooleanField, CompositeKey, DoubleField, ForeignKeyField, IntegerField, TextField

from app.core.database import Table

LARGEST_RUN = 2**31 - 1
"""Largest run number that these tables can hold."""


class Trend(Table):
    """A trend, identified by subsystem and name."""

    subsystem = TextField()
    name = TextField()
    title = TextField()
    y_title = TextField()
    place = TextField()  # file:line of its configuration
    retired = BooleanField(default=False)  # no configuration has it any more; its points stay

    class Meta:
        """Options of peewee."""

        indexes = ((("subsystem", "name"), True),)


class TrendVersion(Table):
    """What the values of a trend depend on."""

    trend = ForeignKeyField(Trend, index=False)
    hash = TextField()  # of all fields below
    metric = TextField()
    me = TextField()
    histo1 = TextField()
    histo2 = TextField()
    reference = TextField()
    threshold = IntegerField()
    created = DoubleField()  # Unix s UTC
    activated = IntegerField(null=True)  # number that grows with each version that becomes the current one; null: not current

    class Meta:
        """Options of peewee."""

        table_name = "trend_version"
        indexes = ((("trend", "hash"), True),)


class TrendConfigProblem(Table):
    """Something wrong in the configurations when they were read last."""

    place = TextField()  # file:line
    reason = TextField()
    hides_trends = BooleanField()  # a trend cannot be used, or a file not be read

    class Meta:
        """Options of peewee."""

        table_name = "trend_config_problem"


class TrendDataset(Table):
    """A dataset, with the parts of its name that tell one processing from another."""

    name = TextField(unique=True)  # /primary/era-processing-version/tier
    primary_dataset = TextField()
    era = TextField()
    processing = TextField()
    version = IntegerField()
    changed = BigIntegerField(default=0)  # number that grows with each change of its points

    class Meta:
        """Options of peewee."""

        table_name = "trend_dataset"


class TrendRun(Table):
    """A run with points, or reasons in place of them, in a dataset."""

    dataset = ForeignKeyField(TrendDataset, index=False)
    run = IntegerField()

    class Meta:
        """Options of peewee."""

        table_name = "trend_run"
        primary_key = CompositeKey("dataset", "run")


class TrendFile(Table):
    """One version of a file that points come from."""

    url = TextField()
    size = BigIntegerField()
    mtime_ns = BigIntegerField()  # Unix ns UTC

    class Meta:
        """Options of peewee."""

        table_name = "trend_file"
        indexes = ((("url", "size", "mtime_ns"), True),)


class TrendSeries(Table):
    """The points of one version of a trend in one dataset."""

    version = ForeignKeyField(TrendVersion, index=False)
    dataset = ForeignKeyField(TrendDataset, index=False)

    class Meta:
        """Options of peewee."""

        table_name = "trend_series"
        indexes = ((("dataset", "version"), True),)


class TrendReason(Table):
    """A reason why a run has no point, or why its point is marked."""

    text = TextField(unique=True)

    class Meta:
        """Options of peewee."""

        table_name = "trend_reason"


class TrendPoint(Table):
    """The value of a trend in a run, or the reason why there is none."""

    series = ForeignKeyField(TrendSeries, index=False)
    run = IntegerField()
    value = DoubleField(null=True)
    error = DoubleField(null=True)
    file = ForeignKeyField(TrendFile, index=False)
    reason = ForeignKeyField(TrendReason, null=True, index=False)

    class Meta:
        """Options of peewee."""

        table_name = "trend_point"
        primary_key = CompositeKey("series", "run")


CHANGED = -1
"""`sample_version` of an extraction whose file is known to have changed on disk."""


class TrendExtraction(Table):
    """The last extraction of a run of a dataset."""

    dataset = ForeignKeyField(TrendDataset, index=False)
    run = IntegerField()
    file = ForeignKeyField(TrendFile, null=True, index=False)  # of the points; null before the first success
    sample_file = IntegerField()  # id of the file that was looked at last; points may be of another one that takes precedence
    sample_version = IntegerField()  # of the list of its monitor elements
    activated = IntegerField(default=0)  # the newest version of a trend that was computed
    state = TextField()  # of app.trends.states
    tries = IntegerField(default=0)  # failures in a row
    next_try = DoubleField(default=0.0)  # Unix s UTC
    error = TextField(default="")
    points = IntegerField(default=0)
    without_point = IntegerField(default=0)  # trends whose metric has no result
    absent = IntegerField(default=0)  # trends whose monitor elements the file lacks
    bytes_read = BigIntegerField(default=0)
    finished = DoubleField()  # Unix s UTC

    class Meta:
        """Options of peewee."""

        table_name = "trend_extraction"
        primary_key = CompositeKey("dataset", "run")


class TrendLosingFile(Table):
    """A file of a run and dataset that another one takes precedence over."""

    dataset = ForeignKeyField(TrendDataset, index=False)
    run = IntegerField()
    url = TextField()

    class Meta:
        """Options of peewee."""

        table_name = "trend_losing_file"
        primary_key = CompositeKey("dataset", "run", "url")


PAGE_CONFIGS = "trend page configs"
"""Name of the counter that grows with each change of configurations made on pages."""


class PageConfig(Table):
    """A configuration that an expert made on a page; removed ones stay, as the history."""

    subsystem = TextField()
    name = TextField()
    title = TextField()
    y_title = TextField()
    metric = TextField()
    me = TextField()
    histo1 = TextField()
    histo2 = TextField()
    reference = TextField()
    threshold = IntegerField()
    kept_by = TextField()
    kept_at = DoubleField()  # Unix s UTC
    removed_by = TextField(default="")
    removed_at = DoubleField(null=True)  # Unix s UTC; null while it is used

    class Meta:
        """Options of peewee."""

        table_name = "trend_page_config"
        indexes = ((("subsystem", "name"), False),)


PageConfig.add_index(
    PageConfig.index(
        PageConfig.subsystem,
        PageConfig.name,
        unique=True,
        name="trend_page_config_used",
        where=PageConfig.removed_at.is_null(),
    )
)
