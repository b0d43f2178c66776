"""What is given, what is answered, and that nothing has changed: one table of bad input.

Each line names its remedy: in the error that stops the start, on the page, in the document, or,
for what is no visitor's business, in the log and in `flask lback check`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from flask_lback import ConfigError, Lback
from flask_lback.core.checks import Checks
from flask_lback.core.state import state_of
from flask_lback.testing import use_cheap_hasher
from flask_lback.testing.kit import outbox_of
from tests.core.making import make_flask, messages_of
from tests.support.apps import PASSWORD, SECRET_KEY, Site
from tests.support.server import closed_port
from tests.support.visitor import Visitor, errors_of

NO_START = "no start"
MAKE_A_KEY = (
    'Make one with python -c "import secrets; print(secrets.token_hex(32))" and put it into '
    "the environment."
)
RELOAD = "This page was open too long, or cookies are off. Reload it and try again."
WRONG_NAME_OR_PASSWORD = "The name or the password is wrong."
NEW = {
    "username": "kofi",
    "email": "kofi@example.org",
    "password": PASSWORD,
    "password_confirm": PASSWORD,
}


@dataclass(frozen=True)
class Config:
    """Settings that an application is started with."""

    values: dict[str, Any]
    secret: str = ""


@dataclass(frozen=True)
class Form:
    """A form that somebody fills in and sends."""

    path: str
    fields: dict[str, str]
    config: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Raw:
    """A request that no page of ours sends."""

    path: str
    body: Any
    content_type: str = "application/json"
    method: str = "POST"


def document(**values: Any) -> bytes:
    return json.dumps(values).encode()


LOGIN, REGISTER = "/auth/login/", "/auth/register/"
API = "/api/auth/login/"
NO_JSON = "The body is not JSON."
MULTIPART = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'

#: What is given, what comes back (a status, or no start), and what the person is told.
TABLE: dict[str, tuple[Config | Form | Raw, int | str, str]] = {
    # --- settings
    "no SECRET_KEY": (
        Config({"SECRET_KEY": None}),
        NO_START,
        f"SECRET_KEY is not set. {MAKE_A_KEY}",
    ),
    "no SECRET_KEY in development": (
        Config({"SECRET_KEY": "", "LBACK_ENV": "development"}),
        NO_START,
        f"SECRET_KEY is not set. {MAKE_A_KEY}",
    ),
    "short SECRET_KEY in production": (
        Config({"SECRET_KEY": "swordfish", "LBACK_ENV": "production"}, secret="swordfish"),
        NO_START,
        f"SECRET_KEY is too weak for production: it has 9 characters, fewer than 32. {MAKE_A_KEY}",
    ),
    "SECRET_KEY of a sample in production": (
        Config(
            {"SECRET_KEY": "change-me-7c1e9b0d5a3f8264e1c7", "LBACK_ENV": "production"},
            secret="7c1e9b",
        ),
        NO_START,
        f"SECRET_KEY is too weak for production: it has 30 characters, fewer than 32. {MAKE_A_KEY}",
    ),
    "weak SECRET_KEY where nothing says what this is": (
        Config({"SECRET_KEY": "swordfish", "TESTING": False}, secret="swordfish"),
        NO_START,
        f"SECRET_KEY is too weak for production: it has 9 characters, fewer than 32. {MAKE_A_KEY}",
    ),
    "SECRET_KEY of another type": (
        Config({"SECRET_KEY": 31337}, secret="31337"),
        NO_START,
        "SECRET_KEY is of the type int. Use a text.",
    ),
    "misspelt setting": (
        Config({"LBACK_AUTH_REGISTRATON": False}),
        NO_START,
        "Unknown setting LBACK_AUTH_REGISTRATON. Did you mean LBACK_AUTH_REGISTRATION?",
    ),
    "setting that resembles none": (
        Config({"LBACK_QQQQQQQQQQQQQQQQQQQQQQQQ": 1}),
        NO_START,
        "Unknown setting LBACK_QQQQQQQQQQQQQQQQQQQQQQQQ. See the reference of settings.",
    ),
    "text for a boolean": (
        Config({"LBACK_AUTH_VERIFY_EMAIL": "False"}),
        NO_START,
        "LBACK_AUTH_VERIFY_EMAIL is 'False' (str), but must be bool. The default is True.",
    ),
    "text for a number": (
        Config({"LBACK_AUTH_REMEMBER_DAYS": "30"}),
        NO_START,
        "LBACK_AUTH_REMEMBER_DAYS is '30' (str), but must be int. The default is 30.",
    ),
    "number below the smallest": (
        Config({"LBACK_AUTH_REMEMBER_DAYS": 0}),
        NO_START,
        "LBACK_AUTH_REMEMBER_DAYS is 0. Use 1 or more.",
    ),
    "text for a list": (
        Config({"LBACK_AUTH_ADMIN_EMAILS": "ann@example.org"}),
        NO_START,
        "LBACK_AUTH_ADMIN_EMAILS is 'ann@example.org' (str), but must be list of str. "
        "The default is ().",
    ),
    "secret of another type": (
        Config({"LBACK_AUTH_JWT_KEY": 31337}, secret="31337"),
        NO_START,
        "LBACK_AUTH_JWT_KEY is a secret value, but must be str or None. The default is None.",
    ),
    "word that is none of the choices": (
        Config({"LBACK_MAIL_BACKEND": "pigeon"}),
        NO_START,
        "LBACK_MAIL_BACKEND is 'pigeon'. Use one of None, 'smtp', 'console', 'memory', 'file'.",
    ),
    "limit that cannot be read": (
        Config({"LBACK_AUTH_LIMIT_PASSWORD_PER_ADDRESS": "sixty"}),
        NO_START,
        "LBACK_AUTH_LIMIT_PASSWORD_PER_ADDRESS is 'sixty'. The default is '60 per 5 minutes'.",
    ),
    "site address without a scheme": (
        Config({"LBACK_SITE_URL": "shop.example"}),
        NO_START,
        "LBACK_SITE_URL is 'shop.example'. Scheme and host that mailed links are built from, such "
        "as `https://example.org`. Without it `SERVER_NAME` is used, and without that a loopback "
        "host only.",
    ),
    "user model that is not there": (
        Config({"AUTH_USER_MODEL": "no.such.User"}),
        NO_START,
        "The user model 'no.such.User' cannot be imported: ",
    ),
    "middleware that is not there": (
        Config({"LBACK_MIDDLEWARE": ["no.such.Middleware"]}),
        NO_START,
        "The middleware 'no.such.Middleware' cannot be imported: ",
    ),
    # --- forms
    "sign in: empty form": (Form(LOGIN, {}), 400, "Fill this in."),
    "sign in: wrong password": (
        Form(LOGIN, {"identifier": "maya", "password": "wrong"}),
        401,
        WRONG_NAME_OR_PASSWORD,
    ),
    "sign in: unknown name": (
        Form(LOGIN, {"identifier": "nobody", "password": PASSWORD}),
        401,
        WRONG_NAME_OR_PASSWORD,
    ),
    "sign in: zero byte": (
        Form(LOGIN, {"identifier": "may\x00a", "password": "x\x00"}),
        401,
        WRONG_NAME_OR_PASSWORD,
    ),
    "sign in: endless name": (
        Form(LOGIN, {"identifier": "a" * 300, "password": PASSWORD}),
        400,
        "Use at most 254 characters.",
    ),
    "sign in: endless password": (
        Form(LOGIN, {"identifier": "maya", "password": "a" * 5000}),
        400,
        "Use at most 4096 characters.",
    ),
    "sign in: bent token": (
        Form(LOGIN, {"identifier": "maya", "password": PASSWORD, "csrf_token": "bent"}),
        400,
        RELOAD,
    ),
    "register: duplicate username": (
        Form(REGISTER, {**NEW, "username": "MAYA"}),
        400,
        "This name is taken. Choose another one.",
    ),
    "register: reserved username": (
        Form(REGISTER, {**NEW, "username": "Admin"}),
        400,
        "This name is taken. Choose another one.",
    ),
    "register: duplicate address, told": (
        Form(
            REGISTER,
            {**NEW, "email": "Maya@example.org"},
            {"LBACK_AUTH_GENERIC_ANSWERS": False},
        ),
        400,
        "This address has an account. Sign in, or reset it.",
    ),
    "register: duplicate address, not told": (
        Form(REGISTER, {**NEW, "email": "MAYA@example.org"}),
        200,
        "We have sent a link to the address. Open it to finish.",
    ),
    "register: no address": (
        Form(REGISTER, {**NEW, "email": "kofi@"}),
        400,
        "This is not an e-mail address.",
    ),
    "register: header in the address": (
        Form(REGISTER, {**NEW, "email": "kofi@example.org\r\nBcc: e@example.org"}),
        400,
        "This is not an e-mail address.",
    ),
    "register: markup in the name": (
        Form(REGISTER, {**NEW, "username": "<b>kofi"}),
        400,
        "Use letters, digits and the signs . + - _ only.",
    ),
    "register: letters of two alphabets": (
        Form(REGISTER, {**NEW, "username": "m\u0430ya"}),
        400,
        "Use letters of one alphabet only.",
    ),
    "register: short password": (
        Form(REGISTER, {**NEW, "password": "short", "password_confirm": "short"}),
        400,
        "Use at least 8 characters.",
    ),
    "register: common password": (
        Form(REGISTER, {**NEW, "password": "password", "password_confirm": "password"}),
        400,
        "This password is on every guesser's list. Choose another one.",
    ),
    "register: two passwords": (
        Form(REGISTER, {**NEW, "password_confirm": "another long sentence"}),
        400,
        "The two passwords differ.",
    ),
    "reset: no address": (Form("/auth/request-reset-password/", {}), 400, "Fill this in."),
    "reset: made-up link": (
        Raw("/auth/reset-password/?token=abc", None, method="GET"),
        400,
        "This link is no longer good. Ask for a new one.",
    ),
    "verify: made-up link": (
        Form("/auth/verify-email/?token=abc", {}),
        400,
        "This link is no longer good. Ask for a new one.",
    ),
    # --- what no page of ours sends
    "form: without a token": (
        Raw(LOGIN, b"identifier=maya", "application/x-www-form-urlencoded"),
        400,
        RELOAD,
    ),
    "form: multipart without a boundary": (
        Raw(REGISTER, b"--x", "multipart/form-data"),
        400,
        RELOAD,
    ),
    "form: multipart cut off": (Raw(REGISTER, PART, MULTIPART), 400, RELOAD),
    "form: bytes that are no text": (
        Raw(LOGIN, b"identifier=%ff%fe&csrf_token=%ff", "application/x-www-form-urlencoded"),
        400,
        RELOAD,
    ),
    "form: a field too long": (
        Raw(LOGIN, PART + b"x" * 600_000 + b"\r\n--x--\r\n", MULTIPART),
        413,
        "413",
    ),
    "form: method that is not there": (Raw(LOGIN, b"", "text/plain", "PATCH"), 405, "405"),
    # --- JSON
    "JSON: cut off": (Raw(API, b'{"identifier": '), 400, NO_JSON),
    "JSON: empty": (Raw(API, b""), 400, NO_JSON),
    "JSON: bytes that are no text": (Raw(API, b'{"password": "\xff"}'), 400, NO_JSON),
    "JSON: NaN": (Raw(API, b'{"identifier": NaN}'), 400, NO_JSON),
    "JSON: deep": (Raw(API, b"[" * 100_000), 400, NO_JSON),
    "JSON: a list": (Raw(API, b"[]"), 400, "The body must be a JSON object."),
    "JSON: null": (Raw(API, b"null"), 400, "The body must be a JSON object."),
    "JSON: a form instead": (
        Raw(API, b"identifier=maya", "application/x-www-form-urlencoded"),
        415,
        "Send JSON with its Content-Type.",
    ),
    "JSON: nothing in it": (Raw(API, b"{}"), 400, "Fill this in."),
    "JSON: wrong types": (
        Raw(API, document(identifier=["maya"], password=123)),
        400,
        "This must be a text.",
    ),
    "JSON: text for a flag": (
        Raw(API, document(identifier="maya", password=PASSWORD, session="yes")),
        400,
        "This must be true or false.",
    ),
    "JSON: zero byte": (
        Raw(API, document(identifier="maya\x00", password=PASSWORD)),
        400,
        "This holds a character that cannot be used.",
    ),
    "JSON: half a character": (
        Raw(API, b'{"identifier": "\\ud800", "password": "x"}'),
        400,
        "This holds a character that cannot be used.",
    ),
    "JSON: endless password": (
        Raw(API, document(identifier="maya", password="a" * 5000)),
        400,
        "Use at most 4096 characters.",
    ),
    "JSON: endless body": (Raw(API, b" " * 1_100_000), 413, "Request Entity Too Large"),
    "JSON: wrong password": (
        Raw(API, document(identifier="maya", password="wrong")),
        401,
        WRONG_NAME_OR_PASSWORD,
    ),
    "JSON: unknown name": (
        Raw(API, document(identifier="nobody", password=PASSWORD)),
        401,
        WRONG_NAME_OR_PASSWORD,
    ),
    "JSON: made-up refresh token": (
        Raw("/api/auth/refresh/", document(refresh_token="abc")),
        401,
        "invalid_token",
    ),
    "JSON: nobody signed in": (Raw("/api/auth/logout/", b"{}"), 401, "Sign in first."),
}


# --- giving it --------------------------------------------------------------------------------


def rows_of(site: Site) -> dict[str, list[Any]]:
    """Every row of every table."""
    with site.app.app_context():
        tables = site.db.metadata.sorted_tables
        return {
            table.name: list(site.db.session.execute(sa.select(table)).all()) for table in tables
        }


def give(given: Form | Raw, site: Site) -> Any:
    if isinstance(given, Form):
        return Visitor(site.app).submit(given.path, **given.fields)
    return site.app.test_client().open(
        given.path, method=given.method, data=given.body, content_type=given.content_type
    )


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LBACK_ENV", raising=False)


@pytest.mark.parametrize("name", [name for name in TABLE if TABLE[name][1] == NO_START])
def test_a_wrong_setting_stops_the_start(name: str) -> None:
    given, _, message = TABLE[name]
    assert isinstance(given, Config)
    app = make_flask(**{"SQLALCHEMY_DATABASE_URI": "sqlite://", **given.values})
    with pytest.raises(ConfigError) as caught:
        Lback(app)
    said = str(caught.value)
    assert said.startswith(message) if message.endswith(": ") else said == message
    assert not given.secret or given.secret not in said
    assert list(app.blueprints) == []


@pytest.mark.parametrize("name", [name for name in TABLE if TABLE[name][1] != NO_START])
def test_bad_input_is_answered_and_changes_nothing(
    name: str, make_ready: Callable[..., Site], caplog: pytest.LogCaptureFixture
) -> None:
    given, status, message = TABLE[name]
    assert not isinstance(given, Config)
    config = given.config if isinstance(given, Form) else {}
    site = make_ready(PROPAGATE_EXCEPTIONS=False, **config)
    site.add_user("maya")
    before = rows_of(site)
    answer = give(given, site)
    assert answer.status_code == status
    text = answer.text if answer.mimetype != "text/html" else errors_of(answer.text)
    assert message in text
    assert "Traceback" not in text
    assert "SELECT" not in text
    assert rows_of(site) == before
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    if answer.mimetype == "application/problem+json":
        assert answer.get_json(force=True)["status"] == status


def test_every_item_is_in_the_table() -> None:
    kinds = {type(given) for given, _, _ in TABLE.values()}
    assert kinds == {Config, Form, Raw}


# --- what is wrong with the machine -----------------------------------------------------------


def without_tables(**config: Any) -> Flask:
    app = make_flask(SQLALCHEMY_DATABASE_URI="sqlite://", PROPAGATE_EXCEPTIONS=False, **config)
    Lback(app)
    use_cheap_hasher(app)
    return app


@pytest.mark.parametrize("path", [LOGIN, API])
def test_without_tables_the_log_and_the_check_name_the_command(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = without_tables()
    if path == LOGIN:
        answer = Visitor(app).sign_in("maya", PASSWORD)
        assert "That did not work, and it is our fault" in answer.text
    else:
        answer = app.test_client().post(path, json={"identifier": "maya", "password": PASSWORD})
        assert answer.get_json(force=True)["detail"] == "The server made a mistake."
    assert answer.status_code == 500
    for word in ("lback_user", "sqlite", "SELECT", "OperationalError", "maya", SECRET_KEY):
        assert word not in answer.text
    assert (
        "The database has no table lback_user. Run `flask lback init-db`, or "
        "`flask lback migrate` when there are migrations." in messages_of(caplog.records)
    )
    with app.app_context():
        [finding] = [one for one in state_of(app)[Checks].run(app) if one.id == "db.E001"]
    assert "Run `flask lback init-db`" in finding.hint


def test_without_tables_a_page_that_needs_none_works() -> None:
    assert without_tables().test_client().get(LOGIN).status_code == 200


def test_an_unreachable_mail_server_changes_no_answer(
    make_ready: Callable[..., Site], caplog: pytest.LogCaptureFixture
) -> None:
    answers = {}
    for name, config in (
        ("up", {}),
        ("down", {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": closed_port()}),
    ):
        site = make_ready(**config)
        answers[name] = Visitor(site.app).submit(REGISTER, **NEW)
        with site.app.app_context():
            assert site.user("kofi").username == "kofi"
        if name == "up":
            assert len(outbox_of(site.app)) == 1
            assert caplog.records == []
    assert answers["down"].status_code == answers["up"].status_code == 200
    assert errors_of(answers["down"].text) == errors_of(answers["up"].text)
    assert "A mail could not be sent: Confirm your address - Site" in messages_of(caplog.records)
