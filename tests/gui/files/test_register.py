"""Registering files: by name from folders, and by the API."""

from __future__ import annotations

import gzip
import os
import random
import string
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.cli.files import file_entries
from app.core.settings import TREE, Settings
from app.formats.detection import detect_format
from app.gui import samples
from app.gui.errors import InvalidInput
from app.gui.files import register, staging
from app.gui.files.entries import MAX_PATH_BYTES, AllowedRoots, Entry, entries_from_json
from app.gui.files.naming import Overrides, entry_from_path
from app.gui.files.register import Registered
from app.gui.models import File, RegistrationEntry, Sample
from app.security.models import Audit
from tests.support.cli import dqmhub
from tests.support.processes import environment

DATASET = "/ZeroBias/Run2023C-PromptReco-v1/DQMIO"


def entry(run: int, url: str = "", dataset: str = DATASET, lumi: int = 0) -> Entry:
    return Entry(dataset, run, lumi, url or f"/data/{run}.root", "tdirectory")


@pytest.fixture
def file(hub: Settings) -> Path:
    folder = hub.data / "demo"
    folder.mkdir(parents=True)
    path = folder / "DQM_V0001_R000316142__ZeroBias__Run2023C-PromptReco-v1__DQMIO.root"
    path.write_bytes(b"root")
    return path


def body(file: Path, /, **changes: Any) -> dict[str, Any]:
    return {"dataset": DATASET, "run": "316142", "lumi": "0", "file": str(file), "fileformat": 1} | changes


@pytest.mark.parametrize(
    ("name", "dataset", "run"),
    [
        ("DQM_V0001_R000316142__ZeroBias__Run2018A-Express-v1__DQMIO.root", "/ZeroBias/Run2018A-Express-v1/DQMIO", 316142),
        (
            "DQM_V0001_R000000001__RelValTTbar_14TeV__CMSSW_14_0_0-140X_mcRun3_v1__DQMIO.root",
            "/RelValTTbar_14TeV/CMSSW_14_0_0-140X_mcRun3_v1/DQMIO",
            1,
        ),
        ("DQM_V0012_R000999999__A__B__C__DQMIO.root", "/A/B__C/DQMIO", 999999),
    ],
)
def test_the_name_of_a_file_determines_run_and_dataset(name: str, dataset: str, run: int) -> None:
    found = entry_from_path(f"/data/{name}", AllowedRoots(Settings()))
    assert found == Entry(dataset, run, 0, f"/data/{name}", "tdirectory")


@pytest.mark.parametrize(
    ("name", "dataset", "run", "format"),
    [
        ("ZeroBias__Run2023C-PromptReco-v1__DQMIO_run367094.root", DATASET, 367094, "dqmio"),
        ("run367094_DQMLive_concat.pb", "/Global/Online/ALL", 367094, "protobuf"),
        ("run338761_DQMLive_concat_fc937cf9d48e908d322b5390de7cb46f.pb", "/Global/Online/ALL", 338761, "protobuf"),
        ("DQM_V0001_R000367094.pb", "/Global/Online/ALL", 367094, "protobuf"),
        ("DQM_V0001_SiStrip_R000367094_T00000001.pb", "/Global/Online/ALL", 367094, "protobuf"),
        ("DQM_V0001_R000367094__Global__Online__ALL.root", "/Global/Online/ALL", 367094, "tdirectory"),
    ],
)
def test_names_of_other_forms_are_recognised(name: str, dataset: str, run: int, format: str) -> None:
    found = entry_from_path(f"/data/{name}", AllowedRoots(Settings()))
    assert found == Entry(dataset, run, 0, f"/data/{name}", format)


def test_overrides_have_priority_over_the_name() -> None:
    overrides = Overrides("/A/B/C", 0, "protobuf")
    found = entry_from_path("/data/run367094_x.pb", AllowedRoots(Settings()), overrides)
    assert found == Entry("/A/B/C", 0, 0, "/data/run367094_x.pb", "protobuf")
    assert entry_from_path("/data/other", AllowedRoots(Settings()), Overrides("/A/B/C", 5)) is None


