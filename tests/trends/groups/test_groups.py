"""Display groups are data that experts edit: checked, in an order, with versions, a history, and the original's form."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Thread

import pytest
from peewee import DatabaseError

from app.core.database import end_thread, is_sqlite, proxy
from app.core.settings import Settings
from app.security.models import Audit
from app.trends.groups import DisplayGroup, groups_of
from app.trends.groups.conflict import GroupConflict
from app.trends.groups.errors import InvalidGroup, UnreadableGroups
from app.trends.groups.exchange import export_groups, import_groups
from app.trends.groups.group import checked
from app.trends.groups.models import TrendGroup, TrendGroupChange
from app.trends.groups.store import add_group, delete_group, edit_group, find_group, move_group, restore_change, rows_of
from tests.support.processes import until

pytestmark = pytest.mark.both_databases

CHARGE = DisplayGroup("charge", "Charge", "e", "Pixel", False, ("layer1", "layer2"))
SIZE = CHARGE._replace(name="size", title="Size")


@pytest.fixture
def real_groups(fixtures_dir: Path) -> str:
    """The display groups of the original."""
    return (fixtures_dir / "hdqm" / "display_groups.json").read_text()


def is_somebody_waiting() -> bool:
    """Whether another connection to this database of PostgreSQL waits for a lock."""
    proxy.execute_sql("SELECT pg_stat_clear_snapshot()")  # a transaction would see the same activity again and again
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool(proxy.execute_sql(query).fetchone()[0])


def names(subsystem: str = "Pixel") -> list[str]:
    return [group.name for group in groups_of(subsystem)]


def test_the_groups_of_the_original_are_imported_and_exported_as_they_were(hub: Settings, real_groups: str) -> None:
    assert import_groups(real_groups) == (297, 0, 0)
    assert json.loads(export_groups()) == json.loads(real_groups)
    assert import_groups(export_groups()) == (0, 0, 297), "nothing has changed"
    assert len(groups_of("HCAL")) == 137
    assert json.loads(export_groups("GEM")) == [group for group in json.loads(real_groups) if group["subsystem"] == "GEM"]


def test_a_name_that_no_configuration_has_is_kept(hub: Settings, real_groups: str) -> None:
    import_groups(real_groups)
    gem = {group.name: group.series for group in groups_of("GEM")}
    assert "Digi_Strips_Gemini_GE-1/1" in gem["Digi_Strips_Gemini"]
    assert len(gem["Digi_Strips_Gemini"]) == 3, "a series that is named twice is drawn once"


def test_the_prefix_of_names_in_some_files_of_the_original_is_left_out(hub: Settings) -> None:
    import_groups(json.dumps([CHARGE.json | {"series": ["plot:layer1", "layer2"]}]))
    assert groups_of("Pixel") == [CHARGE]


def test_an_import_replaces_groups_of_the_same_name_and_keeps_the_others_behind(hub: Settings) -> None:
    add_group(CHARGE)
    add_group(SIZE)
    changed = SIZE._replace(y_title="pixels")
    assert import_groups(json.dumps([changed.json, CHARGE._replace(name="new").json])) == (1, 1, 0)
    assert names() == ["size", "new", "charge"]
    assert groups_of("Pixel")[0] == changed


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "The file is not JSON"),
        ("[" * 100_000, "The file is not JSON: too many lists or objects within each other"),
        ("{}", "Expected a list of groups"),
        ("[7]", "Group 1: group: expected an object with name, subsystem and series, not 7"),
        ('[{"name": "a"}]', "Group 1 (a): subsystem: is missing; Group 1 (a): series: is missing"),
        (json.dumps([CHARGE.json | {"correlation": 1}]), "Group 1 (charge): correlation: expected true or false, not 1"),
        (json.dumps([CHARGE.json | {"series": "layer1"}]), "Group 1 (charge): series: expected a list of names of trends"),
        (json.dumps([CHARGE.json | {"name": 5}]), "Group 1: name: expected a text, not 5"),
        (json.dumps([CHARGE.json | {"series": [], "plot_title": "a\nb"}]), "Group 1 (charge): title: expected letters that can be printed"),
        (json.dumps([CHARGE.json | {"subsystem": "a/b"}]), "Group 1 (charge): subsystem: expected the name of a folder"),
        (json.dumps([CHARGE.json | {"y_titel": "x"}]), "Group 1 (charge): group: 'y_titel' is no field of a group; right would be name"),
        (json.dumps([CHARGE.json, CHARGE.json]), "Group 2 (charge): name: Pixel has this group twice"),
        (json.dumps([CHARGE.json | {"name": "\ud800"}]), "Group 1: name: expected letters that can be printed"),
    ],
)
def test_a_file_with_anything_wrong_is_refused_whole_with_the_place(hub: Settings, text: str, problem: str) -> None:
    with pytest.raises(UnreadableGroups) as raised:
        import_groups(text)
    assert problem in str(raised.value)
    assert not TrendGroup.select().exists()


def test_a_wrong_name_without_a_title_is_wrong_once(hub: Settings) -> None:
    with pytest.raises(InvalidGroup) as raised:
        checked(CHARGE._replace(name="x" * 300, title="x" * 300))
    assert [field for field, _ in raised.value.fields] == ["name"]


@pytest.mark.parametrize(("count", "good"), [(1, False), (2, True), (3, True), (4, False)])
def test_only_two_or_three_series_are_correlated(count: int, good: bool) -> None:
    group = CHARGE._replace(correlation=True, series=tuple(f"layer{number}" for number in range(count)))
    if good:
        assert checked(group) == group
        return
    with pytest.raises(InvalidGroup, match=f"correlation: needs exactly 2 or 3 series, not {count}"):
        checked(group)


def test_a_change_of_what_somebody_else_has_changed_is_refused_with_the_present_group(hub: Settings) -> None:
    mine = add_group(CHARGE)
    theirs = find_group(mine.id)
    edit_group(theirs, 1, CHARGE._replace(title="Theirs"))
    with pytest.raises(GroupConflict, match="has changed this group since you opened it; it is at version 2") as raised:
        edit_group(mine, 1, CHARGE._replace(title="Mine"))
    assert raised.value.current == CHARGE._replace(title="Theirs")
    assert groups_of("Pixel")[0].title == "Theirs"
    edit_group(mine, 2, CHARGE._replace(title="Mine"))
    assert groups_of("Pixel")[0].title == "Mine"
    with pytest.raises(GroupConflict):
        delete_group(find_group(mine.id), 2)


def test_a_group_is_renamed_and_two_groups_never_have_one_name(hub: Settings) -> None:
    row = add_group(CHARGE)
    add_group(SIZE)
    edit_group(row, 1, CHARGE._replace(name="charge2"))
    assert names() == ["charge2", "size"]
    with pytest.raises(InvalidGroup, match="another group of this subsystem has this name"):
        edit_group(find_group(row.id), 2, CHARGE._replace(name="size"))
    with pytest.raises(InvalidGroup, match="another group of this subsystem has this name"):
        add_group(SIZE)
    add_group(SIZE._replace(subsystem="SiStrips"))
    assert names("SiStrips") == ["size"]


def test_groups_are_moved_within_their_subsystem(hub: Settings) -> None:
    rows = [add_group(CHARGE._replace(name=name, subsystem=subsystem)) for name, subsystem in zip("axbyc", "PQPQP", strict=True)]
    move_group(find_group(rows[4].id), -1)
    assert names("P") == ["a", "c", "b"]
    move_group(find_group(rows[0].id), -1)
    assert names("P") == ["a", "c", "b"], "the first stays the first"
    move_group(find_group(rows[0].id), 1)
    assert names("P") == ["c", "a", "b"]
    assert names("Q") == ["x", "y"]
    TrendGroup.update(position=1).execute()
    move_group(find_group(rows[4].id), -1)
    assert names("P") == ["a", "c", "b"], "also when two writers have given one position to several"


def test_two_moves_at_once_leave_no_two_groups_at_one_place(hub: Settings) -> None:
    a, _, c = (add_group(CHARGE._replace(name=name)) for name in "abc")

    def move_last_up() -> None:
        try:
            move_group(find_group(c.id), -1)
        finally:
            end_thread()

    other = Thread(target=move_last_up)
    with proxy.atomic():
        move_group(find_group(a.id), 1)
        other.start()
        if not is_sqlite():  # there nobody else writes in this transaction, and here it is seen when the other one waits
            until(is_somebody_waiting, "the other move, which waits for this one")
    other.join()
    assert names() == ["b", "c", "a"]
    assert len({row.position for row in rows_of()}) == 3


def test_a_deleted_group_comes_back_from_the_history(hub: Settings) -> None:
    row = add_group(CHARGE)
    delete_group(row, 1)
    assert names() == []
    (added, deleted) = TrendGroupChange.select().order_by(TrendGroupChange.id)
    assert (deleted.action, json.loads(deleted.before), deleted.after) == ("delete", CHARGE.json, "")
    restore_change(deleted, 2)
    assert groups_of("Pixel") == [CHARGE]
    edit_group(find_group(row.id), 3, CHARGE._replace(title="Worse"))
    restore_change(added, 4)
    assert groups_of("Pixel") == [CHARGE]
    actions = [change.action for change in TrendGroupChange.select().order_by(TrendGroupChange.id)]
    assert actions == ["add", "delete", "restore", "edit", "restore"]


def test_every_change_is_in_the_audit_log_with_its_user(hub: Settings) -> None:
    row = add_group(CHARGE)
    edit_group(row, 1, CHARGE._replace(name="charge2"))
    edit_group(find_group(row.id), 2, CHARGE._replace(name="charge2"))
    changes = list(TrendGroupChange.select().order_by(TrendGroupChange.id))
    rows = [(each.user, each.action, each.target, each.answer) for each in Audit.select().order_by(Audit.id)]
    user = changes[0].user
    assert user.endswith("(command line)")
    assert rows == [
        (user, "add display group", "display group Pixel/charge", "version 1"),
        (user, "edit display group", "display group Pixel/charge2", "was charge"),
    ], "an edit without a change is none"


def test_nobody_can_change_the_history(hub: Settings) -> None:
    add_group(CHARGE)
    with pytest.raises(DatabaseError, match="append-only"):
        TrendGroupChange.update(user="x").execute()
    with pytest.raises(DatabaseError, match="append-only"):
        TrendGroupChange.delete().execute()
    assert len(rows_of()) == 1
