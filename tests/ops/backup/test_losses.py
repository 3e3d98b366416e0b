"""A backup that has lost rows is named, and the one before is kept, until somebody acknowledges the loss."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.core import database
from app.core.settings import Settings
from app.gui.models import ShortLink
from app.ops.backup import Backup, backup_folder, backups, make_backup
from app.ops.backup.losses import ACKNOWLEDGED, row_losses
from app.ops.backup.status import status_lines
from tests.ops.backup.test_backups import add_links
from tests.ops.doctor.findings import wrong
from tests.support.cli import dqmhub, run_command
from tests.support.kills import killed_at_each_step
from tests.support.processes import environment
from tests.support.site import unbind


def backup_of(hub: Settings, links: int) -> Backup:
    """A backup after the number of short links was reduced to this."""
    ShortLink.delete().where(ShortLink.name.not_in([f"name{number}" for number in range(links)])).execute()
    return make_backup(hub, backup_folder(hub), lambda _: None)


def fact(older: Backup, newer: Backup) -> str:
    rows = [sum(backup.counts.values()) for backup in (newer, older)]
    left, before = newer.counts["short_link"], older.counts["short_link"]
    return (
        f"{newer.name} has {rows[0]:,} rows, {older.name} before it had {rows[1]:,}; "
        f"most are missing in the table short_link: {left:,} of {before:,} are left"
    )


def losses(hub: Settings) -> list[str]:
    return [str(loss) for loss in row_losses(backup_folder(hub))]


@pytest.fixture
def two_losses(hub: Settings) -> list[Backup]:
    """Backups of 8,000, 3,000 and 1,000 short links, the oldest first."""
    add_links(range(8000))
    return [backup_of(hub, links) for links in (8000, 3000, 1000)]


def test_a_backup_that_has_lost_rows_is_named_and_the_one_before_kept_until_somebody_acknowledges_that(
    hub: Settings, client: FlaskClient
) -> None:
    add_links(range(1500))
    before = backup_of(hub, 1500)
    assert "\ndqmhub_backup_lost_rows 0.0\n" in client.get("/metrics").text
    ShortLink.delete().where(ShortLink.address != "/browse/7").execute()
    done = dqmhub(hub, "backup")
    after = backups(backup_folder(hub))[0]
    assert (done.returncode, f"Warning: {fact(before, after)}. " in done.stderr) == (0, True)
    (line,) = status_lines(hub)
    assert (line.state, line.detail and line.detail.startswith(fact(before, after))) == ("warn", True)
    assert ("warning", fact(before, after)) in wrong(hub, "backup")
    assert "\ndqmhub_backup_lost_rows 1499.0\n" in client.get("/metrics").text

    few = hub.replace(backup_keep=2)
    for _ in range(3):
        make_backup(few, backup_folder(hub), lambda _: None)
    names = [each.name for each in backups(backup_folder(hub))]
    assert (len(names), names[-2:]) == (4, [after.name, before.name]), "both are kept beside backup_keep"
    assert losses(hub) == [fact(before, after)]
    assert dqmhub(hub, "backup", "acknowledge").stdout == f"acknowledged: {fact(before, after)}\n"
    (line,) = status_lines(hub)
    assert line.state == "ok"
    assert "\ndqmhub_backup_lost_rows 0.0\n" in client.get("/metrics").text
    make_backup(few, backup_folder(hub), lambda _: None)
    assert not {before.name, after.name} & {each.name for each in backups(backup_folder(hub))}
    again = dqmhub(hub, "backup", "acknowledge")
    assert (again.returncode, again.stderr) == (1, "Error: There is no loss of rows to acknowledge\n")


def test_a_loss_is_known_as_soon_as_the_backup_is_there_whenever_the_command_is_killed(hub: Settings) -> None:
    add_links(range(1500))
    before = backup_of(hub, 1500)
    ShortLink.delete().execute()
    unbind()

    def back_up() -> None:
        database.connect(hub)
        make_backup(hub.replace(backup_keep=1), backup_folder(hub), lambda _: None)

    seen = set()
    for _ in killed_at_each_step(back_up):
        found = backups(backup_folder(hub))
        seen.add(len(found) > 1)
        assert (found[-1].name, len(losses(hub))) == (before.name, len(found) > 1)
    assert seen == {False, True}
    assert len(losses(hub)) == 1


def test_nothing_is_written_into_a_backup_when_the_next_one_is_made(hub: Settings) -> None:
    add_links(range(1500))
    before = backup_of(hub, 1500)
    names = {path: path.stat().st_mtime_ns for path in (before.folder, *before.folder.rglob("*"))}
    after = backup_of(hub, 1)
    assert losses(hub) == [fact(before, after)]
    assert names == {path: path.stat().st_mtime_ns for path in (before.folder, *before.folder.rglob("*"))}


def test_each_loss_is_acknowledged_by_the_name_of_its_backup(hub: Settings, client: FlaskClient, two_losses: list[Backup]) -> None:
    first, second, third = two_losses
    facts = [fact(second, third), fact(first, second)]
    assert losses(hub) == facts
    (line,) = status_lines(hub)
    assert (line.detail or "").startswith(f"2 backups have lost rows, `dqmhub doctor backup` names all; the latest: {facts[0]}. ")
    assert {("warning", each) for each in facts} <= set(wrong(hub, "backup"))
    assert "\ndqmhub_backup_lost_rows 7000.0\n" in client.get("/metrics").text
    refused = dqmhub(hub, "backup", "acknowledge")
    assert refused.returncode == 1
    assert refused.stderr == f"Error: 2 backups have lost rows; name one that has. {'. '.join(facts)}\n"
    unknown = dqmhub(hub, "backup", "acknowledge", first.name)
    reason = f"The backup {first.name} has no loss of rows to acknowledge"
    assert unknown.stderr == f"Error: {reason}; name one that has. {'. '.join(facts)}\n"
    assert f"no backup typo in {backup_folder(hub)}" in dqmhub(hub, "backup", "acknowledge", "typo").stderr
    assert losses(hub) == facts
    assert dqmhub(hub, "backup", "acknowledge", third.name).stdout == f"acknowledged: {facts[0]}\n"
    assert losses(hub) == facts[1:]
    (second.folder / ACKNOWLEDGED).mkdir()
    assert losses(hub) == []


def test_an_acknowledgement_that_cannot_be_stored_is_an_error_in_one_line(hub: Settings, two_losses: list[Backup]) -> None:
    third = two_losses[-1]
    (third.folder / ACKNOWLEDGED).symlink_to(Path("missing") / "folder")
    refused = dqmhub(hub, "backup", "acknowledge", third.name)
    expected = f"Error: Cannot write to {third.folder} (No such file or directory), so its loss of rows is still named\n"
    assert (refused.returncode, refused.stderr) == (1, expected)
    assert len(losses(hub)) == 2


def test_the_newest_backup_is_only_restored_by_its_name_while_a_loss_is_named(hub: Settings, two_losses: list[Backup]) -> None:
    first, second, third = two_losses
    unbind()
    refused = run_command(environment(hub), "restore")
    assert refused.returncode == 1
    assert refused.stderr == (
        f"Error: Data may have been lost before the newest backup, {third.name}, was made. {fact(second, third)}. {fact(first, second)}. "
        f"Name the backup to restore: `dqmhub restore {second.name}` or `dqmhub restore {first.name}` or `dqmhub restore {third.name}`\n"
    )
    assert run_command(environment(hub), "restore", third.name).returncode == 0
    assert losses(hub) == [fact(second, third), fact(first, second)], "to restore what has lost rows ends no loss"


def test_a_restore_acknowledges_no_loss_so_the_good_backup_is_kept_if_rows_are_lost_again(hub: Settings) -> None:
    add_links(range(1500))
    good, lossy = backup_of(hub, 1500), backup_of(hub, 1)
    unbind()
    assert run_command(environment(hub), "restore", good.name).returncode == 0
    database.connect(hub)
    assert ShortLink.select().count() == 1500
    assert losses(hub) == [fact(good, lossy)]
    few = hub.replace(backup_keep=1)
    backup_of(few, 1)
    assert {good.name, lossy.name} < {each.name for each in backups(backup_folder(hub))}
    assert losses(hub) == [fact(good, lossy)]


def test_the_doctor_names_a_backup_whose_manifest_is_damaged(hub: Settings) -> None:
    add_links(range(1500))
    backup_of(hub, 1500)
    damaged = backup_of(hub, 1500)
    (damaged.folder / "manifest.json").write_text("{")
    ((level, text),) = wrong(hub, "backup")[:1]
    assert (level, str(damaged.folder) in text) == ("warning", True), text


def test_backups_from_before_their_manifests_named_the_one_before_are_used(hub: Settings) -> None:
    made = backup_of(hub, 0)
    manifest = made.folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace(',\n "previous": ""', ""))
    assert backups(made.folder.parent) == [made]
