"""Mails arrive whole, by every back end, and one that cannot be sent harms nobody."""

from __future__ import annotations

import email
import email.policy
import threading
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_mail import Mail

from flask_lback import ConfigError, Lback
from flask_lback.core.checks import Checks
from flask_lback.core.state import state_of
from flask_lback.mail.backends import (
    ConsoleBackend,
    FileBackend,
    MemoryBackend,
    SmtpBackend,
)
from flask_lback.mail.service import Mailer
from flask_lback.tasks.runner import TaskRunner
from flask_lback.testing import record_signals
from flask_lback.testing.kit import outbox_of
from tests.core.making import make_app, make_flask, messages_of
from tests.support.server import closed_port
from tests.support.smtp import SmtpServer

TO = "ann@example.org"


def post(app: Flask, **changes: Any) -> None:
    """Send a message with both parts."""
    values = {"to": TO, "subject": "Grüße", "text": "plain ☕", "html": "<p>rich ☕</p>", **changes}
    with app.app_context():
        state_of(app)[Mailer].send(**values)
        state_of(app)[TaskRunner].drain()


def parts(message: EmailMessage) -> dict[str, str]:
    return {
        part.get_content_type(): str(part.get_content()).strip()
        for part in message.walk()
        if not part.is_multipart()
    }


BOTH = {"text/plain": "plain ☕", "text/html": "<p>rich ☕</p>"}

# --- which back end ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({}, MemoryBackend),
        ({"TESTING": False}, ConsoleBackend),
        ({"MAIL_SERVER": "127.0.0.1"}, SmtpBackend),
        ({"MAIL_SERVER": "127.0.0.1", "TESTING": False}, SmtpBackend),
        ({"MAIL_SERVER": "127.0.0.1", "LBACK_MAIL_BACKEND": "console"}, ConsoleBackend),
        ({"LBACK_MAIL_BACKEND": "memory", "TESTING": False}, MemoryBackend),
        ({"LBACK_MAIL_BACKEND": "file"}, FileBackend),
    ],
)
def test_mail_leaves_by_the_way_that_the_settings_say(config: dict[str, Any], kind: type) -> None:
    app = make_app("tasks", "mail", LBACK_ENV="local", **config)
    assert type(state_of(app)[Mailer].backend) is kind


def test_smtp_without_a_server_is_named_by_the_check() -> None:
    app = make_app("tasks", "mail", LBACK_MAIL_BACKEND="smtp")
    with pytest.raises(ConfigError) as caught:
        state_of(app)[Mailer].backend  # noqa: B018
    assert str(caught.value) == (
        "LBACK_MAIL_BACKEND is 'smtp' and there is no server. Set MAIL_SERVER."
    )
    found = {one.id: one for one in state_of(app)[Checks].run(app, deploy=True)}
    assert found["mail.E002"].hint == "Set MAIL_SERVER."


@pytest.mark.parametrize(("config", "named"), [({}, True), ({"MAIL_SERVER": "127.0.0.1"}, False)])
def test_the_check_says_when_no_mail_leaves(config: dict[str, Any], named: bool) -> None:
    app = make_app("tasks", "mail", **config)
    found = {one.id for one in state_of(app)[Checks].run(app, deploy=True)}
    assert ("mail.W001" in found) is named


def test_another_back_end_may_be_put_in_its_place() -> None:
    app, backend = make_app("tasks", "mail"), MemoryBackend()
    state_of(app)[Mailer].use_backend(backend)
    post(app)
    assert len(backend.outbox) == 1


# --- each back end ----------------------------------------------------------------------------


def test_memory_keeps_the_message() -> None:
    app = make_app("tasks", "mail")
    post(app)
    [message] = outbox_of(app)
    assert (message["To"], message["Subject"]) == (TO, "Grüße")
    assert parts(message) == BOTH
    assert message["Date"]
    assert message["Message-ID"].endswith("@localhost>")


def test_a_message_may_have_text_only() -> None:
    app = make_app("tasks", "mail")
    post(app, html=None)
    assert parts(outbox_of(app)[0]) == {"text/plain": "plain ☕"}


