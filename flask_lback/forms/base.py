"""The base of every form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.validators import InputRequired, Length

from ..core.translation import gettext


class Form(FlaskForm):
    """A form that can take errors from the rules behind it."""

    def add_errors(self, errors: Mapping[str, Sequence[str]]) -> None:
        """Show messages beside their fields; those of unknown fields above the form."""
        for name, messages in errors.items():
            field: Field | None = self._fields.get(name)
            if field is None:
                self.form_errors.extend(messages)
            else:
                field.errors = [*field.errors, *messages]


def required() -> InputRequired:
    """Something must be sent."""
    return InputRequired(gettext("Fill this in."))


def at_most(length: int) -> Length:
    """No more characters than this."""
    return Length(max=length, message=gettext("Use at most %(n)s characters.", n=length))
