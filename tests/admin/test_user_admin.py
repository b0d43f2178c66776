"""A UserAdmin as people who come from Django write it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from wtforms import StringField
from wtforms.validators import DataRequired, ValidationError

from flask_lback import admin
from flask_lback.admin import UserAdmin
from flask_lback.auth import UserCreationForm
from flask_lback.exceptions import ConfigError
from tests.support.apps import PASSWORD
from tests.support.visitor import Visitor, errors_of

from .blog import Blog, make_blog
from .conftest import MakeBlog

USERS = "/admin/people/user/"


class CustomUserAdmin(UserAdmin):
    fieldsets = (
        (None, {"fields": ("username", "email", "password")}),
        ("Personal info", {"fields": ("first_name", "last_name")}),
        (
            "Permissions",
            {"fields": ("is_staff", "is_active", "is_superuser", "groups", "user_permissions")},
        ),
        ("Important dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "email", "password1", "password2", "is_staff"),
            },
        ),
    )
    list_display = ("email", "first_name", "last_name", "is_staff", "is_active")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email",)
    ordering = ("email",)
    filter_horizontal = ("groups",)


class StaffCreationForm(UserCreationForm):
    """As a registration page has it."""

    first_name = StringField("Called", [DataRequired("What are they called?")])

    class Meta(UserCreationForm.Meta):
        fields = ("username", "email", "first_name")

    def validate_email(self, field: Any) -> None:
        if not field.data.endswith("@example.org"):
            raise ValidationError("Only our own addresses.")


def with_users(blogs: MakeBlog, admin_class: type[admin.ModelAdmin]) -> Blog:
    blog = blogs(prepared=lambda blog: blog.lback.admin.register(blog.User, admin_class))
    blog.add_superuser()
    return blog


def found(blog: Blog, name: str) -> Any:
    return blog.db.session.scalar(sa.select(blog.User).filter_by(username=name))


def test_the_example_of_the_notes_works_as_it_is_written(blogs: MakeBlog) -> None:
    blog = with_users(blogs, CustomUserAdmin)
    blog.add_group("Editors")
    panel = blog.panel("root")
    listed = errors_of(panel.get(f"{USERS}?o=-email&q=root").text)
    assert "Email First name Last name Staff Active" in listed
    page = panel.get(f"{USERS}new/").text
    for name in ("username", "email", "password1", "password2", "is_staff"):
        assert f'name="{name}"' in page
    for name in ("is_superuser", "groups", "first_name", "usable_password"):
        assert f'name="{name}"' not in page
    new = {"username": "ada", "email": "ada@example.org", "is_staff": "y"}
    password = {"password1": PASSWORD, "password2": PASSWORD}
    response = panel.post(f"{USERS}new/", **new, **password, is_superuser="y")
    assert response.location == USERS
    with blog.app.app_context():
        ada = found(blog, "ada")
        assert (ada.is_staff, ada.is_superuser, ada.is_active) == (True, False, True)
        ada.email_verified_at = ada.date_joined
        key = ada.id
        blog.db.session.commit()
    assert Visitor(blog.app).sign_in("ada", PASSWORD).status_code == 302
    page = panel.get(f"{USERS}edit/?id={key}").text
    assert 'data-narrow="' in page
    assert "Important dates" in page


def test_a_password_is_printed_as_set_and_its_hash_is_on_no_page(blogs: MakeBlog) -> None:
    blog = with_users(blogs, CustomUserAdmin)
    key = blog.add_user("ada")
    with blog.app.app_context():
        found(blog, "ada").set_unusable_password()
        blog.db.session.commit()
        secret = found(blog, "root").password_hash
    panel = blog.panel("root")
    own = panel.get(f"{USERS}edit/?id=1").text
    assert re.search(r"Password</p>\s*<p[^>]*><span[^>]*>Set<", own)
    assert secret not in own
    assert 'name="password' not in own
    other = panel.get(f"{USERS}edit/?id={key}").text
    assert re.search(r"Password</p>\s*<p[^>]*><span[^>]*>None<", other)
    last = re.search(r"Last login</p>\s*<p[^>]*>([^<]*)<", own)
    assert last is not None


def test_a_change_writes_neither_password_nor_last_login(blogs: MakeBlog) -> None:
    blog = with_users(blogs, CustomUserAdmin)
    panel = blog.panel("root")
    with blog.app.app_context():
        before = found(blog, "root").password_hash, found(blog, "root").last_login_at
    forged = dict.fromkeys(("password", "password1", "password2"), "forged-forged")
    forged |= {"password_hash": "x", "last_login": "2020-01-01T00:00", "usable_password": ""}
    sent = {"username": "root", "email": "root@example.org", "first_name": "R"}
    flags = {"is_active": "y", "is_staff": "y", "is_superuser": "y"}
    response = panel.post(f"{USERS}edit/?id=1", **sent, **flags, **forged)
    assert response.status_code == 302
    with blog.app.app_context():
        root = found(blog, "root")
        assert (root.password_hash, root.last_login_at) == before
        assert root.first_name == "R"


def test_cards_of_a_change_serve_a_new_account_with_two_password_fields(blogs: MakeBlog) -> None:
    class Short(UserAdmin):
        fieldsets = ((None, {"fields": ("username", "email", "password", "is_active")}),)

    blog = with_users(blogs, Short)
    panel = blog.panel("root")
    page = panel.get(f"{USERS}new/").text
    assert 'name="password1"' in page
    assert 'name="password2"' in page


def test_an_account_may_be_made_without_a_usable_password(blogs: MakeBlog) -> None:
    class Short(UserAdmin):
        add_fieldsets = (
            (None, {"fields": ("username", "email", "usable_password", "password1", "password2")}),
        )

    blog = with_users(blogs, Short)
    sent = {"username": "ada", "email": "ada@example.org", "password1": PASSWORD}
    panel = blog.panel("root")
    response = panel.post(f"{USERS}new/", **sent, password2=PASSWORD)
    assert response.status_code == 302
    with blog.app.app_context():
        assert not found(blog, "ada").has_usable_password()


@pytest.mark.parametrize("name", ["password_hash", "passwort", "password.hash"])
def test_the_hash_cannot_be_named(name: str) -> None:
    cards = ((None, {"fields": ("email", name)}),)
    for option in ("fieldsets", "add_fieldsets"):
        own = type("Own", (UserAdmin,), {option: cards})
        with pytest.raises(ConfigError):
            make_blog(prepared=lambda blog, own=own: blog.lback.admin.register(blog.User, own))  # type: ignore[misc]


def test_forms_of_the_application_stand_in_for_those_of_the_panel(blogs: MakeBlog) -> None:
    class WithForms(CustomUserAdmin):
        add_form = StaffCreationForm
        add_fieldsets = (
            (None, {"fields": ("username", "email", "first_name", "password1", "password2")}),
        )

    blog = with_users(blogs, WithForms)
    panel = blog.panel("root")
    assert ">Called</label>" in panel.get(f"{USERS}new/").text
    passwords = {"password1": PASSWORD, "password2": PASSWORD}
    sent = {"username": "ada", "email": "ada@example.com", "first_name": "", **passwords}
    refused = errors_of(panel.post(f"{USERS}new/", **sent).text)
    assert "Only our own addresses." in refused
    assert "What are they called?" in refused
    sent = {**sent, "email": "ada@example.org", "first_name": "Ada"}
    assert panel.post(f"{USERS}new/", **sent).location == USERS
    with blog.app.app_context():
        ada = found(blog, "ada")
        assert (ada.first_name, ada.is_superuser) == ("Ada", False)
        key = ada.id
    # The form of a record that is there is the panel's own.
    changed = {"username": "ada", "email": "ada@example.com", "is_active": "y"}
    assert panel.post(f"{USERS}edit/?id={key}", **changed).location == USERS


def test_the_class_may_name_its_own_model_and_no_other(blogs: MakeBlog) -> None:
    blog = blogs(
        prepared=lambda blog: blog.lback.admin.register(
            blog.User, type("Named", (CustomUserAdmin,), {"model": blog.User})
        )
    )
    blog.add_superuser()
    assert blog.panel("root").get(USERS).status_code == 200
    other = type("Named", (CustomUserAdmin,), {"model": blog.Post})
    with pytest.raises(ConfigError, match=r"Named.model is .* but it was registered for User"):
        with_users(blogs, other)


@pytest.mark.parametrize("option", ["form", "add_form"])
def test_a_form_that_is_none_is_refused_at_start(blogs: MakeBlog, option: str) -> None:
    kind = type("Wrong", (CustomUserAdmin,), {option: dict})
    with pytest.raises(ConfigError, match=f"Wrong.{option} is .*no form"):
        with_users(blogs, kind)
