#!/usr/bin/env python3
"""Says what a machine lacks before anything is installed: `python3 preflight.py`, or `dqmhub preflight` afterwards.

This file stands alone and runs with Python 3.6, the one of RHEL 8, so it uses nothing newer and nothing third-party.
"""

import argparse
import ctypes
import json
import os
import platform
import pwd
import re
import shutil
import socket
import subprocess
import sys
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

PRODUCTS = ("dqmhub", "dqmhub-mirror", "dqmhub-transfer")
USERS = {"dqmhub": "dqmhub", "dqmhub-transfer": "dqmpro"}
"""Of the services; systemd gives the mirror one while it runs."""
OLDEST_GLIBC = (2, 28)
PREFIX_MB = {"dqmhub": 1500, "dqmhub-mirror": 200, "dqmhub-transfer": 20}
"""Space of the installation with one older release."""
DATA_MB = {"dqmhub": (1000, 20000), "dqmhub-mirror": (500, 2000), "dqmhub-transfer": (50, 500)}
"""Least and recommended space of the data."""
MEMORY_MB = {"dqmhub": 2000, "dqmhub-mirror": 300, "dqmhub-transfer": 200}
NETWORK_FILE_SYSTEMS = (
    *("nfs", "cifs", "smb", "afs", "ceph", "lustre", "gpfs", "glusterfs", "beegfs", "9p"),
    *("fuse.sshfs", "fuse.eos", "fuse.ceph", "fuse.cernvm"),
)
"""The same as in app/core/disk.py, which this file cannot import."""
UNSYNCHRONISED = 5
"""Result of adjtimex(2) while nothing synchronises the clock."""

OLDEST_CMAKE = (3, 18)
SOURCE = """#include <filesystem>
#if !__has_include(<zlib.h>) && !__has_include(<isa-l/igzip_lib.h>)
#error zlib.h is missing
#endif
"""
"""C++ with what the render service needs besides ROOT."""

TRIAL = "import bz2, ctypes, lzma, sqlite3, ssl, sys, zlib; print('.'.join(map(str, sys.version_info[:3])), sqlite3.sqlite_version, ssl.OPENSSL_VERSION)"
"""Program for the Python to be used: the modules of the standard library that some distributions leave out."""


class MachineFinding(NamedTuple):
    """One sentence on this machine."""

    level: str  # ok, warning, error
    text: str
    remedy: str = ""  # what to do, "" if nothing


def examine(product: str, prefix: str, data: str, ports: Iterable[int]) -> Iterator[MachineFinding]:
    """What this machine has and lacks for a product.

    Args:
        product: One of PRODUCTS.
        prefix: Folder for the installed releases.
        data: Folder for the data.
        ports: On which the services will listen.
    """
    yield system()
    yield python(os.environ.get("DQMHUB_PYTHON", "python3.11"))
    for finding in [*space(prefix, PREFIX_MB[product], PREFIX_MB[product], "prefix"), *space(data, *DATA_MB[product], "data")]:
        yield finding
    yield memory(MEMORY_MB[product])
    for port in ports:
        yield free_port(port)
    if product in USERS:
        yield user(USERS[product])
    yield clock()
    yield systemd()
    if product == "dqmhub":
        for finding in render_tools():
            yield finding


def system() -> MachineFinding:
    """Processor, kernel and C library."""
    libc = run(["getconf", "GNU_LIBC_VERSION"]).strip().rpartition(" ")[2]
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return MachineFinding("error", f"This is {platform.system()} on {platform.machine()}", "Use a machine with Linux on x86_64")
    if numbers(libc) < OLDEST_GLIBC:
        return MachineFinding(
            "error", f"The C library is glibc {libc or 'of unknown version'}, and 2.28 is needed", "Use RHEL 8 or newer, or its like"
        )
    return MachineFinding("ok", f"Linux {platform.release()} on x86_64 with glibc {libc}")


