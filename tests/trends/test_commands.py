"""`dqmhub trends`: what the commands and the status page say, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app import create_app
from app.core.area import StatusLine
from app.trends.status import status_lines
from app.trends.trend_names import check_trend_name
from tests.support.cli import dqmhub
from tests.trends.conftest import FILES, Site

V1, _, NEXT_RUN, _ = FILES
COUNT = "basic.BinCount(2) DT/n"


def lines_by_name(site: Site) -> dict[str, StatusLine]:
    return {line.name: line for line in status_lines(site.settings)}


def test_samples_that_are_due_are_counted(site: Site) -> None:
    site.configure(n=COUNT)
    site.sync(*site.add(V1, NEXT_RUN))
    assert "samples: 2 due\n" in dqmhub(site.settings, "trends", "status").stdout
    assert lines_by_name(site)["trends"].text == "1 trend, 0 samples extracted, 2 due"
    site.extract()
    assert "samples: 2 done, 0 due\n" in dqmhub(site.settings, "trends", "status").stdout
    assert lines_by_name(site)["trends"].text == "1 trend, 2 samples extracted"


def test_problems_of_configurations_are_on_the_status_page_with_the_first_place(site: Site) -> None:
    site.configure(n=COUNT)
    site.sync()
    assert "trend configurations" not in lines_by_name(site)
    config = site.settings.data / "trends" / "DT" / "a.ini"
    good = config.read_text()
    config.write_text(f"{good}\n{good}")
    site.sync()
    line = lines_by_name(site)["trend configurations"]
    assert (line.state, line.text) == ("ok", "1 problem of configurations"), "the trend is used: a remark"
    config.write_text(f"{good}\n{good}\n[plot:bad]\nmetric = oops\n")
    done = dqmhub(site.settings, "trends", "extract")
    assert "3 problems of configurations, see `dqmhub trends check`" in done.stderr
    line = lines_by_name(site)["trend configurations"]
    number = config.read_text().splitlines().index("[plot:bad]") + 1
    first = f"DT/a.ini:{number}: bad has no relativePath (in TOML me) and no yTitle (in TOML y_title)"
    assert (line.state, line.text, line.detail) == ("warn", "3 problems of configurations, 2 of which hide trends", first)
    assert f"the first: {first}" in dqmhub(site.settings, "trends", "status").stdout
    with create_app(site.settings).test_client() as client:
        assert f"DT/a.ini:{number}" in client.get("/status").text
    config.write_text(good)
    site.sync()
    assert "trend configurations" not in lines_by_name(site), "mended"


@pytest.mark.parametrize("command", [("export",), ("recompute", "--reason", "mended")])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--subsystem", "Dt"), "There is no subsystem Dt with trends; the nearest is DT"),
        (("--name", "plot:entires"), "There is no trend entires; the nearest is entries"),
        (("--subsystem", "DT", "--name", "zzz"), "There is no trend zzz of DT"),
    ],
)
def test_an_unknown_trend_is_said_to_be_so_with_the_nearest_name(
    site: Site, command: tuple[str, ...], options: tuple[str, ...], message: str
) -> None:
    site.configure(n=COUNT, entries="basic.Count() DT/n")
    site.sync()
    done = dqmhub(site.settings, "trends", *command, *options)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"Error: {message}\n")


def test_every_stored_name_is_known(site: Site) -> None:
    site.configure(n=COUNT)
    site.sync()
    check_trend_name("DT", "n")
    check_trend_name("", "n")
    check_trend_name("", "")


def test_an_unusable_dataset_is_refused_before_any_file(site: Site) -> None:
    site.configure(n=COUNT)
    done = dqmhub(site.settings, "trends", "extract", "--dataset", "foo", str(site.add(V1)[0]))
    assert done.returncode == 2
    assert "Invalid value for --dataset" in done.stderr
    assert "use --dataset" not in done.stderr


def odd_paths(folder: Path) -> list[tuple[str, str]]:
    """Paths that are no files of DQM, and what is right to say about each."""
    empty = folder / "empty.root"
    empty.touch()
    text = folder / "text.root"
    text.write_text("no ROOT file")
    return [
        (f"{folder}/nowhere.root", f"{folder}/nowhere.root: No such file or directory"),
        (str(folder), f"{folder}: "),
        (str(empty), f"{empty}: "),
        (str(text), f"{text}: "),
        (f"{text}/x.root", f"{text}/x.root: Not a directory"),
        (f"{folder}/{'x' * 300}", f"{folder}/{'x' * 300}: File name too long"),
        ("root://", "root://"),
        ("", "The case has no file; right would be a text"),
        ("a\0b", "The file is no text that can be used"),
        ("caf\udce9.root", "caf\udce9.root: No such file or directory"),
    ]


def test_a_file_that_cannot_be_read_has_a_reason_in_words(site: Site) -> None:
    cases = odd_paths(site.folder)
    lines = "".join(json.dumps({"file": path, "metric": "basic.Mean()", "me": "DT/n"}) + "\n" for path, _ in cases)
    answers = [json.loads(line) for line in dqmhub(site.settings, "trends", "compute", "--batch", typed=lines).stdout.splitlines()]
    assert len(answers) == len(cases)
    for (path, start), answer in zip(cases, answers, strict=True):
        assert answer["value"] is None
        assert start in answer["reason"], path
        assert not any(raw in answer["reason"] for raw in ("Errno", "codec", "embedded", "Traceback", "Error(")), answer["reason"]


def test_a_file_that_cannot_be_read_ends_the_command_with_code_1(site: Site) -> None:
    (file,) = site.add(V1)
    for path, code in ((file, 0), (site.folder / "nowhere.root", 1), (site.folder, 1)):
        done = dqmhub(site.settings, "trends", "compute", str(path), "basic.Count()", "DT/n")
        assert done.returncode == code, done.stdout
        assert (json.loads(done.stdout)["value"] is None) == bool(code)
    done = dqmhub(site.settings, "trends", "compute", str(file), "basic.FractionInBin(1)", "DT/n")
    assert (done.returncode, json.loads(done.stdout)["value"]) == (0, None), "the file was read: there is no point"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"histo3": "DT/n"}, "There is no field histo3; the nearest is histo"),
        ({"expression": "x"}, "There is no field expression; right would be file, metric, me, histo1, histo2, reference"),
        ({"me": 7}, "The me is no text that can be used"),
        ({"reference": ["DT/n"]}, "The reference is no text that can be used"),
        ({"me": ""}, "The case has no me; right would be a text"),
        ({"me": "DT/caf\ud800"}, "The me is no text that can be used"),
    ],
)
def test_a_field_of_a_case_that_cannot_be_used_is_refused_with_its_name(site: Site, change: dict[str, object], reason: str) -> None:
    (file,) = site.add(V1)
    line = json.dumps({"file": str(file), "metric": "basic.Count()", "me": "DT/n"} | change)
    found = json.loads(dqmhub(site.settings, "trends", "compute", "--batch", typed=line).stdout)
    assert (found["value"], found["error"]) == (None, None)
    assert found["reason"].startswith(reason)
