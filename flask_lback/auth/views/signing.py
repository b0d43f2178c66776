"""Sign in, sign out."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ...core.redirects import is_safe_redirect, safe_redirect_target
from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import AuthenticationError
from ..login import login_user, logout_user, resolve
from ..managers import UserManager
from ..settings import AuthSettings
from .page import form_for, show


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    blueprint.add_url_rule("/login/", "login", login, methods=["GET", "POST"])
    blueprint.add_url_rule("/logout/", "logout", logout, methods=["GET", "POST"])


def login() -> ResponseReturnValue:
    """Sign in by username or address."""
    settings = current_state()[AuthSettings]
    target = safe_redirect_target(settings.login_redirect or _front_page())
    if request.method == "GET" and resolve().is_authenticated:
        return redirect(target)
    form = form_for("login", next=target)
    status = 200
    if request.method == "POST":
        status = 400
    if form.validate_on_submit():
        try:
            user = UserManager().authenticate_user(form.identifier.data, form.password.data)
        except AuthenticationError as error:
            form.form_errors.append(error.message)
            status = 401
        else:
            login_user(user, bool(form.remember.data))
            return redirect(target)
    return show("login", status, form=form, next_url=target, remember_days=settings.remember_days)


def _front_page() -> str:
    adapter = current_app.create_url_adapter(request)
    has_one = adapter is not None and adapter.test("/", "GET")
    return "/" if has_one else url_for("lback_auth.account")


def logout() -> ResponseReturnValue:
    """Sign out by POST; GET shows the button."""
    form = form_for("logout")
    if not form.validate_on_submit():
        return show("logout", form=form)
    logout_user()
    flash(gettext("You are signed out."), "ok")
    configured = current_state()[AuthSettings].logout_redirect
    default = configured or url_for("lback_auth.login")
    if configured and not is_safe_redirect(configured):
        return redirect(configured)
    return redirect(safe_redirect_target(default))
