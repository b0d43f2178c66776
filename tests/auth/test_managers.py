"""``User.objects``: accounts made and found as those do who come from Django."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from flask_lback.auth import AbstractBaseUser, AbstractUser
from flask_lback.exceptions import InvalidFieldsError
from flask_lback.testing import count_queries
from tests.support.apps import PASSWORD, Site, own_db
from tests.support.custom import installed


def phone_app() -> tuple[Any, Any, Any]:
    """An application whose accounts have a phone that create-superuser asks for."""
    db = own_db()
    model: Any = db.Model

    class User(AbstractUser, model):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        phone: Mapped[str] = mapped_column(sa.String(40), default="")

        REQUIRED_FIELDS = ("email", "phone")

    return installed(User, db), db, User


def test_the_third_value_is_the_password_whatever_else_is_required() -> None:
    app, db, User = phone_app()
    with app.app_context():
        zed = User.objects.create_user("zed", "z@b.org", PASSWORD, phone="555")
        db.session.commit()
        assert (zed.phone, zed.check_password(PASSWORD)) == ("555", True)
        stored = db.session.execute(sa.text("SELECT * FROM users")).one()
        assert PASSWORD not in stored


def test_values_that_nobody_can_place_are_refused() -> None:
    app, _, User = phone_app()
    with app.app_context():
        create = User.objects.create_user
        with pytest.raises(TypeError, match="takes username, email, password by position"):
            create("zed", "z@b.org", PASSWORD, "555")
        with pytest.raises(TypeError, match="got password twice: by position and by name"):
            create("zed", "z@b.org", PASSWORD, password="another")
        with pytest.raises(TypeError, match="got username twice"):
            create("zed", username="other", email="z@b.org")
        with pytest.raises(InvalidFieldsError, match="not an e-mail address"):
            create("zed", PASSWORD)
        with pytest.raises(ValueError, match="The email must be set"):
            create("zed", None, PASSWORD)
        with pytest.raises(ValueError, match="The username must be set"):
            create("", "z@b.org", PASSWORD)
        assert User.objects.count() == 0


def test_an_account_without_an_address_is_made_of_its_name_and_a_password() -> None:
    db = own_db()
    model: Any = db.Model

    class Robot(AbstractBaseUser, model):
        __tablename__ = "robots"
        id: Mapped[int] = mapped_column(primary_key=True)
        code: Mapped[str] = mapped_column(sa.String(40), unique=True)
        secret: Mapped[str | None] = mapped_column(sa.String(40))

        USERNAME_FIELD = "code"
        REQUIRED_FIELDS = ("secret",)

    with installed(Robot, db).app_context():
        robot = Robot.objects.create_user("r2", PASSWORD)
        assert (robot.code, robot.secret) == ("r2", None)
        assert robot.check_password(PASSWORD)
        with pytest.raises(TypeError, match="takes code, password by position"):
            Robot.objects.create_user("r3", "x", PASSWORD)


def test_a_superuser_has_every_right_and_an_entry_in_the_audit_log(site: Site) -> None:
    with site.app.app_context():
        User = site.models.User
        chief = User.objects.create_superuser("chief", "chief@example.org", PASSWORD)
        site.db.session.commit()
        assert (chief.is_staff, chief.is_superuser, chief.email_verified) == (True, True, True)
        actions = site.db.session.scalars(sa.select(site.models.AuditEntry.action)).all()
        assert "auth.superuser_made" in actions
        with pytest.raises(ValueError, match="is_staff"):
            User.objects.create_superuser("x", "x@example.org", PASSWORD, is_staff=False)


def test_a_name_of_another_account_is_refused(site: Site) -> None:
    with site.app.app_context():
        User = site.models.User
        User.objects.create_user("ann", "ann@example.org", PASSWORD)
        with pytest.raises(InvalidFieldsError):
            User.objects.create_user("Ann", "other@example.org", PASSWORD)


def test_accounts_are_found_by_values_however_they_are_written(site: Site) -> None:
    with site.app.app_context():
        objects = site.models.User.objects
        assert objects.first() is None
        assert not objects.exists()
        ann = objects.create_user("ann", "ann@example.org", PASSWORD)
        ben = objects.create_user("ben", "ben@example.org", PASSWORD, is_staff=True)
        site.db.session.commit()
        assert objects.get(pk=ben.id) is ben
        assert objects.get(email="ANN@Example.org") is ann
        assert objects.filter_by(username="ANN") == [ann]
        assert list(objects.filter(is_active=True, is_staff=True)) == [ben]
        assert list(objects.all().order_by("-username")) == [ben, ann]
        assert objects.filter(is_active=False).first() is None
        assert (objects.count(), objects.filter(is_staff=True).count()) == (2, 1)
        assert objects.filter(username="BEN").exists()
        assert objects.get_by_natural_key(*ann.natural_key()) is ann
        with pytest.raises(AttributeError, match="no column 'password__startswith'"):
            objects.get(password__startswith="a")


def test_a_slice_asks_for_no_more_than_it_shows(site: Site) -> None:
    for name in ("ann", "ben", "cat"):
        site.add_user(name)
    with site.app.app_context():
        objects = site.models.User.objects
        with count_queries(site.app) as statements:
            assert [str(user) for user in objects.all()[1:2]] == ["ben"]
        assert "LIMIT" in statements[0].upper()
        everybody = objects.all()
        assert (len(everybody), str(everybody[0]), str(everybody[-1])) == (3, "ann", "cat")


def test_an_account_is_got_or_else_made_with_a_hashed_password(site: Site) -> None:
    with site.app.app_context():
        objects = site.models.User.objects
        defaults = {"email": "ann@example.org", "password": PASSWORD}
        ann, is_new = objects.get_or_create(username="ann", defaults=defaults)
        site.db.session.commit()
        assert is_new
        assert ann.check_password(PASSWORD)
        assert objects.get_or_create(username="Ann") == (ann, False)