def python(name: str) -> MachineFinding:
    """The Python that runs the product."""
    path = shutil.which(name)
    if not path:
        remedy = "dnf install python3.11, or set DQMHUB_PYTHON to a Python 3.11"
        return MachineFinding("error", f"{name} is not on this machine", remedy)
    output = run([path, "-I", "-c", TRIAL], errors=True)
    found = re.match(r"(\d+\.\d+)\.\d+ \S+ OpenSSL", output)
    if not found:
        return MachineFinding("error", f"{path} cannot be used: {error_line(output)}", "Install it with its whole standard library")
    if found.group(1) != "3.11":
        return MachineFinding(
            "error", f"{path} is Python {found.group(1)}, and the packages are for 3.11", "Set DQMHUB_PYTHON to a Python 3.11"
        )
    return MachineFinding("ok", f"{path} is Python {output.split()[0]}")


def space(folder: str, least_mb: int, good_mb: int, option: str) -> Iterator[MachineFinding]:
    """Space and kind of the file system that a folder is or will be on."""
    place = os.path.abspath(folder)
    while not os.path.isdir(place):
        place = os.path.dirname(place)
    state = os.statvfs(place)
    free_mb = state.f_bavail * state.f_frsize >> 20
    if free_mb < good_mb:
        level = "error" if free_mb < least_mb else "warning"
        wanted = f"{least_mb:,} MB are needed" if level == "error" else f"{good_mb:,} MB are better"
        remedy = f"Use a larger disk, or another folder with --{option}"
        yield MachineFinding(level, f"{place} has {free_mb:,} MB of free space for {folder}, and {wanted}", remedy)
    else:
        yield MachineFinding("ok", f"{free_mb:,} MB are free for {folder}")
    if option == "data":
        kind = file_system(os.path.realpath(place))
        if kind.startswith(NETWORK_FILE_SYSTEMS):
            yield MachineFinding("error", f"{folder} is on a network file system ({kind})", "Use a folder on a local disk with --data")
    elif state.f_flag & os.ST_NOEXEC:
        yield MachineFinding("error", f"{place} is mounted with noexec", "Mount it without, or use another folder with --prefix")


def file_system(place: str) -> str:
    """Type of the file system of an existing folder."""
    best, kind = "", ""
    with open("/proc/mounts", encoding="utf-8", errors="replace") as mounts:
        for line in mounts:
            point = line.split(" ")[1].rstrip("/")
            if (place + "/").startswith(point + "/") and len(point) >= len(best):
                best, kind = point, line.split(" ")[2]
    return kind


def memory(needed_mb: int) -> MachineFinding:
    """Memory of the machine."""
    with open("/proc/meminfo", encoding="ascii") as file:
        total_mb = int(file.readline().split()[1]) >> 10  # the first line is MemTotal
    if total_mb < needed_mb:
        return MachineFinding("error", f"This machine has {total_mb:,} MB of memory, and {needed_mb:,} MB are needed", "Add memory")
    return MachineFinding("ok", f"{total_mb:,} MB of memory")


