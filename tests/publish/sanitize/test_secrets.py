"""No secret is published, at any position of a log and in any spelling."""

from __future__ import annotations

import base64
import html
import ipaddress
import json
import re
import string
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.publish.sanitize.sanitizer import Sanitizer

DIGITS, LOWER = string.digits, string.ascii_lowercase
ALNUM = string.ascii_letters + DIGITS


class Secret(NamedTuple):
    """text: as in a log; core: the part of the text that must not be published."""

    text: str
    core: str


def text_of(alphabet: str, least: int, most: int | None = None) -> st.SearchStrategy[str]:
    """Texts of many different characters; zeros alone would be found everywhere."""
    return st.text(alphabet, min_size=least, max_size=most or least).filter(lambda text: len(set(text)) > min(least, 10) // 2)


def secrets_of(pattern: str, **values: st.SearchStrategy[str]) -> st.SearchStrategy[Secret]:
    """A pattern with its values; the core is between < and >, or the whole text."""
    return st.fixed_dictionaries(values).map(lambda fields: _secret(pattern.format(**fields)))


def _secret(text: str) -> Secret:
    core = re.search(r"<(.*)>", text)
    return Secret(text.replace("<", "").replace(">", ""), core[1] if core else text)


NAME = text_of(LOWER, 7, 10).map(lambda name: f"q{name}x")
"""Name of a user that no word resembles."""

TWO = text_of(DIGITS, 2)


def is_mixed(text: str) -> bool:
    return all(len(re.findall(some, text)) > 3 for some in ("[0-9]", "[a-z]", "[A-Z]"))


def is_of_one_machine(address: ipaddress.IPv4Address) -> bool:
    """Whether an address can identify a machine: neither reserved (RFC 6890) nor a group nor a mask."""
    return not (address.is_loopback or address.is_multicast or address.is_reserved or int(address) < 1 << 24 or address.is_link_local)


RANDOM = st.binary(min_size=45, max_size=60).map(lambda raw: base64.b64encode(raw).decode().rstrip("=")).filter(is_mixed)
HEX = st.binary(min_size=16, max_size=32).map(bytes.hex).filter(lambda text: not text.isdigit())
UUID = st.uuids().map(str)

KINDS: dict[str, st.SearchStrategy[Secret]] = {
    "host": st.one_of(
        secrets_of("dqmfu-c2b{a}-{b}-{c}", a=TWO, b=TWO, c=TWO),
        secrets_of("sm-c2a{a}-{b}-{c}.cms", a=TWO, b=TWO, c=TWO),
        secrets_of("{a}-local.cms", a=NAME),
        secrets_of("{a}.cern.ch", a=NAME),
        secrets_of("{a}.{b}.fnal.gov", a=NAME, b=NAME),
    ),
    "path": st.one_of(
        secrets_of("/nfshome0/<{a}/{b}>/notes.txt", a=NAME, b=NAME),
        secrets_of("/afs/cern.ch/user/q/<{a}/private/{b}>", a=NAME, b=NAME),
        secrets_of("/eos/user/q/<{a}/{b}>/out.root", a=NAME, b=NAME),
        secrets_of("/home/<{a}/{b}>/test_cfg.py", a=NAME, b=NAME),
        secrets_of("/var/log/hltd/<{a}/{b}.log>", a=NAME, b=NAME),
        secrets_of("/data/<{a}/{b}>/", a=NAME, b=NAME),
    ),
    "e-mail": st.one_of(secrets_of("{a}.{b}@cern.ch", a=NAME, b=NAME), secrets_of("{a}+dqm@{b}.example.org", a=NAME, b=NAME)),
    "address": st.one_of(
        st.ip_addresses(v=4).filter(is_of_one_machine).map(lambda a: Secret(str(a), str(a))),
        secrets_of("02:42:ac:{a}:{b}:{c}", a=TWO, b=TWO, c=TWO),
    ),
    "token": st.one_of(
        secrets_of("ghp_{a}", a=text_of(ALNUM, 36)),
        secrets_of("glpat-{a}", a=text_of(ALNUM, 20)),
        secrets_of("password=<{a}>", a=text_of(ALNUM, 10, 20)),
        secrets_of("web_secret: <{a}>", a=text_of(ALNUM, 10, 20)),
        secrets_of("--api-key <{a}>", a=text_of(ALNUM, 10, 20)),
        secrets_of("https://operator:<{a}>@elog.example.org/x", a=text_of(ALNUM, 10, 20)),
        secrets_of("Authorization: Bearer <{a}>", a=RANDOM),
        secrets_of("Cookie: selenium-secret-secret=<{a}>", a=text_of(ALNUM, 10, 20)),
        secrets_of("eyJhbGciOiJIUzI1NiJ9.<{a}.{b}>", a=RANDOM.map(lambda a: a.replace("+", "-").replace("/", "_")), b=text_of(ALNUM, 30)),
    ),
    "key": st.one_of(
        UUID.map(lambda a: Secret(a, a)),
        HEX.map(lambda a: Secret(a, a)),
        secrets_of("AKIA{a}", a=text_of(string.ascii_uppercase + DIGITS, 16)),
        secrets_of("ssh-rsa AAAAB3NzaC1yc2E<{a}>", a=RANDOM),
    ),
    "environment": st.one_of(secrets_of("export DQM_THING=<{a}>", a=NAME), secrets_of("CMS_SITE_X=<{a}>", a=NAME)),
}

WRITTEN: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in quotes": lambda text: f'"{text}"',
    "in JSON": lambda text: json.dumps({"a": [text, 1]}),
    "in JSON in JSON": lambda text: json.dumps(json.dumps([text])),
    "in a list of Python": lambda text: repr(["cmsRun", text]),
    "in XML": lambda text: f"<entry>{html.escape(text)}</entry>",
    "with slashes escaped": lambda text: text.replace("/", "\\/"),
    "percent-encoded": lambda text: quote(text, safe=""),
    "twice percent-encoded": lambda text: quote(quote(text, safe=""), safe=""),
    "all percent-encoded": lambda text: "".join(f"%{ord(letter):02X}" for letter in text),
    "as entities": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "as hexadecimal entities": lambda text: "".join(f"&#x{ord(letter):x};" for letter in text),
    "in escapes of C": lambda text: "".join(f"\\x{ord(letter):02x}" for letter in text),
    "in escapes of JSON": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    "in octal": lambda text: "".join(f"\\{ord(letter):03o}" for letter in text),
    "with colours between": lambda text: "\x1b[1m".join(text),
    "with written colours between": lambda text: "\\u001b[31m".join(text),
    "with signs of no width": lambda text: "\u200b".join(text),
    "with soft hyphens": lambda text: "\u00ad".join(text),
    "with NUL": lambda text: "\0".join(text),
    "with what was no UTF-8": lambda text: "\ufffd".join(text),
    "with halves of letters": lambda text: "\ud83d".join(text),
    "in wide letters": lambda text: "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text),
    "in bold letters": lambda text: text.translate({ord(a): 0x1D41A + n for n, a in enumerate(LOWER)}),
}
INSENSITIVE = ("host", "e-mail", "address", "path")


