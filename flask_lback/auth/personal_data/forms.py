"""The forms of these pages."""

from __future__ import annotations

from wtforms import StringField

from ...core.translation import gettext
from ...forms.base import Form, at_most, required
from ..fields import password_field
from ..users.names import EMAIL_LENGTH


class ExportDataForm(Form):
    """Only a button."""


class DeleteAccountForm(Form):
    """The password, or for an account without one what it is called; the page drops the other."""

    current_password = password_field(gettext("Password"), new=False)
    identifier = StringField(
        gettext("Username"),
        [required(), at_most(EMAIL_LENGTH)],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
