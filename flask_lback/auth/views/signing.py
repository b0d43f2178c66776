"""Sign in, sign out."""

from __future__ import annotations

from typing import ClassVar

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ...core.redirects import is_safe_redirect, safe_redirect_target
from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import AuthenticationError
from ..current import logout_user, resolve
from ..managers import UserManager
from ..settings import AuthSettings
from .base import AccountView
from .entering import enter


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    blueprint.add_url_rule("/login/", view_func=LoginView.as_view("login"))
    blueprint.add_url_rule("/logout/", view_func=LogoutView.as_view("logout"))


class LoginView(AccountView):
    """Sign in by username or address."""

    page = "login"
    #: Whether somebody who is signed in is led on at once.
    redirect_authenticated_user: ClassVar[bool] = True

    def dispatch_request(self) -> ResponseReturnValue:
        """GET shows the form, POST takes it in."""
        settings = current_state()[AuthSettings]
        wanted = self.success_url or settings.login_redirect or _front_page()
        target = safe_redirect_target(wanted)
        if (
            request.method == "GET"
            and self.redirect_authenticated_user
            and resolve().is_authenticated
        ):
            return redirect(target)
        form = self.get_form(next=target)
        status = 400 if request.method == "POST" else 200
        if form.validate_on_submit():
            try:
                user = UserManager().authenticate_user(form.identifier.data, form.password.data)
            except AuthenticationError as error:
                form.form_errors.append(error.message)
                status = 401
            else:
                remember = bool(form.remember.data) if "remember" in form else False
                return enter(user, method="password", target=target, remember=remember)
        days = settings.remember_days
        return self.render(status, form=form, next_url=target, remember_days=days)


def _front_page() -> str:
    adapter = current_app.create_url_adapter(request)
    has_one = adapter is not None and adapter.test("/", "GET")
    return "/" if has_one else url_for("lback_auth.account")


class LogoutView(AccountView):
    """Sign out by POST; GET shows the button."""

    page = "logout"

    def dispatch_request(self) -> ResponseReturnValue:
        """GET shows the button, POST acts."""
        form = self.get_form()
        if not form.validate_on_submit():
            return self.render(form=form)
        logout_user()
        flash(gettext("You are signed out."), "ok")
        configured = self.success_url or current_state()[AuthSettings].logout_redirect
        if configured and not is_safe_redirect(configured):
            return redirect(configured)
        return redirect(safe_redirect_target(configured or url_for("lback_auth.login")))
