"""Pages that an application mounts under its own addresses, with its own form, template, target."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from jinja2 import ChoiceLoader, DictLoader
from wtforms import StringField

from flask_lback.auth import views
from flask_lback.auth.forms import LoginForm, RegisterForm
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor, errors_of, hidden_fields

Ready = Callable[..., Site]
NEW = {"new_password": "another long sentence", "password_confirm": "another long sentence"}
OWN = "<form>{{ form.hidden_tag() }}</form>{{ title_here }}{{ form.__class__.__name__ }}"


def mount(place: Site, path: str, view: Any, **options: Any) -> None:
    """Put a page of ours there."""
    place.app.add_url_rule(f"/{path}/", view_func=view.as_view(path, **options))


def newest_path(place: Site, page: str) -> str:
    """The query of the newest link to that page."""
    for mail in reversed(outbox_of(place.app)):
        text = mail.get_body(("plain",)).get_content()
        if found := re.search(rf"/{page}/(\?token=\S+)", text):
            return found.group(1)
    raise AssertionError(page)


def test_options_of_a_login_view_are_given_where_it_is_mounted(site: Site) -> None:
    class DeskForm(LoginForm):
        pass

    site.app.jinja_loader = ChoiceLoader([DictLoader({"desk.html": OWN})])
    options = {
        "template_name": "desk.html",
        "form_class": DeskForm,
        "extra_context": {"title_here": "The desk: "},
        "success_url": "ten",
        "redirect_authenticated_user": False,
    }
    mount(site, "desk", views.LoginView, **options)
    mount(site, "door", views.LoginView)
    site.add_user("maya")
    visitor = Visitor(site.app)
    assert visitor.get("/desk/").text.endswith("The desk: DeskForm")
    answer = visitor.submit("/desk/", identifier="maya", password=PASSWORD)
    assert answer.headers["Location"] == "/ten/"
    assert visitor.get("/desk/").status_code == 200
    assert visitor.get("/door/").headers["Location"] == "/", "options are those of one mounting"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"succes_url": "/"}, "LoginView takes no option 'succes_url'. Did you mean 'success_url'"),
        ({"colour": "red"}, "LoginView takes no option 'colour'. It takes extra_context, form_cla"),
        ({"page": "register"}, "LoginView takes no option 'page'"),
        ({"get_form": print}, "LoginView takes no option 'get_form'"),
    ],
)
def test_an_option_that_is_none_stops_the_start(options: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        views.LoginView.as_view("desk", **options)


def test_a_view_is_called_as_its_page_when_no_name_is_given(site: Site) -> None:
    site.app.add_url_rule("/in/", view_func=views.LoginView.as_view(success_url="/ten/"))
    assert site.app.view_functions["login"].__name__ == "login"


def test_registration_and_confirmation_lead_to_pages_of_ones_own(site: Site) -> None:
    class TownForm(RegisterForm):
        town = StringField("Town")

    mount(site, "join", views.RegisterView, form_class=TownForm, success_url="/joined/")
    mount(site, "again", views.ResendVerificationView, success_url="/joined/")
    mount(site, "confirm", views.VerifyEmailView, success_url="home")
    visitor = Visitor(site.app)
    assert 'name="town"' in visitor.get("/join/").text
    fields = {"password": PASSWORD, "password_confirm": PASSWORD, **site.names("maya")}
    assert visitor.submit("/join/", **fields).headers["Location"] == "/joined/"
    known = {**fields, "username": "kofi"}
    assert visitor.submit("/join/", **known).headers["Location"] == "/joined/"
    assert visitor.submit("/again/", email="maya@example.org").headers["Location"] == "/joined/"
    path = newest_path(site, "verify-email")
    assert visitor.submit(f"/confirm/{path}").headers["Location"] == "/"
    assert visitor.sign_in("maya", PASSWORD).status_code == 302


def test_a_reset_and_a_change_lead_to_pages_of_ones_own(site: Site) -> None:
    mount(site, "forgotten", views.PasswordResetView, success_url="/sent/")
    mount(site, "new", views.PasswordResetConfirmView, success_url="/done/")
    mount(site, "other", views.PasswordChangeView, success_url="home")
    mount(site, "move", views.EmailChangeView, success_url="/sent/")
    mount(site, "moved", views.EmailChangeConfirmView, success_url="/done/")
    mount(site, "prove", views.ReauthenticateView, success_url="/ten/")
    site.add_user("maya")
    visitor = Visitor(site.app)
    for email in ("maya@example.org", "nobody@example.org"):
        assert visitor.submit("/forgotten/", email=email).headers["Location"] == "/sent/"
    path = newest_path(site, "reset-password")
    assert visitor.submit(f"/new/{path}", **NEW).headers["Location"] == "/done/"
    assert "Your password is changed." in errors_of(visitor.get("/auth/login/").text)
    assert visitor.get(f"/new/{path}").status_code == 400, "the link is used up"
    assert visitor.get("/other/").status_code == 302, "nobody is signed in"
    visitor.sign_in("maya", NEW["new_password"])
    answer = visitor.submit("/prove/", password=NEW["new_password"])
    assert answer.headers["Location"] == "/ten/"
    change = {"current_password": NEW["new_password"], **NEW}
    assert visitor.submit("/other/", **change).headers["Location"] == "/"
    assert visitor.submit("/move/", email="new@example.org").headers["Location"] == "/sent/"
    path = newest_path(site, "confirm-email")
    assert visitor.submit(f"/moved/{path}").headers["Location"] == "/done/"


def test_views_of_an_application_without_our_pages_lead_somewhere(make_ready: Ready) -> None:
    site = make_ready(LBACK_AUTH_URL_PREFIX=None, LBACK_API_URL_PREFIX=None)
    site.add_user("maya")
    for path, view in (
        ("in", views.LoginView),
        ("out", views.LogoutView),
        ("other", views.PasswordChangeView),
        ("prove", views.ReauthenticateView),
    ):
        mount(site, path, view)
    visitor = Visitor(site.app)
    client = visitor.client
    sent = {**hidden_fields(visitor.get("/in/").text), "identifier": "maya", "password": PASSWORD}
    assert client.post("/in/", data=sent).headers["Location"] == "/"
    assert visitor.submit("/prove/", password=PASSWORD).headers["Location"] == "/"
    change = {"current_password": PASSWORD, **NEW}
    assert visitor.submit("/other/", **change).headers["Location"] == "/"
    assert visitor.submit("/out/").headers["Location"] == "/"
