"""Configurations of trends: the files of the original load unmodified, and each problem is named with its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.trends.configs.folder import Configs, load_configs
from app.trends.errors import ConfigError
from app.trends.versions import sync
from tests.support.cli import dqmhub

TREND = "metric = basic.Mean()\nrelativePath = A/b\nyTitle = y\n"


def configs_of(folder: Path, **files: str) -> Configs:
    """The configurations of files; `DT__a` stands for DT/a.ini."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.ini"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return load_configs(folder)


def test_the_files_of_the_original_load_unmodified(real_configs: Path) -> None:
    """The numbers are those of the fixture's README: 3,005 sections, 144 double names."""
    configs = load_configs(real_configs)
    doubles = [problem for problem in configs.problems if "already" in problem.reason]
    others = [problem for problem in configs.problems if "already" not in problem.reason]
    assert (len(configs.trends), len(doubles)) == (3005 - 144, 144)
    assert len({subsystem for subsystem, _ in configs.trends}) == 13
    assert all("starts with /" in problem.reason for problem in others), "a warning about 10 paths, which are used without it"
    assert len(others) == 10


def test_of_two_trends_with_one_name_the_first_is_kept_and_both_places_are_named(real_configs: Path) -> None:
    configs = load_configs(real_configs)
    first = (real_configs / "DT/trendPlotsDT_t0.ini").read_text().splitlines().index("[plot:MeanT0_MB1_YB-2]") + 1
    second = (real_configs / "DT/trendPlotsDT_t0_run3.ini").read_text().splitlines().index("[plot:MeanT0_MB1_YB-2]") + 1
    assert str(configs.trends["DT", "MeanT0_MB1_YB-2"].place) == f"DT/trendPlotsDT_t0.ini:{first}"
    problem = next(problem for problem in configs.problems if problem.reason.startswith("MeanT0_MB1_YB-2 "))
    assert (
        str(problem)
        == f"DT/trendPlotsDT_t0_run3.ini:{second}: MeanT0_MB1_YB-2 is configured in DT/trendPlotsDT_t0.ini:{first} already, which is used"
    )


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[plot:a]\nrelativePath = A/b\nyTitle = y\n", 1, "a has no metric"),
        ("\n\n[plot:a]\nmetric = basic.Mean()\n", 3, "a has no relativePath (in TOML me) and no yTitle (in TOML y_title)"),
        (f"[plot:a b]\n{TREND}", 1, "The name 'a b' is not usable; right would be letters, digits, _, + and -"),
        (f"[plot:a]\n{TREND}threshold = many\n", 5, "a: the threshold 'many' is not usable"),
        (f"[plot:a]\n{TREND.replace('Mean()', 'Maen()')}", 2, "There is no metric basic.Maen; the nearest is basic.Mean"),
        (f"[plot:a]\n{TREND.replace('()', '(1)')}", 2, "basic.Mean has 1 arguments; right would be basic.Mean()"),
        ("[plot:a]\nno assignment\n", 2, "The line is no assignment; right would be key = text"),
    ],
)
def test_a_wrong_section_is_named_with_its_line_and_the_others_are_used(tmp_path: Path, text: str, line: int, reason: str) -> None:
    configs = configs_of(tmp_path, DT__x=f"{text}\n[plot:good]\n{TREND}")
    assert list(configs.trends) == [("DT", "good")]
    (problem,) = configs.problems
    assert str(problem.place) == f"DT/x.ini:{line}"
    assert problem.reason.startswith(reason)


def test_names_are_read_with_and_without_plot(tmp_path: Path) -> None:
    configs = configs_of(tmp_path, DT__x=f"[plot:a]\n{TREND}[b]\n{TREND}[DEFAULT]\nx = 1\n")
    assert [name for _, name in configs.trends] == ["a", "b"]
    assert not configs.problems


def test_a_file_in_the_wrong_place_or_encoding_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "top.ini").write_text(f"[plot:a]\n{TREND}")
    (tmp_path / "DT" / "deep").mkdir(parents=True)
    (tmp_path / "DT" / "deep" / "x.ini").write_text(f"[plot:a]\n{TREND}")
    (tmp_path / "DT" / "latin.ini").write_bytes(b"[plot:a]\nyTitle = \xb5m\n")
    configs = load_configs(tmp_path)
    assert not configs.trends
    assert [problem.place.file for problem in configs.problems] == ["DT/deep/x.ini", "DT/latin.ini", "top.ini"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deep.toml", b"a = " + b"[" * 5000 + b"]" * 5000),
        ("long.toml", b"[[trend]]\nname = 'a'\nmetric = 'basic.Mean()'\nme = 'A/b'\ny_title = 'y'\nthreshold = " + b"9" * 5000),
        ("long.ini", f"[plot:a]\n{TREND}threshold = {'9' * 5000}\n".encode()),
        ("large.ini", f"[plot:a]\n{TREND}threshold = 3000000000\n".encode()),
        ("nul.ini", f"[plot:a]\n{TREND}plotTitle = a\0b\n".encode()),
        ("text.ini", f"no section\n[plot:good]\n{TREND}".encode()),
    ],
)
def test_no_file_stops_the_others(hub: Settings, tmp_path: Path, name: str, text: bytes) -> None:
    folder = tmp_path / "DT"
    folder.mkdir()
    (folder / name).write_bytes(text)
    (folder / "caf\udce9.ini").write_text(f"\ufeff[plot:good]\n{TREND}")
    configs = load_configs(tmp_path)
    assert sync(configs).new == 1
    assert {problem.place.file for problem in configs.problems if problem.hides_trends} == {f"DT/{name}"}


