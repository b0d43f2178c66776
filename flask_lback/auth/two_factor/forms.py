"""Forms: second factors."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField, StringField

from ...core.translation import gettext
from ...forms.base import Form, at_most, required

#: Longer than any code with its blanks and hyphens.
CODE_LENGTH = 40


def code_field() -> StringField:
    """A code, as an app, a mail or a sheet of paper shows it."""
    return StringField(
        gettext("Code"),
        [required(), at_most(CODE_LENGTH)],
        render_kw={
            "autocomplete": "one-time-code",
            "autocapitalize": "none",
            "inputmode": "numeric",
            "spellcheck": "false",
        },
    )


class TwoFactorForm(Form):
    """A button that changes the second factor; empty: all of them."""

    method = HiddenField()


class SetupForm(Form):
    """The first code of a new way."""

    method = HiddenField()
    code = code_field()


class SecondStepForm(Form):
    """The code of the second step."""

    method = HiddenField()
    code = code_field()
    trust = BooleanField(gettext("Do not ask again in this browser"))


class RecoveryCodesForm(Form):
    """Only a token."""
