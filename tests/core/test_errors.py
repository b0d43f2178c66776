"""Errors: a page for people, a document for programs, a number that stands in the log."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, Response, abort, g
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, Unauthorized

from flask_lback import Lback
from flask_lback.core.errors import Problem
from flask_lback.testing import record_signals
from tests.core.making import make_flask, messages_of, served_app

JSON = {"Accept": "application/json"}
SECRET = "the-name-of-the-vault"


class Overheated(HTTPException):
    """A status that nobody has registered."""

    code = 460
    description = "Too hot."


@pytest.fixture
def app() -> Flask:
    app = served_app("security")

    @app.get("/abort/<int:code>/")
    def stop(code: int) -> str:
        abort(code)

    @app.get("/broken/")
    def broken() -> str:
        raise RuntimeError(SECRET)

    @app.get("/fields/")
    def fields() -> str:
        raise Problem(
            400,
            "invalid",
            "Some fields need a change.",
            errors={"email": ["Wrong.", "Long."], "name": ["Fill this in."]},
            headers={"X-Hint": "email"},
            attempt=3,
        )

    @app.get("/odd/")
    def odd() -> str:
        raise Overheated

    @app.get("/two-ways/")
    def two_ways() -> str:
        raise Unauthorized(
            www_authenticate=[WWWAuthenticate("basic", {"realm": "x"}), WWWAuthenticate("bearer")]
        )

    @app.get("/own-response/")
    def own_response() -> str:
        abort(Response("its own words", 418))

    return app


def document(answer: Any) -> dict[str, Any]:
    """The problem document of an answer."""
    assert answer.mimetype == "application/problem+json"
    found: dict[str, Any] = answer.get_json(force=True)
    return found


# --- what the client asked for ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "is_json"),
    [
        ({}, False),
        ({"Accept": "*/*"}, False),
        ({"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, False),
        ({"Accept": "application/json"}, True),
        ({"Accept": "application/problem+json"}, True),
        ({"Accept": "application/json, text/html;q=0.5"}, True),
        ({"Accept": "text/html, application/json;q=0.5"}, False),
        ({"Accept": "image/png"}, False),
        ({"Accept": "text/html", "Content-Type": "application/json"}, True),
        ({"Content-Type": "application/vnd.api+json"}, True),
        ({"Accept": ";;;,"}, False),
    ],
)
def test_people_get_a_page_and_programs_a_document(
    app: Flask, headers: dict[str, str], is_json: bool
) -> None:
    answer = app.test_client().get("/nothing/", headers=headers)
    assert answer.status_code == 404
    assert answer.mimetype == ("application/problem+json" if is_json else "text/html")


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 409, 413, 418, 429, 500, 503])
def test_every_status_has_a_whole_page(app: Flask, code: int) -> None:
    answer = app.test_client().get(f"/abort/{code}/")
    assert answer.status_code == code
    assert "</html>" in answer.text
    assert f">{code}<" in answer.text
    assert "Shop" in answer.text


def test_a_document_names_type_title_status_code_and_detail(app: Flask) -> None:
    assert document(app.test_client().get("/nothing/", headers=JSON)) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "code": "not_found",
        "detail": "The requested URL was not found on the server. If you entered the URL manually "
        "please check your spelling and try again.",
    }


def test_a_problem_names_its_fields_and_members(app: Flask) -> None:
    answer = app.test_client().get("/fields/", headers=JSON)
    assert answer.headers["X-Hint"] == "email"
    assert document(answer) == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "code": "invalid",
        "detail": "Some fields need a change.",
        "errors": [
            {"pointer": "/email", "field": "email", "detail": "Wrong."},
            {"pointer": "/email", "field": "email", "detail": "Long."},
            {"pointer": "/name", "field": "name", "detail": "Fill this in."},
        ],
        "attempt": 3,
    }


def test_a_problem_tells_people_what_happened(app: Flask) -> None:
    assert "Some fields need a change." in app.test_client().get("/fields/").text


@pytest.mark.parametrize("headers", [{}, JSON])
def test_a_status_that_nobody_knows_is_kept(app: Flask, headers: dict[str, str]) -> None:
    answer = app.test_client().get("/odd/", headers=headers)
    assert answer.status_code == 460
    if headers:
        found = document(answer)
        assert (found["title"], found["code"]) == ("Unknown Error", "unknown_error")


@pytest.mark.parametrize("headers", [{}, JSON])
def test_headers_of_the_error_are_kept(app: Flask, headers: dict[str, str]) -> None:
    client = app.test_client()
    assert client.post("/broken/", headers=headers).headers["Allow"].split(", ")
    ways = client.get("/two-ways/", headers=headers).headers.getlist("WWW-Authenticate")
    assert [way.partition(" ")[0].lower() for way in ways] == ["basic", "bearer"]


def test_an_error_that_has_a_response_keeps_it(app: Flask) -> None:
    answer = app.test_client().get("/own-response/")
    assert (answer.status_code, answer.text) == (418, "its own words")


def test_an_http_error_that_brings_its_response_keeps_it(app: Flask) -> None:
    @app.get("/brought/")
    def brought() -> str:
        raise NotFound(response=Response("its own words", 404))

    assert app.test_client().get("/brought/").text == "its own words"


def test_a_redirect_of_the_router_is_no_error_page(app: Flask) -> None:
    answer = app.test_client().get("/broken")
    assert (answer.status_code, answer.headers["Location"]) == (308, "http://localhost/broken/")


# --- 500 --------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, JSON])
def test_a_fault_shows_a_number_that_stands_in_the_log_and_nothing_else(
    app: Flask, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    answer = app.test_client().get("/broken/", headers=headers)
    assert answer.status_code == 500
    [number] = re.findall(r"[0-9a-f]{4}-[0-9a-f]{4}", answer.text)
    assert f"The error above was shown as {number}" in messages_of(caplog.records)
    assert SECRET in caplog.text
    for word in (SECRET, "RuntimeError", "Traceback", __file__):
        assert word not in answer.text
    if headers:
        assert document(answer)["detail"] == "The server made a mistake."
        assert document(answer)["request_id"] == number


def test_two_faults_have_two_numbers(app: Flask) -> None:
    pages = [app.test_client().get("/broken/", headers=JSON).get_json(force=True) for _ in "ab"]
    assert pages[0]["request_id"] != pages[1]["request_id"]


def test_a_request_that_has_a_number_already_keeps_it(app: Flask) -> None:
    app.before_request(lambda: setattr(g, "lback_request_id", "abcd-0123"))
    assert "abcd-0123" in app.test_client().get("/broken/").text


def test_the_description_of_a_fault_is_not_shown(app: Flask) -> None:
    @app.get("/told/")
    def told() -> str:
        abort(500, SECRET)

    for headers in ({}, JSON):
        assert SECRET not in app.test_client().get("/told/", headers=headers).text


def test_the_page_of_a_fault_works_with_a_broken_database(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    app = served_app(
        *("db", "tasks", "limits", "security", "mail", "auth"),
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/no/such/folder/x.db",
    )

    @app.get("/")
    def home() -> str:
        from flask_lback.db.schema import missing_tables

        return str(missing_tables(app))

    client = app.test_client()
    client.set_cookie("lback_session", "x")
    answer = client.get("/")
    assert answer.status_code == 500
    assert "That did not work, and it is our fault" in answer.text
    assert "sqlite" not in answer.text
    assert "The error page for" not in caplog.text


def test_a_page_that_cannot_be_drawn_is_replaced_by_a_plain_one(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> dict[str, Any]:
        raise RuntimeError(SECRET)

    app.context_processor(broken)
    answer = app.test_client().get("/nothing/")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert answer.text == "<!doctype html><title>404</title><h1>Not Found</h1>"
    assert "The error page for 404 could not be drawn" in caplog.text


# --- the application's own --------------------------------------------------------------------


@pytest.fixture
def themed(tmp_path: Path) -> Flask:
    """An application with a template of its own for one status."""
    folder = tmp_path / "templates" / "lback" / "errors"
    folder.mkdir(parents=True)
    (folder / "404.html").write_text("our own {{ code }} of {{ site_name }}: {{ _('lost') }}")
    app = Flask("shop", template_folder=str(tmp_path / "templates"))
    app.config.update(TESTING=True, LBACK_SITE_NAME="The Shop")
    Lback(app, features=())
    return app


def test_a_template_of_the_application_wins(themed: Flask) -> None:
    assert themed.test_client().get("/nothing/").text == "our own 404 of The Shop: lost"
    assert "</html>" in themed.test_client().post("/lback/static/app.css").text


@pytest.mark.parametrize("source", ["{% extends 'no/such.html' %}", "{{ 1 / 0 }}", "{% if %}"])
def test_a_broken_template_of_the_application_hides_no_error(tmp_path: Path, source: str) -> None:
    folder = tmp_path / "templates" / "lback" / "errors"
    folder.mkdir(parents=True)
    for code in (404, 500):
        (folder / f"{code}.html").write_text(source)
    app = Flask("shop", template_folder=str(tmp_path / "templates"))
    Lback(app, features=())
    app.add_url_rule("/broken/", "broken", lambda: str(1 / 0))
    answers = [app.test_client().get(path) for path in ("/nothing/", "/broken/")]
    assert [answer.status_code for answer in answers] == [404, 500]
    assert answers[1].text == "<!doctype html><title>500</title><h1>Internal Server Error</h1>"


def test_a_handler_of_the_application_wins() -> None:
    app = make_flask()
    app.register_error_handler(404, lambda error: ("mine", 404))
    Lback(app, features=())
    app.register_error_handler(MethodNotAllowed, lambda error: ("mine, too", 405))
    client = app.test_client()
    assert client.get("/nothing/").text == "mine"
    assert client.post("/lback/static/app.css").text == "mine, too"


# --- the signal -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"), [("/nothing/", 404), ("/broken/", 500), ("/abort/403/", 403)]
)
def test_an_error_is_announced_once(app: Flask, path: str, status: int) -> None:
    with record_signals("error_response_generated") as sent:
        answer = app.test_client().get(path)
    [(_, values)] = sent
    assert values["sender"] is values["app"] is app
    assert (values["status_code"], answer.status_code) == (status, status)
    assert values["response"].status_code == status
    assert isinstance(values["exception"], HTTPException)
    assert values["error_message"] == values["exception"].description


def test_a_good_answer_is_announced_by_nobody(app: Flask) -> None:
    with record_signals("error_response_generated") as sent:
        app.test_client().get("/lback/static/app.css").close()
    assert sent == []


# --- the database's remedy --------------------------------------------------------------------


def test_the_log_says_what_to_do_about_missing_tables(caplog: pytest.LogCaptureFixture) -> None:
    app = served_app("db", SQLALCHEMY_DATABASE_URI="sqlite://")

    @app.get("/")
    def home() -> str:
        from flask_sqlalchemy import SQLAlchemy

        from flask_lback.core.state import state_of

        state_of(app)[SQLAlchemy].session.execute(sa.text("SELECT * FROM cups"))
        return "home"

    with caplog.at_level(logging.ERROR):
        answer = app.test_client().get("/")
    assert answer.status_code == 500
    assert "cups" not in answer.text
    assert (
        "The database has no table cups. Run `flask lback init-db`, or `flask lback migrate` "
        "when there are migrations." in messages_of(caplog.records)
    )