def test_a_removed_trend_of_a_file_with_remarks_is_retired(hub: Settings, tmp_path: Path) -> None:
    slash = TREND.replace("A/b", "/A/b")
    sync(configs_of(tmp_path, DT__x=f"[plot:a]\n{TREND}[plot:a]\n{TREND}[plot:b]\n{slash}[plot:c]\n{TREND}"))
    found = sync(configs_of(tmp_path, DT__x=f"[plot:a]\n{TREND}[plot:a]\n{TREND}[plot:b]\n{slash}"))
    assert found.retired == 1


def test_a_fifo_among_the_files_is_a_problem_and_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "DT").mkdir()
    os.mkfifo(tmp_path / "DT" / "x.ini")
    (problem,) = load_configs(tmp_path).problems
    assert str(problem) == "DT/x.ini:1: The file is no regular file"


def test_a_missing_folder_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        load_configs(tmp_path / "nowhere")


@pytest.mark.parametrize("command", ["check", "extract"])
def test_a_command_without_configurations_says_where_they_are_looked_for(hub: Settings, command: str) -> None:
    done = dqmhub(hub, "trends", command)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"The folder of configurations {hub.data / 'trends'} cannot be read" in done.stderr
    assert "trend_configs" in done.stderr


TOML = """
# two trends
[[trend]]
name = "Ntracks"
metric = "basic.BinCount(2)"
me = "PixelPhase1/Tracks/ntracks"
y_title = "Tracks"
threshold = 100

[[trend]]
name = "bad"
{field} = 1
"""


@pytest.mark.parametrize(
    ("field", "below", "reason"),
    [
        ("metrik", 2, "There is no field metrik; the nearest is metric"),
        ("metric", 2, "metric is 1; right would be a text in quotes"),
        ("threshold", 0, "bad has no metric and no relativePath (in TOML me) and no yTitle (in TOML y_title)"),
    ],
)
def test_toml_files_name_their_problems_in_the_same_way(tmp_path: Path, field: str, below: int, reason: str) -> None:
    (tmp_path / "PixelPhase1").mkdir()
    (tmp_path / "PixelPhase1" / "x.toml").write_text(TOML.format(field=field))
    configs = load_configs(tmp_path)
    trend = configs.trends["PixelPhase1", "Ntracks"]
    assert (trend.threshold, trend.me, str(trend.place)) == (100, "PixelPhase1/Tracks/ntracks", "PixelPhase1/x.toml:3")
    assert [str(problem) for problem in configs.problems] == [
        f"PixelPhase1/x.toml:{TOML[: TOML.rindex('[[trend]]')].count(chr(10)) + 1 + below}: {reason}"
    ]


def test_every_problem_of_a_section_is_named_at_the_line_of_its_key(tmp_path: Path) -> None:
    section = "# first\n[plot:a b]\nMetric : basic.Maen()\nrelativePath = A/b\n  c\nhisto1Path = /A/b\nthreshold = 1\nthreshold=many\n"
    configs = configs_of(tmp_path, DT__x=f"{section}[plot:good]\n{TREND.replace('= A', '= /A')}")
    assert [str(problem) for problem in configs.problems] == [
        "DT/x.ini:2: The name 'a b' is not usable; right would be letters, digits, _, + and -",
        "DT/x.ini:2: a b has no yTitle (in TOML y_title)",
        "DT/x.ini:8: a b: the threshold 'many' is not usable; right would be a whole number below 1,000,000,000",
        "DT/x.ini:3: There is no metric basic.Maen; the nearest is basic.Mean",
        "DT/x.ini:11: good: the path /A/b starts with /; right would be A/b, which is used",
    ]


def test_every_problem_of_a_toml_table_is_named_at_the_line_of_its_key(tmp_path: Path) -> None:
    (tmp_path / "DT").mkdir()
    good = 'name = "{}"\nmetric = "basic.Mean()"\nme = "A/b"\ny_title = "y"\n'
    text = (
        f'[[trend]]\n{good.format("good")}\n[[trend]]\nname = "a"\n"metrik" = 1\nme = 2\n\n[[trend]]\n{good.format("b b")}threshold = -3\n'
    )
    (tmp_path / "DT" / "x.toml").write_text(text)
    assert [str(problem) for problem in load_configs(tmp_path).problems] == [
        "DT/x.toml:9: There is no field metrik; the nearest is metric",
        "DT/x.toml:10: me is 2; right would be a text in quotes",
        "DT/x.toml:13: The name 'b b' is not usable; right would be letters, digits, _, + and -",
        "DT/x.toml:17: b b: the threshold '-3' is not usable; right would be a whole number below 1,000,000,000",
    ]


def test_a_broken_toml_file_is_one_problem(tmp_path: Path) -> None:
    (tmp_path / "DT").mkdir()
    (tmp_path / "DT" / "x.toml").write_text("[[trend]]\nname = \n")
    (problem,) = load_configs(tmp_path).problems
    assert str(problem).startswith("DT/x.toml:2: The file is no TOML")


@pytest.mark.parametrize(
    ("change", "is_new"),
    [
        ({"metric = basic.Mean()": "metric = basic.Count()"}, True),
        ({"relativePath = A/b": "relativePath = A/c"}, True),
        ({"yTitle = y": "yTitle = z"}, False),
        ({"metric = basic.Mean()\n": "metric=basic.Mean()\n\n"}, False),
    ],
)
def test_a_version_changes_with_what_values_depend_on_alone(tmp_path: Path, change: dict[str, str], is_new: bool) -> None:
    before = configs_of(tmp_path, DT__x=f"[plot:a]\n{TREND}").trends["DT", "a"]
    text = TREND
    for old, new in change.items():
        text = text.replace(old, new)
    after = configs_of(tmp_path, DT__x=f"# moved\n[plot:b]\n{TREND}[plot:a]\n{text}").trends["DT", "a"]
    assert (before.version != after.version) == is_new
