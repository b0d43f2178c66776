"""What the processes of a race do: each function prepares, and gives what is done at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from werkzeug.test import TestResponse

from flask_lback.testing.kit import outbox_of
from tests.support.apps import Site
from tests.support.visitor import Visitor, errors_of, hidden_fields

Answer = dict[str, Any]


def send(
    site: Site,
    path: str,
    fields: Mapping[str, str] | None = None,
    document: Any = None,
    page: str | None = None,
    cookies: Mapping[str, str] | None = None,
    token: str | None = None,
    method: str = "POST",
) -> Callable[[], Answer]:
    """Send a form, or a JSON document.

    :param fields: of a form, with the hidden fields of ``page``.
    :param page: the page that holds the form; ``path`` when left out.
    :param cookies: that the browser has already.
    :param token: for ``Authorization: Bearer``.
    """
    visitor = browser(site, cookies)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    options: dict[str, Any] = {"json": document, "headers": headers}
    if fields is not None:
        hidden = hidden_fields(visitor.get(page or path).text)
        options = {"data": {**hidden, **fields}, "headers": headers}

    def act() -> Answer:
        outbox = outbox_of(site.app)
        outbox.clear()
        response = visitor.client.open(path, method=method, **options)
        answer = answer_of(response)
        response.close()  # what is written after the response
        return {**answer, "mails": [mail["Subject"] for mail in outbox], **_who(visitor)}

    return act


def guess(site: Site, name: str, passwords: list[str]) -> Callable[[], list[int]]:
    """Try passwords one after the other, each from a new browser."""

    def act() -> list[int]:
        found = []
        for password in passwords:
            document = {"identifier": name, "password": password}
            response = Visitor(site.app).post_json("/api/auth/login/", document)
            response.close()
            found.append(response.status_code)
        return found

    return act


def get(site: Site, path: str, cookies: Mapping[str, str] | None = None) -> Callable[[], Answer]:
    """Open a page."""
    visitor = browser(site, cookies)

    def act() -> Answer:
        response = visitor.get(path)
        answer = answer_of(response)
        response.close()
        return answer

    return act


def browser(site: Site, cookies: Mapping[str, str] | None = None) -> Visitor:
    """A visitor with those cookies."""
    visitor = Visitor(site.app)
    for name, value in (cookies or {}).items():
        visitor.client.set_cookie(name, value)
    return visitor


def cookies_of(visitor: Visitor) -> dict[str, str]:
    """What a visitor's browser holds."""
    names = ("lback_session", "lback_device", "session")
    found = {name: visitor.client.get_cookie(name) for name in names}
    return {name: cookie.value for name, cookie in found.items() if cookie is not None}


def answer_of(response: TestResponse) -> Answer:
    """What a person, or a program, is told."""
    document: Any = response.get_json(silent=True)
    named = document if isinstance(document, dict) else {}
    return {
        "status": response.status_code,
        "code": named.get("code"),
        "document": document,
        "location": response.headers.get("Location"),
        "retry_after": response.headers.get("Retry-After"),
        "text": "" if document is not None else errors_of(response.text),
    }


def statuses_of(answers: Iterable[Answer]) -> list[int]:
    """What several processes were answered, sorted."""
    return sorted(answer["status"] for answer in answers)


def mails_of(answers: Iterable[Answer]) -> Counter[str]:
    """How often they have sent each mail together."""
    subjects = (subject for answer in answers for subject in answer["mails"])
    return Counter(subject.rpartition(" - ")[0] for subject in subjects)


def _who(visitor: Visitor) -> dict[str, Any]:
    cookie = visitor.client.get_cookie("lback_session")
    return {"session": None if cookie is None else cookie.value}
