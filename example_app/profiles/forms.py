"""The form of one's own profile."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
from wtforms.validators import Length, Optional

from ..blog.forms import stripped


def _length(most: int) -> list[Optional | Length]:
    return [Optional(), Length(max=most, message="Use at most %(max)d characters.")]


class ProfileForm(FlaskForm):
    """What everybody may read about somebody."""

    first_name = StringField(
        "First name", _length(150), filters=[stripped], render_kw={"autocomplete": "given-name"}
    )
    last_name = StringField(
        "Last name", _length(150), filters=[stripped], render_kw={"autocomplete": "family-name"}
    )
    location = StringField(
        "Location",
        _length(100),
        filters=[stripped],
        description="A town is enough.",
        render_kw={"autocomplete": "address-level2"},
    )
    about_me = TextAreaField(
        "About you",
        _length(600),
        filters=[stripped],
        description="A sentence or two, at most 600 characters.",
        render_kw={"rows": 4},
    )
