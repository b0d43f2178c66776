"""What Django calls things, asked of an account and of nobody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.auth import AnonymousUser
from flask_lback.exceptions import LbackError
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor


@pytest.fixture
def ann(site: Site) -> Iterator[Any]:
    """An account that may add news by a group and delete them herself."""
    site.add_user("ann")
    with site.app.app_context():
        user, models = site.user("ann"), site.models
        group = models.Group(name="Writers")
        rights = [models.Permission(name=f"news.{word}") for word in ("add", "delete", "write")]
        site.db.session.add_all([group, *rights])
        group.permissions.append(rights[0])
        user.user_permissions.append(rights[1])
        user.groups.append(group)
        site.db.session.commit()
        yield user


def test_the_sets_of_permissions_say_where_they_come_from(ann: Any) -> None:
    assert ann.get_user_permissions() == {"news.delete"}
    assert ann.get_group_permissions() == {"news.add"}
    assert ann.get_all_permissions() == {"news.add", "news.delete"}
    assert (ann.has_module_perms("news"), ann.has_module_perms("new")) == (True, False)


def test_a_right_in_general_is_none_on_one_object(ann: Any) -> None:
    thing = object()
    assert ann.has_perm("news.add")
    assert ann.has_perms(["news.add", "news.delete"])
    assert not ann.has_perm("news.add", thing)
    assert not ann.has_perms(["news.add"], obj=thing)
    assert ann.get_all_permissions(thing) == set()


def test_a_superuser_holds_all_there_are_until_switched_off(ann: Any) -> None:
    ann.is_superuser = True
    assert {"news.add", "news.delete", "news.write"} <= ann.get_all_permissions()
    assert ann.has_perm("news.add", object())
    assert ann.has_module_perms("anything")
    ann.is_active = False
    assert ann.get_all_permissions() == set()
    assert not ann.has_perm("news.add", object())
    assert not ann.has_module_perms("news")


def test_passwords_that_are_none_or_unusable_open_nothing(ann: Any) -> None:
    assert ann.check_password(None) is False
    ann.set_unusable_password()
    assert not ann.has_usable_password()
    assert not ann.check_password(PASSWORD)


def test_names_and_key_under_djangos_words(ann: Any) -> None:
    ann.first_name, ann.last_name = "Ann", "Lee"
    assert (ann.get_short_name(), ann.get_full_name()) == ("Ann", "Ann Lee")
    assert (ann.pk, ann.natural_key()) == (ann.id, ("ann",))
    assert (ann.EMAIL_FIELD, ann.get_email_field_name()) == ("email", "email")


def test_last_login_is_read_written_and_asked_for(site: Site) -> None:
    site.add_user("ann")

    @site.app.get("/last/")
    def last() -> str:
        from flask_lback.auth import current_user

        return str(current_user.last_login == current_user.last_login_at is not None)

    visitor = Visitor(site.app)
    visitor.sign_in("ann", PASSWORD)
    assert visitor.get("/last/").text == "True"
    moment = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    with site.app.app_context():
        site.user("ann").last_login = moment
        site.db.session.commit()
        User = site.models.User
        query = sa.select(User).where(User.last_login == moment)
        assert site.db.session.scalar(query).last_login_at == moment


def test_email_user_sends_a_mail(site: Site) -> None:
    site.add_user("ann")
    with site.app.app_context():
        ann = site.user("ann")
        ann.email_user("Hello", "How are you?", "editor@example.org", html_message="<p>How?</p>")
        with pytest.raises(LbackError, match="header"):
            ann.email_user("Hello\nBcc: all@example.org", "x")
        ann.email_user("Hello\nBcc: all@example.org", "x", fail_silently=True)
    [mail] = outbox_of(site.app)
    assert (mail["To"], mail["From"], mail["Subject"]) == (
        "ann@example.org",
        "editor@example.org",
        "Hello",
    )
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_nobody_answers_every_question() -> None:
    nobody = AnonymousUser()
    assert not any((nobody.is_authenticated, nobody.is_staff, nobody.is_superuser))
    assert (nobody.id, nobody.pk, nobody.get_username()) == (None, None, "")
    assert not nobody.has_perm("blog.add_post", object())
    assert not nobody.has_perms([])
    assert not nobody.has_module_perms("blog")
    assert not nobody.check_password(PASSWORD)
    assert nobody.get_all_permissions() == nobody.get_group_permissions() == set()
    assert nobody == AnonymousUser()
    assert str(nobody) == "AnonymousUser"
    for change in (nobody.save, nobody.delete, lambda: nobody.set_password("x")):
        with pytest.raises(NotImplementedError):
            change()
