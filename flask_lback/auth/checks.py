"""What can be wrong with the accounts."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask
from jinja2 import TemplateNotFound

from ..core.checks import Finding, Level
from ..core.settings import declarations
from ..core.state import state_of
from .forms import AccountForm
from .mails.destinations import missing_links
from .models import Models
from .required import required_fields
from .settings import AuthSettings, TemplateSettings
from .users.directory import Directory
from .views.page import form_for


def check_sessions(app: Flask) -> Iterator[Finding]:
    """Logins that were loosened."""
    settings = state_of(app)[AuthSettings]
    if settings.adopt_sessions and not app.testing:
        yield Finding(
            "auth.W001",
            Level.WARNING,
            "Flask-Login sessions without a row are let in.",
            "Take LBACK_AUTH_ADOPT_SESSIONS out once everybody has signed in again.",
        )
    if settings.admin_emails and not state_of(app)[Directory].has_email:
        yield Finding(
            "auth.W003",
            Level.WARNING,
            "LBACK_AUTH_ADMIN_EMAILS makes nobody a superuser: accounts have no address.",
            "Run `flask lback create-superuser`, or derive the user class from EmailMixin.",
        )
    elif settings.admin_emails and not settings.verify_email:
        yield Finding(
            "auth.W004",
            Level.WARNING,
            "People of LBACK_AUTH_ADMIN_EMAILS can sign in before they are superusers: no address "
            "has to be confirmed, and theirs makes one only once it is.",
            "Take LBACK_AUTH_VERIFY_EMAIL out, or tell them to open the link in their mail.",
        )
    if not settings.generic_answers:
        yield Finding(
            "auth.W002",
            Level.WARNING,
            "Anybody can ask which addresses have an account.",
            "Take LBACK_AUTH_GENERIC_ANSWERS out of the configuration.",
        )


def check_templates(app: Flask) -> Iterator[Finding]:
    """Templates of the application's own that are not there."""
    for declared in declarations(TemplateSettings):
        if declared.field.endswith("_template"):
            name = getattr(state_of(app)[TemplateSettings], declared.field)
            try:
                app.jinja_env.get_template(name)
            except TemplateNotFound:
                yield Finding(
                    "auth.E003",
                    Level.ERROR,
                    f"{declared.key} is {name!r}, and there is no such template.",
                    "Put it below templates/, or take the setting out.",
                )


def check_links(app: Flask) -> Iterator[Finding]:
    """Mails whose link would lead nowhere."""
    for page in missing_links(app):
        yield Finding(
            "auth.E002",
            Level.ERROR,
            f"There is no page {page!r} that a mail could lead to; no request is answered.",
            "Set LBACK_AUTH_LINKS, or mount the account pages.",
        )


def check_registration(app: Flask) -> Iterator[Finding]:
    """Columns that a new account must have, and nobody is asked for."""
    state = state_of(app)
    if not state[AuthSettings].registration:
        return
    with app.test_request_context():
        form = form_for("register", formdata=None, meta={"csrf": False})
        asked = set(form.account_fields())
    if isinstance(form, AccountForm) and type(form).save is not AccountForm.save:
        return  # it may fill them by itself
    user_class = state[Models].User
    for name in required_fields(user_class):
        if name not in asked:
            yield Finding(
                "auth.E001",
                Level.ERROR,
                f"Nobody can register: {user_class.__name__}.{name} must be filled, and "
                f"{type(form).__name__} does not give it.",
                f"Give the column a default, let it be None, or add {name!r} to account_fields() "
                "of a form of your own in LBACK_AUTH_FORMS.",
            )
