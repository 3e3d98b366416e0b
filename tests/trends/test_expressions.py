"""Metric expressions of configurations: real ones, the names of their arguments, and hostile ones."""

from __future__ import annotations

import configparser
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trends.errors import ConfigError
from app.trends.expressions import MAX_LENGTH, parse_metric
from app.trends.metrics.registry import METRICS

_FIT = "diseredParameter minVal maxVal"
SIGNATURES = {
    "basic.AverageYwithXCut": "nbinx",
    "basic.Bin2DRatio": "xbin ybin normEntries=True",
    "basic.BinCount": "name noError=False",
    "basic.BinCount2D": "xbin ybin normErr=True",
    "basic.BinRatio2D": "Nxbin Nybin Dxbin Dybin",
    "basic.BinsCount": "startBin",
    "basic.EntriesCount": "startValue",
    "basic.EntriesRate": "startValue",
    "basic.FED25ErrorFraction": "thr norm normErr=True",
    "basic.Fraction": "low high",
    "basic.Fraction1": "low high",
    "basic.FractionInBin": "bin",
    "basic.FractionInBinArray": "binsnum binsden",
    "basic.MeanXRange": "xmin xmax",
    "basic.MeanYForXBin": "xbin",
    "basic.MeanYRange": "ymin ymax",
    "basic.NormBinCount": "name norm=None",
    "basic.ProfileMeanBPixModules": "modNum",
    "basic.Quantile": "frac=0.95",
    "basic.ROCfraction": "name tot noError=False",
    "basic.Ratio": "low high",
    "basic.Ratio1": "low high",
    "basic.RecoFraction": "name noError=False",
    "basic.StripBadComponent": "binsx biny norm",
    "basic.StripFEDErrorFraction": "fedId errorType",
    "basic.SummaryMapPartition": "binx nbinsy",
    "fits.FlatLine": f"{_FIT} paramDefault",
    "fits.FlatLineXcut": f"{_FIT} paramDefault",
    "fits.GauLand": f"{_FIT} paramDefaults",
    "fits.Gaussian": f"{_FIT} paramDefaults",
    "fits.LanGau": f"{_FIT} controlVal paramDefaults",
    "fits.Landau": f"{_FIT} paramDefaults",
    "fits.LandauAroundMax": "diseredParameter lowFrac highFrac hLimit",
    "fits.LandauAroundMaxBin": "diseredParameter width",
    "fits.LandauTest": "diseredParameter minVal1 maxVal1 minVal2 maxVal2 turnRun paramDefaults",
    "hcal_metrics.RBXCountNonZeroChan": "name depth",
    "hcal_metrics.RBXMean": "name depth",
    "L1T_metrics.TurnOnCurveEffPoint": "eff_point",
    "muon_metrics.MeanCh": "ch",
    "muon_metrics.NOutsideRange": "low high",
}
"""The arguments of the original's classes; those that are missing here have none."""


def literal(argument: str, position: int) -> str:
    """A value for an argument of the original, by its name; another one at each position."""
    if argument in ("binsx", "binsnum", "binsden", "paramDefaults"):
        return f"[{position + 1}, {position + 2}]"
    if argument == "depth":
        return "(1, 2, 3)"
    return "0" if argument == "diseredParameter" else str(position + 1)


@pytest.mark.parametrize("name", METRICS)
def test_arguments_have_the_order_the_names_and_the_defaults_of_the_original(name: str) -> None:
    arguments = [argument.partition("=")[::2] for argument in SIGNATURES.get(name, "").split()]
    needed = [(argument, literal(argument, position)) for position, (argument, default) in enumerate(arguments) if not default]
    if name.startswith("hcal_metrics"):
        needed[0] = ("name", "'HBM01'")
    by_position = parse_metric(f"{name}({', '.join(value for _, value in needed)})")
    assert parse_metric(f"{name}({', '.join(f'{argument}={value}' for argument, value in reversed(needed))})") == by_position
    ours = fields(by_position)
    assert len(ours) == len(arguments)
    for field, (_, default) in list(zip(ours, arguments, strict=True))[len(needed) :]:
        assert repr(getattr(by_position, field.name)) == default
    extra = ", ".join(["1"] * (len(arguments) + 1))
    with pytest.raises(ConfigError, match="right would be"):
        parse_metric(f"{name}({extra})")


def test_there_are_67_metrics() -> None:
    assert len(METRICS) == 67
    assert set(SIGNATURES) <= set(METRICS)


def test_all_metrics_of_the_real_configurations_are_read(fixtures_dir: Path) -> None:
    expressions = []
    for path in sorted((fixtures_dir / "hdqm" / "cfg").glob("*/*.ini")):
        config = configparser.RawConfigParser()
        config.read(path)
        expressions += [config[section]["metric"] for section in config.sections()]
    assert len(expressions) == 3005
    for expression in set(expressions):
        parse_metric(expression)


