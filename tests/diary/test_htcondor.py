"""HTCondor by its commands, on recorded output: Debian 12 has no HTCondor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings
from app.diary.errors import BadSourceConfig, CommandFailed
from app.diary.models import DiaryJob
from app.diary.observations.observation import JobKey
from app.diary.sources.htcondor import KIND, observation_of, read_ads
from app.diary.sources.runner import scan_source, source_state
from app.diary.sources.source import JobSource

ENDED = {"JobStatus": 4, "CompletionDate": 1795883300, "ExitBySignal": False, "EnteredCurrentStatus": 1795883300}
TABLE: list[tuple[dict[str, Any], tuple[object, ...]]] = [
    # JobStatus and more: state, exit code, signal, reason, started, ended
    ({"JobStatus": 1}, ("pending", None, None, "", None, None)),
    ({"JobStatus": 2, "JobCurrentStartDate": 1795883200}, ("running", None, None, "", 1795883200, None)),
    ({"JobStatus": 2, "JobStartDate": 1795883190, "CompletionDate": 0}, ("running", None, None, "", 1795883190, None)),
    (
        {"JobStatus": 3, "RemoveReason": "via condor_rm", "EnteredCurrentStatus": 1795883250},
        ("cancelled", None, None, "via condor_rm", None, 1795883250),
    ),
    ({**ENDED, "ExitCode": 0}, ("done", 0, None, "", None, 1795883300)),
    ({**ENDED, "ExitCode": 7}, ("failed", 7, None, "", None, 1795883300)),
    ({**ENDED, "ExitBySignal": True, "ExitSignal": 11}, ("failed", None, 11, "", None, 1795883300)),
    ({"JobStatus": 5, "HoldReason": "Out of disk", "ExitCode": 0}, ("held", None, None, "Out of disk", None, None)),
    ({"JobStatus": 6}, ("running", None, None, "", None, None)),
    ({"JobStatus": 7}, ("running", None, None, "Suspended", None, None)),
    ({"JobStatus": 99}, ("unknown", None, None, "", None, None)),
]


def ad(number: int, **values: Any) -> dict[str, Any]:
    return {"ClusterId": number, "ProcId": 0, "Owner": "anna", "QDate": 1795883184, "Cmd": "/home/anna/run.sh", **values}


@pytest.fixture
def condor(tmp_path: Path) -> Path:
    """A folder with a `condor_q` and a `condor_history` that print `queue` and `history`, and note their arguments."""
    for name, text in (("condor_q", "queue"), ("condor_history", "history")):
        (tmp_path / text).write_text("")
        (tmp_path / name).write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/{text}.args\ncat {tmp_path}/{text}\n')
        (tmp_path / name).chmod(0o755)
    return tmp_path


def source(condor: Path, **options: Any) -> JobSource:
    return KIND.make("condor", {"queue": [f"{condor}/condor_q"], "history": [f"{condor}/condor_history"], **options}, Settings())


def show(path: Path, *ads: dict[str, Any]) -> None:
    """What the command prints: nothing where there is no job, as HTCondor does."""
    path.write_text("[\n" + "\n,\n".join(json.dumps(each, indent=2) for each in ads) + "\n]\n" if ads else "")


def jobs() -> dict[str, DiaryJob]:
    return {job.native_id: job for job in DiaryJob.select()}


def test_states_exit_codes_and_times_are_those_of_the_manual(hub: Settings, condor: Path) -> None:
    show(condor / "queue", *(ad(number, **values) for number, (values, _) in enumerate(TABLE)))
    scan_source(source(condor), hub)
    found = jobs()
    for number, (values, row) in enumerate(TABLE):
        job = found[f"{number}.0"]
        assert (job.state, job.exit_code, job.signal, job.reason, job.started, job.ended) == row, values
        assert (job.submitted, job.user, job.name, job.kind) == (1795883184, "anna", "run.sh", "batch")


def test_files_host_parent_and_further_labels_are_those_of_the_ad(hub: Settings, condor: Path) -> None:
    files = {"Iwd": "/home/anna/run", "Out": "out.txt", "Err": "/tmp/err.txt", "UserLog": "/dev/null"}
    more = {"RemoteHost": "slot1_2@node7.cern.ch", "GlobalJobId": "ap1.cern.ch#7.0#1795883184", "DAGManJobId": 6, "DAGNodeName": "merge"}
    numbers = {"DQMRun": 367123, "ResidentSetSize_RAW": 2048, "RemoteUserCpu": 1.5, "RemoteWallClockTime": "/Expr(a + b)/"}
    show(
        condor / "queue",
        ad(6, JobStatus=2, JobUniverse=7),
        ad(7, JobStatus=2, JobBatchName="night", NumJobStarts=2, **files, **more, **numbers),
    )
    scan_source(source(condor, attribute_labels=["run=DQMRun", "era=Absent"]), hub)
    job = jobs()["7.0"]
    assert (job.name, job.attempts, job.workdir) == ("night", 2, "/home/anna/run")
    assert job.value_of("logs") == [["/home/anna/run/out.txt", "output"], ["/tmp/err.txt", "errors"]]
    assert job.value_of("labels") == {"host": "node7.cern.ch", "schedd": "ap1.cern.ch", "node": "merge", "run": "367123"}
    assert job.value_of("metrics") == {"rss_kb": 2048, "cpu_s": 1.5}
    from app.diary.jobs import parents_of

    assert [parent.job for parent in parents_of(job)] == [jobs()["6.0"]]


def test_a_job_that_leaves_the_queue_is_read_from_the_history_up_to_the_last_one_that_is_known(hub: Settings, condor: Path) -> None:
    show(condor / "queue", ad(7, JobStatus=2), ad(8, JobStatus=2))
    scan_source(source(condor), hub)
    show(condor / "queue", ad(8, JobStatus=2))
    show(condor / "history", ad(7, **ENDED, ExitCode=7))
    scan_source(source(condor), hub)
    assert {id: job.state for id, job in jobs().items()} == {"7.0": "failed", "8.0": "running"}
    show(condor / "queue")
    show(condor / "history", ad(8, **ENDED, ExitCode=0))
    scan_source(source(condor), hub)
    assert {id: job.state for id, job in jobs().items()} == {"7.0": "failed", "8.0": "done"}
    asked = (condor / "history.args").read_text().splitlines()
    assert ["-since" in line for line in asked] == [False, False, True]
    assert asked[2].startswith("-since 7.0 -limit 10000 -json -attributes ClusterId,ProcId,")


def test_a_job_that_neither_shows_is_sought_in_the_whole_history_before_it_is_lost(hub: Settings, condor: Path) -> None:
    hub = hub.replace(diary_lost_cycles=1, diary_lost_s=0.0)
    show(condor / "queue", ad(7, JobStatus=2), ad(8, JobStatus=2))
    scan_source(source(condor), hub)
    (condor / "queue").write_text("")
    history = json.dumps([ad(7, **ENDED, ExitCode=7)])
    (condor / "condor_history").write_text(f"""#!/bin/sh\ncase "$1" in 7.0|8.0) echo '{history}';; esac\n""")
    assert scan_source(source(condor), hub).lost == 1
    assert {id: job.state for id, job in jobs().items()} == {"7.0": "failed", "8.0": "lost"}