def free_port(port: int) -> MachineFinding:
    """Whether a service can listen on a port, at any address of this machine."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("0.0.0.0", port))
        except OSError as error:
            return MachineFinding(
                "error", f"Port {port} cannot be used: {error.strerror}", "`ss -ltnp` names the program; or use another port"
            )
    return MachineFinding("ok", f"port {port} is free")


def user(name: str) -> MachineFinding:
    """The user of the services, which the packages make."""
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return MachineFinding("ok", f"the package creates the user {name}")
    if found.pw_uid == 0 or found.pw_uid >= 1000:
        return MachineFinding(
            "warning", f"The user {name} exists, with the number {found.pw_uid}", "See whether it is the account of a person"
        )
    return MachineFinding("ok", f"the user {name} exists")


def clock() -> MachineFinding:
    """Whether the clock is synchronised."""
    buffer = (ctypes.c_byte * 512)()  # struct timex with modes 0: only reads
    if ctypes.CDLL(None).adjtimex(ctypes.byref(buffer)) == UNSYNCHRONISED:
        return MachineFinding("warning", "Nothing synchronises the clock of this machine", "systemctl enable --now chronyd")
    return MachineFinding("ok", "the clock is synchronised")


def systemd() -> MachineFinding:
    """Whether systemd runs."""
    if not os.path.isdir("/run/systemd/system"):
        return MachineFinding(
            "warning", "systemd does not run here", "Run each service under another supervisor, as docs/operators/install.md says"
        )
    return MachineFinding("ok", run(["systemctl", "--version"]).partition("\n")[0])


def render_tools() -> Iterator[MachineFinding]:
    """What `dqmhub render build` needs: ROOT, a compiler of C++17, CMake."""
    root = shutil.which("root-config")
    if root:
        yield MachineFinding("ok", "ROOT " + run([root, "--version"]).strip())
    else:
        where = (
            "of CMSSW (enter a release with cmsenv)" if os.path.isdir("/cvmfs/cms.cern.ch") else "(dnf install root root-graf-postscript)"
        )
        yield MachineFinding(
            "warning", "root-config is not on the path, so the render service cannot be built", f"Put the ROOT {where} on the path"
        )
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if not compiler:
        yield MachineFinding("warning", "There is no C++ compiler", "dnf install gcc-c++, or that of CMSSW")
    else:
        output = run([compiler, "-std=c++17", "-fsyntax-only", "-x", "c++", "-"], SOURCE, errors=True)
        if output:
            yield MachineFinding(
                "warning", f"{compiler} cannot build the render service: {error_line(output)}", "dnf install gcc-c++ zlib-devel"
            )
        else:
            yield MachineFinding("ok", f"{compiler} compiles C++17")
    cmake = shutil.which("cmake") or shutil.which("cmake3")
    version = run([cmake, "--version"]).partition("\n")[0] if cmake else ""
    if numbers(version)[:2] < OLDEST_CMAKE:
        yield MachineFinding(
            "warning", "There is no CMake" if not cmake else f"{cmake} is too old: {version}", "dnf install cmake; 3.18 is needed"
        )
    else:
        yield MachineFinding("ok", version)


def run(command: List[str], stdin: str = "", errors: bool = False) -> str:
    """Output of a program, with its standard error if `errors` is set; "" if it cannot be run."""
    try:
        done = subprocess.run(
            command,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if errors else subprocess.DEVNULL,
            universal_newlines=True,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def numbers(version: str) -> Tuple[int, ...]:
    """2.28 as (2, 28)."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def port_number(text: str) -> int:
    """A port given by the user. Raises ArgumentTypeError."""
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(text + " is not a port, which is 1 to 65535")
    return int(text)


def error_line(text: str) -> str:
    """The first line with an error in the output of a program, or the last line."""
    lines = text.strip().splitlines() or ["it prints nothing"]
    return next((line for line in lines if "rror: " in line), lines[-1])


def main(arguments: Optional[List[str]] = None) -> None:
    """Print the findings; exit code 1 if something is missing that must be there."""
    parser = argparse.ArgumentParser(prog="preflight", description="Say what this machine lacks for DQM Hub. Changes nothing.")
    parser.add_argument("product", nargs="?", default="dqmhub", choices=PRODUCTS, help="what is to be installed (default: dqmhub)")
    parser.add_argument("--prefix", default="/opt/dqmhub", metavar="FOLDER", help="folder for the releases (default: /opt/dqmhub)")
    parser.add_argument("--data", metavar="FOLDER", help="folder for the data (default: /var/lib/ and the product)")
    parser.add_argument(
        "--port", type=port_number, action="append", metavar="N", help="port of a service (default: 8889 of the hub, 8084 of a mirror)"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list of objects with level, text and remedy")
    options = parser.parse_args(arguments)
    ports: Dict[str, List[int]] = {"dqmhub": [8889], "dqmhub-mirror": [8084]}
    chosen = options.port or ports.get(options.product, [])
    findings = list(examine(options.product, options.prefix, options.data or "/var/lib/" + options.product, chosen))
    if options.json:
        print(json.dumps([finding._asdict() for finding in findings], indent=1))
    for finding in [] if options.json else findings:
        print(f"{finding.level:<8} {finding.text}")
        if finding.remedy:
            print(f"{'':<8} -> {finding.remedy}")
    sys.exit(any(finding.level == "error" for finding in findings))


if __name__ == "__main__":
    main()
