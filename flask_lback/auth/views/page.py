"""What the account pages have in common: their form, their template, their headers."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template
from werkzeug.utils import import_string

from ...core.state import current_state
from ...core.translation import gettext
from ...forms.base import Form
from ..directory import Directory
from ..forms import AccountForm
from ..parts import FORMS
from ..policy import PasswordPolicy
from ..settings import AuthSettings, TemplateSettings

#: Fields that take a new password, by page.
_NEW_PASSWORDS = {
    "register": ("password",),
    "reset_password": ("new_password",),
    "change_password": ("new_password",),
}


def form_for(page: str, form_class: Any = None, **values: Any) -> Any:
    """The form of a page: the application's own, or ours, without fields the accounts lack.

    :param form_class: a class, or its dotted path, instead of the one that the settings name.
    """
    chosen = form_class or current_state()[AuthSettings].forms.get(page, FORMS[page])
    kind: type[Form] = import_string(chosen) if isinstance(chosen, str) else chosen
    form: Any = kind(**values)
    if page == "register" and isinstance(form, AccountForm):
        form.registers = True
    if not current_state()[Directory].has_username:
        if "username" in form:
            del form.username
        if "identifier" in form:
            form.identifier.label.text = gettext("Email")
    rules = current_state()[PasswordPolicy].help_texts()[:1]
    for field in (form[name] for name in _NEW_PASSWORDS.get(page, ()) if name in form):
        field.description = field.description or " ".join(rules)
    return form


def show(
    page: str,
    status: int = 200,
    *,
    has_token: bool = False,
    template: str | None = None,
    **context: Any,
) -> Response:
    """Render ``lback/auth/<page>.html``, or the template that the settings name.

    :param has_token: whether the address holds a token, which must not leave in a Referer.
    """
    template = template or getattr(current_state()[TemplateSettings], f"{page}_template")
    response = make_response(render_template(template, **context), status)
    response.headers["Cache-Control"] = "no-store"
    if has_token:
        response.headers["Referrer-Policy"] = "no-referrer"
    return response
