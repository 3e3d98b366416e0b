"""A database as CAE Job Diary has it: tables and columns that its Django makes, written by SQL, and the same as its `dumpdata`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE auth_user (id integer NOT NULL PRIMARY KEY, password varchar(128) NOT NULL, last_login datetime NULL,
    is_superuser bool NOT NULL, username varchar(150) NOT NULL UNIQUE, first_name varchar(30) NOT NULL, last_name varchar(150) NOT NULL,
    email varchar(254) NOT NULL, is_staff bool NOT NULL, is_active bool NOT NULL, date_joined datetime NOT NULL);
CREATE TABLE diary_job (job_id integer NOT NULL PRIMARY KEY, main_name varchar(200) NOT NULL, job_status varchar(3) NOT NULL,
    job_dir varchar(500) NULL, sub_date datetime NOT NULL, sub_dir varchar(500) NOT NULL, user_id integer NULL, project varchar(10) NULL,
    solver varchar(10) NOT NULL, logfile_path varchar(200) NOT NULL, readme_filename varchar(200) NOT NULL, info longtext NOT NULL,
    analysis_status varchar(3) NOT NULL, result_assessment varchar(3) NOT NULL, result_summary longtext NOT NULL,
    created datetime NOT NULL, updated datetime NOT NULL, keyword_string longtext NOT NULL);
CREATE TABLE diary_job_base_runs (id integer NOT NULL PRIMARY KEY, from_job_id integer NOT NULL, to_job_id integer NOT NULL);
CREATE TABLE diary_keyword (id integer NOT NULL PRIMARY KEY, word varchar(200) NOT NULL);
CREATE TABLE diary_job_keywords (id integer NOT NULL PRIMARY KEY, job_id integer NOT NULL, keyword_id integer NOT NULL)
"""
TABLES_OF_TAGS = """
CREATE TABLE diary_tag (id integer NOT NULL PRIMARY KEY, tag varchar(30) NOT NULL UNIQUE);
CREATE TABLE diary_job_tags (id integer NOT NULL PRIMARY KEY, job_id integer NOT NULL, tag_id integer NOT NULL)
"""
USERS = {3: ("doea", "Alice", "Doe", "Alice.Doe@example.com"), 4: ("doeb", "Bob", "Doe", "Bob.Doe@example.com")}
TAGS = {1: "#validation", 2: "#Crash2"}
TAGGED = [(1234568, 1), (1234568, 2), (1234569, 1)]
BASE_RUNS = [(1234568, 1234567), (1234569, 1234567), (1234569, 1234568)]
DEFAULTS: dict[str, Any] = {
    "main_name": "deck.key",
    "job_status": "fin",
    "job_dir": None,
    "sub_date": "2018-01-02 09:20:30",
    "sub_dir": "/mnt/work/a_pcae_b/3001234/run",
    "user_id": 3,
    "project": "3001234",
    "solver": "dyn",
    "logfile_path": "",
    "readme_filename": "",
    "info": "",
    "analysis_status": "opn",
    "result_assessment": "",
    "result_summary": "",
    "created": "2018-01-02 09:21:00.123456",
    "updated": "2018-01-03 10:00:00",
    "keyword_string": "deck key",
}
JOBS: dict[int, dict[str, Any]] = {
    1234567: {
        "job_dir": "/mnt/work/a_pcae_b/3001234/run/1234567",
        "logfile_path": "/mnt/logs/2018-01-02__10:20:30-1234567.log",
        "readme_filename": "README.deck.README",
        "info": "First run.\n\nGröße: 3 mm 🚗",
    },
    1234568: {"job_status": "err", "analysis_status": "don", "result_assessment": "nok", "result_summary": "Broke at 3 ms"},
    1234569: {"job_status": "nor", "analysis_status": "ong", "result_assessment": "isu", "user_id": None, "project": None},
    1234570: {"job_status": "non", "result_assessment": "obs"},
    1234571: {"job_status": "run", "job_dir": "/scratch/1234571", "user_id": 4},
    1234572: {"job_status": "pen", "result_summary": "Wait for the\nnew deck", "info": "Second."},
    1234573: {"job_status": "oth", "analysis_status": "don", "result_assessment": "oth"},
    1234574: {"analysis_status": "don", "result_assessment": "ok", "result_summary": "x" * 600},
}