def test_a_job_that_had_the_id_before_is_not_the_one_that_is_sought(hub: Settings, condor: Path) -> None:
    submitted = ad(7)["QDate"]
    show(condor / "history", ad(7, **ENDED, ExitCode=0) | {"QDate": submitted - 10**8}, ad(7, **ENDED, ExitCode=7))
    found = list(source(condor).probe([JobKey("7.0", submitted)]))
    assert [(each.native_id, each.submitted, each.state) for each in found] == [("7.0", submitted, "failed")]


def test_arguments_of_jobs_are_not_read(hub: Settings, condor: Path) -> None:
    source(condor).scan({})
    for text in ("queue", "history"):
        attributes = (condor / f"{text}.args").read_text().split("-attributes ")[1].strip().split(",")
        assert not {"Args", "Arguments", "Env", "Environment"}.intersection(attributes)
        assert "Cmd" in attributes


def test_a_history_that_takes_too_long_lets_jobs_be_lost_and_does_not_stop_the_source(hub: Settings, condor: Path) -> None:
    hub = hub.replace(diary_lost_cycles=1, diary_lost_s=0.0)
    show(condor / "queue", ad(7, JobStatus=2))
    scan_source(source(condor), hub)
    (condor / "queue").write_text("")
    (condor / "condor_history").write_text('#!/bin/sh\ncase "$1" in 7.0) echo too long >&2; exit 1;; esac\n')
    scan_source(source(condor), hub)
    assert (jobs()["7.0"].state, source_state("condor").failures) == ("lost", 0)


def test_jobs_are_not_missing_from_an_output_that_ends_early(hub: Settings, condor: Path) -> None:
    show(condor / "queue", ad(7, JobStatus=2), ad(8, JobStatus=2))
    assert source(condor).scan({}).complete
    text = (condor / "queue").read_text()
    (condor / "queue").write_text(text[: text.index('"ClusterId": 8')])
    scan = source(condor).scan({})
    assert ([each.native_id for each in scan.observations], scan.complete) == (["7.0"], False)


