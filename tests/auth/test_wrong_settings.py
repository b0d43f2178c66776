"""Settings of the accounts that cannot work stop the start, in one line with the remedy."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_lback import Lback
from flask_lback.core.checks import Checks
from flask_lback.core.state import state_of
from flask_lback.exceptions import ConfigError, MissingExtraError
from tests.support.apps import SECRET_KEY, Site, make_site
from tests.support.visitor import Visitor

Ready = Callable[..., Site]
FORM = "LBACK_AUTH_FORMS['register'] is "


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "LBACK_AUTH_FORMS",
            {"register": "shop.forms.Join"},
            FORM + "'shop.forms.Join', which cannot be imported: No module named 'shop'. "
            "Give a class made from RegisterForm, or its dotted path.",
        ),
        (
            "LBACK_AUTH_FORMS",
            {"register": "flask_lback.auth.forms.Join"},
            FORM + "'flask_lback.auth.forms.Join', which cannot be imported: module "
            "'flask_lback.auth.forms' has no attribute 'Join'. Give a class made from "
            "RegisterForm, or its dotted path.",
        ),
        (
            "LBACK_AUTH_FORMS",
            {"register": 7},
            FORM + "7. Give a class made from RegisterForm, or its dotted path.",
        ),
        (
            "LBACK_AUTH_FORMS",
            {"register": "flask.Flask"},
            FORM + "<class 'flask.app.Flask'>. Give a class made from RegisterForm, or its dotted "
            "path.",
        ),
        (
            "LBACK_AUTH_FORMS",
            {"regsiter": "shop.forms.Join"},
            "LBACK_AUTH_FORMS names the page 'regsiter'. Did you mean 'register'?",
        ),
        (
            "LBACK_AUTH_PROFILE_FIELDS",
            ["username", "fist_name"],
            "LBACK_AUTH_PROFILE_FIELDS names 'fist_name', and User has no such column. "
            "Did you mean 'first_name'?",
        ),
        (
            "AUTH_USER_MODEL",
            "nowhere.User",
            "The user model 'nowhere.User' cannot be imported: No module named 'nowhere'. "
            "Give package.module.ClassName.",
        ),
        (
            "LBACK_AUTH_TWO_FACTOR_REQUIRED",
            "staf",
            "LBACK_AUTH_TWO_FACTOR_REQUIRED is 'staf'. Did you mean 'staff'?",
        ),
        (
            "LBACK_AUTH_TWO_FACTOR_REQUIRED",
            "nowhere:at_all",
            "LBACK_AUTH_TWO_FACTOR_REQUIRED names 'nowhere:at_all', which cannot be imported: "
            "No module named 'nowhere'. Give package.module.function.",
        ),
        (
            "AUTH_PASSWORD_VALIDATORS",
            [{"NAME": "nowhere.Rule"}],
            "The password validator 'nowhere.Rule' cannot be imported: No module named 'nowhere'. "
            'Give a class, its dotted path, or {"NAME": path, "OPTIONS": {…}}.',
        ),
        (
            "LBACK_AUTH_PASSWORD_BREACH_LOOKUP",
            "nowhere:ask",
            "LBACK_AUTH_PASSWORD_BREACH_LOOKUP is 'nowhere:ask', which cannot be imported: "
            "No module named 'nowhere'. Give package.module:function.",
        ),
        (
            "LBACK_AUTH_PERSONAL_DATA_ERASER",
            "nowhere:erase",
            "LBACK_AUTH_PERSONAL_DATA_ERASER is 'nowhere:erase', which cannot be imported: "
            "No module named 'nowhere'. Give a function, or \"package.module:function\".",
        ),
        (
            "LBACK_AUTH_TEMPLATE_STYLE",
            "django",
            "LBACK_AUTH_TEMPLATE_STYLE is 'django'. Use one of None, 'lback'.",
        ),
    ],
)
def test_a_wrong_setting_stops_the_start_with_its_remedy(
    key: str, value: Any, message: str
) -> None:
    app = Flask("shop")
    app.config.update(SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI="sqlite://", **{key: value})
    with pytest.raises(ConfigError) as error:
        Lback(app)
    assert str(error.value) == message


def test_missing_libraries_of_the_second_factor_are_named_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone, find = ("pyotp", "segno", "cryptography"), importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name in gone else find(name, *a)
    )
    with pytest.raises(MissingExtraError, match="pyotp, segno and cryptography are not installed"):
        make_site(LBACK_AUTH_TWO_FACTOR_REQUIRED="staff")


def test_profile_fields_of_the_default_may_be_missing_from_a_model() -> None:
    assert make_site("email").app.extensions["lback"] is not None


def test_the_check_names_a_template_that_is_not_there() -> None:
    app = make_site(LBACK_AUTH_LOGIN_TEMPLATE="mine/login.html").app
    with app.app_context():
        found = [one.message for one in state_of(app)[Checks].run(app) if one.id == "auth.E003"]
    assert found == [
        "LBACK_AUTH_LOGIN_TEMPLATE is 'mine/login.html', and there is no such template."
    ]


LBACK_TEMPLATES = {
    "register.html": "register",
    "auth_login.html": "login",
    "request_password_reset.html": "request-reset-password",
}


@pytest.mark.parametrize("style", ["lback", None])
def test_the_four_names_of_lback_are_used_where_the_style_says_so(
    make_ready: Ready, tmp_path: Path, style: str | None
) -> None:
    for name in LBACK_TEMPLATES:
        (tmp_path / name).write_text(f"own {name} {{{{ form.hidden_tag() }}}}")
    (tmp_path / "reset_password_confirm.html").write_text("own confirm for {{ account_name }}")
    site = make_ready(LBACK_AUTH_TEMPLATE_STYLE=style)
    site.app.template_folder = str(tmp_path)
    site.add_user("maya")
    visitor = Visitor(site.app)
    shown = {name: visitor.get(f"/auth/{path}/").text for name, path in LBACK_TEMPLATES.items()}
    own = [name for name, text in shown.items() if text.startswith(f"own {name}")]
    assert own == (list(LBACK_TEMPLATES) if style else [])
    with site.app.app_context():
        from flask_lback.auth.mails.links import RESET, LinkTokens

        token = state_of(site.app)[LinkTokens].make(RESET, site.user("maya"))
    text = visitor.get(f"/auth/reset-password/?token={token}").text
    assert (text == "own confirm for maya") == (style is not None)


def test_ours_stand_in_for_those_of_lback_that_are_not_there(make_ready: Ready) -> None:
    site = make_ready(
        LBACK_AUTH_TEMPLATE_STYLE="lback", LBACK_AUTH_REGISTER_TEMPLATE="lback/auth/logout.html"
    )
    visitor = Visitor(site.app)
    assert "Sign in" in visitor.get("/auth/login/").text
    assert "Sign out?" in visitor.get("/auth/register/").text, "a name of one's own wins"