@pytest.mark.parametrize(
    ("pattern", "format"),
    [("DQM_V0001_*.root", "tdirectory"), ("ZeroBias__*.root", "dqmio"), ("*.pb", "protobuf")],
)
def test_a_real_file_is_recognised_by_its_content(fixtures_dir: Path, pattern: str, format: str) -> None:
    files = list((fixtures_dir / "dqmfiles").glob(pattern))
    assert files
    assert {detect_format(file) for file in files} == {format}


@pytest.mark.parametrize(
    "content", [b"", b"\x0a", b"root", b"text", b"\x0a\x05text", b"\x0a\xff\xff\xff\xff\xff\xff\x0a", b"root" + bytes(200)]
)
def test_other_content_is_not_recognised(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert detect_format(file) is None


def test_a_snapshot_of_an_old_client_is_recognised(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(gzip.compress(b"\x0a\x05\x0a\x01a"))
    assert detect_format(file) == "protobuf"


@pytest.mark.parametrize(
    "name", ["histos.root", "DQM_V0001_R000316142.root", "DQM_V0001_SiStrip_R000316142.root", "DQM_V1_R1__A__B__C.root"]
)
def test_a_name_without_a_dataset_is_no_sample(name: str) -> None:
    assert entry_from_path(f"/data/{name}", AllowedRoots(Settings())) is None


@pytest.mark.both_databases
def test_registering_again_changes_nothing(hub: Settings) -> None:
    entries = [entry(run) for run in range(1, 2501)]
    assert register.register(entries) == Registered(2500, 0, 0)
    assert register.register([*entries, entry(9999)]) == Registered(1, 0, 2500)
    assert Sample.select().count() == File.select().count() == 2501


@pytest.mark.both_databases
def test_a_call_of_many_files_is_stored_in_short_transactions_and_counted_as_one(client: FlaskClient, file: Path) -> None:
    entries = [body(file, run=5, lumi=lumi) for lumi in range(1, 2001)] + [body(file, run=run) for run in range(6, 1006)]
    answer = client.post("/api/v1/register", json=entries)
    assert (answer.status_code, answer.json["new"], answer.json["known"]) == (201, 3000, 0)
    again = client.post("/api/v1/register", json=[body(file, run=5, lumi=0), *entries])
    assert (again.json["new"], again.json["replaced"], again.json["known"]) == (1, 0, 3000)
    assert Sample.select().count() == 3001
    assert [sample.lumi for sample in Sample.select().where(Sample.run == 5, Sample.first)] == [0]
    assert RegistrationEntry.select().count() == 0
    rows = list(Audit.select().where(Audit.action == "register").order_by(Audit.id))
    assert [row.target for row in rows] == [f"{number} files, the first {file}" for number in (3000, 3000, 3001, 3001)]
    counts = ["3000 new, 0 moved, 0 unchanged", "1 new, 0 moved, 3000 unchanged"]
    assert [row.answer for row in rows] == ["accepted", counts[0], "accepted", counts[1]]


@pytest.mark.both_databases
def test_a_newer_file_of_a_sample_replaces_the_older_one(hub: Settings) -> None:
    register.register([entry(1, "/data/V0001.root"), entry(2)])
    version = Sample.get(Sample.run == 1).version
    assert register.register([entry(1, "/data/V0002.root")]) == Registered(0, 1, 0)
    moved = Sample.get(Sample.run == 1)
    assert moved.file.url == "/data/V0002.root"
    assert moved.version > version
    assert {file.url for file in File.select()} == {"/data/V0002.root", "/data/2.root"}


@pytest.mark.both_databases
def test_a_file_that_still_holds_another_sample_is_not_forgotten(hub: Settings) -> None:
    register.register([entry(1, "/data/both.root"), entry(2, "/data/both.root")])
    register.register([entry(1, "/data/own.root")])
    assert {file.url for file in File.select()} == {"/data/both.root", "/data/own.root"}


@pytest.mark.both_databases
def test_the_last_of_two_files_for_one_sample_in_a_batch_wins(hub: Settings) -> None:
    register.register([entry(1, "/data/a.root"), entry(1, "/data/b.root")])
    assert Sample.get().file.url == "/data/b.root"


@pytest.mark.both_databases
def test_the_api_stores_a_batch_and_answers_201(client: FlaskClient, file: Path) -> None:
    answer = client.post("/api/v1/register", json=[body(file), body(file, run=316143, lumi=7)])
    assert answer.status_code == 201, answer.text
    assert samples.lumis_of(316143, DATASET) == [7]


@pytest.mark.both_databases
def test_the_longest_texts_that_are_accepted_fit_into_the_indexes_of_the_database(hub: Settings) -> None:
    """Random characters, since PostgreSQL compresses others before its limit of 2,700 bytes counts."""
    settings = hub.replace(file_roots=("root://xrd.example.org//",))
    letters = random.Random(17)
    text = "".join(letters.choices(string.ascii_letters + string.digits, k=MAX_PATH_BYTES))
    dataset = "".join(letters.choices([chr(code) for code in range(0x20000, 0x2A000)], k=245))
    one = {"dataset": f"/A/{dataset}/C", "run": 1, "lumi": 0, "fileformat": 1}
    for number in (1, 300):  # at once, and staged
        url = f"root://xrd.example.org//{number:03}/{text}"[:MAX_PATH_BYTES]
        entries = entries_from_json([{**one, "run": run, "file": url} for run in range(number)], settings)
        assert staging.register_all(entries) == Registered(number - (number > 1), int(number > 1), 0)
    with pytest.raises(InvalidInput):
        entries_from_json([{**one, "file": f"{url}x"}], settings)


def test_an_empty_batch_is_answered_201(client: FlaskClient, file: Path) -> None:
    assert client.post("/api/v1/register", json=[]).status_code == 201


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"run": "abc"}, "[1].run"),
        ({"run": -1}, "[1].run"),
        ({"run": True}, "[1].run"),
        ({"run": 2**31}, "[1].run"),
        ({"run": "²"}, "[1].run"),
        ({"run": "9" * 5000}, "[1].run"),
        ({"lumi": 1.5}, "[1].lumi"),
        ({"dataset": "ZeroBias"}, "[1].dataset"),
        ({"dataset": ["/A/B/C"]}, "[1].dataset"),
        ({"dataset": "/A//C"}, "[1].dataset"),
        ({"dataset": "/A/\ud800/C"}, "[1].dataset"),
        ({"dataset": "/A/B\n/C"}, "[1].dataset"),
        ({"fileformat": "1"}, "[1].fileformat"),
        ({"fileformat": 1.0}, "[1].fileformat"),
        ({"fileformat": 9}, "[1].fileformat"),
        ({"file": "/etc/passwd"}, "[1].file"),
        ({"file": "relative.root"}, "[1].file"),
        ({"file": "file:///etc/passwd"}, "[1].file"),
        ({"file": "/tmp/a\0b"}, "[1].file"),
        ({"file": 7}, "[1].file"),
        ({"file": "root://xrd.example.org//store/" + "x" * 3_000_000}, "[1].file"),
        ({"file": "/a" * 1_500_000}, "[1].file"),  # each of its folders would be looked at
        ({"dataset": f"/A/{'𝔘' * 260}/C"}, "[1].dataset"),  # of 4 bytes each
    ],
)
def test_one_bad_field_is_named_and_nothing_is_stored(client: FlaskClient, file: Path, changes: dict[str, Any], field: str) -> None:
    answer = client.post("/api/v1/register", json=[body(file), body(file, **changes)])
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert Sample.select().count() == 0


