"""Tables of layouts and workspaces: arrangements, their versions, activations, and the places of the active ones."""

from __future__ import annotations

from peewee import BigIntegerField, DoubleField, ForeignKeyField, IntegerField, TextField

from app.core.database import Table

LAYOUT, WORKSPACE = "layout", "workspace"
"""Kinds of arrangements."""

COUNTER = "layouts"
"""Grows with each activation or removal; see app.core.counters."""


class Arrangement(Table):
    """A layout or workspace. It has versions; at most one is active and shown."""

    kind = TextField()  # LAYOUT or WORKSPACE
    owner = TextField(default="")  # user whose private arrangement it is; "" for one that all see
    path = TextField()  # of the active version, else of the newest
    source = TextField(default="")  # file of the watched folder that it comes from; "" for one that pages edit
    position = IntegerField()  # order of exports, and of equal ranks
    newest = IntegerField()  # number of the newest version
    active = IntegerField(default=0)  # number of the active version; 0: none
    plots = TextField(default="")  # paths of the MEs of the active layout, as lines; overlays too, after a tab
    imported = IntegerField(default=0)  # number of the version that the latest import made; 0: it was never imported
    imported_path = TextField(default="")  # of that version: a renamed arrangement is found again by the next import
    changed = BigIntegerField(default=0)  # value of COUNTER at the latest change of `active`
    link = TextField(null=True, unique=True)  # random text in the shared link of a private arrangement

    class Meta:
        """Options of peewee."""

        indexes = (
            (("kind", "owner", "path"), False),
            (("kind", "imported_path"), False),
            (("changed",), False),
            (("source",), False),
        )


class ArrangementVersion(Table):
    """A version of an arrangement. Triggers in the database allow only new rows.

    A removal is a version too, with the content of the one before. So an edit that started before the removal is a conflict.
    """

    arrangement = ForeignKeyField(Arrangement, index=False)
    number = IntegerField()  # 1, 2, ...
    at = DoubleField()  # Unix s UTC
    user = TextField()  # author
    reason = TextField(default="")
    action = TextField()  # "add", "edit", "import", "roll back" or "remove"
    document = TextField()  # JSON in the form dqm-layouts/2

    class Meta:
        """Options of peewee."""

        table_name = "arrangement_version"
        indexes = ((("arrangement", "number"), True),)


class ArrangementActivation(Table):
    """An activation of a version, or a removal. Triggers in the database allow only new rows."""

    arrangement = ForeignKeyField(Arrangement)
    number = IntegerField()  # of the version; 0: the arrangement was removed
    at = DoubleField()  # Unix s UTC
    user = TextField()
    reason = TextField(default="")

    class Meta:
        """Options of peewee."""

        table_name = "arrangement_activation"


class ArrangementPlace(Table):
    """The place of an active arrangement: no two of a kind have the same path in a scope."""

    arrangement = ForeignKeyField(Arrangement, on_delete="CASCADE")
    kind = TextField()
    scope = TextField()  # one of SCOPES, or `user:<name>` for a private one
    path = TextField()

    class Meta:
        """Options of peewee."""

        table_name = "arrangement_place"
        indexes = ((("kind", "scope", "path"), True),)
