"""Joining of lines that were wrapped in the middle of text that must not be published.

Terminals and mail programs wrap lines at a width, scripts with a backslash. Two lines are read as one if the start of the
second completes the end of the first. A secret that is complete on its own line is not extended: a path at the end of a line
does not include the first word of the next line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from app.publish.sanitize.canonical import Segment
from app.publish.sanitize.parts import Part
from app.publish.sanitize.pseudonyms import Secret
from app.publish.sanitize.rules import Finding
from app.publish.sanitize.secret_words import STATES
from app.publish.sanitize.words import is_ordinary

MAX_CARRIED = 300
"""Characters before a line end that are joined with the next line."""

MAX_GROUP_LINES, MAX_GROUP_CHARS = 64, 8192
"""Lines, and characters, that are at most read as one text; with more, the time would grow with their square."""

_TAIL = 100
"""Characters before a line end that are searched again after a join."""

CUT_WIDTHS = {64, 72, 76, 78, 79, 80, 100, 120, 127, 128, 132, 160, 200, 256}
"""Lengths of lines that were probably wrapped."""

MIN_WIDTH = 60
"""Shorter lines were hardly wrapped: the next line is one of its own if it has several words and begins with a whole one."""

COLUMN_WIDTH, MIN_COLUMN_WIDTH = 16, 4
"""A line of one word below the first length may belong to a column with the next line; one below the second length even alone."""

_MESSAGE_START = re.compile(
    r"\d{1,2}-[A-Z][a-z]{2}-\d{4}|\d{4}-\d\d-\d\d[ T]|\d\d/\d\d/\d\d|%MSG|--|Begin |(?:Time|Trig)Report|#\d+ |[A-Z][a-z]{2} +\d+ \d\d:|\["
)
_COMPLETE_WORD = re.compile(r"""["'(\[<{]*(?:[A-Z][A-Za-z_]*:|[A-Za-z][A-Za-z_]*(?:(?:::|: |[(<,;\[]).*|[)"'\]}.!?]*)|\d+[.,:;)]?|\W+)""")
"""A word of English or C++ at the start or end of a line that is probably complete."""

_LABEL = re.compile(r"[A-Za-z_]{2}\w*(?:=.*|:)")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w{2,24}=[\w.-]{1,24}")
"""A line of a short list of values, which was not wrapped."""

_PATH = re.compile(r"""(?:\A|[\s"'(=:,\[])~?/[\w.+/-]*\w\s*\Z""")
_RULER = re.compile(r"[^A-Za-z0-9]{4,}")
_OPTION = re.compile(r"(?:\A|\W)--?\w[\w-]*\Z")
_PSEUDONYM = re.compile(r"""(?:(?:host|path|user|client|e-mail|address|token|key)-\d+|\(dropped\))["'\])},;]*\Z""")
_CONTINUES = tuple("/=:@-_.+,%&~")
"""Characters after which a word continues."""

Find = Callable[[str], list[Finding]]


class SegmentSpan(NamedTuple):
    """Position of a segment in the text of its group."""

    start: int
    end: int
    indent: int  # blanks before it, which are omitted


class Group(NamedTuple):
    """Segments that are read as one text."""

    text: str
    first: int  # number of the first segment
    spans: list[SegmentSpan]  # one for each segment


def groups(segments: Sequence[Segment], own: Sequence[list[Finding]], find: Find) -> list[Group]:
    """All segments in order, in groups.

    Args:
        segments: The segments.
        own: The findings in each segment alone.
        find: Returns the findings in any text.
    """
    found: list[Group] = []
    last: Finding | None = None  # the one at the end of the text of the last group
    for number, segment in enumerate(segments):
        is_open = found and len(found[-1].spans) < MAX_GROUP_LINES and len(found[-1].text) + len(segment.text) <= MAX_GROUP_CHARS
        seam = Seam(segments[number - 1], found[-1].text, last, segment.text, own[number]) if is_open else None
        separator = seam.separator(find) if seam else None
        if separator is None:
            found.append(Group(segment.text, number, [SegmentSpan(0, len(segment.text), 0)]))
            last = _at_end(own[number], segment.text)
        else:
            found[-1] = _extend(found[-1], separator, segment.text)
            tail = found[-1].text[-_TAIL:]
            last = _at_end(find(tail), tail)
    return found


def _extend(group: Group, separator: str, segment: str) -> Group:
    after = segment.lstrip()
    text = group.text + separator + after
    return Group(text, group.first, [*group.spans, SegmentSpan(len(text) - len(after), len(text), len(segment) - len(after))])


def _at_end(findings: Sequence[Finding], text: str) -> Finding | None:
    """The finding that reaches the end of a text."""
    return findings[-1] if findings and findings[-1].until == len(text) else None


class Seam(NamedTuple):
    """The boundary between a text and the segment after it."""

    last: Segment  # the last segment of the text
    text: str
    finding: Finding | None  # the one at the end of the text
    segment: str
    own: Sequence[Finding]  # findings in the segment alone

    def separator(self, find: Find) -> str | None:
        """The separator if text and segment are read as one, "" or a blank; None if they are read separately."""
        before, after = self.text[-MAX_CARRIED:], self.segment.lstrip()
        if self.last.continued:
            return next((separator for separator in ("", " ") if _crosses(before, separator, after, find)), "")
        if self.segment and not after:
            return " "
        if _is_boundary(before.rstrip(), self.segment) or (_ASSIGNMENT.fullmatch(self.last.text) and _ASSIGNMENT.fullmatch(self.segment)):
            return None
        if self._ends_with_path() and not self._continues_path(before.rstrip(), after):
            return None
        is_found = self._starts_with_finding(after)
        candidates = self._candidates(before, after, is_found)
        if candidates and self._is_one_word(before) and not is_found:
            return ""  # it may be the middle of a secret
        return next((separator for separator in candidates if _crosses(before, separator, after, find)), None)

    @property
    def is_covered(self) -> bool:
        """Whether the text ends with a finding."""
        return self.finding is not None

    def _ends_with_path(self) -> bool:
        """Whether the last word is a path, which may be harmless alone, as `/data` is."""
        parts = self.finding.parts if self.finding else ()
        is_found = any(isinstance(part, Secret) and part.kind == "path" for part in parts)
        return is_found or _PATH.search(self.text[-MAX_CARRIED:]) is not None

    def _continues_path(self, body: str, after: str) -> bool:
        """Whether the segment may continue a path at the end of the text: most lines that end with a path are complete."""
        head = after.split(" ", 1)[0]
        if len(self.last.text) in CUT_WIDTHS:
            return True
        word = head.rstrip(".,:;!?").lower()
        if is_ordinary(word) or word in STATES:
            return False
        return "/" in head or body.endswith(_CONTINUES) or head.startswith(_CONTINUES) or " " not in self.segment.rstrip()

    def _starts_with_finding(self, after: str) -> bool:
        """Whether the first word of the segment alone is a finding."""
        indent, head = len(self.segment) - len(after), after.split(" ", 1)[0]
        return bool(self.own) and self.own[0].since <= indent and self.own[0].until >= indent + len(head)

    def _is_one_word(self, before: str) -> bool:
        """Whether the segment is one word without blanks before it."""
        return " " not in self.segment.rstrip() and not before.endswith(" ")

    def _is_apart(self, body: str, head: str) -> bool:
        """Whether the first word of the segment begins something of its own: a sentence, or a label after a whole word or itself."""
        if _LABEL.fullmatch(head):
            return _is_whole(body.rpartition(" ")[2]) or self.last.text.lstrip().startswith(head)
        return _is_whole(head)

    def _candidates(self, before: str, after: str, is_found: bool) -> tuple[str, ...]:
        """Separators with which a finding may cross the seam; none when both sides are complete."""
        body, head = before.rstrip(), after.split(" ", 1)[0]
        ends_complete, starts_complete = (bool(_COMPLETE_WORD.fullmatch(word)) for word in (body.rpartition(" ")[2], head))
        is_cut = _is_cut(self.last.text, self.segment)
        is_line = " " in self.segment.rstrip() and len(self.last.text) < MIN_WIDTH and not is_cut
        if is_line and self._is_apart(body, head) and not body.endswith(_CONTINUES) and not _OPTION.search(body):
            return ()
        if is_found and (self.is_covered or ends_complete):
            return ()
        if self.is_covered and starts_complete and not is_cut and not body.endswith(_CONTINUES):
            return ()
        if self.is_covered or body != before:
            return ("",)
        return (" ",) if ends_complete and starts_complete and not is_cut else ("", " ")


def _is_boundary(body: str, segment: str) -> bool:
    """Whether the form of a seam excludes a finding across it; body: the text without trailing blanks."""
    after, tail = segment.lstrip(), body.rpartition(" ")[2]
    if not after or not tail or _RULER.fullmatch(tail) or _PSEUDONYM.search(tail):
        return True
    if _MESSAGE_START.match(after) and not body.endswith(("=", ":")):
        return True
    return segment != after and not body.endswith(_CONTINUES) and not _OPTION.search(tail)


def _is_cut(last: str, segment: str) -> bool:
    """Whether a line was probably wrapped: at a usual width, or in a column of short pieces."""
    column = len(segment) < MIN_COLUMN_WIDTH or (len(last) < COLUMN_WIDTH and " " not in last)
    return len(last) in CUT_WIDTHS or (column and " " not in segment)


def _is_whole(word: str) -> bool:
    """Whether a word is hardly a piece of another: an ordinary one, or one with a capital."""
    plain = word.strip("\"'()[]<>.,:;!?")
    return len(plain) >= MIN_COLUMN_WIDTH and plain.isalpha() and (is_ordinary(plain.lower()) or plain.istitle())


def _crosses(before: str, separator: str, after: str, find: Find) -> bool:
    """Whether a finding starts in the first text and ends in the second."""
    end = len(before)
    findings = find(before + separator + after[:MAX_CARRIED])
    return any(finding.since < end and finding.until > end + len(separator) for finding in findings)


def findings_of(group: Group, own: Sequence[list[Finding]], find: Find) -> list[Finding]:
    """The findings in the text of a group, merged with those in each of its segments alone."""
    if len(group.spans) == 1:
        return own[group.first]
    found = list(find(group.text))
    for number, span in enumerate(group.spans, group.first):
        shift = span.start - span.indent
        found += [finding._replace(start=shift + finding.start, end=shift + finding.end) for finding in own[number]]
    merged: list[Finding] = []
    for finding in sorted(found, key=lambda finding: (finding.start, -finding.end)):
        if merged and finding.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(finding.end, merged[-1].end))
        else:
            merged.append(finding)
    return merged


def distribute(group: Group, findings: Sequence[Finding]) -> list[list[Part]]:
    """The output for each segment of a group; a finding across seams belongs to the first of its segments."""
    return [
        _output(group.text, span, [finding for finding in findings if finding.start < span.end and finding.end > span.start])
        for span in group.spans
    ]


def _output(text: str, span: SegmentSpan, findings: Sequence[Finding]) -> list[Part]:
    parts: list[Part] = []
    at = span.start
    for finding in findings:
        if finding.start >= span.start:
            parts += [text[at : finding.start], *finding.parts]
        at = min(finding.end, span.end)
    return [*parts, text[at : span.end]]
