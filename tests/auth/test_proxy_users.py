"""A user class by proxy: behaviour without a table, over a class that stays as it is."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Mapped, mapped_column, relationship

from flask_lback.auth import (
    AbstractUser,
    UserCreationForm,
    UserManager,
    current_user,
    get_models,
    get_user_model,
    login_required,
)
from flask_lback.exceptions import ConfigError, NotInstalledError
from flask_lback.testing import count_queries
from tests.support.apps import PASSWORD, own_db
from tests.support.custom import installed
from tests.support.visitor import Visitor

GREETING = "Hello, ann"


def proxy_app() -> tuple[Flask, Any, Any, Any]:
    """An application whose user model is a proxy, with a page that uses its method."""
    db = own_db()
    model: Any = db.Model

    class User(AbstractUser, model):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Greeter(User):
        def greeting(self) -> str:
            return f"Hello, {self.username}"

    app = installed(Greeter, db, LBACK_AUTH_VERIFY_EMAIL=False, WTF_CSRF_ENABLED=False)

    @app.get("/greet/")
    @login_required
    def greet() -> str:
        return str(current_user.greeting())

    with app.app_context():
        Greeter.objects.create_user("ann", "ann@example.org", PASSWORD)
        db.session.commit()
    return app, db, User, Greeter


def test_the_present_account_has_the_methods_of_the_proxy() -> None:
    app, db, _, Greeter = proxy_app()
    visitor = Visitor(app)
    visitor.sign_in("ann", PASSWORD)
    with count_queries(app) as statements:
        assert visitor.get("/greet/").text == GREETING
    assert len(statements) == 1
    with app.app_context():
        assert get_user_model() is Greeter
        assert "greeter" not in db.metadata.tables
        found: Any = UserManager().get_user("ann@example.org")
        assert (type(found), found.greeting()) == (Greeter, GREETING)
        assert app.test_cli_runner().invoke(args=["lback", "check"]).exit_code == 0


def test_an_account_made_by_a_form_is_one_of_the_proxy() -> None:
    app, *_ = proxy_app()

    class JoinForm(UserCreationForm):
        class Meta(UserCreationForm.Meta):
            fields = ("username", "email")

    twice = {"password": PASSWORD, "password_confirm": PASSWORD}
    with app.test_request_context(
        "/", method="POST", data={"username": "ben", "email": "ben@example.org", **twice}
    ):
        form = JoinForm()
        assert form.validate_on_submit(), form.errors
        assert form.save().greeting() == "Hello, ben"


def test_one_row_is_one_account_whichever_class_it_is_asked_by() -> None:
    app, db, User, _ = proxy_app()

    @app.get("/rename/")
    @login_required
    def rename() -> str:
        name = current_user.username  # loaded with the request, before the row is queried
        by_base = db.session.scalars(sa.select(User)).one()
        by_base.first_name = "Anna"
        same = by_base == current_user and hash(by_base) == hash(current_user._get_current_object())
        seen = current_user.first_name
        current_user.last_name = "Lee"
        db.session.commit()
        return f"{name} {same} {seen} {by_base.last_name}"

    visitor = Visitor(app)
    visitor.sign_in("ann", PASSWORD)
    assert visitor.get("/rename/").text == "ann True Anna Lee"
    with app.app_context():
        row = db.session.scalars(sa.select(User)).one()
        assert type(row) is User
        assert UserManager().get_user_by_id(row.id) == row, "whom the session holds is found"
        [login] = row.lback_sessions
        assert login.owner is row


def test_the_present_account_fits_into_relations_to_the_class_behind_it() -> None:
    app, db, User, _ = proxy_app()

    class Note(db.Model):  # type: ignore[name-defined]
        __tablename__ = "notes"
        id: Mapped[int] = mapped_column(primary_key=True)
        author_id: Mapped[int] = mapped_column(sa.ForeignKey(User.id))
        author: Mapped[Any] = relationship(User)

    @app.get("/note/")
    @login_required
    def note() -> str:
        db.session.add(Note(author=current_user._get_current_object()))
        db.session.commit()
        return str(db.session.scalars(sa.select(Note)).one().author == current_user)

    with app.app_context():
        db.create_all()
    visitor = Visitor(app)
    visitor.sign_in("ann", PASSWORD)
    assert visitor.get("/note/").text == "True"


def test_rights_that_are_given_to_the_row_are_those_of_the_proxy() -> None:
    app, db, User, Greeter = proxy_app()
    with app.app_context():
        models = get_models()
        row = db.session.scalars(sa.select(User)).one()
        row.user_permissions.append(models.Permission(name="news.read"))
        db.session.commit()
    with app.app_context():
        assert Greeter.objects.get(username="ann").has_perm("news.read")


def test_an_application_beside_it_keeps_the_class_without_the_methods() -> None:
    app, db, User, _ = proxy_app()
    other = Flask("beside")
    other.config.update(app.config)
    db.init_app(other)
    from flask_lback import Lback

    Lback(other, db=db, user_model=User)
    with other.app_context():
        assert get_user_model() is User
    with app.app_context():
        assert get_user_model() is not User


def test_a_subclass_with_a_table_is_no_proxy() -> None:
    db = own_db()
    model: Any = db.Model

    class User(AbstractUser, model):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Teacher(User):
        __tablename__ = "teachers"
        id: Mapped[int] = mapped_column(sa.ForeignKey(User.id), primary_key=True)

    with pytest.raises(ConfigError, match="Give User"):
        installed(Teacher, db)


def test_the_user_model_asked_for_at_import_names_the_remedy() -> None:
    with pytest.raises(NotInstalledError, match="`model = get_user_model`, without the brackets"):
        get_user_model()


def test_a_form_that_names_the_function_has_the_columns_of_each_application() -> None:
    class JoinForm(UserCreationForm):
        class Meta(UserCreationForm.Meta):
            model = get_user_model
            fields = ("username", "email", "city")

        def save(self, commit: bool = True) -> Any:
            user = super().save(commit=commit)
            user.first_name = "new"
            return user

    def city_app(column: Any) -> tuple[Flask, Any]:
        db = own_db()
        base: Any = db.Model

        class Person(AbstractUser, base):
            __tablename__ = "people"
            id: Mapped[int] = mapped_column(primary_key=True)
            city = mapped_column(column)

        return installed(Person, db, WTF_CSRF_ENABLED=False), Person

    places = ((city_app(sa.String(40)), "Sofia", "Sofia"), (city_app(sa.Integer()), "7", 7))
    for (app, Person), sent, stored in places:
        data = {"username": "ann", "email": "ann@example.org", "city": sent}
        again = {"password": PASSWORD, "password_confirm": PASSWORD}
        with app.test_request_context("/", method="POST", data={**data, **again}):
            form = JoinForm()
            assert form.validate_on_submit(), form.errors
            user = form.save()
            assert isinstance(form, JoinForm)
            assert (type(user), user.city, user.first_name) == (Person, stored, "new")
