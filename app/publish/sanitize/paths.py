"""Paths: public ones are not changed; in others the folder becomes a pseudonym, and only an end that names software or data remains.

/fff/BU0/ramdisk/run358788/run358788_ls0001_streamDQM_X.jsn     path-3/run358788/run358788_ls0001_streamDQM_X.jsn
/nfs/smith/CMSSW_12_4_8/src/DQM/Integration/python/a_cfg.py     path-5/CMSSW_12_4_8/src/DQM/Integration/python/a_cfg.py
/nfshome0/smith/notes.txt                                       path-6/*.txt
"""

from __future__ import annotations

import re

from app.publish.sanitize.pseudonyms import Secret
from app.publish.sanitize.words import COMMON

_PUBLIC = re.compile(r"/(?:cvmfs/[\w.-]+\.cern\.ch|usr|lib|lib64|bin|sbin|dev|proc|sys)(?:/[\w.+=-]+)+")
_DATASET = re.compile(r"/[A-Z]\w{2,60}/[A-Z]\w{2,40}-[\w-]{1,60}/(?:RAW|RECO|AOD|AODSIM|MINIAOD|NANOAOD|DQMIO|ALCARECO|RAW-RECO|FEVT)")
_PRIVATE_FOLDER = re.compile(r"(?i)nfs\w*|cmsnfs\w*|home|afs|eos|users?|u|root|export|globalscratch|scratch|ramdisk|private")
"""A relative path with such a folder is part of a private path."""

_RELEASE = re.compile(
    r"(?:\A|/)[^/]*?(CMSSW_\d[\w]{0,200}/(?:src|lib|bin|biglib|python|cfipython|external|objs|include|test)(?:/[\w.+-]+)+)\Z"
)
_DATA = re.compile(
    r"/((?:run\d{1,9}/)?(?:run\d{1,9}_ls\d{1,8}_\w[\w.-]*|DQM_V\d{4}_\w+_R\d{9}[\w.-]*|[\w+-]+\.(?:root|so|py|cc|cpp|cxx|icc|hh?|pb|dat|jsn)))\Z"
)
_NAMED = re.compile(r"\A(?P<folder>.*)/[^/]+?(?P<ending>\.[a-z]{1,5})?\Z")
_FOLDER = re.compile(r"[A-Za-z_-][A-Za-z_0-9-]{0,40}")
_USER = re.compile(
    r"(?i)(?:\A|/)(?:nfshome\d*|home\d*|users|documents_and_settings|export/home|(?:cern\.ch|eos)/(?:user|work)|eos/home-[a-z]|store/user)/(?:[a-z]/)?(?P<a>[a-z_][\w-]{1,30})|~(?P<b>[a-z_][\w-]{1,30})/"
)


def users_of(path: str) -> set[str]:
    """The names of users in a path, in lower case."""
    return {name for found in _USER.finditer(path) if (name := (found["a"] or found["b"]).lower()) not in COMMON}


def is_private(path: str) -> bool:
    """Whether a path must be replaced: an absolute one that is not public, or a part of one."""
    if path.startswith("/"):
        return not (_PUBLIC.fullmatch(path) or _DATASET.fullmatch(path)) or any(part == ".." for part in path.split("/"))
    parts = path.split("/")
    return parts[0].startswith("~") or ".." in parts or any(_PRIVATE_FOLDER.fullmatch(part) for part in parts[:-1])


def split(path: str) -> tuple[Secret, str]:
    """Split a private path into its folder and the end that is published."""
    path = re.sub(r"/{2,}", "/", path)
    for pattern in (_RELEASE, _DATA):
        if (found := pattern.search(path)) and not is_private(found[1]):
            return Secret("path", path[: found.start(1)].rstrip("/")), f"/{found[1]}"
    named = _NAMED.match(path)
    last = path.rpartition("/")[2]
    if named is None or not last or (_FOLDER.fullmatch(last) and sum(map(str.isdigit, last)) < 4):
        return Secret("path", path.rstrip("/")), ""
    return Secret("path", named["folder"]), f"/*{named['ending'] or ''}"
