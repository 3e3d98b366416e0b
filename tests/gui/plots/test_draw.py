"""`dqmhub render FILE ME -o PICTURE` draws one plot, with the service that runs or with one of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import uproot

from app.core.settings import TREE, Settings
from tests.render.pictures import read
from tests.support.patience import PATIENCE_S
from tests.support.processes import environment

pytestmark = pytest.mark.slow

MAP = "PixelPhase1/EventInfo/reportSummaryMap"
SUMMARY = "PixelPhase1/EventInfo/reportSummary"


def render(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from app.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "render", *arguments]
    return subprocess.run(command, cwd=TREE, env=environment(settings), capture_output=True, text=True, timeout=PATIENCE_S, check=False)


@pytest.fixture(scope="module")
def file(demo_files: list[Path]) -> str:
    return str(next(file for file in demo_files if "367129__ZeroBias" in file.name))


def test_a_plot_is_drawn_without_a_service_and_the_same_with_one(
    settings: Settings, file: str, render_service: Path, tmp_path: Path
) -> None:
    alone, served = tmp_path / "alone.png", tmp_path / "served.png"
    done = render(settings, file, MAP, "-o", str(alone), "--options", "w=500&h=400&stats=false")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    picture = read(alone.read_bytes())
    assert (picture.width, picture.height) == (500, 400)
    settings.data.mkdir()
    (settings.data / "render").symlink_to(render_service)
    assert render(settings, file, MAP, "-o", str(served), "--options", "w=500&h=400&stats=false").returncode == 0
    assert served.read_bytes() == alone.read_bytes()


def test_the_suffix_of_the_output_determines_the_format(settings: Settings, file: str, render_service: Path, tmp_path: Path) -> None:
    settings.data.mkdir()
    (settings.data / "render").symlink_to(render_service)
    images = {ending: tmp_path / f"map.{ending}" for ending in ("png", "SVG", "pdf", "root", "json")}
    for path in images.values():
        assert render(settings, file, MAP, "-o", str(path), "--options", "w=500;h=400;showstats=0").returncode == 0
    assert read(images["png"].read_bytes()).width == 500
    assert ElementTree.parse(images["SVG"]).getroot().get("width") == "500"
    assert images["pdf"].read_bytes().startswith(b"%PDF")
    with uproot.open(images["root"]) as opened:
        assert opened.classnames() == {"reportSummaryMap;1": "TH2F"}
    document = json.loads(images["json"].read_text())
    assert (document["_typename"], document["dqmProperties"]) == ("TH2F", {"efficiency": False})


def test_a_scalar_is_drawn(settings: Settings, file: str, tmp_path: Path) -> None:
    assert render(settings, file, SUMMARY, "-o", str(tmp_path / "x.png")).returncode == 0
    assert read((tmp_path / "x.png").read_bytes()).width > 0


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([MAP], "Missing option '-o' / '--output'"),
        ([MAP, "-o", "{out}", "--options", "w=none"], "w: 'none' is not a whole number"),
        ([MAP, "-o", "{out}.gif"], "x.png.gif has none of the suffixes .png, .svg, .pdf, .root, .json"),
        ([MAP, "-o", "{out}", "--options", "w=200;h=100;colour=2"], "colour: is not known in a specification"),
        (["No/such", "-o", "{out}"], "has no monitor element No/such"),
    ],
)
def test_a_plot_that_cannot_be_drawn_is_an_error_of_one_line(
    settings: Settings, file: str, tmp_path: Path, arguments: list[str], problem: str
) -> None:
    out = tmp_path / "x.png"
    done = render(settings, file, *(argument.format(out=out) for argument in arguments))
    assert done.returncode != 0
    assert problem in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_a_file_that_is_not_a_dqm_file_is_an_error_of_one_line(settings: Settings, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.root"
    wrong.write_bytes(b"no ROOT file")
    done = render(settings, str(wrong), MAP, "-o", str(tmp_path / "x.png"))
    assert done.returncode == 1
    assert "wrong.root" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_histogram_of_root_5_is_drawn_from_the_command_line(settings: Settings, render_service: Path, tmp_path: Path) -> None:
    settings.data.mkdir()
    (settings.data / "render").symlink_to(render_service)
    file, output = tmp_path / "DQM_V0001_R000000001__A__B__DQMIO.root", tmp_path / "old.json"
    script = TREE / "tests" / "render" / "make_root5_file.py"
    subprocess.run([sys.executable, "-W", "ignore", str(script), "root5", str(file)], check=True, timeout=PATIENCE_S)
    done = render(settings, str(file), "Sub/Folder/old", "-o", str(output))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(output.read_text())["fArray"] == [0, *range(1, 11), 0]
