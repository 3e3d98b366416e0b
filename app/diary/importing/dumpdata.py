"""CAE Job Diary as the JSON of Django's `dumpdata`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from app.diary.importing.old_diary import BadImport, OldJob, OldUser


class OldDump:
    """The objects of a file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def jobs(self) -> Iterator[OldJob]:
        """All jobs, in the order of their ids. Raises BadImport."""
        objects = self._objects()
        users: dict[Any, OldUser] = {}
        for key, fields in objects["auth.user"]:
            name = f"{_text(fields, 'first_name')} {_text(fields, 'last_name')}".strip()
            login = _text(fields, "username")
            users[login] = OldUser(login, name, _text(fields, "email"))
            if key is not None:  # as with natural keys
                users[key] = users[login]
        tags = {key: _text(fields, "tag") for key, fields in objects["diary.tag"]}
        for key, fields in sorted(
            objects["diary.job"], key=lambda job: (not isinstance(job[0], int), job[0] if isinstance(job[0], int) else 0)
        ):
            yield OldJob(
                {"job_id": key, **fields},
                users.get(_key(fields.get("user"))),
                sorted(tags[tag] for tag in map(_key, _list(fields.get("tags"))) if tag in tags),
                [number for number in _list(fields.get("base_runs")) if isinstance(number, int)],
            )

    def _objects(self) -> dict[str, list[tuple[Any, dict[str, Any]]]]:
        try:
            with open(self._path, encoding="utf-8", errors="replace") as file:
                found = json.load(file)
        except OSError as error:
            raise BadImport(f"{self._path} cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise BadImport(f"{self._path} is no JSON: {error}") from error
        objects = defaultdict(list)
        for item in found if isinstance(found, list) else ():
            match item:
                case {"model": str(model), "fields": dict(fields)}:
                    objects[model].append((_key(item.get("pk")), fields))
        if "diary.job" not in objects:
            raise BadImport(f"{self._path} has no jobs (diary.job) of Django's dumpdata")
        return objects


def _key(value: Any) -> Any:
    """A key that can be looked up; with natural keys it is a list."""
    if isinstance(value, list):
        return value[0] if len(value) == 1 and isinstance(value[0], str | int) else None
    return value if isinstance(value, str | int) else None


def _text(fields: dict[str, Any], name: str) -> str:
    """A field as a text; "" for null, and without it."""
    value = fields.get(name)
    return "" if value is None else str(value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