def squeeze(text: str) -> str:
    """Letters and digits alone, small."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


PSEUDONYM = re.compile(r"\b(?:host|path|user|e-mail|address|token|key)-\d+")
"""Its number may end with the first digit of a secret by chance."""


def assert_hidden(core: str, out: str) -> None:
    assert core not in out
    assert core.lower() not in out.lower()
    assert squeeze(core) not in squeeze(PSEUDONYM.sub("(pseudonym)", out)), out
    assert all(letter == "\n" or " " <= letter <= "~" for letter in out), ascii(out)


BEFORE = st.sampled_from(["", "15-Sep-2022 13:07:33 CEST  Opened ", "%MSG-e Problem: ", "see ", "(", "value=", "[info] got: ", "x ", "  "])
AFTER = st.sampled_from(["", " and went on", ", then closed", ")", " 42", "."])
quick = settings(max_examples=80, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_is_published_in_any_spelling(kind: str, sanitizer: Sanitizer) -> None:
    @quick
    @given(KINDS[kind], st.sampled_from(sorted(WRITTEN)), BEFORE, AFTER, st.booleans())
    def check(secret: Secret, way: str, before: str, after: str, upper: bool) -> None:
        text = secret.text.upper() if upper and kind in INSENSITIVE else secret.text
        line = before + WRITTEN[way](text) + after
        out = sanitizer.text(line)
        assert_hidden(secret.core, out)
        assert sanitizer.text(out) == out

    check()


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_cut_by_line_ends_is_published(kind: str, sanitizer: Sanitizer) -> None:
    @quick
    @given(KINDS[kind], BEFORE, AFTER, st.data())
    def check(secret: Secret, before: str, after: str, data: st.DataObject) -> None:
        line = before + secret.text + after
        end = data.draw(st.sampled_from(["\n", "\\\n", "\r\n", "\\\n    ", "\r"]))
        cuts = sorted(data.draw(st.sets(st.integers(len(before) + 1, len(before) + len(secret.text) - 1), min_size=1, max_size=3)))
        pieces = [line[a:b] for a, b in zip([0, *cuts], [*cuts, len(line)], strict=True)]
        out = sanitizer.lines(end.join(pieces).split("\n"))
        assert_hidden(secret.core, "\n".join(out))
        assert sanitizer.lines(out) == out

    check()


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_wrapped_by_a_terminal_is_published(kind: str, sanitizer: Sanitizer) -> None:
    @quick
    @given(KINDS[kind], st.integers(10, 130), st.text("eno ", max_size=120), AFTER)
    def check(secret: Secret, width: int, before: str, after: str) -> None:
        line = f"{before} {secret.text}{after}"
        pieces = [line[at : at + width] for at in range(0, len(line), width)]
        assert_hidden(secret.core, "\n".join(sanitizer.lines(pieces)))

    check()


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_in_another_spelling_and_cut_is_published(kind: str, sanitizer: Sanitizer) -> None:
    @quick
    @given(KINDS[kind], st.sampled_from(sorted(WRITTEN)), st.sampled_from([60, 72, 80, 100, 132]), st.text("eno ", max_size=120))
    def check(secret: Secret, way: str, width: int, before: str) -> None:
        line = f"{before} {WRITTEN[way](secret.text)} and on"
        pieces = [line[at : at + width] for at in range(0, len(line), width)]
        assert_hidden(secret.core, "\n".join(sanitizer.lines(pieces)))

    check()


@settings(max_examples=80, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=400))
def test_any_output_is_printable_and_stable(sanitizer: Sanitizer, text: str) -> None:
    out = sanitizer.text(text)
    assert all(letter == "\n" or " " <= letter <= "~" for letter in out)
    assert sanitizer.text(out) == out
    assert out.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "line",
    [
        "password: correct horse battery staple",
        "secret = correct horse battery",
        'password "correct horse battery"',
        'the passphrase is "to be or horse battery not to be"',
        "password: this is horse battery",
        "passwd = was here horse battery",
        "Password for server: Horse7battery",
        "password of guests = horse7battery",
        "secret_store: Horse7battery",
        "the password is Horse",
    ],
)
def test_a_password_that_begins_like_a_state_vanishes_whole(sanitizer: Sanitizer, line: str) -> None:
    (out,) = sanitizer.lines([line])
    assert "token-" in out
    assert not any(word in out.lower() for word in ("horse", "battery"))


@pytest.mark.parametrize(
    "line", ["password: not set", "the password is stored in the database", "token_type: bearer", "password = None", "tokens = 5"]
)
def test_what_is_said_of_a_password_stays(sanitizer: Sanitizer, line: str) -> None:
    assert sanitizer.lines([line]) == [line]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Working directory is /data", "Run 358792 begins"),
        ("mounted on /run", "cmsRun 358792 started"),
        ("Opening /tmp", "tmpfs mounted"),
        ("cd /build", "cmake .."),
        ("Looking in directory /store", "Skipping event 12"),
        ("Wrong password", "Retrying in 5 s"),
        ("Wrong password", "passed=12 failed=3"),
        ("auth: disabled", "key: value"),
        ("power password", "hv: ON"),
        ("tmpfs 24G 0 24G 0% /dev/shm", "tmpfs 16G 0 16G 0% /run"),
    ],
)
def test_two_whole_lines_are_not_read_as_one(sanitizer: Sanitizer, first: str, second: str) -> None:
    assert sanitizer.lines([first, second]) == [first, second]


def test_a_label_keeps_the_line_after_it(sanitizer: Sanitizer) -> None:
    assert sanitizer.lines(["user: kblaub", "user: kblaub", "process hash 0x123456789abcdef0", "parameter set ID 12"])[1::2] == [
        "user: user-" + sanitizer.lines(["user: kblaub"])[0].rpartition("-")[2],
        "parameter set ID 12",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Basic Reconstruction started",
        "basic SiPixel selection, basic GenJets 1234.5",
        "Negotiate Protocol with server",
        "The token: 1234 was not registered",
        "Parse error: unexpected token: end of file",
        "vertexToken = consumes<reco::VertexCollection>(tag)",
        "lumi=12",
    ],
)
def test_words_and_tokens_of_programs_are_no_secrets(sanitizer: Sanitizer, line: str) -> None:
    assert sanitizer.lines([line, "x"]) == [line, "x"]
    assert sanitizer.lines(["PIN=5", line])[1] == line
