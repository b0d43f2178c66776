"""The user model of the Flask book: its own methods beside ours, on our user class."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, redirect, render_template_string, url_for
from flask_wtf import FlaskForm
from itsdangerous import BadData, URLSafeTimedSerializer
from wtforms import StringField, SubmitField, TextAreaField
from wtforms.validators import Length

from flask_lback import Lback
from flask_lback.auth import AbstractUser, UserManager, current_user, login_required
from flask_lback.db.schema import initialize
from flask_lback.testing import use_cheap_hasher
from tests.support.apps import PASSWORD, SECRET_KEY, own_db
from tests.support.databases import DATABASES, DatabaseFactory
from tests.support.visitor import Visitor

FOLLOW, COMMENT, WRITE, MODERATE, ADMINISTER = 0x01, 0x02, 0x04, 0x08, 0x80


def book(url: str) -> tuple[Flask, Any, Any, Any]:  # noqa: C901 - a whole class stands in it
    """The application of the book, with its model methods as they stand there."""
    db = own_db()
    model: Any = db.Model
    app = Flask("flasky")
    app.config.update(
        SECRET_KEY=SECRET_KEY, TESTING=True, SQLALCHEMY_DATABASE_URI=url, FLASKY_ADMIN="x"
    )

    class Role(model):
        __tablename__ = "roles"
        id = db.Column(db.Integer, primary_key=True)
        name = db.Column(db.String(64), unique=True)
        default = db.Column(db.Boolean, default=False, index=True)
        permissions = db.Column(db.Integer)
        users = db.relationship("User", back_populates="role", lazy="dynamic")

    class User(AbstractUser, model):
        __tablename__ = "users"
        id = db.Column(db.Integer, primary_key=True)
        role_id = db.Column(db.Integer, db.ForeignKey("roles.id"))
        role = db.relationship("Role", back_populates="users")
        confirmed = db.Column(db.Boolean, default=False)
        name = db.Column(db.String(64))
        location = db.Column(db.String(64))
        about_me = db.Column(db.Text())
        member_since = db.Column(db.DateTime(), default=lambda: naive_now())
        last_seen = db.Column(db.DateTime(), default=lambda: naive_now())

        @property
        def password(self) -> str:
            raise AttributeError("password is not a readable attribute")

        @password.setter
        def password(self, password: str) -> None:
            self.set_password(password)

        def verify_password(self, password: str) -> bool:
            return self.check_password(password)

        def generate_confirmation_token(self) -> str:
            return str(URLSafeTimedSerializer(app.secret_key or "").dumps({"confirm": self.id}))

        def confirm(self, token: str) -> bool:
            s = URLSafeTimedSerializer(app.secret_key or "")
            try:
                data = s.loads(token, max_age=3600)
            except BadData:
                return False
            if data.get("confirm") != self.id:
                return False
            self.confirmed = True
            db.session.add(self)
            return True

        def can(self, permissions: Any) -> bool:
            role: Any = self.role
            return role is not None and bool((role.permissions & permissions) == permissions)

        def is_administrator(self) -> bool:
            return self.can(ADMINISTER)

        def ping(self) -> None:
            self.last_seen = naive_now()
            db.session.add(self)

    db.init_app(app)
    Lback(app, db=db, user_model=User)
    use_cheap_hasher(app)
    with app.app_context():
        initialize(app)
        db.session.add(Role(name="User", default=True, permissions=FOLLOW | COMMENT | WRITE))
        db.session.commit()
    return app, db, User, Role


def found(name: str) -> Any:
    return UserManager().get_user(name)


def naive_now() -> dt.datetime:
    return dt.datetime.fromtimestamp(time.time(), dt.UTC).replace(tzinfo=None)


class EditProfileForm(FlaskForm):
    name = StringField("Real name", validators=[Length(0, 64)])
    location = StringField("Location", validators=[Length(0, 64)])
    about_me = TextAreaField("About me")
    submit = SubmitField("Submit")


PAGE = "<form method=post>{{ form.hidden_tag() }}{{ form.name }}{{ form.location }}</form>"


def with_pages(app: Flask, db: Any) -> None:
    @app.before_request
    def before_request() -> None:
        if current_user.is_authenticated:
            current_user.ping()
            db.session.commit()

    @app.route("/edit-profile", methods=["GET", "POST"])
    @login_required
    def edit_profile() -> Any:
        form = EditProfileForm()
        if form.validate_on_submit():
            current_user.name = form.name.data
            current_user.location = form.location.data
            current_user.about_me = form.about_me.data
            db.session.add(current_user._get_current_object())
            db.session.commit()
            return redirect(url_for("profile", username=current_user.username))
        form.name.data = current_user.name
        return render_template_string(PAGE, form=form)

    @app.route("/user/<username>")
    def profile(username: str) -> str:
        kind: Any = type(current_user._get_current_object())
        user = db.session.scalars(sa.select(kind).filter_by(username=username)).one()
        return f"{user.name} of {user.location}, may write: {current_user.can(WRITE)}"


@pytest.fixture(scope="module", params=DATABASES)
def flasky(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, Any, Any, Any]]:
    """The application on one database; each test has accounts of its own."""
    with DatabaseFactory(tmp_path_factory.mktemp("flasky")) as factory:
        app, db, User, Role = book(factory(request.param))
        with_pages(app, db)
        yield app, db, User, Role
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def join(db: Any, User: Any, Role: Any, name: str) -> Any:
    user = User(username=name, email=f"{name}@example.org", password=PASSWORD)
    user.role = db.session.scalars(sa.select(Role).filter_by(default=True)).one()
    user.email_verified_at = dt.datetime.fromtimestamp(time.time(), dt.UTC)
    db.session.add(user)
    db.session.commit()
    return user


def test_password_setter_and_verification(flasky: Any) -> None:
    app, db, User, Role = flasky
    with app.app_context():
        user = join(db, User, Role, "john")
        assert user.password_hash is not None
        with pytest.raises(AttributeError):
            assert user.password
        assert user.verify_password(PASSWORD)
        assert not user.verify_password("cat")
        assert join(db, User, Role, "susan").password_hash != user.password_hash


def test_confirmation_tokens_of_the_model(flasky: Any) -> None:
    app, db, User, Role = flasky
    with app.app_context():
        ines, kofi = join(db, User, Role, "ines"), join(db, User, Role, "kofi")
        assert not kofi.confirm(ines.generate_confirmation_token())
        assert ines.confirm(ines.generate_confirmation_token())
        db.session.commit()
        assert (ines.confirmed, kofi.confirmed) == (True, False)


def test_bits_of_a_role_decide_what_the_model_says(flasky: Any) -> None:
    app, db, User, Role = flasky
    with app.app_context():
        tomas = join(db, User, Role, "tomas")
        assert tomas.can(WRITE)
        assert not tomas.can(MODERATE)
        assert not tomas.is_administrator()
        assert not tomas.has_permission("blog.write"), "our names are a question of their own"


def test_ping_and_the_profile_editor(flasky: Any) -> None:
    app, db, User, Role = flasky
    with app.app_context():
        join(db, User, Role, "dora")
        found("dora").last_seen = before = naive_now() - dt.timedelta(days=1)
        db.session.commit()
    visitor = Visitor(app)
    visitor.sign_in("dora", PASSWORD)
    sent = visitor.submit("/edit-profile", name="Dora Doe", location="Sofia", about_me="Hm")
    assert sent.headers["Location"] == "/user/dora"
    assert visitor.get("/user/dora").text == "Dora Doe of Sofia, may write: True"
    with app.app_context():
        user = found("dora")
        assert user.last_seen > before
        assert user.about_me == "Hm"
