"""Reset and change a password."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue

from ...core.pages import url_or_none
from ...core.redirects import resolve_url
from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import InvalidFieldsError, TokenError
from ..current import current_user
from ..freshness import ask_again, is_fresh, personal_login, personal_login_required
from ..managers import UserManager
from ..passwords.first_password import choose_password
from ..sessions.service import SessionManager
from .addresses import offer_api_tokens
from .base import AccountView
from .page import account_url, show, to_sign_in


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    for rule, kind in (
        ("/request-reset-password/", PasswordResetView),
        ("/reset-password/", PasswordResetConfirmView),
        ("/change-password/", PasswordChangeView),
    ):
        blueprint.add_url_rule(rule, view_func=kind.as_view())


class PasswordResetView(AccountView):
    """Ask for a reset mail; every address gets the same answer."""

    page = "request_reset_password"

    def dispatch_request(self) -> ResponseReturnValue:
        """GET shows the form, POST takes it in."""
        form = self.get_form()
        if not form.validate_on_submit():
            return self.render(form=form)
        UserManager().request_password_reset(form.email.data)
        message = gettext(
            "If the address has an account, a link to choose a password is on its way."
        )
        return self.lead_on(message) or show(
            "check_mail",
            title=gettext("Open your mail"),
            message=message,
            hint=gettext("It may take a minute. Look among the spam, too."),
        )


class PasswordResetConfirmView(AccountView):
    """Choose a new password through a link. Nobody is signed in by it (OWASP)."""

    page = "reset_password"

    def dispatch_request(self) -> ResponseReturnValue:
        """GET shows the form, POST takes it in."""
        form = self.get_form(token=request.args.get("token"))
        manager = UserManager()
        try:
            user = manager.check_reset_token(form.token.data or "")
            if form.validate_on_submit():
                manager.reset_password(form.token.data, form.new_password.data)
                message = gettext("Your password is changed. Sign in with the new one.")
                return self.lead_on(message) or to_sign_in(message)
        except InvalidFieldsError as error:
            form.add_errors(error.errors)
        except TokenError as error:
            return show(
                "message",
                400,
                has_token=True,
                title=gettext("The link does not work"),
                message=error.message,
                kind="warn",
                action_url=url_or_none("lback_auth.request_reset_password"),
                action_label=gettext("Send a new link"),
            )
        return self.render(form=form, has_token=True, account_name=user.get_username())


class PasswordChangeView(AccountView):
    """Choose a new password while signed in; every other session ends.

    An account without one chooses its first, after a fresh sign-in. One whose password somebody
    else has set gets here from everywhere, until it has chosen another.
    """

    page = "change_password"
    decorators: ClassVar = [personal_login_required]

    def dispatch_request(self) -> ResponseReturnValue:
        """GET shows the form, POST takes it in."""
        user = current_user._get_current_object()
        form, must_change = self.get_form(), personal_login().must_change_password
        if not user.has_usable_password():
            if not is_fresh():
                return ask_again()
            del form.current_password
        if form.validate_on_submit():
            try:
                _change(user, form)
            except InvalidFieldsError as error:
                form.add_errors(error.errors)
            else:
                current_state()[SessionManager].rotate(proved=True)
                flash(gettext("Your password is changed. Other devices are signed out."), "ok")
                offer_api_tokens(user)
                url = self.success_url
                return redirect(account_url() if url is None else resolve_url(url))
        return self.render(form=form, must_change=must_change)


def _change(user: Any, form: Any) -> None:
    present, new = personal_login().session_id, form.new_password.data
    if "current_password" in form:
        UserManager().change_password(user, form.current_password.data, new, but=present)
    else:
        choose_password(user, new, but=present)
