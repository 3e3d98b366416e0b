"""What a check of `dqmhub doctor` finds."""

from __future__ import annotations

from app.core.settings import Settings
from app.ops.doctor import examine
from app.ops.doctor.diagnosis import Diagnosis


def found(settings: Settings, check: str, url: str = "") -> list[Diagnosis]:
    """The findings of one check; each that is wrong says what to do."""
    findings = [finding for _, finding in examine(settings, url, [check])]
    assert all(finding.remedy for finding in findings if finding.level != "ok")
    return findings


def wrong(settings: Settings, check: str, url: str = "") -> list[tuple[str, str]]:
    """Level and text of its findings that are not ok."""
    return [(finding.level, finding.text) for finding in found(settings, check, url) if finding.level != "ok"]