HOSTILE = [
    "",
    "   ",
    "basic",
    "basic.Mean",
    "Mean()",
    "basic.Mean()()",
    "basic.Mean().__class__",
    "basic.Mean.__class__()",
    "basic.__class__()",
    "basic.Mean.__init__.__globals__['os'].system('true')",
    "().__class__.__bases__[0].__subclasses__()",
    "__import__('os').system('true')",
    "eval('1')",  # a text that must be refused: nothing evaluates it
    "open('/etc/passwd')",
    "basic.BinCount(__import__('os'))",
    "basic.BinCount(open('/etc/passwd').read())",
    "basic.BinCount(basic.Mean())",
    "basic.BinCount(x)",
    "basic.BinCount(x.y)",
    "basic.BinCount('a'.upper())",
    "basic.BinCount((lambda: 1)())",
    "basic.BinCount(lambda: 1)",
    "(lambda: basic.BinCount(1))()",
    "basic.BinCount(f'{1}')",
    "basic.BinCount(f'{().__class__}')",
    "basic.BinCount([x for x in (1, 2)])",
    "basic.FractionInBinArray([x for x in range(10 ** 9)], [1])",
    "basic.BinCount({1: 2})",
    "basic.BinCount({1, 2})",
    "basic.BinCount(x := 2)",
    "(x := basic.BinCount)(2)",
    "basic.BinCount(*[1])",
    "basic.BinCount(**{'name': 1})",
    "basic.BinCount(1, name=2)",
    "basic.BinCount(1, nosuch=2)",
    "basic.BinCount(1, 2, 3)",
    "basic.BinCount()",
    "basic.BinCount(1 + 1)",
    "basic.BinCount(9 ** 9 ** 9)",
    "basic.BinCount('a' * 10 ** 9)",
    "basic.BinCount(-'a')",
    "basic.BinCount(~1)",
    "basic.BinCount(not 1)",
    "basic.BinCount(-True)",
    "basic.BinCount(1j)",
    "basic.BinCount(b'a')",
    "basic.BinCount(...)",
    "basic.BinCount(None)",
    "basic.BinCount(1.5)",
    "basic.BinCount(1e999)",
    "basic.BinCount(-1e999)",
    f"basic.BinCount({'9' * 900})",
    f"basic.BinCount(0x{'f' * 900})",
    "basic.BinCount(1 if 1 else 2)",
    "basic.BinCount(1 < 2)",
    "basic.BinCount((1,)[0])",
    "basic.BinCount(await x)",
    "basic.BinCount((yield))",
    "basic.BinCount(1); basic.Mean()",
    "basic.BinCount(1)\nbasic.Mean()",
    "import os",
    "basic.BinCount(1",
    "basic.BinCount(1))",
    "basic.BinCount('a\0b')",
    "basic.Mean()\0",
    "\0",
    "\ud800",
    "basic.BinCount('\\N{no such character}')",
    "basic.BinCount('\\x')",
    "basic.BinCount(" + "(" * 400 + "1" + ")" * 400 + ")",
    "basic.BinCount(" + "[" * 150 + "1" + "]" * 150 + ")",
    "basic.BinCount(" + "-" * 900 + "1)",
    "basic.BinCount(" + "~" * 900 + "1)",
    "basic.BinCount(" + "not " * 200 + "1)",
    "basic.BinCount(" + "lambda:" * 130 + "1)",
    "basic.BinCount(" + "1+" * 480 + "1)",
    "basic" + ".a" * 480 + "()",
    "basic.Mean" + "()" * 480,
    "basic.BinCount(1," + "a=1," * 240 + ")",
    "os.system('true')",  # a text that must be refused: nothing runs it
    "basic.Maen()",
    "nosuch.Mean()",
    "hcal_metrics.RBXMean('HBM01', (1, 2))",
    "hcal_metrics.RBXMean('HBM01', 1)",
    "fits.Landau(3, 0, 1, (1, 2))",
    "fits.Landau('0', 0, 1, (1, 2))",
    "fits.FlatLine(1, 0, 1, 0)",
    "fits.Landau(0, 0, 1, ((1, 2), 3))",
    f"basic.BinCount('{'x' * 10_000_000}')",
    f"basic.BinCount({'9' * 10_000_000})",
    "(" * 10_000_000,
]


@pytest.mark.parametrize("expression", HOSTILE, ids=[f"{number} {text[:40]!a}" for number, text in enumerate(HOSTILE)])
def test_hostile_expression_is_refused_with_what_would_be_right(expression: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        parse_metric(expression)
    sentence = str(refusal.value)
    assert "right would be" in sentence or "the nearest is" in sentence, sentence
    assert len(sentence) < 400
    assert sentence.isprintable() or "\n" in expression or "\0" in expression or "\ud800" in expression


def test_length_is_checked_before_anything_is_read() -> None:
    with pytest.raises(ConfigError, match=f"right would be at most {MAX_LENGTH:,}"):
        parse_metric("basic.BinCount(" + " " * MAX_LENGTH)


@given(st.text(max_size=60))
def test_any_text_is_a_metric_or_refused(text: str) -> None:
    for expression in (text, f"basic.BinCount({text})"):
        with suppress(ConfigError):
            parse_metric(expression)


def test_names_in_both_styles_are_known() -> None:
    assert parse_metric("basic.BinCount(name=2, noError=True)") == parse_metric("basic.BinCount(bin=2, no_error=True)")
    assert parse_metric("basic.BinRatio2D(1, 2, Dxbin=3, Dybin=4)") == parse_metric("basic.BinRatio2D(1, 2, 3, 4)")