def test_the_console_shows_the_text_part(capfd: pytest.CaptureFixture[str]) -> None:
    app = make_app("tasks", "mail", LBACK_MAIL_BACKEND="console")
    post(app)
    shown = capfd.readouterr().err
    for text in (f"To: {TO}", "Subject: Grüße", "From: noreply@localhost", "plain ☕"):
        assert text in shown
    assert "<p>" not in shown


@pytest.fixture
def filing(tmp_path: Path) -> Flask:
    app = Flask("shop", instance_path=str(tmp_path))
    app.config.update(TESTING=True, LBACK_MAIL_BACKEND="file", LBACK_MAIL_FOLDER="sent")
    Lback(app, features=["tasks", "mail"])
    return app


def test_files_hold_one_message_each_and_none_is_overwritten(filing: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "sent"
    folder.mkdir()
    (folder / f"00002-{TO}.eml").write_text("older")
    for number in range(3):
        post(filing, subject=f"number {number}")
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"0000{number}-{TO}.eml" for number in (1, 2, 3, 4)]
    assert (folder / names[1]).read_text() == "older"
    message: Any = email.message_from_bytes(
        (folder / names[3]).read_bytes(), policy=email.policy.default
    )
    assert (message["Subject"], parts(message)) == ("number 2", BOTH)


@pytest.mark.parametrize("to", ["../../x/..\\y@example.org", "a" * 240 + "@example.org", "û@x.org"])
def test_no_address_leads_out_of_the_folder_or_is_too_long_for_it(
    filing: Flask, tmp_path: Path, to: str, caplog: pytest.LogCaptureFixture
) -> None:
    with record_signals("email_failed") as failed:
        state_of(filing)[Mailer].backend.send(message_to(to))
    assert failed == []
    [path] = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert path.parent == tmp_path / "sent"


def message_to(address: str) -> EmailMessage:
    message = EmailMessage()
    message["To"] = f'"{address}" <x@example.org>'
    message.set_content("text")
    return message


def test_smtp_delivers_the_message_whole(smtp_server: SmtpServer) -> None:
    app = make_app("tasks", "mail", **smtp_server.config, MAIL_DEFAULT_SENDER="shop@example.org")
    with record_signals("email_sent") as sent:
        post(app)
    message = smtp_server.wait_for(to=TO)
    assert (message["Subject"], message["From"]) == ("Grüße", "shop@example.org")
    assert parts(message) == BOTH
    assert smtp_server.deliveries[0].sender == "shop@example.org"
    [(_, values)] = sent
    assert (values["recipients"], values["subject"]) == ([TO], "Grüße")
    assert values["app"] is app


def test_smtp_goes_through_the_application_s_own_flask_mail(smtp_server: SmtpServer) -> None:
    app = make_flask(MAIL_SUPPRESS_SEND=False)
    app.config.update(smtp_server.config)
    own = Mail(app).state
    Lback(app, features=["tasks", "mail"])
    post(app, html=None)
    assert app.extensions["mail"] is own
    assert parts(smtp_server.wait_for(to=TO)) == {"text/plain": "plain ☕"}


def test_flask_mail_s_own_switch_keeps_its_meaning(smtp_server: SmtpServer) -> None:
    app = make_app("tasks", "mail", **smtp_server.config, MAIL_SUPPRESS_SEND=True)
    post(app)
    post(make_app("tasks", "mail", **smtp_server.config), subject="second")
    smtp_server.wait_for(subject_contains="second")
    assert len(smtp_server.messages) == 1


