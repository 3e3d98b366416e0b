"""docs/users/trend-configs.md: its commands print what it says, on the file that it describes, and its list of metrics is that of the product."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.settings import TREE
from app.trends.configs.folder import load_configs
from app.trends.metrics.differences import DIFFERENCES
from app.trends.metrics.registry import METRICS
from tests.support.cli import dqmhub
from tests.support.patience import PATIENCE_S
from tests.trends.conftest import Site

PAGE = (TREE / "docs" / "users" / "trend-configs.md").read_text(encoding="utf-8")
FILE = "DQM_V0001_R000355557__ZeroBias__Run2022C-Express-v1__DQMIO.root"


def blocks(language: str) -> list[str]:
    """The blocks of a language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)


@pytest.fixture
def example(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """An instance with the file and the configuration of the page."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.trends.write_documented", str(site.folder / FILE), "355557"]
    subprocess.run(command, cwd=TREE, check=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL)
    config_of(site).parent.mkdir(parents=True)
    config_of(site).write_text(blocks("toml")[0])
    monkeypatch.chdir(site.folder)
    return site


def config_of(site: Site) -> Path:
    return site.settings.data / "trends" / "Example" / "tracks.toml"


def check_console(site: Site, block: str) -> None:
    """Run the commands of a block; `...` stands for any text."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, printed = part.partition("\n")
        program, *arguments = shlex.split(command)
        assert program == "dqmhub"
        done = dqmhub(site.settings, *arguments)
        found = done.stdout + (done.stderr if arguments[1] == "check" else "")
        pattern = re.escape(printed).replace(re.escape("..."), ".*")
        assert re.fullmatch(pattern, found.replace("\r\n", "\n")), f"{command} prints\n{found}{done.stderr}"


@pytest.mark.slow
def test_the_commands_of_the_worked_example_print_what_the_page_says(example: Site) -> None:
    config = config_of(example)
    right = config.read_text()
    wrong = right.replace("basic.Mean()", "basic.Maen()").replace("5000", "-1")
    for block in blocks("console"):
        config.write_text(wrong if "basic.Maen" in block else right)
        check_console(example, block)
    assert len(blocks("console")) == 6


def test_both_forms_of_the_example_mean_the_same(tmp_path: Path) -> None:
    versions = []
    for name in ("toml", "ini"):
        folder = tmp_path / name / "Example"
        folder.mkdir(parents=True)
        (folder / f"tracks.{name}").write_text(blocks(name)[0])
        configs = load_configs(folder.parent)
        assert not configs.problems
        versions.append([(trend.name, trend.title, trend.y_title, trend.version) for trend in configs.trends.values()])
    assert versions[0] == versions[1]
    assert len(versions[0]) == 2


def test_the_list_of_metrics_is_that_of_the_product() -> None:
    printed = dqmhub_metrics()
    assert PAGE.endswith(printed), "put the output of `dqmhub trends metrics` at the end of docs/users/trend-configs.md"
    assert len(METRICS) == printed.count("\n") - 2 == 67


def dqmhub_metrics(*arguments: str) -> str:
    code = f"from app.cli import main; main({['trends', 'metrics', *arguments]!r})"
    done = subprocess.run([sys.executable, "-c", code], cwd=TREE, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    return done.stdout


def test_the_list_of_metrics_can_be_searched() -> None:
    found = dqmhub_metrics("turnon")
    assert re.findall(r"^\| `(\w+\.\w+)\(", found, re.M) == sorted(name for name in METRICS if "TurnOn" in name)
    assert dqmhub_metrics("nothing") == ""


def test_every_difference_is_of_a_metric() -> None:
    assert DIFFERENCES.keys() <= METRICS.keys()