def test_a_path_that_leaves_the_roots_is_refused(client: FlaskClient, file: Path) -> None:
    link = file.with_name("link.root")
    link.symlink_to("/etc/passwd")
    for path in (link, file.parent / ".." / ".." / "secret"):
        answer = client.post("/api/v1/register", json=[body(file, file=str(path))])
        assert answer.status_code == 400
        assert "file_roots" in answer.json["errors"][0]["problem"]


@pytest.mark.parametrize("document", [{}, "text", 7, None, [7], [{}]])
def test_json_of_another_shape_is_refused(client: FlaskClient, file: Path, document: Any) -> None:
    answer = client.post("/api/v1/register", json=document)
    assert answer.status_code == 400
    assert answer.json["errors"]


def test_a_body_that_is_not_json_is_refused(client: FlaskClient) -> None:
    answer = client.post("/api/v1/register", data="[{")
    assert answer.status_code == 400
    assert answer.json["message"] == "Please provide correctly formatted JSON"


@pytest.mark.parametrize("data", ["[" * 100_000, "[" * 900 + "]" * 900, '[{"run": ' + "[" * 900 + "]" * 900 + "}]"])
def test_a_deeply_nested_body_is_refused(client: FlaskClient, data: str) -> None:
    answer = client.post("/api/v1/register", data=data)
    assert answer.status_code == 400
    assert answer.json["errors"] == [{"field": "body", "problem": "More than 20 lists and objects within each other"}]


