"""The custom user of the Django notes: class, manager, form, command, from one end to the other."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Flask, redirect, render_template_string
from sqlalchemy.orm import Mapped, mapped_column

from flask_lback.auth import (
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
    UserCreationForm,
    get_user_model,
)
from tests.support.apps import PASSWORD, own_db
from tests.support.custom import installed
from tests.support.visitor import Visitor


class CustomUserManager(BaseUserManager[Any]):
    """As it stands in the notes."""

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
        return self.create_user(email, password, **extra_fields)


class CustomUserCreationForm(UserCreationForm):
    """As it stands in the notes, but that the function is named and not called."""

    class Meta:
        model = get_user_model
        fields = ("email", "first_name", "last_name")


def notes() -> tuple[Flask, Any, Any]:
    """The application of the notes, which names its user class in the settings."""
    db = own_db()
    model: Any = db.Model

    class CustomUser(AbstractBaseUser, PermissionsMixin, model):
        __tablename__ = "accounts_customuser"
        id: Mapped[int] = mapped_column(primary_key=True)
        email: Mapped[str] = mapped_column(sa.String(254), unique=True)
        first_name: Mapped[str] = mapped_column(sa.String(30), default="")
        last_name: Mapped[str] = mapped_column(sa.String(30), default="")

        objects = CustomUserManager()

        USERNAME_FIELD = "email"
        REQUIRED_FIELDS = []  # noqa: RUF012 - as it stands there

        def __str__(self) -> str:
            return self.email

    app = installed(CustomUser, db)

    @app.route("/join/", methods=["GET", "POST"])
    def join() -> Any:
        form = CustomUserCreationForm()
        if form.validate_on_submit():
            form.save()
            return redirect("/auth/login/")
        return render_template_string("<form method=post>{{ form.csrf_token }}</form>", form=form)

    return app, db, CustomUser


def test_a_person_joins_by_the_form_of_the_notes_and_signs_in() -> None:
    app, _, CustomUser = notes()
    maya, names = Visitor(app), {"email": "maya@example.org", "first_name": "Maya", "last_name": ""}
    again = {"password": PASSWORD, "password_confirm": PASSWORD}
    assert maya.submit("/join/", **names, **again).location == "/auth/login/"
    assert maya.submit("/join/", **names, **again).status_code == 200, "the address is taken"
    assert maya.sign_in("maya@example.org", PASSWORD).status_code == 302
    assert maya.get("/admin/").status_code == 403
    with app.app_context():
        user = CustomUser.objects.get(email="maya@example.org")
        assert (user.first_name, user.is_staff) == ("Maya", False)


def test_createsuperuser_is_the_command_and_its_account_enters_the_panel() -> None:
    app, _, _ = notes()
    run = app.test_cli_runner().invoke
    command = ["lback", "createsuperuser", "--email", "chief@example.org", "--password-stdin"]
    result = run(args=[*command, "--no-input"], input=f"{PASSWORD}\n")
    assert "Made the superuser chief@example.org" in result.output, result.output
    assert "already" in run(args=[*command, "--if-missing"], input=f"{PASSWORD}\n").output
    assert "create-superuser" in run(args=["lback", "--help"]).output
    chief = Visitor(app)
    chief.sign_in("chief@example.org", PASSWORD)
    assert chief.get("/admin/").status_code == 200


def test_the_managers_of_the_notes_make_accounts() -> None:
    app, db, CustomUser = notes()
    with app.app_context():
        CustomUser.objects.create_user("maya@EXAMPLE.org", PASSWORD, first_name="Maya")
        chief = CustomUser.objects.create_superuser("chief@example.org", PASSWORD)
        db.session.commit()
        assert chief.has_perm("anything.at_all")
        assert [str(user) for user in CustomUser.objects.order_by("email")] == [
            "chief@example.org",
            "maya@example.org",
        ]