# --- the sender -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "sender"),
    [
        ({}, "noreply@localhost"),
        ({"LBACK_SITE_URL": "https://shop.example:444"}, "noreply@shop.example"),
        ({"LBACK_SITE_URL": "http://127.0.0.1:5000"}, "noreply@localhost"),
        ({"LBACK_SITE_URL": "http://[::1]:5000"}, "noreply@localhost"),
        ({"SERVER_NAME": "shop.example:80"}, "noreply@shop.example"),
        ({"MAIL_DEFAULT_SENDER": "shop@example.org"}, "shop@example.org"),
        ({"MAIL_DEFAULT_SENDER": ("Shop", "s@example.org")}, "Shop <s@example.org>"),
        ({"MAIL_DEFAULT_SENDER": ["Tea, Co", "s@example.org"]}, '"Tea, Co" <s@example.org>'),
        ({"MAIL_DEFAULT_SENDER": (None, "s@example.org")}, "s@example.org"),
        ({"SENDER_EMAIL": "lback@example.org"}, "lback@example.org"),
        (
            {"LBACK_MAIL_SENDER": "a@example.org", "MAIL_DEFAULT_SENDER": "b@example.org"},
            "a@example.org",
        ),
    ],
)
def test_the_sender_is_who_the_settings_say(config: dict[str, Any], sender: str) -> None:
    app = make_app("tasks", "mail", **config)
    post(app)
    assert outbox_of(app)[0]["From"] == sender


def test_every_subject_may_start_with_a_word() -> None:
    app = make_app("tasks", "mail", LBACK_MAIL_SUBJECT_PREFIX="[Shop] ")
    post(app)
    assert outbox_of(app)[0]["Subject"] == "[Shop] Grüße"


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "ann@example.org\r\nBcc: e@example.org"},
        {"to": "ann@example.org\nBcc: e@example.org"},
        {"subject": "Hi\r\nBcc: e@example.org"},
        {"subject": "Hi\n\n<html>"},
    ],
)
def test_a_line_break_in_a_header_is_refused(changes: dict[str, str]) -> None:
    app = make_app("tasks", "mail")
    with pytest.raises(ConfigError, match=r"^A header of a mail cannot be written: "):
        post(app, **changes)
    assert outbox_of(app) == []


def test_a_template_is_rendered_in_both_forms() -> None:
    app = make_app("security", "tasks", "mail")
    with app.test_request_context():
        state_of(app)[Mailer].send_template(
            TO, "Hello", "lback/mail/password_changed", user_name="<Ann>", link="https://x.example/"
        )
    [message] = outbox_of(app)
    found = parts(message)
    assert "<Ann>" in found["text/plain"]
    assert "&lt;Ann&gt;" in found["text/html"]
    assert "https://x.example/" in found["text/plain"]


# --- when it does not work --------------------------------------------------------------------


def with_button(app: Flask) -> Flask:
    @app.get("/send/")
    def send() -> str:
        state_of(app)[Mailer].send(TO, "Hello", "text")
        return "it is on its way"

    return app


def failing(server: SmtpServer, kind: str) -> dict[str, Any]:
    """Settings of a server where nobody listens, or that refuses everybody."""
    if kind == "unreachable":
        return {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": closed_port()}
    return server.config


@pytest.mark.parametrize("kind", ["unreachable", "refusing"])
@pytest.mark.parametrize("eager", [True, False])
def test_a_mail_that_cannot_be_sent_changes_no_response_and_is_logged(
    refusing_smtp_server: SmtpServer, kind: str, eager: bool, caplog: pytest.LogCaptureFixture
) -> None:
    config = failing(refusing_smtp_server, kind)
    app = with_button(make_app("tasks", "mail", LBACK_TASKS_EAGER=eager, **config))
    with record_signals("email_failed", "email_sent") as sent:
        answer = app.test_client().get("/send/")
        state_of(app)[TaskRunner].drain()
    assert (answer.status_code, answer.text) == (200, "it is on its way")
    assert "A mail could not be sent: Hello" in messages_of(caplog.records)
    [(name, values)] = sent
    assert (name, values["recipients"], values["subject"]) == ("email_failed", [TO], "Hello")
    assert isinstance(values["exception"], OSError)
    assert values["app"] is app


def test_a_slow_server_keeps_nobody_waiting() -> None:
    delivered, let_go = [], threading.Event()

    class Slow:
        def send(self, message: EmailMessage) -> None:
            assert let_go.wait(30)
            delivered.append(message)

    app = with_button(make_app("tasks", "mail", LBACK_TASKS_EAGER=False))
    state_of(app)[Mailer].use_backend(Slow())
    assert app.test_client().get("/send/").text == "it is on its way"
    assert delivered == []
    let_go.set()
    state_of(app)[TaskRunner].drain()
    assert len(delivered) == 1
