"""Numbers as physicists write them."""

from __future__ import annotations

import subprocess

import pytest

from app.gui.pages.readable import readable_real, readable_value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0.97619047619047616", "0.9762"),
        ("-0.00012345678", "-0.0001235"),
        ("123.456789", "123.5"),
        ("1234567.875", "1234568"),
        ("6.02214076e+23", "6.022e+23"),
        ("0.5", "0.5"),
        ("367140", "367140"),
        ("12345678901234567890", "12345678901234567890"),
        ("-1", "-1"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("CMSSW_13_0_3", "CMSSW_13_0_3"),
        ("1.2.3", "1.2.3"),
        ("", ""),
    ],
)
def test_a_real_number_has_four_digits_and_other_texts_stay(value: str, shown: str) -> None:
    assert readable_real(value) == readable_value("reportSummary", value) == shown


@pytest.mark.parametrize("value", ["1666000000", "1666000000.75", "1000000000.0", "4294967295"])
@pytest.mark.parametrize("name", ["runStartTimeStamp", "eventTimeStamp", "processStartTimeStamp"])
def test_an_epoch_time_is_a_date(name: str, value: str) -> None:
    command = ["date", "-d", f"@{int(float(value))}", "+%Y-%m-%d %H:%M:%S %Z"]
    clock = subprocess.run(command, capture_output=True, text=True, check=True, env={"TZ": "Europe/Zurich"})
    assert readable_value(name, value) == clock.stdout.strip()
    assert readable_value("nEvents", value) != clock.stdout.strip(), "a number of another name is no time"


@pytest.mark.parametrize(("value", "shown"), [("-1", "-1"), ("0", "0"), ("99999999999", "99999999999"), ("none", "none"), ("nan", "nan")])
def test_a_time_that_is_none_stays_a_number(value: str, shown: str) -> None:
    assert readable_value("runStartTimeStamp", value) == shown
