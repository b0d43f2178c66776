"""Sign in, sign out."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, request
from flask.typing import ResponseReturnValue

from ...core.pages import url_or_none
from ...core.redirects import is_safe_redirect, resolve_url, safe_redirect_target
from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import AuthenticationError
from ..current import logout_user, resolve
from ..managers import UserManager
from ..passwords.required_change import is_held, lead_to_change
from ..settings import AuthSettings
from .base import AccountView
from .entering import enter
from .page import account_url


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    blueprint.add_url_rule("/login/", view_func=LoginView.as_view())
    blueprint.add_url_rule("/logout/", view_func=LogoutView.as_view())


class LoginView(AccountView):
    """Sign in by username or address."""

    page = "login"
    #: Whether somebody who is signed in is led on at once.
    redirect_authenticated_user: bool = True

    def dispatch_request(self) -> ResponseReturnValue:
        """GET shows the form, POST takes it in."""
        settings = current_state()[AuthSettings]
        wanted = self.success_url or settings.login_redirect
        target = safe_redirect_target(resolve_url(wanted) if wanted else _front_page())
        if (
            request.method == "GET"
            and self.redirect_authenticated_user
            and resolve().is_authenticated
        ):
            return redirect(target)
        if request.method == "GET" and is_held():
            return lead_to_change()
        form, resend_url = self.get_form(next=target), None
        status = 400 if request.method == "POST" else 200
        if form.validate_on_submit():
            try:
                user = UserManager().authenticate_user(form.identifier.data, form.password.data)
            except AuthenticationError as error:
                form.form_errors.append(error.message)
                status = 401
                if error.code == "email_not_verified":
                    resend_url = url_or_none("lback_auth.resend_verification")
            else:
                remember = bool(form.remember.data) if "remember" in form else False
                return enter(user, method="password", target=target, remember=remember)
        days = settings.remember_days
        return self.render(
            status, form=form, next_url=target, remember_days=days, resend_url=resend_url
        )


def _front_page() -> str:
    adapter = current_app.create_url_adapter(request)
    has_one = adapter is not None and adapter.test("/", "GET")
    return "/" if has_one else account_url()


def _signed_out_page() -> str:
    return url_or_none("lback_auth.login") or f"{request.root_path}/"


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
        target = resolve_url(configured) if configured else _signed_out_page()
        if not is_safe_redirect(target):
            return redirect(target)
        return redirect(safe_redirect_target(target))
