"""Forms: passkeys. A script fills the hidden fields."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField, StringField

from ...core.translation import gettext
from ...exceptions import InvalidFieldsError
from ...forms.base import Form, at_most, required
from .proofs import LONGEST

#: As long as the column is.
NAME_LENGTH = 100


class AnswerForm(Form):
    """What a passkey has answered."""

    credential = HiddenField(validators=[required(), at_most(LONGEST)])
    ceremony = HiddenField(validators=[required(), at_most(1_000)])
    remember = BooleanField()
    next = HiddenField()


class NameForm(Form):
    """What a passkey is called."""

    name = StringField(
        gettext("Name"), [required(), at_most(NAME_LENGTH)], render_kw={"autocomplete": "off"}
    )


class NewPasskeyForm(Form):
    """A new passkey."""

    name = StringField(
        gettext("Name"),
        [at_most(NAME_LENGTH)],
        description=gettext("Such as the device it is on."),
        render_kw={"autocomplete": "off"},
    )
    credential = HiddenField(validators=[required(), at_most(LONGEST)])
    ceremony = HiddenField(validators=[required(), at_most(1_000)])


def clean_name(name: str) -> str:
    """What a passkey is to be called.

    :raises InvalidFieldsError: it is too long, or holds what cannot be shown.
    """
    name = name.strip()
    if len(name) > NAME_LENGTH:
        raise InvalidFieldsError(
            {"name": [gettext("Use at most %(n)s characters.", n=NAME_LENGTH)]}
        )
    if not name.isprintable():
        raise InvalidFieldsError({"name": [gettext("This holds a character that cannot be used.")]})
    return name
