"""User classes of every shape, and what those who come from Django call things."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, request
from sqlalchemy.orm import Mapped, mapped_column, relationship
from wtforms import IntegerField, StringField

from flask_lback.auth import (
    AbstractBaseUser,
    AbstractUser,
    BaseUserManager,
    EmailMixin,
    PermissionsMixin,
    UserCreationForm,
    UserManager,
    authenticate,
    current_user,
    get_user_model,
    login_required,
    logout,
)
from flask_lback.auth.shortcuts import login, update_session_auth_hash
from flask_lback.db.schema import drop
from flask_lback.exceptions import ConfigError
from tests.support.apps import PASSWORD, Site, own_db
from tests.support.custom import installed
from tests.support.databases import DATABASES, DatabaseFactory
from tests.support.visitor import Visitor

Ready = Callable[..., Site]


@pytest.mark.parametrize("database", DATABASES)
def test_a_string_key_and_another_table_name(database: Any, new_database: DatabaseFactory) -> None:
    db = own_db()
    model: Any = db.Model

    class Reader(AbstractUser, model):
        __tablename__ = "library_readers"
        card: Mapped[str] = mapped_column(sa.String(32), primary_key=True)

    app = installed(Reader, db, new_database(database), LBACK_AUTH_VERIFY_EMAIL=False)

    @app.get("/card/")
    @login_required
    def card() -> str:
        return str(current_user.card)

    with app.app_context():
        user = Reader.objects.create_user("ann", "ann@example.org", PASSWORD, card="R-17/ä")
        user.groups.append(get_models_group(app)(name="Night readers"))
        db.session.commit()
    visitor = Visitor(app)
    visitor.sign_in("ann", PASSWORD)
    assert visitor.get("/card/").text == "R-17/ä"
    with app.app_context():
        found: Any = UserManager().get_user("ann@example.org")
        assert [row.user_id for row in found.lback_sessions] == ["R-17/ä"]
        assert found.in_group("Night readers")
        db.session.delete(found)
        db.session.commit()
        drop(app)
    for engine in engines_of(app, db):
        engine.dispose()


def get_models_group(app: Flask) -> Any:
    from flask_lback.auth import get_models

    return get_models().Group


def engines_of(app: Flask, db: Any) -> list[Any]:
    with app.app_context():
        return list(db.engines.values())


class CourseUserManager(BaseUserManager[Any]):
    """As the course writes it."""

    def create_user(self, email: str, password: str | None = None, **extra_fields: Any) -> Any:
        if not email:
            raise ValueError("The Email field must be set")
        email = self.normalize_email(email)
        user = self.model(email=email, **extra_fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra_fields: Any) -> Any:
        extra_fields.setdefault("is_staff", True)
        extra_fields.setdefault("is_superuser", True)
        if extra_fields.get("is_staff") is not True:
            raise ValueError("Superuser must have is_staff=True.")
        return self.create_user(email, password, **extra_fields)


def course_app() -> tuple[Flask, Any, Any]:
    db = own_db()
    model: Any = db.Model

    class CustomUser(AbstractBaseUser, EmailMixin, PermissionsMixin, model):
        __tablename__ = "accounts_customuser"
        id: Mapped[int] = mapped_column(primary_key=True)
        first_name: Mapped[str] = mapped_column(sa.String(30), default="")
        age: Mapped[int | None]

        objects = CourseUserManager()
        USERNAME_FIELD = "email"
        REQUIRED_FIELDS = ()

        def __str__(self) -> str:
            return self.email

    return installed(CustomUser, db), db, CustomUser


def test_the_courses_own_user_and_manager() -> None:
    app, db, CustomUser = course_app()
    with app.app_context():
        CustomUser.objects.create_user("ann@EXAMPLE.org", PASSWORD, first_name="Ann")
        chief = CustomUser.objects.create_superuser("chief@example.org", PASSWORD)
        db.session.commit()
        assert chief.has_perm("anything.at_all")
        ann = CustomUser.objects.get(email="ANN@example.org")
        assert (str(ann), ann.check_password(PASSWORD)) == ("ann@example.org", True)
        assert CustomUser.objects.get_by_natural_key("ann@example.org") is ann
        assert get_user_model() is CustomUser
        with pytest.raises(CustomUser.DoesNotExist):
            CustomUser.objects.get(email="nobody@example.org")
        with pytest.raises(CustomUser.MultipleObjectsReturned):
            CustomUser.objects.get(is_active=True)
        with pytest.raises(ValueError, match="must be set"):
            CustomUser.objects.create_user("")


def test_authenticate_says_who_or_nobody(site: Site) -> None:
    site.add_user("ann")
    site.add_user("off", is_active=False)
    with site.app.test_request_context():
        ann = authenticate(request, username="ann", password=PASSWORD)
        assert ann is not None
        assert ann.username == "ann"
        assert authenticate(request, email="ann@example.org", password=PASSWORD) == ann
        assert authenticate(request, username="ann", password="wrong") is None
        assert authenticate(request, username="off", password=PASSWORD) is None
        assert authenticate(request, password=PASSWORD) is None


def test_authenticate_counts_like_every_other_way(make_ready: Ready) -> None:
    site = make_ready(LBACK_AUTH_LIMIT_PASSWORD_PER_ACCOUNT="3 per hour")
    site.add_user("ann")
    with site.app.test_request_context():
        for _ in range(3):
            assert authenticate(username="ann", password="wrong") is None
        assert authenticate(username="ann", password=PASSWORD) is None


def test_login_and_logout_in_a_view_of_ones_own(make_ready: Ready) -> None:
    site = make_ready(WTF_CSRF_ENABLED=False)
    site.add_user("ann")

    @site.app.post("/in/")
    def come_in() -> Any:
        user = authenticate(request, **request.form)
        if user is None:
            return "no", 403
        login(request, user)
        return "in"

    @site.app.post("/out/")
    def go_out() -> str:
        logout(request)
        return "out"

    @site.app.get("/who/")
    def who() -> str:
        return str(current_user)

    client = site.app.test_client()
    assert client.post("/in/", data={"username": "ann", "password": "x"}).status_code == 403
    assert client.get("/who/").text == "AnonymousUser"
    assert client.post("/in/", data={"username": "ann", "password": PASSWORD}).text == "in"
    assert client.get("/who/").text == "ann"
    assert client.post("/out/").text == "out"
    assert client.get("/who/").text == "AnonymousUser"


def test_a_password_set_by_hand_can_end_the_other_sessions(make_ready: Ready) -> None:
    site = make_ready()
    site.add_user("ann")

    @site.app.post("/mine/")
    @login_required
    def mine() -> str:
        current_user.set_password("another long sentence")
        update_session_auth_hash(request, current_user)
        site.db.session.commit()
        return "done"

    here, elsewhere = Visitor(site.app), Visitor(site.app)
    here.sign_in("ann", PASSWORD)
    elsewhere.sign_in("ann", PASSWORD)
    assert here.submit("/auth/account/", to="/mine/").text == "done"
    assert here.get("/auth/account/").status_code == 200
    assert elsewhere.get("/auth/account/").status_code == 302


def form_app() -> tuple[Flask, Any, Any, Any]:
    db = own_db()
    model: Any = db.Model

    class User(AbstractUser, model):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        city: Mapped[str | None] = mapped_column(sa.String(40))

    class Profile(model):
        __tablename__ = "profiles"
        id: Mapped[int] = mapped_column(primary_key=True)
        user_id: Mapped[int] = mapped_column(sa.ForeignKey(User.id, ondelete="CASCADE"))
        age: Mapped[int]
        user: Mapped[User] = relationship()

    app = installed(User, db, WTF_CSRF_ENABLED=False)
    return app, db, User, Profile


def test_a_creation_form_has_the_fields_of_its_meta() -> None:
    app, db, User, Profile = form_app()

    class JoinForm(UserCreationForm):
        age = IntegerField("Age")

        class Meta(UserCreationForm.Meta):
            model = User
            fields = ("username", "email", "city")

        def save(self, commit: bool = True) -> Any:
            user = super().save(commit=False)
            db.session.add(Profile(user=user, age=self.cleaned_data["age"]))
            if commit:
                db.session.commit()
            return user

    sent = {"username": "ann", "email": "ann@example.org", "city": "Sofia", "age": "31"}
    again = {"password": PASSWORD, "password_confirm": PASSWORD}
    with app.test_request_context("/", method="POST", data={**sent, **again, "is_staff": "1"}):
        form = JoinForm()
        assert form.validate_on_submit(), form.errors
        form.save()
    with app.test_request_context("/", method="POST", data={**sent, **again}):
        twice = JoinForm()
        assert not twice.validate_on_submit()
        assert set(twice.errors) == {"username", "email"}
    with app.test_request_context("/", method="POST", data={**sent, "password": "12345678"}):
        assert "password_confirm" in (weak := JoinForm()).errors or not weak.validate()
    with app.app_context():
        profile = db.session.scalars(sa.select(Profile)).one()
        assert (profile.age, profile.user.city, profile.user.is_staff) == (31, "Sofia", False)


@pytest.mark.parametrize(
    ("names", "said"),
    [(("username", "is_superuser"), "about themselves"), (("username", "hobby"), "no column")],
)
def test_a_creation_form_refuses_fields_that_cannot_be(names: Any, said: str) -> None:
    _, _, User, _ = form_app()
    with pytest.raises(ConfigError, match=said):

        class BadForm(UserCreationForm):
            class Meta(UserCreationForm.Meta):
                model = User
                fields = names


def test_a_sign_in_page_of_ones_own(site: Site) -> None:
    from flask_lback.auth.forms import LoginForm
    from flask_lback.auth.views.signing import LoginView

    class MemberLoginForm(LoginForm):
        identifier = StringField("Card number or address")

    class MemberLoginView(LoginView):
        form_class = MemberLoginForm
        template_name = "lback/auth/login.html"
        success_url = "/ten/"

    site.app.add_url_rule("/enter/", view_func=MemberLoginView.as_view("enter"))
    site.add_user("ann")
    visitor = Visitor(site.app)
    assert "Card number or address" in visitor.get("/enter/").text
    sent = visitor.submit("/enter/", identifier="ann", password=PASSWORD)
    assert sent.headers["Location"] == "/ten/"
    assert visitor.get("/ten/").status_code == 200
