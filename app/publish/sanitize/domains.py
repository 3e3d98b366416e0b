"""Distinguishes names of hosts with a domain, such as se01.example.org, from names of files, modules and values with dots.

Top-level domains come from the public suffix list in data/. Some of them are also words of code (`event.id`, `jet.pt`) or
endings of files (`Tools.cc`); a name below one of these is a host only if more of it looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from app.publish.sanitize.words import is_ordinary

_LIST = Path(__file__).parent / "data" / "public_suffix_list.dat"
_END = "// ===END ICANN DOMAINS==="

_INTERNAL = {"cms", "cern", "hpc", "localdomain", "lan", "corp", "intranet"}
"""Top-level domains of networks of institutes, which are not in the public list or have no public suffix there."""

_INTERNAL_WORDS = {"local", "internal", "intra", "priv", "private", "p5"}
"""Such domains that are also words of code: threading.local."""

_FILES = """am cab cc do hh in js la md mk ml mm mo mov ph pl pm properties ps pub py rs sc sh so st ts zip"""
_COUNTRIES = """
ad ag ai al ar as at ba bb be bg bi bs by bz ca cd cf ci ck cl cm co cr cs cu cv cx dm dz ec ee er es et fi fm ga gb ge gl gm gs gt hm
hn ht id ie il im io ir is it je ke kg km la lc li lk ls lt lu ma mc me mg mh mp mq mr ms mt mu mv my mz na nc ne nf nl no nr nu
pa pe pf pn pr pt pw qa re ro sa sb sd se sg si sk sl sm sn sr ss sv sy sz tc td tf th tk tl tm tn to tr tt tv tw tz ug us va vc ve
vg vi vu wf ws
"""
_SITES = """lip.pt ingrid.pt infn.it cnaf.it kbfi.ee pic.es ciemat.es ifca.es uniovi.es nikhef.nl surf.nl surfsara.nl"""
_RARE = """academy cloud institute ngo science university xyz"""
_CODE = """
a app args asyncio b c cfg cls cms collections config dqm e edm event evt f h hashlib ievent j logging m math multiprocessing np numpy options opts
os p process re root self std sys t this threading time uproot v x y z
"""

_ENDINGS = frozenset(_FILES.split())
"""Top-level domains that are also endings of files."""

_COUNTRY_ENDINGS = {"am", "in", "md", "pl", "rs"}
"""Of these, countries with sites; a host has a subdomain there."""

_COUNTRY_WORDS = frozenset(_COUNTRIES.split())
"""Countries whose codes are words, units or names of values: a host has a subdomain or a digit there."""

_VALUES = {"dz", "et", "ht", "id", "me", "mt", "my", "pt"}
"""Of these, the commonest names of values, such as jet.pt: two subdomains, or a digit."""

_INSTITUTES = frozenset(_SITES.split())
"""Domains of sites of CMS with such endings."""

_PLAIN = {"com", "net", "org", "edu", "gov", "mil", "eu", "asia"}
_NETWORKS = frozenset(_RARE.split())
"""Longer top-level domains that are hardly ever names of values; most of the others are English words."""

_ROOTS = frozenset(_CODE.split())
"""First words of names in code."""

_LABEL = re.compile(r"[a-z0-9](?:[\w-]*[a-z0-9])?")
_CAMEL_CASE = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]")
_MACHINE = re.compile(r"[a-z][a-z-]*\d|[a-z]-[a-z]")
"""A letter before a digit or a dash, as in se01 and cms-xrd."""

_DIGITS = re.compile(r"\d+")


@lru_cache(maxsize=1)
def _suffixes() -> frozenset[str]:
    """The public suffixes: `org`, `ac.uk`, `*.kawasaki.jp`."""
    text = _LIST.read_text(encoding="utf-8").partition(_END)[0]
    lines = (line.strip() for line in text.splitlines())
    return frozenset(line for line in lines if line and not line.startswith(("//", "!")))


def _suffix_length(labels: Sequence[str]) -> int:
    """The number of labels of the public suffix of a name; 0 without a known top-level domain."""
    suffixes = _suffixes()
    for start in range(len(labels)):
        below = ".".join(labels[start + 1 :])
        if ".".join(labels[start:]) in suffixes or (below and f"*.{below}" in suffixes):
            return len(labels) - start
    return int(labels[-1] in _INTERNAL or labels[-1] in _INTERNAL_WORDS)


@lru_cache(maxsize=4096)
def is_host_name(name: str) -> bool:
    """Whether a name with dots is that of a host or of a domain."""
    labels = name.lower().split(".")
    length = _suffix_length(labels)
    own, top = labels[:-length], labels[-1]
    if not length or not own or not all(map(_LABEL.fullmatch, labels)) or labels[0] in _ROOTS:
        return False
    if (
        _CAMEL_CASE.search(name)
        or (name[-1].isupper() and not name.isupper() and top not in _PLAIN)
        or len(own[-1]) < 2
        or own[-1].isdigit()
    ):
        return False
    if top in _ENDINGS:
        return length > 1 or (top in _COUNTRY_ENDINGS and len(own) > 1 and not _is_of_words(own) and name.islower())
    if ".".join(labels[-2:]) in _INSTITUTES:
        return True
    if top in _INTERNAL or top in _INTERNAL_WORDS:
        return top in _INTERNAL or not _is_of_words(own)
    if len(top) == 2 and top not in _COUNTRY_WORDS:
        return len(own) > 1 or not _is_of_words(own)
    return top in _PLAIN or (_is_of_one_case(name) and _is_below_a_word(own, top, length))


def _is_below_a_word(own: Sequence[str], top: str, length: int) -> bool:
    """Whether the labels before a top-level domain that is a word, too, make it a host."""
    if _is_of_words(own) or any("_" in label for label in own):
        return False
    if length > 1 or top in _NETWORKS:
        return True
    if len(top) == 2 and len(own) > (2 if top in _VALUES else 1):
        return True
    return any(map(_MACHINE.search, own)) and (len(own) > 1 or (len(top) == 2 and len(own[0]) > 3))


def _is_of_one_case(name: str) -> bool:
    """Whether all labels are written alike; IMAP4.read is a member of a class."""
    return name.islower() or name.isupper() or name == name.title()


def _is_of_words(labels: Sequence[str]) -> bool:
    """Whether all labels are words, apart from their digits, such as `event.run2`."""
    return all(is_ordinary(word) for word in (_DIGITS.sub("", label) for label in labels) if word)
