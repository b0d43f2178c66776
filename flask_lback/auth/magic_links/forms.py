"""The forms of these pages."""

from __future__ import annotations

from wtforms import HiddenField

from ...forms.base import Form, required
from ..fields import email_field


class RequestMagicLinkForm(Form):
    """Ask for a link."""

    email = email_field()
    next = HiddenField()


class MagicLinkForm(Form):
    """Sign in with a button, so that a mail scanner does not."""

    token = HiddenField(validators=[required()])
