"""The tools of the tests are tools only if they work: each does its job once here."""

from __future__ import annotations

import json
import os
import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from flask import Flask, url_for
from sqlalchemy import create_engine, text
from werkzeug.routing import BaseConverter

from tests.support import services
from tests.support.apps import USER_KINDS, Site
from tests.support.browser import Tab, axe
from tests.support.databases import DATABASES, DatabaseFactory, DatabaseKind
from tests.support.server import Gunicorn, closed_port
from tests.support.smtp import SmtpServer, links_in

# --- services ---------------------------------------------------------------------------------


def test_a_missing_service_skips_and_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LBACK_REQUIRE_SERVICES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="redis is missing: refused"):
        services.unavailable("redis is missing: refused")


def test_a_missing_service_fails_where_services_are_required(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LBACK_REQUIRE_SERVICES", "1")
    with pytest.raises(pytest.fail.Exception, match="redis is missing: refused"):
        services.unavailable("redis is missing: refused")


@pytest.mark.parametrize(
    ("service", "variable", "url"),
    [
        ("postgresql", "LBACK_TEST_POSTGRESQL_URL", "postgresql+psycopg://x@127.0.0.1:{port}/x"),
        ("mariadb", "LBACK_TEST_MARIADB_URL", "mysql+pymysql://x@127.0.0.1:{port}/"),
        ("redis", "LBACK_TEST_REDIS_URL", "redis://127.0.0.1:{port}/0"),
        ("rabbitmq", "LBACK_TEST_AMQP_URL", "amqp://127.0.0.1:{port}//"),
    ],
)
def test_a_probe_notices_that_nobody_listens(
    monkeypatch: pytest.MonkeyPatch, service: services.Service, variable: str, url: str
) -> None:
    monkeypatch.setenv(variable, url.format(port=closed_port()))
    assert str(services.missing.__wrapped__(service)).startswith(f"{service} is missing: ")


def test_a_probe_notices_another_server_on_the_port_of_the_broker(
    monkeypatch: pytest.MonkeyPatch, smtp_server: SmtpServer
) -> None:
    monkeypatch.setenv("LBACK_TEST_AMQP_URL", f"amqp://127.0.0.1:{smtp_server.port}//")
    assert "is no AMQP broker" in str(services.missing.__wrapped__("rabbitmq"))


# --- databases --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", DATABASES)
def test_a_new_database_is_empty_and_gone_afterwards(kind: DatabaseKind, tmp_path: Path) -> None:
    with DatabaseFactory(tmp_path) as new_database:
        first, second = new_database(kind), new_database(kind)
        assert first != second
        engine = create_engine(first)
        # A connection in the middle of a transaction must not keep the database alive.
        with engine.connect() as connection:
            connection.execute(text("CREATE TABLE thing (name VARCHAR(20))"))
            connection.execute(text("INSERT INTO thing VALUES ('grüße')"))
            assert connection.scalar(text("SELECT name FROM thing")) == "grüße"
            new_database.close()
            connection.invalidate()
        engine.dispose()
    if kind != "sqlite":
        gone = create_engine(first)
        with pytest.raises(Exception, match=r"does not exist|Unknown database"):
            gone.connect()


# --- what is made once for all applications of a process --------------------------------------


def address(rule: str, mark: str, **options: Any) -> str:
    """What an application builds whose converter ``marked`` puts a mark before the value."""

    class Marked(BaseConverter):
        def to_url(self, value: Any) -> str:
            return f"{mark}-{value}"

    app = Flask("marked")
    app.url_map.converters["marked"] = Marked
    app.add_url_rule(rule, "page", **options)
    with app.test_request_context():
        return url_for("page") if options else url_for("page", name="ann")


def test_alike_routes_of_two_applications_use_their_own_converters() -> None:
    assert [address("/<marked:name>/", mark) for mark in "ab"] == ["/a-ann/", "/b-ann/"]


def test_alike_routes_of_two_applications_have_their_own_defaults() -> None:
    ways = [address("/<marked:name>/", "a", defaults={"name": name}) for name in ("ann", "bob")]
    assert ways == ["/a-ann/", "/a-bob/"]


@pytest.mark.parametrize("kind", USER_KINDS)
def test_alike_sites_have_rows_of_their_own(kind: str, make_ready: Callable[..., Site]) -> None:
    one, other = make_ready(kind), make_ready(kind)
    one.add_user("ann")
    other.add_user("bob")
    for site, here, away in ((one, "ann", "bob"), (other, "bob", "ann")):
        with site.app.app_context():
            assert site.user(here)
            assert site.user(away) is None


# --- mail -------------------------------------------------------------------------------------


def message(to: str, subject: str, body: str = "Hello") -> EmailMessage:
    result = EmailMessage()
    result["From"], result["To"], result["Subject"] = "lback@example.org", to, subject
    result.set_content(body)
    return result


def test_mail_arrives_and_each_message_is_handed_out_once(smtp_server: SmtpServer) -> None:
    link = "http://localhost/verify/?token=" + "a" * 120
    with smtplib.SMTP(smtp_server.host, smtp_server.port) as client:
        client.send_message(message("ann@example.org", "Grüße", f"Open <{link}>."))
        client.send_message(message("ann@example.org", "Grüße", "second"))
        client.send_message(message("bob@example.org", "Other"))

    first = smtp_server.wait_for(to="Ann@example.org", subject_contains="Grüße")
    second = smtp_server.wait_for(to="ann@example.org")
    assert links_in(first, "/verify/") == [link]
    assert second.get_content().strip() == "second"
    with pytest.raises(AssertionError, match=r"no mail to ann@.*bob@example.org: Other"):
        smtp_server.wait_for(to="ann@example.org", timeout=0.01)


def test_the_refusing_server_refuses(refusing_smtp_server: SmtpServer) -> None:
    with (
        smtplib.SMTP(refusing_smtp_server.host, refusing_smtp_server.port) as client,
        pytest.raises(smtplib.SMTPRecipientsRefused, match="no such mailbox"),
    ):
        client.send_message(message("ann@example.org", "Hello"))
    assert refusing_smtp_server.messages == []


# --- gunicorn and Chromium --------------------------------------------------------------------

APPLICATION = """
import os
from flask import Flask, Response, abort

app = Flask(__name__)

@app.get("/")
def index():
    return {"pid": os.getpid(), "setting": os.environ.get("LBACK_TEST_SETTING")}

def page(body, policy):
    return Response(
        f"<!doctype html><html lang=en><title>Page</title><main><h1>Page</h1>{body}</main></html>",
        headers={"Content-Security-Policy": policy},
        content_type="text/html",
    )

@app.get("/clean/")
def clean():
    return page("<p>Nothing wrong here.", "default-src 'self'; img-src data:")

@app.get("/dirty/")
def dirty():
    return page(
        "<p><img src='http://cdn.example/pixel.png'><input>"
        "<script>alert(1)</script><script src='/missing.js'></script>",
        "default-src 'self'; img-src *",
    )

@app.get("/forbidden/")
def forbidden():
    abort(403)
"""


@pytest.fixture
def application(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "support_application.py").write_text(APPLICATION)
    return {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(services.ROOT)])}


