"""The forms of these pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import wtforms.fields.choices
from wtforms import HiddenField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from ...core.translation import gettext
from ...forms.base import Form, at_most, required
from ..fields import again_field, email_field, password_field
from ..users.names import USERNAME_LENGTH


def choices_of(names: Iterable[str]) -> list[Any]:
    """Choices as WTForms wants them: pairs before 3.3, objects of its own since."""
    kind = getattr(wtforms.fields.choices, "SelectChoice", None)
    return [(name, name) if kind is None else kind(name, name) for name in names]


class InvitationForm(Form):
    """Ask somebody in. The groups to choose from are given by the view."""

    email = email_field()
    groups = SelectMultipleField(
        gettext("Groups"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )


class AcceptInvitationForm(Form):
    """Make the account that an invitation is for."""

    token = HiddenField(validators=[required()])
    username = StringField(
        gettext("Username"),
        [required(), at_most(USERNAME_LENGTH)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = password_field(gettext("Password"), new=True)
    password_confirm = again_field("password")

    def account_fields(self) -> dict[str, Any]:
        """What an account is made of, but for its address; a subclass adds its fields."""
        return {name: self[name].data for name in ("username",) if name in self}
