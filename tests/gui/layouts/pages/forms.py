"""The form of the editor as a browser without scripts has it."""

from __future__ import annotations

from html.parser import HTMLParser

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.security.conftest import HOME


class FormReader(HTMLParser):
    """The fields and buttons of the form of a page, with their values."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self.buttons: list[str] = []
        self._area: str | None = None
        self._select: str | None = None
        self._is_inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._is_inside = found.get("id") == "layout-form"
        if not self._is_inside:
            return
        if tag == "button":
            self.buttons.append(found["value"])
        elif tag == "textarea":
            self._area = found["name"]
            self.fields[self._area] = [""]
        elif tag == "select":
            self._select = found["name"]
            self.fields[self._select] = [""]
        elif tag == "option" and self._select and "selected" in found:
            self.fields[self._select] = [found["value"]]
        elif tag == "input" and (found.get("type") not in ("checkbox", "radio") or "checked" in found):
            self.fields.setdefault(found["name"], []).append(found.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "textarea" and self._area:
            self.fields[self._area] = [self.fields[self._area][0].removeprefix("\n")]  # which browsers ignore
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area][0] += data


class Editor:
    """Fills in the form of an editor and presses its buttons."""

    def __init__(self, client: FlaskClient, address: str) -> None:
        self.client, self.address = client, address
        self.answer = client.get(address)
        self.form = FormReader(self.answer.text)

    def press(self, button: str, **changes: str | list[str]) -> TestResponse:
        """Press a button after changes of fields; `__` in their names is a point."""
        fields = self.form.fields | {name.replace("__", "."): value for name, value in changes.items()}
        self.answer = self.client.post(self.address.partition("?")[0], data=fields | {"do": button}, headers={"Origin": HOME})
        self.form = FormReader(self.answer.text)
        return self.answer

    def field(self, name: str) -> str:
        """The value of a field."""
        return self.form.fields[name][0]
