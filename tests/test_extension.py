"""``Lback(app)``: plans before it touches anything, and keeps applications apart."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from flask import Flask, Request, request
from flask_sqlalchemy import SQLAlchemy

import flask_lback
from flask_lback import ConfigError, Feature, Lback
from flask_lback.core.checks import Check, Checks, Finding, Level
from flask_lback.core.feature import Plan
from flask_lback.core.middleware import Chain, Middleware
from flask_lback.core.settings import Settings, setting
from flask_lback.core.state import State, state_of
from flask_lback.exceptions import NotInstalledError, UnknownNameError
from flask_lback.extension import every_settings_class
from flask_lback.features import FEATURES
from flask_lback.limits.service import RateLimits
from flask_lback.mail.service import Mailer
from flask_lback.testing.kit import outbox_of
from tests.core.making import make_app, make_flask

#: Accounts and what they need.
ACCOUNTS = ("db", "tasks", "limits", "security", "mail", "auth")
MEMORY: dict[str, Any] = {"SQLALCHEMY_DATABASE_URI": "sqlite://"}


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LBACK_ENV", raising=False)


def modules_after(code: str) -> set[str]:
    """The modules that a fresh Python has imported after running ``code``."""
    program = f"{code}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


# --- importing --------------------------------------------------------------------------------


def test_importing_the_package_imports_nothing_heavy() -> None:
    loaded = modules_after("import flask_lback")
    heavy = {"sqlalchemy", "flask_admin", "wtforms", "flask_sqlalchemy", "limits", "jwt", "flask"}
    assert loaded & heavy == set()
    assert {name for name in loaded if name.startswith("flask_lback.")} == {"flask_lback.lazy"}


def test_lback_itself_imports_no_heavy_library() -> None:
    loaded = modules_after("from flask_lback import Lback, Feature, ConfigError, LbackError")
    assert loaded & {"sqlalchemy", "flask_admin", "wtforms", "flask_sqlalchemy", "limits"} == set()


def test_a_feature_that_is_off_is_not_imported_but_for_plain_data() -> None:
    loaded = modules_after(
        "from flask import Flask\n"
        "from flask_lback import Lback\n"
        "import flask_lback.signals\n"
        "app = Flask('shop')\n"
        "app.config.update(SECRET_KEY='9f2c61d07be84a35c1f6d2ab907e43185bd0', TESTING=True)\n"
        "Lback(app, features=['security'])\n"
        "assert app.test_client().get('/').status_code == 404"
    )
    off = [f"flask_lback.{name}." for name in FEATURES if name != "security"]
    found = {name for name in loaded if name.startswith(tuple(off))}
    parts = {name.rpartition(".")[0] for name in found}  # folders with nothing in their faces
    assert {name.rpartition(".")[2] for name in found - parts} <= {"settings", "signals"}
    assert loaded & {"sqlalchemy", "flask_admin", "flask_sqlalchemy", "limits", "jwt"} == set()


def test_the_face_offers_few_names_and_refuses_others() -> None:
    assert len(flask_lback.__all__) <= 10
    assert all(getattr(flask_lback, name) for name in flask_lback.__all__)
    with pytest.raises(AttributeError, match="module 'flask_lback' has no attribute 'Lbak'"):
        flask_lback.Lbak  # noqa: B018


# --- features ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("features", "error", "message"),
    [
        (["secrity"], UnknownNameError, "no feature 'secrity'. Did you mean 'security'?"),
        ("secrity", UnknownNameError, "no feature 'secrity'. Did you mean 'security'?"),
        (["zzzz"], UnknownNameError, "no feature 'zzzz'. There are: db, tasks, "),
        (
            ["mail"],
            ConfigError,
            "The feature 'mail' needs 'tasks'. Add 'tasks' to Lback(features=...), "
            "or leave 'mail' out.",
        ),
        ([Feature], ConfigError, "is neither the name of a feature nor a feature. Give a name, or"),
        ([None], ConfigError, "None is neither the name of a feature nor a feature."),
    ],
)
def test_a_wrong_feature_is_refused(features: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        Lback(make_flask(), features=features)
    assert message in str(caught.value)


@dataclass(frozen=True)
class TeaSettings(Settings):
    prefix: ClassVar[str] = "SHOP_TEA_"

    cups: int = setting(2, "How many.")


class TeaMiddleware(Middleware):
    def __init__(self, kettle: Any, settings: TeaSettings) -> None:
        self.text = f"{kettle} {settings.cups}"

    def process_response(self, request: Any, response: Any) -> None:
        response.headers["X-Tea"] = self.text


class Extras:
    def double(self) -> str:
        return "two"

    @property
    def tea(self) -> str:
        return "green"


class TeaFeature(Feature):
    """A feature of an application."""

    name = "tea"
    requires = ("tasks",)
    settings = (TeaSettings,)
    middleware = (TeaMiddleware,)
    request_mixin = Extras
    checks: ClassVar = (Check(lambda app: [Finding("tea.W001", Level.WARNING, "It is cold.")]),)

    def plan(self, plan: Plan) -> None:
        from flask_lback.core.injection import Providers

        plan.state[Providers].provide("kettle", lambda: "hot")
        if plan.settings(TeaSettings).cups < 0:
            raise ConfigError("No cups.")

    def install(self, app: Flask, state: State) -> None:
        app.extensions["tea"] = state[TeaSettings].cups


def test_an_application_brings_a_feature_of_its_own() -> None:
    app = make_app(TeaFeature(), "tasks", SHOP_TEA_CUPS=5, LBACK_MIDDLEWARE=[TeaMiddleware])
    assert app.extensions["tea"] == 5
    assert app.test_client().get("/").headers["X-Tea"] == "hot 5"
    assert [found.id for found in state_of(app)[Checks].run(app)] == ["tea.W001"]


def test_a_feature_of_an_application_is_asked_for_what_it_needs() -> None:
    with pytest.raises(ConfigError, match="The feature 'tea' needs 'tasks'"):
        make_app(TeaFeature())


def test_a_feature_that_does_nothing_is_allowed() -> None:
    class Plain(Feature):
        name = "plain"

    assert make_app(Plain()).test_client().get("/").status_code == 404


def test_requests_gain_what_features_bring_and_the_application_s_own_names_win() -> None:
    class ShopRequest(Request):
        tea = "black"

    app = make_flask()
    app.request_class = ShopRequest
    Lback(app, features=["tasks", TeaFeature()])
    with app.test_request_context():
        assert isinstance(request._get_current_object(), ShopRequest)  # type: ignore[attr-defined]
        assert (request.tea, request.double()) == ("black", "two")  # type: ignore[attr-defined]


def test_the_default_list_has_the_places_of_the_features_that_are_on() -> None:
    def places(*features: str) -> list[str]:
        return [kind.__name__ for kind in state_of(make_app(*features, **MEMORY))[Chain].entries]

    assert places("security") == ["SecurityHeadersMiddleware", "CSRFMiddleware"]
    assert places(*ACCOUNTS) == ["SecurityHeadersMiddleware", "AuthMiddleware", "CSRFMiddleware"]
    assert places() == []


# --- a failed plan ----------------------------------------------------------------------------


def snapshot(app: Flask) -> dict[str, Any]:
    """Everything of an application that setting Lback up may change."""
    plain = {
        name: value
        for name, value in vars(app).items()
        if isinstance(value, str | bool | type | list | tuple) or callable(value) or value is None
    }
    return {
        **plain,
        "config": dict(app.config),
        "extensions": dict(app.extensions),
        "blueprints": dict(app.blueprints),
        "rules": [str(rule) for rule in app.url_map.iter_rules()],
        "views": dict(app.view_functions),
        "hooks": [
            {key: list(value) for key, value in hooks.items()}
            for hooks in (
                app.before_request_funcs,
                app.after_request_funcs,
                app.teardown_request_funcs,
                app.template_context_processors,
                app.url_default_functions,
            )
        ],
        "handlers": repr(app.error_handler_spec),
        "commands": sorted(app.cli.commands),
        "attributes": sorted(vars(app)),
    }


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"LBACK_MAIL_BAKEND": "console"},
            "Unknown setting LBACK_MAIL_BAKEND. Did you mean LBACK_MAIL_BACKEND?",
        ),
        (
            {"LBACK_AUTH_REGISTRATION": "no"},
            "LBACK_AUTH_REGISTRATION is 'no' (str), but must be bool. The default is True.",
        ),
        (
            {"LBACK_AUTH_LIMIT_PASSWORD_PER_ACCOUNT": "few"},
            "LBACK_AUTH_LIMIT_PASSWORD_PER_ACCOUNT is 'few'. The default is "
            "'10 per minute; 20 per 15 minutes; 100 per day'.",
        ),
        ({"LBACK_SITE_URL": "example.org"}, "LBACK_SITE_URL is 'example.org'. Scheme and host"),
        ({"LBACK_ENV": "prod"}, "LBACK_ENV is 'prod'. Use one of None, 'local', "),
        ({"SECRET_KEY": None}, "SECRET_KEY is not set. Make one with"),
        ({"SECRET_KEY": "short", "LBACK_ENV": "production"}, "SECRET_KEY is too weak for"),
        ({"SHOP_TEA_CUPS": -1}, "No cups."),
        ({"AUTH_USER_MODEL": "nowhere.User"}, "The user model 'nowhere.User' cannot be imported"),
        ({"AUTH_USER_MODEL": "flask.Flask"}, "is not made from AbstractUser or AbstractBaseUser"),
        ({"LBACK_MIDDLEWARE": ["nowhere.At"]}, "The middleware 'nowhere.At' cannot be imported"),
        ({"LBACK_MIDDLEWARE": [(TeaMiddleware, {"x": 1})]}, "takes no parameter 'x'"),
    ],
)
def test_a_plan_that_fails_leaves_the_application_as_it_was(
    config: dict[str, Any], message: str
) -> None:
    features: list[Any] = [*ACCOUNTS, "permissions", TeaFeature()]
    app = make_flask(**{**MEMORY, **config})
    before = snapshot(app)
    with pytest.raises(ConfigError) as caught:
        Lback(app, features=features)
    assert message in str(caught.value)
    assert snapshot(app) == before
    # Mended, the same application is set up.
    app.config.update(dict.fromkeys(config), **make_flask(**MEMORY).config)
    for key in set(config) - set(make_flask().config):
        del app.config[key]
    Lback(app, features=features)
    assert snapshot(app) != before


def test_an_application_is_set_up_once() -> None:
    app = make_app()
    before = snapshot(app)
    with pytest.raises(ConfigError) as caught:
        Lback(app)
    assert str(caught.value) == (
        "Lback is already set up for 'shop'. Call init_app once per application."
    )
    assert snapshot(app) == before


def test_an_application_is_set_up_before_it_serves() -> None:
    app = make_flask()
    app.test_client().get("/")
    with pytest.raises(ConfigError) as caught:
        Lback(app, features=())
    assert str(caught.value) == (
        "'shop' has already answered a request. "
        "Call Lback(app) where the application is made, before it serves."
    )


def test_another_database_than_the_application_s_is_refused() -> None:
    app = make_flask(**MEMORY)
    SQLAlchemy(app)
    with pytest.raises(ConfigError, match="was given another database object than"):
        Lback(app, db=SQLAlchemy(), features=["db"])


# --- settings of every feature ----------------------------------------------------------------


def test_a_key_of_a_feature_that_is_off_is_accepted() -> None:
    app = make_app("security", LBACK_AUTH_REGISTRATION=False, LBACK_MAIL_BACKEND="file")
    assert app.test_client().get("/auth/login/").status_code == 404


def test_every_setting_is_documented_and_has_a_key_of_its_own() -> None:
    from flask_lback.core.settings import declarations

    found = [one for kind in every_settings_class() for one in declarations(kind)]
    keys = [one.key for one in found]
    assert len(keys) == len(set(keys)) > 30
    assert all(key.startswith("LBACK_") for key in keys)
    assert all(one.doc.endswith((".", "?")) for one in found)


# --- two applications -------------------------------------------------------------------------


@pytest.fixture
def pair() -> tuple[Flask, Flask]:
    """Two applications of one Lback object, set up differently."""
    lback = Lback(features=ACCOUNTS)
    apps = []
    for name in ("left", "right"):
        app = make_flask(
            name, LBACK_SITE_NAME=name, LBACK_SITE_URL=f"https://{name}.example", **MEMORY
        )
        if name == "right":
            app.config.update(
                LBACK_LIMITS_ENABLED=False, LBACK_SECURITY_HEADERS={"X-Frame-Options": ""}
            )
        lback.init_app(app)
        apps.append(app)
    return apps[0], apps[1]


def test_two_applications_share_no_object(pair: tuple[Flask, Flask]) -> None:
    left, right = ({id(one) for one in state_of(app)} for app in pair)
    assert left & right == set()


def test_two_applications_keep_their_settings_apart(pair: tuple[Flask, Flask]) -> None:
    answers = [app.test_client().get("/nothing/") for app in pair]
    assert ["left" in answers[0].text, "left" in answers[1].text] == [True, False]
    assert ["X-Frame-Options" in answer.headers for answer in answers] == [True, False]


def test_two_applications_keep_their_mail_apart(pair: tuple[Flask, Flask]) -> None:
    left, _ = pair
    with left.app_context():
        state_of(left)[Mailer].send("ann@example.org", "Hello", "text")
    assert [len(outbox_of(app)) for app in pair] == [1, 0]
    assert outbox_of(left)[0]["From"] == "noreply@left.example"


def test_two_applications_count_apart(pair: tuple[Flask, Flask]) -> None:
    from flask_lback.core.errors import Problem

    left, right = pair
    with left.app_context():
        state_of(left)[RateLimits].hit("1 per hour", "x")
        with pytest.raises(Problem):
            state_of(left)[RateLimits].hit("1 per hour", "x")
    with right.app_context():
        for _ in range(3):
            state_of(right)[RateLimits].hit("1 per hour", "x")
    with left.app_context(), pytest.raises(Problem):
        state_of(left)[RateLimits].hit("1 per hour", "x")


# --- the object -------------------------------------------------------------------------------


def test_a_bare_lback_has_no_models_and_says_so() -> None:
    with pytest.raises(NotInstalledError) as caught:
        Lback().models  # noqa: B018
    assert str(caught.value) == (
        "This Lback has no database of its own, so it has no models. "
        "Make it with Lback(db=db), or use get_models() inside an application."
    )


def test_the_models_are_there_before_and_after_init_app() -> None:
    app = make_flask(**MEMORY)
    lback = Lback(app, features=ACCOUNTS)
    assert lback.db is app.extensions["sqlalchemy"]
    assert lback.models.User.__tablename__ == "lback_user"


def test_pages_can_be_mounted_by_hand() -> None:
    app = make_flask(LBACK_AUTH_URL_PREFIX=None, **MEMORY)
    lback = Lback(app, features=ACCOUNTS)
    client = app.test_client()
    assert "lback_auth" not in app.blueprints
    assert lback.blueprint("auth") is not lback.blueprint("auth")
    app.register_blueprint(lback.blueprint("auth"), url_prefix="/members")
    assert client.get("/members/login/").status_code == 200
    assert client.get("/auth/login/").status_code == 404


def test_every_page_moves_with_the_prefix() -> None:
    client = make_app(*ACCOUNTS, LBACK_URL_PREFIX="/lback", **MEMORY).test_client()
    assert client.get("/lback/auth/login/").status_code == 200
    assert client.get("/auth/login/").status_code == 404


def test_adopting_a_foreign_application_is_refused_with_the_way_out() -> None:
    app = make_flask()
    with pytest.raises(ConfigError, match=r"not available in this version\. Derive the user model"):
        Lback(app, adopt=True)
    assert "lback" not in app.extensions