@pytest.mark.parametrize("item", ["[]", "77", '{"run":1}', '{"file":"' + "x" * 1000 + '"}'])
def test_a_wrong_body_gets_at_most_100_problems_and_takes_memory_in_proportion(client: FlaskClient, item: str) -> None:
    number = 150_000 // len(item)
    data = "[" + ",".join([item] * number) + "]"
    tracemalloc.start()
    try:
        answer = client.post("/api/v1/register", data=data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    missing = 5 - item.count(":") if item.startswith("{") else 1
    assert (answer.status_code, len(answer.json["errors"])) == (400, 100)
    assert answer.json["not_listed"] == number * missing - 100
    assert len(answer.data) < 150_000
    assert peak < 60 * len(data)  # 150 kB as lists of one empty list each are 3.5 MB


@pytest.mark.both_databases
def test_long_values_are_shortened_in_problems(client: FlaskClient, file: Path) -> None:
    for changes in ({"dataset": "A" * 100_000}, {"file": "/" + "x" * 100_000}, {"run": "x" * 100_000}, {"fileformat": ["x" * 100_000]}):
        answer = client.post("/api/v1/register", json=[body(file, **changes)])
        (problem,) = answer.json["errors"]
        assert len(problem["problem"]) < 1000
    assert all(len(row.answer) < 2000 for row in Audit.select())


def test_a_body_of_too_many_values_is_refused_before_it_is_parsed(client: FlaskClient) -> None:
    answer = client.post("/api/v1/register", data="[" + "[]," * 1_500_000 + "[]]")
    assert answer.status_code == 413
    assert answer.json["errors"] == [{"field": "body", "problem": "More than 2,000,000 values"}]


def test_more_entries_than_one_call_may_have_are_refused(client: FlaskClient) -> None:
    answer = client.post("/api/v1/register", data="[" + "0," * 200_000 + "0]")
    assert answer.status_code == 400
    assert "200001 entries" in answer.json["message"]


def test_other_networks_need_a_token(client: FlaskClient, file: Path) -> None:
    answer = client.post("/api/v1/register", json=[body(file)], environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert answer.status_code == 401
    assert Sample.select().count() == 0


@pytest.mark.parametrize(("change", "field"), [("file", "file"), ("format", "fileformat")])
def test_one_batch_with_two_files_for_one_sample_is_refused_and_both_are_named(
    client: FlaskClient, file: Path, change: str, field: str
) -> None:
    other = file.with_name("other.root")
    other.write_bytes(b"root")
    second = body(other, run=316142) if change == "file" else body(file, fileformat=2)
    answer = client.post("/api/v1/register", json=[body(file), body(file, lumi=7), second])
    assert answer.status_code == 400
    (problem,) = answer.json["errors"]
    assert problem["field"] == f"[2].{field}"
    assert "[0]" in problem["problem"]
    assert str(file) in problem["problem"]
    assert str(other if change == "file" else file) in problem["problem"].partition("and in")[2]
    assert Sample.select().count() == 0


def test_one_batch_may_repeat_an_entry(client: FlaskClient, file: Path) -> None:
    answer = client.post("/api/v1/register", json=[body(file), body(file, run=316142, lumi=0)])
    assert (answer.status_code, Sample.select().count()) == (201, 1)


@pytest.mark.both_databases
def test_accepted_and_refused_registrations_are_audited(client: FlaskClient, file: Path) -> None:
    client.post("/api/v1/register", json=[body(file)])
    client.post("/api/v1/register", json=[body(file, file="/etc/passwd")])
    good, refused = list(Audit.select().where(Audit.action == "register").order_by(Audit.id))
    assert good.target == f"1 files, the first {file}"
    assert good.answer == "1 new, 0 moved, 0 unchanged"
    assert "/etc/passwd" in refused.answer


def test_a_file_name_that_is_not_utf_8_is_reported_and_other_files_are_registered(client: FlaskClient, hub: Settings, file: Path) -> None:
    strange = os.fsencode(file.parent) + b"/DQM_V0001_R000316143__\xff__B__DQMIO.root"
    Path(os.fsdecode(strange)).write_bytes(b"root")
    answer = client.post("/api/v1/register", json=[body(file, file=os.fsdecode(strange))])
    assert [error["field"] for error in answer.json["errors"]] == ["[0].file"]
    command = [str(Path(sys.executable).with_name("dqmhub")), "register", str(file.parent)]
    done = subprocess.run(command, cwd=TREE, env=environment(hub), capture_output=True, check=False)
    assert done.stdout.strip() == b"1 new, 0 moved, 0 unchanged, 1 skipped"


def test_the_command_registers_valid_entries_and_reports_the_others(hub: Settings, file: Path) -> None:
    file.with_name("histos.root").write_bytes(b"root")
    forbidden = file.parent.parent / file.name.replace("316142", "316143")
    forbidden.write_bytes(b"root")
    done = dqmhub(hub, "register", str(file.parent), str(forbidden), "/no/such.root")
    assert done.returncode == 0
    assert done.stdout.strip() == "1 new, 0 moved, 0 unchanged, 3 skipped"
    assert "histos.root: Cannot determine the sample from name and content" in done.stderr
    assert f"{forbidden} is in none of the folders that may be read" in done.stderr
    assert "/no/such.root: No such file or folder" in done.stderr
    assert [sample.run for sample in Sample.select()] == [316142]


def test_a_folder_with_nothing_to_register_is_one_clear_line(hub: Settings, file: Path) -> None:
    folder = str(file.parent)
    file.rename(file.with_name("notes.txt"))
    nothing = f"{folder}: Nothing to register: no file in this folder or its subfolders ends with .pb or .root"
    assert file_entries([folder], hub, Overrides()) == ([], [nothing])
    for name in ("a.root", "b.root"):
        file.with_name(name).write_bytes(b"root")
    done = dqmhub(hub, "register", folder)
    assert (done.returncode, done.stdout.strip()) == (1, "0 new, 0 moved, 0 unchanged, 1 skipped")
    assert (
        f"{folder}: Nothing to register: 2 files end with .pb or .root, but none can be used; the first: {folder}/a.root: " in done.stderr
    )
    assert "Cannot determine the sample from name and content: it is no DQM file, or its name has no run and dataset;" in done.stderr
    assert "b.root" not in done.stderr


def test_the_command_names_files_that_another_file_of_the_same_sample_replaces(hub: Settings, file: Path) -> None:
    newer = file.with_name(file.name.replace("V0001", "V0002"))
    newer.write_bytes(b"root")
    done = dqmhub(hub, "register", str(file.parent), str(newer))
    assert done.stdout.strip() == "1 new, 0 moved, 0 unchanged, 1 skipped"
    assert f"{file}: Not registered, because {newer} is of the same sample" in done.stderr
    assert Sample.get().file.url == str(newer)


def test_options_of_the_command_override_the_names(hub: Settings, file: Path) -> None:
    strange = file.with_name("snapshot.bin")
    strange.write_bytes(gzip.compress(b""))
    done = dqmhub(hub, "register", "--dataset", "/Global/Online/ALL", "--run", "0", str(strange))
    assert done.stdout.strip() == "1 new, 0 moved, 0 unchanged, 0 skipped"
    row = Sample.get()
    assert (row.run, row.dataset.name, row.file.format) == (0, "/Global/Online/ALL", "protobuf")
    done = dqmhub(hub, "register", "--dataset", "ALL", str(strange))
    assert done.returncode == 2
    assert "Expected a name such as /ZeroBias/Run2023C-PromptReco-v1/DQMIO" in done.stderr
