"""A person with a browser without script: fills the forms that the pages show."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

_HIDDEN = re.compile(r"<input[^>]*type=\"hidden\"[^>]*>")
_ATTRIBUTE = re.compile(r"(\w+)=\"([^\"]*)\"")


class Visitor:
    """A test client that sends the hidden fields of a page with its form."""

    def __init__(self, app: Flask, *, scheme: str = "http") -> None:
        self.client = app.test_client()
        self._base = f"{scheme}://localhost"

    def get(self, path: str, **options: Any) -> TestResponse:
        """Ask for a page."""
        return self.client.get(path, base_url=self._base, **options)

    def submit(self, path: str, to: str | None = None, **fields: Any) -> TestResponse:
        """Open the page at ``path`` and send its form, to ``to`` when that is another address."""
        page = self.get(path)
        target = to or path.partition("?")[0]
        data = {**hidden_fields(page.text), **fields}
        return self.client.post(target, data=data, base_url=self._base)

    def post_json(self, path: str, document: Any, **options: Any) -> TestResponse:
        """Send a JSON document."""
        return self.client.post(path, json=document, **options)

    def sign_in(self, identifier: str, password: str, **fields: Any) -> TestResponse:
        """Fill the sign-in form."""
        return self.submit("/auth/login/", identifier=identifier, password=password, **fields)


def hidden_fields(html: str) -> dict[str, str]:
    """The hidden fields of a page; the last one of a name wins."""
    found = {}
    for tag in _HIDDEN.findall(html):
        attributes = dict(_ATTRIBUTE.findall(tag))
        found[attributes["name"]] = unescape(attributes.get("value", ""))
    return found


def errors_of(html: str) -> str:
    """The text of a page without its tags, for looking for a message."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))
