"""Registration by an application's own form, on the page and by JSON."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship
from wtforms import IntegerField, StringField

from flask_lback import Lback
from flask_lback.auth import AbstractUser, UserCreationForm
from flask_lback.auth.forms import RegisterForm
from flask_lback.auth.required import required_fields
from flask_lback.core.checks import Checks
from flask_lback.core.state import state_of
from flask_lback.db.schema import initialize
from flask_lback.exceptions import InvalidFieldsError
from flask_lback.testing import record_signals, use_cheap_hasher
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, SECRET_KEY, own_db
from tests.support.visitor import Visitor, errors_of

MAYA = {"username": "maya", "email": "maya@example.org", "password": PASSWORD}


class School:
    """A site whose users have a profile, and with ``city`` a column that must be filled."""

    def __init__(self, form: Any = None, *, with_city: bool = False, **config: Any) -> None:
        self.db = db = own_db()
        model: Any = db.Model

        class User(AbstractUser, model):
            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)
            if with_city:
                city: Mapped[str] = mapped_column(sa.String(40))

        class Profile(model):
            __tablename__ = "profiles"
            id: Mapped[int] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(sa.ForeignKey(User.id))
            age: Mapped[int]
            user: Mapped[User] = relationship()

        self.User, self.Profile = User, Profile
        self.app = app = Flask("school")
        app.config.update(SECRET_KEY=SECRET_KEY, TESTING=True, SQLALCHEMY_DATABASE_URI="sqlite://")
        if form is not None:
            app.config["LBACK_AUTH_FORMS"] = {"register": form(self)}
        app.config.update(config)
        db.init_app(app)
        Lback(app, db=db, user_model=User)
        use_cheap_hasher(app)
        with app.app_context():
            initialize(app)

    def by_page(self, **fields: Any) -> Any:
        """Fill the page."""
        values = {**MAYA, "password_confirm": PASSWORD, "age": "31", **fields}
        return Visitor(self.app).submit("/auth/register/", **values)

    def by_json(self, **fields: Any) -> Any:
        """Send the document."""
        return Visitor(self.app).post_json("/api/auth/register/", {**MAYA, "age": 31, **fields})

    def register(self, way: str, **fields: Any) -> Any:
        """Register by that way."""
        return self.by_page(**fields) if way == "page" else self.by_json(**fields)

    def rows(self) -> tuple[list[str], list[tuple[str, int]]]:
        """Names of accounts, and name and age of profiles."""
        with self.app.app_context():
            names = [user.username for user in self.db.session.query(self.User)]
            profiles = self.db.session.query(self.Profile)
            return names, [(one.user.username, one.age) for one in profiles]

    def findings(self) -> list[str]:
        """What the checks say about registration."""
        with self.app.app_context():
            found = state_of(self.app)[Checks].run(self.app)
            return [one.message for one in found if one.id == "auth.E001"]


def django_form(school: School) -> Any:
    """The form of the Django course, with its ``save``."""

    class JoinForm(UserCreationForm):
        age = IntegerField("Age")

        def save(self, commit: bool = True) -> Any:
            user = super().save(commit=commit)
            profile = school.Profile(user=user, age=self.cleaned_data["age"])
            if commit:
                school.db.session.add(profile)
                school.db.session.commit()
            return user

    return JoinForm


def keyed_form(school: School) -> Any:
    """Ours with a profile that wants the key of the account."""

    class KeyedForm(RegisterForm):
        age = IntegerField("Age")

        def save(self, commit: bool = True) -> Any:
            user = super().save(commit=False)
            school.db.session.add(school.Profile(user_id=user.id, age=self.age.data))
            return user

    return KeyedForm


@pytest.mark.parametrize("form", [django_form, keyed_form])
@pytest.mark.parametrize("way", ["page", "json"])
def test_what_the_form_adds_is_there_with_the_account(form: Any, way: str) -> None:
    school = School(form)
    with record_signals("user_registered") as sent:
        answer = school.register(way)
    assert answer.status_code == (200 if way == "page" else 202)
    assert school.rows() == (["maya"], [("maya", 31)])
    assert len(sent) == 1
    [mail] = outbox_of(school.app)
    assert mail["Subject"] == "Confirm your address - School"


@pytest.mark.parametrize("way", ["page", "json"])
def test_a_known_address_gets_the_same_answer_from_a_form_of_the_model(way: str) -> None:
    school = School(django_form)
    first = school.register(way)
    again = school.register(way, username="kofi", email="MAYA@example.org")
    assert again.status_code == first.status_code
    assert errors_of(again.text) == errors_of(first.text)
    assert school.rows() == (["maya"], [("maya", 31)])
    subjects = [str(mail["Subject"]) for mail in outbox_of(school.app)]
    assert subjects == ["Confirm your address - School", "You already have an account - School"]


@pytest.mark.parametrize("way", ["page", "json"])
def test_registration_limits_and_passwords_hold_for_a_form_of_the_model(way: str) -> None:
    school = School(django_form, LBACK_AUTH_LIMIT_REGISTER_PER_ADDRESS="2 per hour")
    weak = {"password": "password1", "password_confirm": "password1"}
    assert school.register(way, **weak).status_code == 400
    assert school.register(way).status_code in (200, 202)
    assert school.register(way, username="kofi", email="kofi@example.org").status_code == 429
    assert school.rows() == (["maya"], [("maya", 31)])


@pytest.mark.parametrize("way", ["page", "json"])
def test_when_the_form_fails_there_is_no_account_and_no_mail(way: str) -> None:
    def broken(school: School) -> Any:
        class BrokenForm(RegisterForm):
            def save(self, commit: bool = True) -> Any:
                super().save(commit=False)
                raise RuntimeError("the profile service is down")

        return BrokenForm

    school = School(broken, PROPAGATE_EXCEPTIONS=False)
    assert school.register(way).status_code == 500
    assert school.rows() == ([], [])
    assert outbox_of(school.app) == []


@pytest.mark.parametrize("way", ["page", "json"])
def test_what_the_form_refuses_while_saving_stands_beside_its_field(way: str) -> None:
    def picky(school: School) -> Any:
        class PickyForm(RegisterForm):
            age = IntegerField("Age")

            def save(self, commit: bool = True) -> Any:
                super().save(commit=False)
                raise InvalidFieldsError({"age": ["This year is full."]})

        return PickyForm

    school = School(picky)
    answer = school.register(way)
    assert answer.status_code == 400
    assert "This year is full." in errors_of(answer.text)
    assert school.rows() == ([], [])


@pytest.mark.parametrize("way", ["page", "json"])
def test_a_column_that_nobody_fills_is_an_error_and_no_sent_link(way: str) -> None:
    school = School(with_city=True, PROPAGATE_EXCEPTIONS=False)
    assert school.register(way).status_code == 500
    assert school.rows()[0] == []
    assert outbox_of(school.app) == []


def test_a_column_that_nobody_fills_stops_the_one_who_calls() -> None:
    school = School(with_city=True)
    with pytest.raises(IntegrityError):
        school.by_json()


def test_the_check_names_a_column_that_the_form_does_not_ask_for() -> None:
    [message] = School(with_city=True).findings()
    assert message.startswith("Nobody can register: User.city must be filled, and RegisterForm")


def test_a_key_counts_as_given_only_where_the_database_or_the_model_makes_it() -> None:
    model: Any = own_db().Model

    class Reader(AbstractUser, model):
        __tablename__ = "readers"
        card: Mapped[str] = mapped_column(sa.String(32), primary_key=True)

    other: Any = own_db().Model

    class Member(AbstractUser, other):
        __tablename__ = "members"
        key: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)

    names = ["username", "email"]
    assert sorted(required_fields(Reader)) == sorted(["card", *names])
    assert sorted(required_fields(Member)) == sorted(names)
    assert sorted(required_fields(School().User)) == sorted(names)


def test_the_check_has_nothing_against_a_form_that_gives_the_column() -> None:
    def asks(school: School) -> Any:
        class CityForm(RegisterForm):
            city = StringField("City")

            def account_fields(self) -> dict[str, Any]:
                return {**super().account_fields(), "city": self.city.data}

        return CityForm

    def fills(school: School) -> Any:
        class FillingForm(RegisterForm):
            city = StringField("City")

            def save(self, commit: bool = True) -> Any:
                user = super().save(commit=False)
                user.city = self.city.data
                return user

        return FillingForm

    assert School().findings() == []
    assert School(with_city=True, LBACK_AUTH_REGISTRATION=False).findings() == []
    for form in (asks, fills):
        school = School(form, with_city=True)
        assert school.findings() == []
        assert school.by_page(city="Sofia").status_code == 200
        with school.app.app_context():
            assert school.db.session.query(school.User).one().city == "Sofia"
