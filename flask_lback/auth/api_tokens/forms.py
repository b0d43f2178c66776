"""Forms of the page of the API tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import wtforms.fields.choices
from wtforms import RadioField, SelectField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from ...core.translation import gettext
from ...forms.base import Form, at_most, required

ALL, CHOSEN = "all", "chosen"


def choices_of(pairs: Iterable[tuple[Any, str]]) -> list[Any]:
    """Values and labels as WTForms wants them: pairs before 3.3, objects of its own since."""
    kind = getattr(wtforms.fields.choices, "SelectChoice", None)
    return [pair if kind is None else kind(*pair) for pair in pairs]


class TokenForm(Form):
    """Make a token. The choices are given by the view."""

    name = StringField(
        gettext("Name"),
        [required(), at_most(100)],
        description=gettext("The program or the machine that will use it."),
        render_kw={"autocomplete": "off", "maxlength": "100"},
    )
    days = SelectField(gettext("Expires"), coerce=int)
    access = RadioField(
        gettext("Access"),
        choices=choices_of(
            [
                (ALL, gettext("Everything that you may do, now and later")),
                (CHOSEN, gettext("Only the permissions chosen below")),
            ]
        ),
    )
    scopes = SelectMultipleField(
        gettext("Permissions"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
