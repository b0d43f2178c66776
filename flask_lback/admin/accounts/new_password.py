"""The fields for the password of a new account, and for one that somebody sets for its owner."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, PasswordField
from wtforms.validators import EqualTo, Length

from ...auth.fields import PASSWORD_INPUT
from ...core.translation import gettext

#: How they stand in a card: the password twice on one line, and what follows from it.
NEW_PASSWORD: tuple[Any, ...] = (("password1", "password2"), "must_change")


def new_password_fields() -> dict[str, Any]:
    """The password of a new account under Django's names, and what it is good for."""
    rules = [Length(max=PASSWORD_INPUT)]
    again = [*rules, EqualTo("password1", gettext("The two passwords differ."))]
    new = {"autocomplete": "new-password"}
    return {
        "password1": PasswordField(
            gettext("Password"),
            rules,
            description=gettext("Leave it empty, and send a link to choose one."),
            render_kw=new,
        ),
        "password2": PasswordField(gettext("Password again"), again, render_kw=new),
        "must_change": must_change_field(),
        "usable_password": BooleanField(
            gettext("Signs in by password"),
            default=True,
            description=gettext("Otherwise the password stays empty, whatever is typed."),
            render_kw={"role": "switch"},
        ),
    }


def must_change_field() -> Any:
    """Whether a password that two people know is good for more than choosing another one."""
    return BooleanField(
        gettext("Must change it at the next sign-in"),
        default=True,
        description=gettext("Then nobody but the owner knows it. Nothing else opens until then."),
        render_kw={"role": "switch"},
    )