def rows() -> list[dict[str, Any]]:
    """The rows of diary_job."""
    return [{"job_id": number, **DEFAULTS, **values} for number, values in JOBS.items()]


def fill(execute: Callable[[str, Sequence[Any]], Any], has_tags: bool = True) -> None:
    """Make the tables and fill them. execute: runs a statement with `?` for its arguments."""
    for statement in (TABLES + (f";{TABLES_OF_TAGS}" if has_tags else "")).split(";"):
        execute(statement, ())
    for number, (login, first, last, email) in USERS.items():
        execute(
            "INSERT INTO auth_user VALUES (?, 'pbkdf2', NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            (number, False, login, first, last, email, False, True, "2017-01-01 00:00:00"),
        )
    for row in rows():
        execute(f"INSERT INTO diary_job ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))
    for number, pair in enumerate(BASE_RUNS, 1):
        execute("INSERT INTO diary_job_base_runs VALUES (?, ?, ?)", (number, *pair))
    if has_tags:
        for number, tag in TAGS.items():
            execute("INSERT INTO diary_tag VALUES (?, ?)", (number, tag))
        for number, pair in enumerate(TAGGED, 1):
            execute("INSERT INTO diary_job_tags VALUES (?, ?, ?)", (number, *pair))


def write_sqlite(path: Path, has_tags: bool = True) -> None:
    """The database as a file."""
    with closing(sqlite3.connect(path)) as connection, connection:
        fill(connection.execute, has_tags)


def write_mysql(socket: str, name: str, prepare: str = "DO 0", encoding: str = "utf8mb4") -> None:
    """The database on a server. prepare: a statement before; characters that the encoding lacks are left out."""
    import pymysql

    codec = "utf-8" if encoding == "utf8mb4" else encoding

    def execute(sql: str, arguments: Sequence[Any]) -> None:
        values = [each.encode(codec, "ignore").decode(codec).rstrip() if isinstance(each, str) else each for each in arguments]
        cursor.execute(sql.replace("?", "%s"), values)

    with closing(pymysql.connect(unix_socket=socket, user="root", charset="utf8mb4")) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET {encoding}")
        cursor.execute(f"GRANT SELECT ON {name}.* TO 'reader'@'localhost' IDENTIFIED BY 'p@ss:word/'")
        connection.select_db(name)
        cursor.execute(prepare)
        fill(execute)
        connection.commit()


def dumpdata() -> list[dict[str, Any]]:
    """The objects of Django's `dumpdata`."""
    found: list[dict[str, Any]] = [{"model": "diary.keyword", "pk": 1, "fields": {"word": "deck"}}]
    for number, (login, first, last, email) in USERS.items():
        fields = {"username": login, "first_name": first, "last_name": last, "email": email, "groups": []}
        found.append({"model": "auth.user", "pk": number, "fields": fields})
    found += [{"model": "diary.tag", "pk": number, "fields": {"tag": tag}} for number, tag in TAGS.items()]
    for row in rows():
        number, fields = row.pop("job_id"), {**row, "user": row.pop("user_id"), "keywords": [1]}
        fields |= {name: fields[name].replace(" ", "T")[:23] + "Z" for name in ("sub_date", "created", "updated")}
        fields["base_runs"] = [parent for child, parent in BASE_RUNS if child == number]
        fields["tags"] = [tag for job, tag in TAGGED if job == number]
        fields.pop("user_id", None)
        found.append({"model": "diary.job", "pk": number, "fields": fields})
    return found


def write_dump(path: Path, objects: Any = None) -> None:
    """The file that `dumpdata` writes."""
    path.write_text(json.dumps(dumpdata() if objects is None else objects))