def test_gunicorn_answers_with_its_workers_and_leaves_nothing_behind(
    application: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LBACK_TEST_SETTING", "of the developer's shell")
    log = tmp_path / "gunicorn.log"
    with Gunicorn("support_application:app", log=log, workers=2, env=application) as server:
        with urlopen(server.url + "/") as response:
            answer = json.load(response)
        assert answer["setting"] is None
        assert server.log.count("Booting worker") == 2
    with pytest.raises(ProcessLookupError):
        os.kill(answer["pid"], 0)


def test_gunicorn_that_cannot_start_tells_why(tmp_path: Path) -> None:
    server = Gunicorn("no_such_module:app", log=tmp_path / "gunicorn.log", workers=1)
    with pytest.raises(RuntimeError, match="No module named 'no_such_module'"):
        server.start()


@pytest.mark.browser
def test_the_log_of_a_page_shows_each_kind_of_dirt(
    application: dict[str, str],
    serve: Callable[..., Gunicorn],
    new_page: Callable[..., Tab],
) -> None:
    server = serve("support_application:app", workers=1, env=application)
    page, log = new_page(base_url=server.url)

    page.goto("/clean/")
    log.assert_clean()
    assert axe(page) == []
    log.assert_clean()

    page.goto("/forbidden/")
    log.assert_clean()

    page.goto("/dirty/")
    page.wait_for_load_state("networkidle")
    assert any("script-src-elem blocked inline" in entry for entry in log.csp_violations)
    assert log.foreign_requests == ["http://cdn.example/pixel.png"]
    assert any("/missing.js" in entry for entry in log.console_errors)
    assert {violation["id"] for violation in axe(page)} >= {"image-alt", "label"}
    with pytest.raises(AssertionError, match="request to another host: http://cdn"):
        log.assert_clean()

    log.clear()
    page.evaluate("setTimeout(() => { throw new Error('boom') })")
    page.goto("/clean/")
    assert log.page_errors == ["boom"]
