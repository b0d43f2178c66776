"""The forms of the account pages; each can be replaced by ``LBACK_AUTH_FORMS``."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import EqualTo

from ..core.translation import gettext
from ..forms.base import Form, at_most, required
from .names import EMAIL_LENGTH, USERNAME_LENGTH

#: Longer passwords are refused before anything is computed with them.
PASSWORD_INPUT = 4_096


def _password(label: str, *, new: bool) -> PasswordField:
    return PasswordField(
        label,
        [required(), at_most(PASSWORD_INPUT)],
        render_kw={"autocomplete": "new-password" if new else "current-password"},
    )


def _again(field: str) -> PasswordField:
    return PasswordField(
        gettext("Password again"),
        [required(), EqualTo(field, gettext("The two passwords differ."))],
        render_kw={"autocomplete": "new-password"},
    )


def _email() -> EmailField:
    return EmailField(
        gettext("Email"), [required(), at_most(EMAIL_LENGTH)], render_kw={"autocomplete": "email"}
    )


class LoginForm(Form):
    """Sign in."""

    identifier = StringField(
        gettext("Username or email"),
        [required(), at_most(EMAIL_LENGTH)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = _password(gettext("Password"), new=False)
    remember = BooleanField(gettext("Keep me signed in"))
    next = HiddenField()


class RegisterForm(Form):
    """Make an account."""

    username = StringField(
        gettext("Username"),
        [required(), at_most(USERNAME_LENGTH)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    email = _email()
    password = _password(gettext("Password"), new=True)
    password_confirm = _again("password")

    def account_fields(self) -> dict[str, Any]:
        """What an account is made of; a subclass adds its fields."""
        return {name: self[name].data for name in ("username", "email") if name in self}


class EmailForm(Form):
    """Ask for a mail."""

    email = _email()


class VerifyEmailForm(Form):
    """Confirm with a button, so that a mail scanner does not."""

    token = HiddenField(validators=[required()])


class ResetPasswordForm(Form):
    """Choose a new password through a link."""

    token = HiddenField(validators=[required()])
    new_password = _password(gettext("New password"), new=True)
    password_confirm = _again("new_password")


class ChangePasswordForm(Form):
    """Choose a new password while signed in."""

    current_password = _password(gettext("Present password"), new=False)
    new_password = _password(gettext("New password"), new=True)
    password_confirm = _again("new_password")


class LogoutForm(Form):
    """Only a token."""


FORMS: dict[str, type[Form]] = {
    "login": LoginForm,
    "register": RegisterForm,
    "logout": LogoutForm,
    "verify_email": VerifyEmailForm,
    "resend_verification": EmailForm,
    "request_reset_password": EmailForm,
    "reset_password": ResetPasswordForm,
    "change_password": ChangePasswordForm,
}
