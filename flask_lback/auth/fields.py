"""Fields that several account forms have."""

from __future__ import annotations

from wtforms import EmailField, PasswordField
from wtforms.validators import EqualTo

from ..core.translation import gettext
from ..forms.base import at_most, required
from .users.names import EMAIL_LENGTH

#: Longer passwords are refused before anything is computed with them.
PASSWORD_INPUT = 4_096


def password_field(label: str, *, new: bool) -> PasswordField:
    """A password: one that is chosen now, or the present one."""
    return PasswordField(
        label,
        [required(), at_most(PASSWORD_INPUT)],
        render_kw={"autocomplete": "new-password" if new else "current-password"},
    )


def again_field(field: str) -> PasswordField:
    """The password once more."""
    return PasswordField(
        gettext("Password again"),
        [required(), EqualTo(field, gettext("The two passwords differ."))],
        render_kw={"autocomplete": "new-password"},
    )


def email_field(label: str = "") -> EmailField:
    """An address."""
    return EmailField(
        label or gettext("Email"),
        [required(), at_most(EMAIL_LENGTH)],
        render_kw={"autocomplete": "email"},
    )