def test_jobs_of_a_history_that_was_cut_off_are_read_by_the_next_scan(hub: Settings, condor: Path) -> None:
    show(condor / "history", ad(9, **ENDED, ExitCode=0), ad(8, **ENDED, ExitCode=7))
    whole = (condor / "history").read_text()
    (condor / "history").write_text(whole[: whole.index('"ClusterId": 8')])
    condor_source = source(condor)
    cut = condor_source.scan({"ended": "7.0"})
    assert (cut.cursor, cut.complete) == ({"ended": "7.0"}, False)
    (condor / "history").write_text(whole)
    following = condor_source.scan(cut.cursor)
    assert ([each.native_id for each in following.observations], following.cursor) == (["9.0", "8.0"], {"ended": "9.0"})


def test_labels_are_taken_from_names_of_jobs_as_in_other_batch_systems(hub: Settings, condor: Path) -> None:
    show(condor / "queue", ad(7, JobStatus=2, JobBatchName="reco_367123_v2", DQMRun=1), ad(8, JobStatus=2, JobBatchName="other"))
    scan_source(source(condor, labels=[r"run=_(\d{6})_"]), hub)
    assert {id: job.value_of("labels").get("run") for id, job in jobs().items()} == {"7.0": "367123", "8.0": None}


def test_without_a_history_only_the_queue_is_asked(hub: Settings, condor: Path) -> None:
    show(condor / "queue", ad(7, JobStatus=2))
    scan_source(source(condor, history=[]), hub)
    assert jobs()["7.0"].state == "running"
    assert not (condor / "history.args").exists()


def test_an_output_of_many_lists_and_nested_ads_is_read_ad_by_ad() -> None:
    """With `-global` each queue prints a list of its own."""
    nested = json.dumps(ad(8, Environment={"a": {"b": 1}}), indent=2)
    found = read_ads(f"[\n{json.dumps(ad(7), indent=2)}\n]\n[\n{nested}\n]\n")
    assert ([each["ClusterId"] for each in found.ads], found.quarantined, found.is_whole) == ([7, 8], [], True)


@pytest.mark.parametrize("text", ["-- Failed to fetch ads from: <10.0.0.1:9618>", "[NaN]", "[1,2]", "[[[[", "\0\x7f\ufffd", "null"])
def test_words_in_place_of_ads_are_a_failed_scan_with_these_words(condor: Path, text: str) -> None:
    (condor / "queue").write_text(text)
    with pytest.raises(CommandFailed, match="condor_q: It printed no JSON: "):
        source(condor).scan({})


def test_words_of_an_error_between_ads_make_no_job_lost_that_is_missing(condor: Path) -> None:
    error = "-- Failed to fetch ads from: <10.0.0.1:9618> : ap2"
    for text in (f"{error}\n[\n{json.dumps(ad(7))}\n]\n", f"[\n{json.dumps(ad(7))}\n]\n{error}\n[\n{json.dumps(ad(8))}\n]\n"):
        found = read_ads(text)
        assert [each["ClusterId"] for each in found.ads] in ([7], [7, 8])
        assert (found.quarantined, found.is_whole) == ([(error, "It is no JSON")], False)


def test_ads_are_read_as_the_library_of_htcondor_prints_them() -> None:
    classad = pytest.importorskip("classad2", reason="HTCondor's library is not installed: `make build` installs it, on Linux of x86-64")
    plain = {"ClusterId": 7, "ProcId": 0, "JobStatus": 2, "Owner": 'a "b" \\ ü\n', "QDate": 1795883184, "RemoteUserCpu": 0.1}
    made = classad.ClassAd(plain | {"Environment": {"A": 1, "B": [1, "x"]}})
    made["ResidentSetSize_RAW"] = classad.ExprTree("(ResidentSetSize + 1023) / 1024")
    made["RemoteHost"] = classad.ExprTree('strcat("slot1@", Machine)')
    made["Iwd"] = classad.ExprTree("undefined")
    text = f"[\n{made.printJson()}\n,\n{classad.ClassAd({'ClusterId': 8}).printJson()}\n]\n"
    for printed in (text, text[:-2] + ","):  # whole, and ad by ad
        ad, other = read_ads(printed).ads
        assert other == {"ClusterId": 8}
        assert plain.items() <= ad.items()
        assert ad["Environment"] == {"A": 1, "B": [1, "x"]}
        found = observation_of(ad, 1795883200.0, "condor", {})
        assert (found.metrics, found.labels, found.workdir) == ({"cpu_s": 0.1}, {}, ""), "expressions have no value"


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ({"queue": []}, "queue must have"),
        ({"attribute_labels": ["run"]}, "attribute_labels must have texts label=Attribute"),
        ({"labels": ["run=("]}, "labels has no regular expression"),
    ],
)
def test_options_that_cannot_be_used_are_named(condor: Path, option: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadSourceConfig, match=reason):
        source(condor, **option)
