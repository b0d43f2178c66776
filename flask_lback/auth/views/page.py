"""What the account pages have in common: their form, their template, their headers."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ...core.pages import url_or_none
from ...core.state import current_state
from ...core.translation import gettext
from ..forms import AccountForm
from ..mails.destinations import page_url_or_none
from ..parts import FORMS
from ..passwords.policy import PasswordPolicy
from ..replaced_forms import form_class_of
from ..settings import AuthSettings, TemplateSettings
from ..users.directory import Directory

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
    form: Any = form_class_of(page, chosen)(**values)
    if page == "register" and isinstance(form, AccountForm):
        form.registers = True
    _fit(form, current_state()[Directory])
    rules = current_state()[PasswordPolicy].help_texts()[:1]
    for field in (form[name] for name in _NEW_PASSWORDS.get(page, ()) if name in form):
        field.description = field.description or " ".join(rules)
    return form


def _fit(form: Any, directory: Directory) -> None:
    """Leave out what the accounts lack, and call what people sign in by what it is."""
    if directory.has_username:
        return
    if "username" in form:
        del form.username
    makes = isinstance(form, AccountForm)
    if "email" in form and makes and directory.email_name != "email":
        del form.email
    if "identifier" in form:
        name = directory.user_class.USERNAME_FIELD
        is_address = name == directory.email_name
        shown = gettext("Email") if is_address else name.replace("_", " ").capitalize()
        form.identifier.label.text = shown


def account_url() -> str:
    """The page of one's own account; the front page in applications that have none."""
    return url_or_none("lback_auth.account") or f"{request.root_path}/"


def sign_in_url() -> str | None:
    """Where people sign in: our page, or the one of the application that the settings name."""
    return url_or_none("lback_auth.login") or page_url_or_none("login")


def to_sign_in(message: str) -> ResponseReturnValue:
    """Say what was done, and lead to the sign-in page; without one, a page of its own says so."""
    page = url_or_none("lback_auth.login")
    if page is not None:
        flash(message, "ok")
        return redirect(page)
    return show(
        "message",
        has_token=True,
        title=gettext("Done"),
        message=message,
        kind="ok",
        action_url=sign_in_url(),
        action_label=gettext("Sign in"),
    )


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
    names: Any = template or current_state()[TemplateSettings].of(page)
    response = make_response(render_template(names, **context), status)
    response.headers["Cache-Control"] = "no-store"
    if has_token:
        response.headers["Referrer-Policy"] = "no-referrer"
    return response
