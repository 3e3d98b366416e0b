"""Hosts and people are found by what is known of them elsewhere, and code, files and programs are not taken for them.

What is right comes from the public suffix list, from the modules of Python, from the files of this project and from the
registries of addresses, never from the rules.
"""

from __future__ import annotations

import ipaddress
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.settings import TREE
from app.publish.sanitize.domains import is_host_name
from app.publish.sanitize.sanitizer import Sanitizer

LIST = TREE / "app" / "publish" / "sanitize" / "data" / "public_suffix_list.dat"
SHARED_WITH_FILES = {"cc", "do", "hh", "la", "mk", "ml", "mm", "mo", "pm", "ph", "ps", "py", "sc", "sh", "so", "st"}
"""Countries whose codes are endings of files: hosts there are found below a suffix such as gov.py, or not at all."""


def countries() -> list[str]:
    """The top-level domains of two letters in the public suffix list, which `www` may stand below."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if re.fullmatch("[a-z]{2}", line)]


def test_a_host_of_a_site_is_found_in_every_country_whose_code_is_no_ending_of_files() -> None:
    assert len(countries()) > 200
    assert [country for country in countries() if not is_host_name(f"se01.qhepx.{country}")] == sorted(set(countries()) & SHARED_WITH_FILES)


def test_a_host_is_found_below_every_public_suffix_of_more_labels() -> None:
    lines = LIST.read_text(encoding="utf-8").split("// ===END ICANN")[0].splitlines()
    suffixes = [line for line in lines if re.fullmatch(r"(?:edu|ac|gov|res|org|net|com)\.[a-z]{2}", line)]
    assert len(suffixes) > 500
    assert [suffix for suffix in suffixes if not is_host_name(f"qhepx.{suffix}")] == []


NAMES_OF_PYTHON = """
import importlib, sys, warnings
warnings.simplefilter("ignore")
for name in sorted(sys.stdlib_module_names - {"antigravity", "this"}):
    try:
        module = importlib.import_module(name)
    except Exception:
        continue
    for member, value in vars(module).items():
        print(f"{name}.{member}")
        for attribute in dir(value) if isinstance(value, type) else ():
            print(f"{name}.{member}.{attribute}")
            print(f"self.{member.lower()}.{attribute}")
"""
"""A program that prints names with dots as programs write them, of all modules that can be imported here."""


def test_names_of_python_are_no_hosts() -> None:
    done = subprocess.run([sys.executable, "-c", NAMES_OF_PYTHON], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    names = sorted(set(done.stdout.splitlines()))
    assert len(names) > 20_000, done.stderr
    assert [name for name in names if is_host_name(name)] == []


def test_names_of_files_of_the_project_and_its_environment_are_no_hosts() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=TREE, capture_output=True, text=True, check=False).stdout.splitlines()
    installed = [path.name for path in Path(sys.prefix).rglob("*.py")] + [path.name for path in Path(sys.prefix).rglob("*.so*")]
    files = {name.rpartition("/")[2] for name in listed} | set(installed)
    if len(files) < 2000:
        pytest.skip("this is no checkout of git with an environment")
    assert [name for name in sorted(files) if is_host_name(name)] == []


@pytest.mark.parametrize("program", ["frontier", "git", "oracle", "condor", "mark", "long", "muon"])
def test_a_user_named_as_a_program_or_a_word_is_not_replaced_in_later_texts(sanitizer: Sanitizer, program: str) -> None:
    sanitizer.text(f"opened /nfshome0/{program}/x.root, ssh -l jqdoe node")
    sanitizer.learn_users([f"/home/{program}/x"])
    later = f"the {program} client says: no {program.capitalize()} at line 12"
    assert sanitizer.text(later) == later
    assert "jqdoe" not in sanitizer.text("ask jqdoe")


@pytest.mark.parametrize(
    ("line", "later"),
    [
        ("TypeError: login() got unexpected type for user: str", "expected str, got int"),
        ("owner = nullptr", "a nullptr was read"),
        ("user = args.user", "see args.user and self.args"),
        ("author: werkzeug, owner: ecalgpu", "werkzeug and ecalgpu started"),
        ("user=untracked, user: cest", "cms.untracked.string at 13:07:36 CEST"),
        ("submitted by zzprod", "zzprod: 12 events"),
        ("copied from /home/geant/x", "the geant version"),
    ],
)
def test_a_word_that_was_once_taken_for_a_user_stays_in_later_logs(sanitizer: Sanitizer, line: str, later: str) -> None:
    sanitizer.text(line)
    assert sanitizer.text(later) == later


@pytest.mark.parametrize("name", ["jane.qdoe", "q_doe", "o-qbrien", "VanDerQberg", "qmuster"])
def test_a_learned_user_is_found_again_in_any_spelling(sanitizer: Sanitizer, name: str) -> None:
    sanitizer.text(f"sudo: {name} : TTY=pts/0")
    for later in (f"now {name} is here.", f"asked {name.upper()}, then {name}.", f"({name})"):
        assert name.lower() not in sanitizer.text(later).lower()


def test_accounts_of_the_system_stay_in_listings_of_files(sanitizer: Sanitizer) -> None:
    listing = ["drwxr-xr-x 2 root root 36864 Nov 29 11:26 .", "-rw-r--r-- 1 nobody nogroup 12 Nov 29 11:26 a.root"]
    listing += ["uid=0(root) gid=0(root)"]
    assert sanitizer.lines(listing) == listing


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.1.1", "0.0.0.0", "::1", "255.255.255.0", "255.255.255.255", "224.0.0.1"])
def test_an_address_that_every_machine_has_is_published(sanitizer: Sanitizer, address: str) -> None:
    known = ipaddress.ip_address(address)
    assert known.is_loopback or known.is_unspecified or known.is_multicast or int(known) & 0xFF000000 == 0xFF000000
    text = f"listening on {address} for http://127.0.0.1:8080/x"
    assert sanitizer.text(text) == text


def test_a_path_of_windows_loses_its_whole_user_though_its_parts_look_like_escapes(sanitizer: Sanitizer) -> None:
    for letter in "abcefnrtuxABUN01":
        out = sanitizer.text(rf"opened C:\Users\{letter}qname\notes.txt by CERN\{letter}qname")
        assert "qname" not in out
