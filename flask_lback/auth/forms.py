"""The forms of the account pages; each can be replaced by ``LBACK_AUTH_FORMS``."""

from __future__ import annotations

from typing import Any

from flask_sqlalchemy import SQLAlchemy
from wtforms import BooleanField, HiddenField, StringField

from ..core.state import current_state
from ..core.translation import gettext
from ..forms.base import Form, at_most, required
from .accounts import Accounts
from .fields import again_field, email_field, password_field
from .required import is_complete
from .users.names import EMAIL_LENGTH, USERNAME_LENGTH


class AccountForm(Form):
    """What the forms that make an account have in common.

    :ivar registers: whether this is the form of the registration page or of its JSON route, whose
        rules decide on names and password: a known address must get the answer of a new one.
    :ivar registered: the account that they have made of it, while their transaction is open.
    """

    registers: bool = False
    registered: Any = None

    def account_fields(self) -> dict[str, Any]:
        """What an account is made of; a subclass adds its fields."""
        raise NotImplementedError

    def save(self, commit: bool = True) -> Any:
        """Make the account. A subclass adds what belongs to it, as in Django.

        Registration calls this in its own transaction, once the account is made: it is what comes
        back here, an exception undoes everything, and mails leave after the commit. What people
        have to change belongs into ``validate``: an error here tells a new address from a known
        one.

        :param commit: False leaves it in the session; it has its key by then, unless a column that
            must be filled is still empty.
        :raises InvalidFieldsError: somebody was faster with a name.
        """
        state, user = current_state(), self.registered
        session = state[SQLAlchemy].session
        if user is None:
            user = state[Accounts].create(password=self["password"].data, **self.account_fields())
        if commit or is_complete(user):
            session.flush()
        if commit and self.registered is None:
            session.commit()
        return user


class LoginForm(Form):
    """Sign in."""

    identifier = StringField(
        gettext("Username or email"),
        [required(), at_most(EMAIL_LENGTH)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = password_field(gettext("Password"), new=False)
    remember = BooleanField(gettext("Keep me signed in"))
    next = HiddenField()


class RegisterForm(AccountForm):
    """Make an account."""

    username = StringField(
        gettext("Username"),
        [required(), at_most(USERNAME_LENGTH)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    email = email_field()
    password = password_field(gettext("Password"), new=True)
    password_confirm = again_field("password")

    def account_fields(self) -> dict[str, Any]:
        """What an account is made of; a subclass adds its fields."""
        return {name: self[name].data for name in ("username", "email") if name in self}


class EmailForm(Form):
    """Ask for a mail."""

    email = email_field()


class VerifyEmailForm(Form):
    """Confirm with a button, so that a mail scanner does not."""

    token = HiddenField(validators=[required()])


class ResetPasswordForm(Form):
    """Choose a new password through a link."""

    token = HiddenField(validators=[required()])
    new_password = password_field(gettext("New password"), new=True)
    password_confirm = again_field("new_password")


class ChangePasswordForm(Form):
    """Choose a new password while signed in."""

    current_password = password_field(gettext("Current password"), new=False)
    new_password = password_field(gettext("New password"), new=True)
    password_confirm = again_field("new_password")


class ReauthenticateForm(Form):
    """Prove again who one is."""

    password = password_field(gettext("Password"), new=False)
    next = HiddenField()


class ChangeEmailForm(Form):
    """Ask for another address; the password is asked for when the sign-in is not fresh."""

    email = email_field(gettext("New email"))
    current_password = password_field(gettext("Current password"), new=False)


class ConfirmEmailForm(Form):
    """Confirm with a button, so that a mail scanner does not."""

    token = HiddenField(validators=[required()])


class UnconfirmedForm(Form):
    """Only a token: ask for the verification mail once more."""


class LogoutForm(Form):
    """Only a token."""


FORMS: dict[str, type[Form]] = {
    "login": LoginForm,
    "register": RegisterForm,
    "logout": LogoutForm,
    "verify_email": VerifyEmailForm,
    "resend_verification": EmailForm,
    "unconfirmed": UnconfirmedForm,
    "request_reset_password": EmailForm,
    "reset_password": ResetPasswordForm,
    "change_password": ChangePasswordForm,
    "reauthenticate": ReauthenticateForm,
    "change_email": ChangeEmailForm,
    "confirm_email": ConfirmEmailForm,
}
